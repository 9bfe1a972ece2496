#include "domain/shares.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/map.h"
#include "base/own.h"
#include "channel/pass.h"
#include "channel/shares.h"
#include "domain/deadline.h"
#include "memory/buffer.h"

enum {
        SHARES_MAX = 4096, /* buffers that both sides know: each costs both a descriptor */
        SEND_MS = 200,     /* that the worker may take to read letters, which it does while it is told of them */
        WORKERS = 1,       /* bit of the numbers that are the worker's */
        NUMBER_STEP = 2,
        LOOK_AT = 4, /* shares, with each that is passed */
};

/* A buffer that both sides know. */
struct share {
        struct ward_buffer *buffer; /* a reference */
        struct share *next;         /* of those to be freed */
        uint32_t number;
        bool known;    /* the worker was told of it, or has introduced it */
        bool dropped;  /* it has said so since */
        bool released; /* the host has no reference but this, and has said so */
        int64_t sent;  /* numbers lowered, less those that the worker has accounted for */
        int64_t owed;  /* numbers that the worker says it has given, less those lifted */
};

struct shares {
        _Atomic uint32_t references;
        pthread_mutex_t lock; /* guards what follows. No buffer is released under it */
        struct pass pass;
        struct map by_number, by_buffer;
        uint32_t next_number;
        size_t look; /* in by_number: where to look next for what nobody in the host needs */
        struct share *dead;
};

static struct share *share_free(struct share *share)
{
        struct share *next = share->next;
        ward_buffer_release(share->buffer);
        free(share);
        return next;
}

static void lock(struct shares *shares)
{
        pthread_mutex_lock(&shares->lock);
}

/* And frees what nobody needs any more. */
static void unlock(struct shares *shares)
{
        struct share *dead = STEAL(shares->dead);
        pthread_mutex_unlock(&shares->lock);
        while (dead)
                dead = share_free(dead);
}

/* --- Life ------------------------------------------------------------------------------------- */

static void on_letter(void *context, const struct pass_letter *letter);

struct shares *shares_new(int socket)
{
        struct shares *shares = calloc(1, sizeof *shares);
        if (!shares)
                return NULL;
        atomic_init(&shares->references, 1);
        pthread_mutex_init(&shares->lock, NULL);
        pass_init(&shares->pass, socket, on_letter, shares);
        shares->next_number = NUMBER_STEP;
        return shares;
}

struct shares *shares_ref(struct shares *shares)
{
        if (shares)
                atomic_fetch_add_explicit(&shares->references, 1, memory_order_relaxed);
        return shares;
}

static void finish(struct shares *shares)
{
        for (size_t i = 0; i < shares->by_number.size; i++)
                if (shares->by_number.slots[i].key)
                        share_free(shares->by_number.slots[i].value);
        map_finish(&shares->by_number);
        map_finish(&shares->by_buffer);
        pass_finish(&shares->pass);
}

void shares_end(struct shares *shares)
{
        if (!shares)
                return;
        finish(shares);
        pass_init(&shares->pass, -1, on_letter, shares);
}

struct shares *shares_unref(struct shares *shares)
{
        if (!shares || atomic_fetch_sub_explicit(&shares->references, 1, memory_order_acq_rel) != 1)
                return NULL;
        finish(shares);
        pthread_mutex_destroy(&shares->lock);
        free(shares);
        return NULL;
}

/* --- The table, with the lock ----------------------------------------------------------------- */

static struct share *find(const struct shares *shares, uint32_t number)
{
        return number ? map_find(&shares->by_number, number) : NULL;
}

/* Takes @buffer's reference on success. */
static int add(struct shares *shares, uint32_t number, struct ward_buffer *buffer, struct share **ret_share,
               struct ward_fault *fault)
{
        struct share *share = calloc(1, sizeof *share);
        bool numbered = share && !map_add(&shares->by_number, number, share);
        if (!numbered || map_add(&shares->by_buffer, (uintptr_t)buffer, share)) {
                if (numbered)
                        map_remove(&shares->by_number, number);
                free(share);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for a buffer that is shared");
        }
        share->number = number;
        share->buffer = buffer;
        *ret_share = share;
        return 0;
}

static void remove_share(struct shares *shares, struct share *share)
{
        map_remove(&shares->by_number, share->number);
        map_remove(&shares->by_buffer, (uintptr_t)share->buffer);
        share->next = shares->dead;
        shares->dead = share;
}

/* The worker has it no more, and nothing is under way. */
static void settle(struct shares *shares, struct share *share)
{
        if (share->dropped && share->sent <= 0 && share->owed <= 0)
                remove_share(shares, share);
}

