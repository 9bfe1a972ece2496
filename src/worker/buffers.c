#include "worker/buffers.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/map.h"
#include "base/own.h"
#include "channel/pass.h"
#include "channel/shares.h"
#include "memory/buffer.h"
#include "worker/debts.h"
#include "worker/worker.h"

enum {
        OURS = 1, /* bit of the numbers that are the worker's; the others are the host's */
        NUMBER_STEP = 2,
        SEND_MS = 1000, /* that the host may take to read letters, which it does while it takes what it is told of */
        FORGET_MAX = 64,
        ASKING_MAX = 1000,
        PINS = 16,      /* buffers that are kept although no add-in has a reference: they may be passed again */
        READ_EACH = 16, /* so many passes of what is known go by until letters are read that nobody has asked for */
};

/* A buffer that both sides know. */
struct share {
        struct ward_buffer *buffer; /* not counted */
        struct share *next;         /* of those that the host is to be told of */
        uint32_t number;
        uint32_t received, given; /* how often */
        uint32_t pin;             /* its place among the pins, or PINS: this worker has no reference of its own to it */
};

static struct {
        pthread_mutex_t lock; /* guards what follows. No buffer is released under it */
        struct pass pass;
        struct map by_number;
        uint32_t next_number;
        struct share *dropped;
        uint32_t forget[FORGET_MAX]; /* of these the descriptors are to be closed, when there is time */
        uint32_t n_forget;
        struct share *pins[PINS];
        uint32_t next_pin;
        struct ward_buffer *unpinned[PINS]; /* references to be given back, without the lock */
        uint32_t n_unpinned;
        uint32_t passes;
        _Atomic bool any_dropped;
} table = { .lock = PTHREAD_MUTEX_INITIALIZER, .next_number = OURS + NUMBER_STEP };

static _Thread_local struct debts lent, crossing;

/* With the lock. There is room: each was a pin. */
static void unpin(struct share *share)
{
        table.pins[share->pin] = NULL;
        share->pin = PINS;
        table.unpinned[table.n_unpinned++] = share->buffer;
}

static void release_unpinned(void)
{
        struct ward_buffer *buffer;
        do {
                pthread_mutex_lock(&table.lock);
                buffer = table.n_unpinned ? table.unpinned[--table.n_unpinned] : NULL;
                pthread_mutex_unlock(&table.lock);
                ward_buffer_release(buffer);
        } while (buffer);
}

/* With the lock, and nothing left to release: the oldest makes room. */
static void pin(struct share *share)
{
        if (share->pin < PINS || table.n_unpinned == PINS)
                return;
        uint32_t place = table.next_pin++ % PINS;
        if (table.pins[place])
                unpin(table.pins[place]);
        table.pins[place] = share;
        share->pin = place;
        ward_buffer_acquire(share->buffer);
}

static void on_letter(void *context, const struct pass_letter *letter)
{
        struct share *share = letter->what == SHARES_RELEASE ? map_find(&table.by_number, letter->number) : NULL;
        if (share && share->pin < PINS && table.n_unpinned < PINS)
                unpin(share);
        if (letter->what == SHARES_FORGET && table.n_forget < FORGET_MAX)
                table.forget[table.n_forget++] = letter->number;
}

void buffers_init(int socket)
{
        pass_init(&table.pass, socket, on_letter, NULL);
}

/* --- Debts ------------------------------------------------------------------------------------ */

/* The host will not lift what it is not told of. */
static void take_back(const struct debt *debt)
{
        if (debt->shared != WARD_SHARED_BUFFER)
                return;
        pthread_mutex_lock(&table.lock);
        struct share *share = ((struct ward_buffer *)debt->object)->share;
        if (share)
                share->given--;
        pthread_mutex_unlock(&table.lock);
}

/* What was given belongs to the host if it has arrived, and what was taken to the add-in. */
void buffers_crossed(bool arrived)
{
        while (crossing.n) {
                const struct debt one = debts_pay(&crossing);
                if (one.given == arrived)
                        memory_release(one.shared, one.object);
                else if (one.given)
                        take_back(&one);
        }
}

size_t buffers_mark(void)
{
        return lent.n;
}

void buffers_return(size_t mark)
{
        while (lent.n > mark) {
                const struct debt one = debts_pay(&lent);
                memory_release(one.shared, one.object);
        }
}

/* --- Forgetting ------------------------------------------------------------------------------- */

/* With the lock. */
static void forget(struct share *share)
{
        map_remove(&table.by_number, share->number);
        share->buffer->share = NULL;
        share->next = table.dropped;
        table.dropped = share;
        atomic_store_explicit(&table.any_dropped, true, memory_order_relaxed);
}

/* Somebody who looked for it may have seen before that nobody has a reference any more. */
static void on_gone(struct ward_buffer *buffer)
{
        pthread_mutex_lock(&table.lock);
        if (buffer->share)
                forget(buffer->share);
        pthread_mutex_unlock(&table.lock);
}

