/* A library that uses Ward on its own account, as a plug-in of another program would. It is built twice, once on libward.so and once
 * on libward.a, and loaded by programs that know nothing of Ward.
 *
 * 1. user_new  2. user_add, user_poke, user_spin  3. user_free
 *
 * Functions return 0 or a negative fault kind, and write a fault's text to @text of @size bytes. */
#ifndef TEST_EMBED_USER_H
#define TEST_EMBED_USER_H

#include <stddef.h>
#include <stdint.h>

#define USER_API __attribute__((visibility("default")))

struct user;

/* Makes a host of its own and activates @module at the kind that is called @kind. NULL on failure. */
USER_API struct user *user_new(const char *kind, const char *module, char *text, size_t size);
USER_API struct user *user_free(struct user *user);

USER_API int user_add(struct user *user, int32_t a, int32_t b, int32_t *ret, char *text, size_t size);
USER_API int user_poke(struct user *user, char *text, size_t size);
USER_API int user_spin(struct user *user, uint32_t deadline_ms, char *text, size_t size);

/* The isolated domain's state: enum ward_domain_state. */
USER_API int user_state(struct user *user);

#endif
