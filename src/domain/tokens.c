#include "domain/tokens.h"

#include <errno.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/map.h"
#include "base/own.h"
#include "domain/kind.h"
#include "domain/state.h"

struct object {
        struct instance *instance; /* with a reference */
        struct list link;          /* in its instance's, if it is whole */
        uint32_t resource;
        uint32_t number;
        uint32_t n_tokens;
        uint32_t lends;
        bool under_way;
        bool gone;
};

struct tokens {
        _Atomic uint32_t references;
        struct domain_state *page; /* only its `here` */
        pthread_mutex_t lock;      /* guards what follows, and every instance's list and numbers of objects */
        bool changing;
        struct domains *domains;
        struct map map; /* of struct object */
};

static _Atomic uint64_t last_number;

struct tokens *tokens_new(struct domains *domains, struct ward_fault *fault)
{
        struct domain_state *page = domain_state_new(true, fault);
        if (!page)
                return NULL;
        struct tokens *tokens = calloc(1, sizeof *tokens);
        if (!tokens) {
                domain_state_free(page);
                fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a host");
                return NULL;
        }
        tokens->page = page;
        tokens->domains = domains;
        atomic_store(&tokens->references, 1);
        pthread_mutex_init(&tokens->lock, NULL);
        return tokens;
}

struct tokens *tokens_ref(struct tokens *tokens)
{
        atomic_fetch_add_explicit(&tokens->references, 1, memory_order_relaxed);
        return tokens;
}

struct tokens *tokens_unref(struct tokens *tokens)
{
        if (!tokens || atomic_fetch_sub_explicit(&tokens->references, 1, memory_order_acq_rel) != 1)
                return NULL;
        domain_state_free(tokens->page);
        pthread_mutex_destroy(&tokens->lock);
        map_finish(&tokens->map);
        free(tokens);
        return NULL;
}

/* In a child that was forked while another thread changed the table, what is there cannot be trusted, nor freed. */
static void adopt(struct tokens *tokens)
{
        pthread_mutex_init(&tokens->lock, NULL);
        if (tokens->changing)
                tokens->map = (struct map){ 0 };
        tokens->changing = false;
        atomic_store(&tokens->page->here, 1);
}

static void look(struct tokens *tokens)
{
        if (!atomic_load(&tokens->page->here))
                adopt(tokens);
        pthread_mutex_lock(&tokens->lock);
}

static void look_away(struct tokens *tokens)
{
        pthread_mutex_unlock(&tokens->lock);
}

static void change(struct tokens *tokens)
{
        look(tokens);
        tokens->changing = true;
        atomic_signal_fence(memory_order_seq_cst);
}

static void changed(struct tokens *tokens)
{
        atomic_signal_fence(memory_order_seq_cst);
        tokens->changing = false;
        pthread_mutex_unlock(&tokens->lock);
}

/* --- With the lock held ----------------------------------------------------------------------- */

static int find(const struct tokens *tokens, uint64_t token, struct object **ret_object, struct ward_fault *fault)
{
        *ret_object = map_find(&tokens->map, token);
        if (*ret_object)
                return 0;
        return fault_set(fault, WARD_FAULT_USAGE, "token %llu is not held: it was given back, or is none of this host's",
                         (unsigned long long)token);
}

static int put(struct tokens *tokens, struct object *object, uint64_t *ret_token, struct ward_fault *fault)
{
        uint64_t number = atomic_fetch_add_explicit(&last_number, 1, memory_order_relaxed) + 1;
        if (map_add(&tokens->map, number, object))
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for a token");
        object->n_tokens++;
        *ret_token = number;
        return 0;
}

static uint64_t key_of(uint32_t resource, uint32_t number)
{
        return ((uint64_t)resource + 1) << 32 | number;
}

/* The object is no longer one that the add-in is to destroy. */
static void detach(struct object *object)
{
        if (object->resource == TOKENS_INSTANCE || object->gone)
                return;
        object->gone = true;
        list_remove(&object->link);
        map_remove(&object->instance->numbers, key_of(object->resource, object->number));
        object->instance->n_objects--;
}

/* Takes out the last token. */
static struct instance *end(struct tokens *tokens, uint64_t token, struct object *object)
{
        struct instance *instance = object->instance;
        map_remove(&tokens->map, token);
        detach(object);
        free(object);
        return instance;
}

static const char *resource_name(const struct instance *instance, uint32_t resource)
{
        return resource == TOKENS_INSTANCE ? "add-in" : instance->contract->resources[resource].resource->name;
}

