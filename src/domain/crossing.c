/* Handles on their way between the host's C forms and the numbers of the boundary (CanonicalABI.md: lift_own, lift_borrow,
 * lower_own, lower_borrow). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "domain/objects.h"
#include "domain/references_parts.h"
#include "domain/shares.h"
#include "domain/tokens.h"
#include "memory/buffer.h"

/* A list of one handle, over and over, must not fill the host with notes. */
enum { NOTES_MAX = 1 << 22 };

enum note {
        NOTE_SETTLED,     /* nothing is left to do */
        NOTE_GAVE_OBJECT, /* the host's: @handle owns it now */
        NOTE_LENT_OBJECT, /* the host's: @handle borrows it */
        NOTE_GAVE_TOKEN,  /* the add-in's: @token is under way; kept here: @handle owns it now */
        NOTE_LENT_TOKEN,  /* the add-in's: @object, a struct object, is lent */
        NOTE_USED_HANDLE, /* the add-in lent what @handle is for */
        NOTE_TOOK_OBJECT, /* @object is the host's again */
        NOTE_TOOK_TOKEN,  /* @token is the host's */
        NOTE_ORPHAN,      /* the add-in's object @handle, which the host was given and has no token for */
        NOTE_UNREF,       /* @object, a struct instance, loses a reference when the call is over */
        NOTE_GAVE_SHARED, /* Ward's own, to a process: @object is passed as @handle with the reference */
        NOTE_LENT_SHARED, /* the same without */
        NOTE_TOOK_SHARED, /* @object is the host's, with a reference */
        NOTE_USED_SHARED, /* the same for the call */
};

/* --- Notes ------------------------------------------------------------------------------------ */

static int more_room(struct crossing *crossing, struct ward_fault *fault)
{
        uint32_t size = 2 * crossing->size;
        bool few = crossing->notes == crossing->few;
        if (size > NOTES_MAX)
                return fault_set(fault, WARD_FAULT_LIMIT, "more than %d handles in one call", NOTES_MAX / 2);
        struct crossing_note *notes = reallocarray(few ? NULL : crossing->notes, size, sizeof *notes);
        if (!notes)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the handles of a call");
        if (few)
                memcpy(notes, crossing->few, sizeof crossing->few);
        crossing->notes = notes;
        crossing->size = size;
        return 0;
}

/* Room for a note comes first, so that what was done is always noted. */
static int prepare(struct crossing *crossing, struct ward_fault *fault)
{
        return crossing->n_notes < crossing->size ? 0 : more_room(crossing, fault);
}

static void note(struct crossing *crossing, struct crossing_note note)
{
        crossing->notes[crossing->n_notes++] = note;
}

/* A contract need not be a generated one. */
static int check_type(const struct crossing *crossing, const struct ward_type *type, struct ward_fault *fault)
{
        const char *name = crossing->references->instance->contract->name;
        if (references_resource(crossing->references, type->resource->index))
                return 0;
        return fault_set(fault, WARD_FAULT_CONTRACT, "contract %s passes '%s', which is none of its resources", name,
                         type->resource->name);
}

/* --- Lowering --------------------------------------------------------------------------------- */

static int lower_object(struct crossing *crossing, const struct ward_type *type, void *object, uint32_t *ret_number,
                        struct ward_fault *fault)
{
        bool own = type->kind == WARD_TYPE_OWN;
        uint32_t handle = 0, resource = type->resource->index;
        const struct handle entry = {
                .object = object, .resource = resource, .scope = own ? NULL : crossing, .kind = own ? HANDLE_OWN : HANDLE_BORROW
        };
        if (!object)
                return fault_set(fault, WARD_FAULT_USAGE, "NULL is no object of '%s'", type->resource->name);
        if (type->resource->shared == WARD_SHARED_BUFFER)
                buffer_expose(object);
        int r = references_add(crossing->references, entry, &handle, fault);
        if (r)
                return r;
        note(crossing,
             (struct crossing_note){ .what = own ? NOTE_GAVE_OBJECT : NOTE_LENT_OBJECT, .handle = handle, .resource = resource });
        *ret_number = handle;
        return 0;
}