static void on_letter(void *context, const struct pass_letter *letter)
{
        struct shares *shares = context;
        struct share *share = letter->what == SHARES_DROP ? find(shares, letter->number) : NULL;
        if (!share)
                return;
        share->dropped = true;
        share->sent -= (int64_t)(letter->more >> 32);
        share->owed += (int64_t)(letter->more & UINT32_MAX);
        settle(shares, share);
}

/* One of the host's that is not in use. */
static uint32_t choose_number(struct shares *shares)
{
        uint32_t number;
        do {
                number = shares->next_number;
                shares->next_number += NUMBER_STEP;
        } while (!number || find(shares, number));
        return number;
}

/* --- Passing ---------------------------------------------------------------------------------- */

static int send_descriptor(struct shares *shares, uint32_t what, uint32_t number, int fd, struct ward_fault *fault)
{
        const struct pass_letter letter = { .what = what, .number = number };
        uint64_t until = clock_deadline(SEND_MS);
        int r = pass_send(&shares->pass, &letter, fd, until < deadline_inherited ? until : deadline_inherited);
        if (r == -EPIPE)
                return fault_set(fault, WARD_FAULT_UNLOADED, "the worker is gone");
        if (r == -ETIMEDOUT || r == -ETOOMANYREFS)
                return fault_set(fault, WARD_FAULT_LIMIT, "too many buffers or streams are passed for the first time at once");
        return r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot pass a descriptor to the worker") : 0;
}

int shares_send_module(struct shares *shares, uint32_t number, int fd, struct ward_fault *fault)
{
        return send_descriptor(shares, SHARES_MODULE, number, fd, fault);
}

/* Introduces @buffer. */
static int introduce(struct shares *shares, struct ward_buffer *buffer, struct share **ret_share, struct ward_fault *fault)
{
        struct share *share = NULL;
        pass_drain(&shares->pass);
        if (shares->by_number.n >= SHARES_MAX)
                return fault_set(fault, WARD_FAULT_LIMIT, "host and add-in share %d buffers, which is the most that they may",
                                 SHARES_MAX);
        int r = add(shares, choose_number(shares), buffer, &share, fault);
        if (r)
                return r;
        ward_buffer_acquire(buffer);
        buffer_expose(buffer);
        r = send_descriptor(shares, SHARES_BUFFER, share->number, ward_buffer_fd(buffer), fault);
        if (r)
                remove_share(shares, share);
        else
                *ret_share = share;
        return r;
}

/* The worker keeps what it was passed lately, as it may be passed again. */
static void release_some(struct shares *shares)
{
        for (int i = 0; i < LOOK_AT && i < (int)shares->by_number.size; i++) {
                struct share *share = shares->by_number.slots[shares->look++ % shares->by_number.size].value;
                if (!share || !share->known || share->released || atomic_load(&share->buffer->references) > 1)
                        continue;
                const struct pass_letter letter = { .what = SHARES_RELEASE, .number = share->number };
                share->released = !pass_send(&shares->pass, &letter, -1, 1);
        }
}

static int lower_buffer(struct shares *shares, struct ward_buffer *buffer, uint32_t *ret_number, bool *ret_first,
                        struct ward_fault *fault)
{
        release_some(shares);
        struct share *share = map_find(&shares->by_buffer, (uintptr_t)buffer);
        int r = share ? 0 : introduce(shares, buffer, &share, fault);
        if (r)
                return r;
        share->sent++;
        share->released = false;
        *ret_number = share->number;
        *ret_first = !share->known;
        return 0;
}

static int lower_stream(struct shares *shares, const struct ward_stream *stream, uint32_t *ret_number, struct ward_fault *fault)
{
        uint32_t number = choose_number(shares);
        int r = send_descriptor(shares, SHARES_STREAM, number, ward_stream_fd(stream), fault);
        if (!r)
                *ret_number = number;
        return r;
}

int shares_lower(struct shares *shares, uint8_t shared, void *object, uint32_t *ret_number, bool *ret_first,
                 struct ward_fault *fault)
{
        *ret_first = false;
        lock(shares);
        int r = shared == WARD_SHARED_BUFFER ? lower_buffer(shares, object, ret_number, ret_first, fault)
                                             : lower_stream(shares, object, ret_number, fault);
        unlock(shares);
        return r;
}

void shares_arrived(struct shares *shares, uint32_t number)
{
        lock(shares);
        struct share *share = find(shares, number);
        if (share)
                share->known = true;
        unlock(shares);
}