/* Whether @token is for an object of @resource that can be passed to @instance. */
static int find_for(const struct instance *instance, uint32_t resource, uint64_t token, struct object **ret_object,
                    struct ward_fault *fault)
{
        int r = find(instance->tokens, token, ret_object, fault);
        if (r)
                return r;
        const struct object *object = *ret_object;
        unsigned long long number = token;
        if (object->instance != instance)
                return fault_set(fault, WARD_FAULT_USAGE, "token %llu is for an object of add-in '%s', not of add-in '%s'", number,
                                 object->instance->name, instance->name);
        if (object->resource != resource)
                return fault_set(fault, WARD_FAULT_USAGE, "token %llu is for '%s', not for '%s'", number,
                                 resource_name(instance, object->resource), resource_name(instance, resource));
        if (object->gone)
                return fault_set(fault, WARD_FAULT_USAGE, "the object of token %llu was destroyed with its domain", number);
        if (object->under_way)
                return fault_set(fault, WARD_FAULT_USAGE, "the object of token %llu is being passed already", number);
        return 0;
}

/* --- Holding ---------------------------------------------------------------------------------- */

static int check_new(struct instance *instance, uint32_t resource, uint32_t number, bool unique, struct ward_fault *fault)
{
        if (!instance->tokens->domains)
                return fault_set(fault, WARD_FAULT_UNLOADED, "the host of add-in '%s' is gone", instance->name);
        if (resource == TOKENS_INSTANCE)
                return 0;
        if (instance->n_objects >= TOKENS_OBJECTS_MAX)
                return fault_set(fault, WARD_FAULT_LIMIT, "the host holds %d objects of add-in '%s' already: release some",
                                 TOKENS_OBJECTS_MAX, instance->name);
        if (unique && map_find(&instance->numbers, key_of(resource, number)))
                return fault_set(fault, WARD_FAULT_PROTOCOL, "object %u of '%s' is handed out, but the host holds it already",
                                 number, resource_name(instance, resource));
        return 0;
}

static int add(struct instance *instance, struct object *object, bool unique, uint64_t *ret_token, struct ward_fault *fault)
{
        uint64_t key = key_of(object->resource, object->number);
        int r = check_new(instance, object->resource, object->number, unique, fault);
        if (r)
                return r;
        if (unique && map_add(&instance->numbers, key, object))
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for a token");
        r = put(instance->tokens, object, ret_token, fault);
        if (r) {
                map_remove(&instance->numbers, key);
                return r;
        }
        object->instance = instance;
        if (object->resource == TOKENS_INSTANCE)
                return 0;
        list_append(&instance->objects, &object->link);
        instance->n_objects++;
        return 0;
}

int tokens_add(struct instance *instance, uint32_t resource, uint32_t number, bool unique, uint64_t *ret_token,
               struct ward_fault *fault)
{
        if (!instance_try_ref(instance))
                return fault_set(fault, WARD_FAULT_UNLOADED, "add-in '%s' was released: nobody can hold anything of it",
                                 instance->name);
        struct object *object = calloc(1, sizeof *object);
        if (!object) {
                instance_unref(instance);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for a token");
        }
        object->resource = resource;
        object->number = number;
        change(instance->tokens);
        int r = add(instance, object, unique, ret_token, fault);
        changed(instance->tokens);
        if (r) {
                free(object);
                instance_unref(instance);
        }
        return r;
}

int tokens_acquire(struct tokens *tokens, uint64_t token, uint64_t *ret_token, struct ward_fault *fault)
{
        struct object *object;
        change(tokens);
        int r = find(tokens, token, &object, fault);
        if (!r && object->under_way)
                r = fault_set(fault, WARD_FAULT_USAGE, "the object of token %llu is being passed to its add-in",
                              (unsigned long long)token);
        else if (!r && (object->gone || !domain_is_running(object->instance->domain)))
                r = fault_set(fault, WARD_FAULT_UNLOADED, "the domain of add-in '%s' is unloaded", object->instance->name);
        if (!r)
                r = put(tokens, object, ret_token, fault);
        changed(tokens);
        return r;
}

bool tokens_same(struct tokens *tokens, uint64_t a, uint64_t b)
{
        look(tokens);
        const struct object *one = map_find(&tokens->map, a), *other = map_find(&tokens->map, b);
        bool same = one && other &&
                    (one == other ||
                     (one->resource == TOKENS_INSTANCE && other->resource == TOKENS_INSTANCE && one->instance == other->instance));
        look_away(tokens);
        return same;
}

struct instance *tokens_instance(struct tokens *tokens, uint64_t token)
{
        look(tokens);
        const struct object *object = map_find(&tokens->map, token);
        struct instance *instance = object ? object->instance : NULL;
        look_away(tokens);
        return instance;
}

bool tokens_is_local(struct tokens *tokens, uint64_t token)
{
        look(tokens);
        const struct object *object = map_find(&tokens->map, token);
        bool local = object && object->instance->domain->kind->isolation == WARD_DIRECT;
        look_away(tokens);
        return local;
}

/* --- Giving back ------------------------------------------------------------------------------ */