static int lend_token(struct crossing *crossing, uint32_t resource, uint64_t token, uint32_t *ret_number, struct ward_fault *fault)
{
        struct object *object;
        int r = tokens_lend(crossing->references->instance, resource, token, &object, ret_number, fault);
        if (!r)
                note(crossing, (struct crossing_note){ .what = NOTE_LENT_TOKEN, .object = object });
        return r;
}

static int give_token(struct crossing *crossing, uint32_t resource, uint64_t token, uint32_t *ret_number, struct ward_fault *fault)
{
        struct references *references = crossing->references;
        uint32_t handle = 0, number = 0;
        int r = tokens_depart(references->instance, resource, token, &number, fault);
        if (!r && references->keeper == REFERENCES_KEPT_HERE) {
                const struct handle entry = { .rep = number, .resource = resource, .kind = HANDLE_OWN };
                r = references_add(references, entry, &handle, fault);
                if (r)
                        tokens_come_back(references->instance->tokens, token);
        }
        if (r)
                return r;
        note(crossing, (struct crossing_note){ .what = NOTE_GAVE_TOKEN, .handle = handle, .resource = resource, .token = token });
        *ret_number = handle ? handle : number;
        return 0;
}

/* Where Ward's own pass by numbers that host and worker agree on. */
static bool passes_shared(const struct crossing *crossing, const struct ward_type *type)
{
        return type->resource->shared && crossing->references->shares;
}

static int lower_shared(struct crossing *crossing, const struct ward_type *type, void *object, uint32_t *ret_number,
                        struct ward_fault *fault)
{
        bool own = type->kind == WARD_TYPE_OWN;
        if (!object)
                return fault_set(fault, WARD_FAULT_USAGE, "NULL is no object of '%s'", type->resource->name);
        bool first;
        int r = shares_lower(crossing->references->shares, type->resource->shared, object, ret_number, &first, fault);
        if (!r)
                note(crossing, (struct crossing_note){ .what = own ? NOTE_GAVE_SHARED : NOTE_LENT_SHARED,
                                                       .first = first,
                                                       .handle = *ret_number,
                                                       .resource = type->resource->index,
                                                       .object = object });
        return r;
}

static int lower(void *context, const struct ward_type *type, const void *from, uint32_t *ret_number, struct ward_fault *fault)
{
        struct crossing *crossing = context;
        uint64_t token;
        void *object;
        int r = check_type(crossing, type, fault);
        if (!r)
                r = prepare(crossing, fault);
        if (r)
                return r;
        if (!type->resource->by_addin) {
                memcpy(&object, from, sizeof object);
                return passes_shared(crossing, type) ? lower_shared(crossing, type, object, ret_number, fault)
                                                     : lower_object(crossing, type, object, ret_number, fault);
        }
        memcpy(&token, from, sizeof token);
        if (type->kind == WARD_TYPE_OWN)
                return give_token(crossing, type->resource->index, token, ret_number, fault);
        return lend_token(crossing, type->resource->index, token, ret_number, fault);
}

/* --- Lifting ---------------------------------------------------------------------------------- */

static int lift_own_object(struct crossing *crossing, uint32_t resource, uint32_t number, void *to, struct ward_fault *fault)
{
        struct handle taken;
        int r = references_take(crossing->references, resource, number, true, &taken, fault);
        if (r)
                return r;
        note(crossing, (struct crossing_note){ .what = NOTE_TOOK_OBJECT, .resource = resource, .object = taken.object });
        memcpy(to, &taken.object, sizeof taken.object);
        return 0;
}

static int lift_borrowed_object(struct crossing *crossing, uint32_t resource, uint32_t number, void *to, struct ward_fault *fault)
{
        struct references *references = crossing->references;
        struct handle *found;
        void *object = NULL;
        references_lock(references);
        int r = references_find(references, resource, number, &found, fault);
        if (!r) {
                found->lends++;
                object = found->object;
        }
        references_unlock(references);
        if (r)
                return r;
        note(crossing, (struct crossing_note){ .what = NOTE_USED_HANDLE, .handle = number });
        memcpy(to, &object, sizeof object);
        return 0;
}