/* With the lock: what does not fit waits for the next time. */
static bool tell(void)
{
        bool any = false;
        while (table.dropped) {
                struct share *share = table.dropped;
                const struct pass_letter letter = { .what = SHARES_DROP,
                                                    .number = share->number,
                                                    .more = (uint64_t)share->received << 32 | share->given };
                if (pass_send(&table.pass, &letter, -1, 1))
                        return true;
                any = true;
                table.dropped = share->next;
                free(share);
        }
        atomic_store_explicit(&table.any_dropped, false, memory_order_relaxed);
        return any;
}

static __attribute__((noinline)) bool tell_all(void)
{
        pthread_mutex_lock(&table.lock);
        bool any = tell();
        pthread_mutex_unlock(&table.lock);
        return any;
}

bool buffers_tell(void)
{
        return atomic_load_explicit(&table.any_dropped, memory_order_relaxed) && tell_all();
}

/* --- Knowing, with the lock ------------------------------------------------------------------- */

static int add(struct ward_buffer *buffer, uint32_t number, struct share **ret_share, struct ward_fault *fault)
{
        struct share *share = calloc(1, sizeof *share);
        if (!share || map_add(&table.by_number, number, share)) {
                free(share);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for a buffer that is shared");
        }
        share->number = number;
        share->buffer = buffer;
        share->pin = PINS;
        buffer->share = share;
        buffer->gone = on_gone;
        *ret_share = share;
        return 0;
}

/* A reference to the buffer of this number; NULL if there is none, or it is just ending on another thread. */
static struct ward_buffer *find(uint32_t number, struct share **ret_share)
{
        struct share *share = map_find(&table.by_number, number);
        uint32_t references = share ? atomic_load(&share->buffer->references) : 0;
        while (references)
                if (atomic_compare_exchange_weak(&share->buffer->references, &references, references + 1)) {
                        *ret_share = share;
                        return share->buffer;
                }
        if (share)
                forget(share);
        return NULL;
}

static void close_forgotten(void)
{
        int fd;
        while (table.n_forget) {
                uint32_t number = table.forget[--table.n_forget];
                if (!pass_take(&table.pass, SHARES_BUFFER, number, &fd) || !pass_take(&table.pass, SHARES_STREAM, number, &fd))
                        fd_close(fd);
        }
}

static int take_descriptor(uint32_t what, uint32_t number, int *ret_fd, struct ward_fault *fault)
{
        int r = pass_take(&table.pass, what, number, ret_fd);
        close_forgotten();
        if (r == -EMFILE)
                return fault_set_errno(fault, WARD_FAULT_LIMIT, EMFILE, "the worker has no descriptor free for what it is passed");
        if (r && r != -ENOENT)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "the worker cannot read what it is passed");
        return r;
}

int buffers_take_module(uint32_t number, int *ret_fd, struct ward_fault *fault)
{
        pthread_mutex_lock(&table.lock);
        int r = take_descriptor(SHARES_MODULE, number, ret_fd, fault);
        pthread_mutex_unlock(&table.lock);
        return r == -ENOENT ? fault_set(fault, WARD_FAULT_SYSTEM, "the worker was not passed the module that it is to load") : r;
}

/* --- From the host ---------------------------------------------------------------------------- */

/* With its descriptor, if that came. */
static int take_buffer(uint32_t number, struct ward_buffer **ret_buffer, struct share **ret_share, struct ward_fault *fault)
{
        int fd = -1, r = take_descriptor(SHARES_BUFFER, number, &fd, fault);
        if (r)
                return r;
        r = ward_buffer_from_fd(fd, ret_buffer);
        if (r)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "the worker cannot use a buffer that it is passed");
        r = add(*ret_buffer, number, ret_share, fault);
        if (r)
                ward_buffer_release(*ret_buffer);
        return r;
}

/* @asked: a descriptor has come that nobody needs if the buffer is known by now. */
static int lift_known(uint32_t number, bool asked, struct ward_buffer **ret_buffer, struct ward_fault *fault)
{
        struct share *share = NULL;
        int fd;
        pthread_mutex_lock(&table.lock);
        struct ward_buffer *buffer = find(number, &share);
        int r = buffer ? 0 : take_buffer(number, &buffer, &share, fault);
        if (!r && asked && !pass_take(&table.pass, SHARES_BUFFER, number, &fd))
                fd_close(fd);
        if (!r) {
                share->received++;
                pin(share);
                *ret_buffer = buffer;
                if (!(++table.passes % READ_EACH))
                        pass_drain(&table.pass);
        }
        bool any = table.n_unpinned;
        pthread_mutex_unlock(&table.lock);
        if (any)
                release_unpinned();
        return r;
}