static int give_last(struct tokens *tokens, uint64_t token, struct object *object, bool in_turn, struct token_end *ret_end,
                     struct ward_fault *fault)
{
        if (object->lends || object->under_way)
                return fault_set(fault, WARD_FAULT_USAGE, "the object of token %llu is in use by a call of add-in '%s'",
                                 (unsigned long long)token, object->instance->name);
        *ret_end = (struct token_end){ .resource = object->resource, .number = object->number };
        ret_end->whole = object->resource != TOKENS_INSTANCE && !object->gone;
        if (ret_end->whole && !in_turn) {
                ret_end->instance = instance_ref(object->instance);
                return TOKENS_TAKE_THE_TURN;
        }
        ret_end->instance = end(tokens, token, object);
        return 0;
}

int tokens_give(struct tokens *tokens, uint64_t token, bool in_turn, struct token_end *ret_end, struct ward_fault *fault)
{
        struct object *object;
        change(tokens);
        int r = find(tokens, token, &object, fault);
        if (!r && object->n_tokens == 1) {
                r = give_last(tokens, token, object, in_turn, ret_end, fault);
        } else if (!r) {
                map_remove(&tokens->map, token);
                object->n_tokens--;
                *ret_end = (struct token_end){ .instance = NULL };
        }
        changed(tokens);
        return r;
}

void tokens_close(struct tokens *tokens)
{
        change(tokens);
        struct map map = tokens->map;
        tokens->map = (struct map){ 0 };
        tokens->domains = NULL;
        changed(tokens);
        for (size_t i = 0; i < map.size; i++) {
                struct object *object = map.slots[i].value;
                struct instance *instance = NULL;
                if (!object)
                        continue;
                change(tokens);
                if (!--object->n_tokens)
                        instance = end(tokens, map.slots[i].key, object);
                changed(tokens);
                instance_unref(instance);
        }
        map_finish(&map);
}

struct domains *tokens_domains(struct tokens *tokens)
{
        look(tokens);
        struct domains *domains = tokens->domains;
        look_away(tokens);
        return domains;
}

/* --- Passing ---------------------------------------------------------------------------------- */

int tokens_lend(struct instance *instance, uint32_t resource, uint64_t token, struct object **ret_object, uint32_t *ret_number,
                struct ward_fault *fault)
{
        struct object *object;
        change(instance->tokens);
        int r = find_for(instance, resource, token, &object, fault);
        if (!r) {
                object->lends++;
                *ret_object = object;
                *ret_number = object->number;
        }
        changed(instance->tokens);
        return r;
}

void tokens_end_loan(struct tokens *tokens, struct object *object)
{
        change(tokens);
        object->lends--;
        changed(tokens);
}

static int check_departure(uint64_t token, const struct object *object, struct ward_fault *fault)
{
        if (object->n_tokens > 1)
                return fault_set(fault, WARD_FAULT_USAGE,
                                 "the object of token %llu has %u tokens: its own can be passed when the others are released",
                                 (unsigned long long)token, object->n_tokens);
        if (object->lends)
                return fault_set(fault, WARD_FAULT_USAGE, "the object of token %llu is lent to a call: its own cannot be passed",
                                 (unsigned long long)token);
        return 0;
}

int tokens_depart(struct instance *instance, uint32_t resource, uint64_t token, uint32_t *ret_number, struct ward_fault *fault)
{
        struct object *object;
        change(instance->tokens);
        int r = find_for(instance, resource, token, &object, fault);
        if (!r)
                r = check_departure(token, object, fault);
        if (!r) {
                object->under_way = true;
                *ret_number = object->number;
        }
        changed(instance->tokens);
        return r;
}

void tokens_come_back(struct tokens *tokens, uint64_t token)
{
        change(tokens);
        struct object *object = map_find(&tokens->map, token);
        if (object)
                object->under_way = false;
        changed(tokens);
}

struct instance *tokens_arrive(struct tokens *tokens, uint64_t token)
{
        change(tokens);
        struct object *object = map_find(&tokens->map, token);
        struct instance *instance = object ? end(tokens, token, object) : NULL;
        changed(tokens);
        return instance;
}

/* --- Orderly ends ----------------------------------------------------------------------------- */

bool tokens_next_object(struct instance *instance, struct token_end *ret_end)
{
        bool found = false;
        change(instance->tokens);
        if (!list_is_empty(&instance->objects)) {
                struct object *object = CONTAINER_OF(instance->objects.next, struct object, link);
                *ret_end = (struct token_end){ instance_ref(instance), object->resource, object->number, true };
                detach(object);
                found = true;
        }
        changed(instance->tokens);
        return found;
}

bool tokens_has_objects(struct instance *instance)
{
        change(instance->tokens);
        bool any = !list_is_empty(&instance->objects);
        changed(instance->tokens);
        return any;
}