static int lift_token(struct crossing *crossing, uint32_t resource, uint32_t number, void *to, struct ward_fault *fault)
{
        struct references *references = crossing->references;
        bool kept_here = references->keeper == REFERENCES_KEPT_HERE;
        struct handle taken;
        uint64_t token = 0;
        if (kept_here) {
                int r = references_take(crossing->references, resource, number, true, &taken, fault);
                if (r)
                        return r;
                number = (uint32_t)taken.rep;
        }
        int r = tokens_add(references->instance, resource, number, !kept_here, &token, fault);
        if (r && r != -WARD_FAULT_PROTOCOL)
                note(crossing, (struct crossing_note){ .what = NOTE_ORPHAN, .handle = number, .resource = resource });
        if (r)
                return r;
        note(crossing, (struct crossing_note){ .what = NOTE_TOOK_TOKEN, .token = token });
        memcpy(to, &token, sizeof token);
        return 0;
}

static int lift_shared(struct crossing *crossing, const struct ward_type *type, uint32_t number, void *to, struct ward_fault *fault)
{
        struct references *references = crossing->references;
        void *object = NULL;
        int r = shares_lift(references->shares, type->resource->shared, references->charge, number, &object, fault);
        if (r)
                return r;
        note(crossing, (struct crossing_note){ .what = type->kind == WARD_TYPE_OWN ? NOTE_TOOK_SHARED : NOTE_USED_SHARED,
                                               .resource = type->resource->index,
                                               .object = object });
        memcpy(to, &object, sizeof object);
        return 0;
}

/* An add-in's own object is never lent to the host: no contract has a way to say so. */
static int lift(void *context, const struct ward_type *type, uint32_t number, void *to, struct ward_fault *fault)
{
        struct crossing *crossing = context;
        bool own = type->kind == WARD_TYPE_OWN;
        int r = check_type(crossing, type, fault);
        if (!r)
                r = prepare(crossing, fault);
        if (r)
                return r;
        if (passes_shared(crossing, type))
                return lift_shared(crossing, type, number, to, fault);
        if (!type->resource->by_addin)
                return own ? lift_own_object(crossing, type->resource->index, number, to, fault)
                           : lift_borrowed_object(crossing, type->resource->index, number, to, fault);
        if (own)
                return lift_token(crossing, type->resource->index, number, to, fault);
        return fault_set(fault, WARD_FAULT_PROTOCOL, "an object of the add-in's own resource '%s' cannot be lent to the host",
                         type->resource->name);
}

/* --- A crossing ------------------------------------------------------------------------------- */

void crossing_begin(struct crossing *crossing, struct references *references)
{
        crossing->references = references;
        crossing->n_notes = crossing->n_arrived = 0;
        if (!references)
                return;
        crossing->handles = (struct marshal_handles){ lower, lift, crossing };
        crossing->notes = crossing->few;
        crossing->size = CROSSING_FEW;
}

static uint8_t shared_of(const struct references *references, uint32_t resource)
{
        return references->instance->contract->resources[resource].resource->shared;
}

/* The reference that was given is the worker's, who keeps it by its own. */
static void shared_arrived(const struct references *references, struct crossing_note *one)
{
        uint8_t shared = shared_of(references, one->resource);
        if (one->first)
                shares_arrived(references->shares, one->handle);
        if (one->what == NOTE_GAVE_SHARED)
                memory_release(shared, one->object);
        one->what = NOTE_SETTLED;
}

void crossing_arrived(struct crossing *crossing)
{
        for (uint32_t i = crossing->n_arrived; i < crossing->n_notes; i++) {
                struct crossing_note *one = &crossing->notes[i];
                if (one->what == NOTE_GAVE_SHARED || one->what == NOTE_LENT_SHARED)
                        shared_arrived(crossing->references, one);
                if (one->what != NOTE_GAVE_TOKEN)
                        continue;
                one->what = NOTE_UNREF;
                one->object = tokens_arrive(crossing->references->instance->tokens, one->token);
        }
        crossing->n_arrived = crossing->n_notes;
}

static void forget_handle(struct references *references, uint32_t handle)
{
        references_lock(references);
        handles_remove(&references->handles, handle);
        references_unlock(references);
}

