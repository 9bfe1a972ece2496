/* The host's tokens: numbers for what the host holds of its add-ins. None is used twice in a process, so that one of another host
 * is known for what it is.
 *
 *      1. tokens_new, with the host         3. tokens_give, by way of objects.h      5. tokens_unref, by the host and by
 *      2. tokens_add, tokens_acquire        4. tokens_close, when the host goes         every instance
 *
 * A token is for an instance, or for an object that it handed out. An object lives as long as it has a token, and holds its
 * instance. It is lent while a call has it as `borrow`, under way while its own is being passed back, and gone when it was
 * destroyed with its domain.
 *
 * Any thread may come. The table has a lock of its own, under which no other is taken. In a forked child its owner may be missing:
 * there the lock is made anew, and a table that was being changed is forgotten. */
#ifndef DOMAIN_TOKENS_H
#define DOMAIN_TOKENS_H

#include "domain/domain.h"

/* A host must not be filled with the objects of one add-in. */
enum { TOKENS_OBJECTS_MAX = 1 << 20 };

/* In place of a resource's index: the instance itself. */
#define TOKENS_INSTANCE UINT32_MAX

struct tokens;
struct object; /* what tokens are for */

struct tokens *tokens_new(struct domains *domains, struct ward_fault *fault);
struct tokens *tokens_ref(struct tokens *tokens);
struct tokens *tokens_unref(struct tokens *tokens);

/* Gives every token back. No destructor runs: objects are to be destroyed before. */
void tokens_close(struct tokens *tokens);

/* Whose they are; NULL once they are closed. */
struct domains *tokens_domains(struct tokens *tokens);

/* --- Holding ---------------------------------------------------------------------------------- */

/* The first token of object @number of @resource, or one for the instance itself. @unique: a number that the host holds already is
 * refused, PROTOCOL. Takes a reference to the instance. */
int tokens_add(struct instance *instance, uint32_t resource, uint32_t number, bool unique, uint64_t *ret_token,
               struct ward_fault *fault);

/* Another token for what @token is for. */
int tokens_acquire(struct tokens *tokens, uint64_t token, uint64_t *ret_token, struct ward_fault *fault);

bool tokens_same(struct tokens *tokens, uint64_t a, uint64_t b);

/* NULL: not held. */
struct instance *tokens_instance(struct tokens *tokens, uint64_t token);
/* False: not held, or behind a boundary. */
bool tokens_is_local(struct tokens *tokens, uint64_t token);

/* What ended with a token. */
struct token_end {
        struct instance *instance; /* with a reference, which is the caller's to give back; or NULL */
        uint32_t resource;
        uint32_t number;
        bool whole; /* the object is to be destroyed in the add-in */
};

enum { TOKENS_TAKE_THE_TURN = 1 };

/* Gives @token back. The last one of an object that is whole is given back in the domain's turn only: without @in_turn the outcome
 * is TOKENS_TAKE_THE_TURN, with the instance, and nothing has changed. A fault, USAGE, changes nothing either. */
int tokens_give(struct tokens *tokens, uint64_t token, bool in_turn, struct token_end *ret_end, struct ward_fault *fault);

/* --- Passing, to the object's own instance; USAGE otherwise -------------------------------------- */

int tokens_lend(struct instance *instance, uint32_t resource, uint64_t token, struct object **ret_object, uint32_t *ret_number,
                struct ward_fault *fault);
void tokens_end_loan(struct tokens *tokens, struct object *object);

/* An own sets out: nobody else can use its token until it comes back or has arrived, and then nobody at all. */
int tokens_depart(struct instance *instance, uint32_t resource, uint64_t token, uint32_t *ret_number, struct ward_fault *fault);
void tokens_come_back(struct tokens *tokens, uint64_t token);
/* Returns the object's reference to its instance. */
struct instance *tokens_arrive(struct tokens *tokens, uint64_t token);

/* --- Orderly ends, in the domain's turn --------------------------------------------------------- */

/* The next object of @instance that is whole: it is gone from here on, and to be destroyed by the caller, who gets a reference to
 * the instance: the object's own may go at any time. False if there is none. */
bool tokens_next_object(struct instance *instance, struct token_end *ret_end);

/* Whether there is one. */
bool tokens_has_objects(struct instance *instance);

#endif
