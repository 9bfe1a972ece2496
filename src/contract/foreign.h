/* What people write who know other languages, and what WIT has in its place: for messages. */
#ifndef CONTRACT_FOREIGN_H
#define CONTRACT_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

/* "`u32` or `u64`" for "size_t", or NULL. */
const char *foreign_type(const char *name, size_t len);

/* "WIT calls it `record`" for "struct", or NULL. */
const char *foreign_word(const char *word, size_t len);

/* What to write instead of a character that has no place in WIT, or NULL. */
const char *foreign_character(char character);

/* "add-numbers" for "addNumbers" and "add_numbers". Returns false where nothing is left, or there is no room. */
bool foreign_kebab(const char *name, size_t len, char *ret_text, size_t room);

#endif