static void undo(struct references *references, const struct crossing_note *one)
{
        struct instance *instance = references->instance;
        if (one->what == NOTE_GAVE_OBJECT || (one->what == NOTE_GAVE_TOKEN && one->handle))
                forget_handle(references, one->handle);
        if (one->what == NOTE_GAVE_TOKEN)
                tokens_come_back(instance->tokens, one->token);
        if (one->what == NOTE_GAVE_SHARED || one->what == NOTE_LENT_SHARED)
                shares_take_back(references->shares, shared_of(references, one->resource), one->handle);
        if (one->what == NOTE_TOOK_OBJECT || one->what == NOTE_TOOK_SHARED)
                references_destroy_hosts(references, one->resource, one->object);
        if (one->what == NOTE_TOOK_TOKEN)
                objects_release(instance->tokens, one->token, NULL);
        if (one->what == NOTE_ORPHAN && domain_is_running(instance->domain))
                references_destroy_object(references, one->resource, one->handle, NULL);
}

static bool is_loan(const struct crossing_note *one)
{
        return one->what == NOTE_LENT_OBJECT || one->what == NOTE_LENT_TOKEN || one->what == NOTE_USED_HANDLE ||
               one->what == NOTE_USED_SHARED;
}

void crossing_undo(struct crossing *crossing)
{
        for (uint32_t i = crossing->n_arrived; i < crossing->n_notes; i++) {
                struct crossing_note one = crossing->notes[i];
                if (is_loan(&one))
                        continue;
                crossing->notes[i].what = NOTE_SETTLED;
                undo(crossing->references, &one);
        }
        crossing->n_arrived = crossing->n_notes;
}

/* Takes back the host's object that was lent as @handle; false where the add-in has dropped it, as it should. */
static bool take_back(struct crossing *crossing, uint32_t handle)
{
        struct references *references = crossing->references;
        references_lock(references);
        const struct handle *found = handles_find(&references->handles, handle);
        bool kept = found && found->kind == HANDLE_BORROW && found->scope == crossing;
        if (kept)
                handles_remove(&references->handles, handle);
        references_unlock(references);
        return kept;
}

static void end_use(struct references *references, uint32_t handle)
{
        references_lock(references);
        struct handle *found = handles_find(&references->handles, handle);
        if (found && found->lends)
                found->lends--;
        references_unlock(references);
}

static int end_loan(struct crossing *crossing, const struct crossing_note *one, struct ward_fault *fault)
{
        struct references *references = crossing->references;
        if (one->what == NOTE_LENT_TOKEN)
                tokens_end_loan(references->instance->tokens, one->object);
        if (one->what == NOTE_USED_HANDLE)
                end_use(references, one->handle);
        if (one->what == NOTE_USED_SHARED)
                references_destroy_hosts(references, one->resource, one->object);
        /* What is lent of Ward's own need not be dropped: in C it is a pointer like another. */
        if (one->what != NOTE_LENT_OBJECT || !take_back(crossing, one->handle) || shared_of(references, one->resource))
                return 0;
        return fault_set(fault, WARD_FAULT_PROTOCOL,
                         "it kept handle %u of '%s', which it was lent for the call: a borrow is to be "
                         "dropped before the function returns",
                         one->handle, references_name(references, one->resource));
}

int crossing_returned(struct crossing *crossing, struct ward_fault *fault)
{
        int r = 0;
        for (uint32_t i = 0; i < crossing->n_notes; i++) {
                struct crossing_note one = crossing->notes[i];
                if (!is_loan(&one))
                        continue;
                crossing->notes[i].what = NOTE_SETTLED;
                int kept = end_loan(crossing, &one, r ? NULL : fault);
                r = r ? r : kept;
        }
        crossing->n_arrived = crossing->n_notes;
        return r;
}

void crossing_end(struct crossing *crossing)
{
        struct crossing_note *notes = crossing->notes;
        if (!crossing->references)
                return;
        crossing_arrived(crossing);
        crossing_returned(crossing, NULL);
        for (uint32_t i = 0; i < crossing->n_notes; i++)
                if (notes[i].what == NOTE_UNREF)
                        instance_unref(notes[i].object);
        if (notes != crossing->few)
                free(notes);
}