static void forget(struct shares *shares, uint32_t number)
{
        const struct pass_letter letter = { .what = SHARES_FORGET, .number = number };
        pass_send(&shares->pass, &letter, -1, 1); /* else its descriptor stays with the worker until the domain ends */
}

void shares_take_back(struct shares *shares, uint8_t shared, uint32_t number)
{
        lock(shares);
        struct share *share = shared == WARD_SHARED_BUFFER ? find(shares, number) : NULL;
        if (share)
                share->sent--;
        if (share && !share->known && share->sent <= 0) {
                remove_share(shares, share);
                share = NULL;
                forget(shares, number);
        }
        if (share)
                settle(shares, share);
        if (shared == WARD_SHARED_STREAM)
                forget(shares, number);
        unlock(shares);
}

/* --- Taking ----------------------------------------------------------------------------------- */

static int take_descriptor(struct shares *shares, uint32_t what, uint32_t number, int *ret_fd, struct ward_fault *fault)
{
        int r = pass_take(&shares->pass, what, number, ret_fd);
        if (r == -EMFILE)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, EMFILE, "no descriptor is free for what the worker passes");
        if (r)
                return fault_set(fault, WARD_FAULT_PROTOCOL, "it passed a %s, and %s", what == SHARES_BUFFER ? "buffer" : "stream",
                                 r == -ENOENT ? "no descriptor of it" : "something else than descriptors");
        return 0;
}

static int judge(int r, const char *what, struct ward_fault *fault)
{
        if (r == -EBADMSG)
                return fault_set(fault, WARD_FAULT_PROTOCOL, "it passed something as a %s that is none", what);
        if (r == -EDQUOT)
                return fault_set(fault, WARD_FAULT_LIMIT,
                                 "it has passed more buffers and streams than its host is to hold: %d, or limits.memory_bytes",
                                 CHARGE_BUFFERS_MAX);
        return r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot take a %s", what) : 0;
}

static int take_buffer(struct shares *shares, struct charge *charge, uint32_t number, struct share **ret_share,
                       struct ward_fault *fault)
{
        struct ward_buffer *buffer = NULL;
        int fd = -1;
        if (!(number & WORKERS))
                return fault_set(fault, WARD_FAULT_PROTOCOL, "it passed a buffer that it does not have");
        int r = take_descriptor(shares, SHARES_BUFFER, number, &fd, fault);
        if (!r)
                r = judge(buffer_from_peer(fd, &buffer), "buffer", fault);
        if (!r)
                r = judge(charge_buffer(charge, buffer), "buffer", fault);
        if (!r)
                r = add(shares, number, buffer, ret_share, fault);
        if (r) /* it has not been mapped: this is quick */
                ward_buffer_release(buffer);
        else
                (*ret_share)->known = true;
        return r;
}

static int lift_buffer(struct shares *shares, struct charge *charge, uint32_t number, void **ret_object, struct ward_fault *fault)
{
        struct share *share = find(shares, number);
        int r = share ? 0 : take_buffer(shares, charge, number, &share, fault);
        if (r)
                return r;
        *ret_object = ward_buffer_acquire(share->buffer);
        share->owed--;
        share->released = false;
        settle(shares, share);
        return 0;
}

static int lift_stream(struct shares *shares, struct charge *charge, uint32_t number, void **ret_object, struct ward_fault *fault)
{
        struct ward_stream *stream = NULL;
        int fd = -1, r = take_descriptor(shares, SHARES_STREAM, number, &fd, fault);
        if (!r)
                r = judge(stream_from_peer(fd, &stream), "stream", fault);
        if (!r)
                r = judge(charge_stream(charge, stream), "stream", fault);
        if (r)
                ward_stream_release(stream);
        else
                *ret_object = stream;
        return r;
}

int shares_lift(struct shares *shares, uint8_t shared, struct charge *charge, uint32_t number, void **ret_object,
                struct ward_fault *fault)
{
        lock(shares);
        int r = shared == WARD_SHARED_BUFFER ? lift_buffer(shares, charge, number, ret_object, fault)
                                             : lift_stream(shares, charge, number, ret_object, fault);
        unlock(shares);
        return r;
}

void shares_read(struct shares *shares)
{
        lock(shares);
        pass_drain(&shares->pass);
        unlock(shares);
}

void shares_again(struct shares *shares, uint32_t number)
{
        struct ward_fault fault;
        lock(shares);
        pass_drain(&shares->pass);
        struct share *share = find(shares, number);
        if (share)
                send_descriptor(shares, SHARES_BUFFER, number, ward_buffer_fd(share->buffer), &fault);
        unlock(shares);
}