/* It was dropped here while the host passed it: its descriptor is to come again. */
static void ask_again(uint32_t number)
{
        struct server *server = server_here;
        const uint64_t slot = number;
        buffers_tell();
        server_send(server, MESSAGE_AGAIN, 0, 0, &slot, 1);
        if (server_next(server).kind != MESSAGE_AGAIN_RETURN)
                worker_die(server->worker, WARD_FAULT_PROTOCOL, "the host did not answer as asked");
}

static int lift_buffer(uint32_t number, void **ret_object, struct ward_fault *fault)
{
        struct ward_buffer *buffer = NULL;
        int r = lift_known(number, false, &buffer, fault);
        /* Another thread may take what came, and drop it, before this one looks. */
        for (int i = 0; r == -ENOENT && i < ASKING_MAX; i++) {
                ask_again(number);
                r = lift_known(number, true, &buffer, fault);
        }
        if (r == -ENOENT)
                return fault_set(fault, WARD_FAULT_SYSTEM, "the worker was passed buffer %u, and no descriptor of it", number);
        if (!r)
                *ret_object = buffer;
        return r;
}

static int lift_stream(uint32_t number, void **ret_object, struct ward_fault *fault)
{
        struct ward_stream *stream = NULL;
        int fd = -1;
        pthread_mutex_lock(&table.lock);
        int r = take_descriptor(SHARES_STREAM, number, &fd, fault);
        pthread_mutex_unlock(&table.lock);
        if (!r) {
                r = ward_stream_new(fd, &stream);
                r = r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "the worker cannot use a stream that it is passed") : 0;
        }
        if (r == -ENOENT)
                return fault_set(fault, WARD_FAULT_SYSTEM, "the worker was passed stream %u, and no descriptor of it", number);
        if (!r)
                *ret_object = stream;
        return r;
}

static int lift(void *context, const struct ward_type *type, uint32_t number, void *to, struct ward_fault *fault)
{
        uint8_t shared = type->resource->shared;
        void *object = NULL;
        int r = shared == WARD_SHARED_BUFFER ? lift_buffer(number, &object, fault) : lift_stream(number, &object, fault);
        if (r)
                return r;
        r = debts_owe(type->kind == WARD_TYPE_BORROW ? &lent : &crossing, type, object, false, fault);
        if (r)
                memory_release(shared, object);
        else
                memcpy(to, &object, sizeof object);
        return r;
}

/* --- To the host ------------------------------------------------------------------------------ */

static uint32_t choose_number(void)
{
        uint32_t number;
        do {
                number = table.next_number;
                table.next_number += NUMBER_STEP;
        } while (map_find(&table.by_number, number));
        return number;
}

static int send_descriptor(uint32_t what, uint32_t number, int fd, struct ward_fault *fault)
{
        const struct pass_letter letter = { .what = what, .number = number };
        int r = pass_send(&table.pass, &letter, fd, clock_deadline(SEND_MS));
        if (r == -ETIMEDOUT || r == -ETOOMANYREFS)
                return fault_set(fault, WARD_FAULT_LIMIT, "too many buffers or streams are passed for the first time at once");
        return r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "the worker cannot pass a descriptor") : 0;
}

static int introduce(struct ward_buffer *buffer, struct share **ret_share, struct ward_fault *fault)
{
        struct share *share = NULL;
        int r = add(buffer, choose_number(), &share, fault);
        if (r)
                return r;
        r = send_descriptor(SHARES_BUFFER, share->number, ward_buffer_fd(buffer), fault);
        if (r) {
                map_remove(&table.by_number, share->number);
                buffer->share = NULL;
                free(share);
                return r;
        }
        *ret_share = share;
        return 0;
}

static int lower_object(uint8_t shared, void *object, uint32_t *ret_number, struct ward_fault *fault)
{
        if (shared == WARD_SHARED_STREAM) {
                *ret_number = choose_number();
                return send_descriptor(SHARES_STREAM, *ret_number, ward_stream_fd(object), fault);
        }
        struct ward_buffer *buffer = object;
        struct share *share = buffer->share;
        int r = share ? 0 : introduce(buffer, &share, fault);
        if (r)
                return r;
        share->given++;
        *ret_number = share->number;
        return 0;
}

static int lower(void *context, const struct ward_type *type, const void *from, uint32_t *ret_number, struct ward_fault *fault)
{
        uint8_t shared = type->resource->shared;
        void *object;
        memcpy(&object, from, sizeof object);
        if (!object)
                return fault_set(fault, WARD_FAULT_USAGE, "NULL is no object of '%s'", type->resource->name);
        pthread_mutex_lock(&table.lock);
        int r = lower_object(shared, object, ret_number, fault);
        pthread_mutex_unlock(&table.lock);
        if (!r && type->kind == WARD_TYPE_OWN)
                r = debts_owe(&crossing, type, object, true, fault);
        return r;
}

const struct marshal_handles buffers_handles = { lower, lift, NULL };
