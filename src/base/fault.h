/* Filling a struct ward_fault. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdarg.h>
#include <stddef.h>
#include <ward/fault.h>

/* Writes a fresh report to @fault, which may be NULL, and returns -@kind: `return fault_set(fault, WARD_FAULT_MODULE, "…", …);`
 * The text is cut at its limit and made printable. */
int fault_set(struct ward_fault *fault, enum ward_fault_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with errno's text behind it, and errno kept in @fault->error. @error is positive. */
int fault_set_errno(struct ward_fault *fault, enum ward_fault_kind kind, int error, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Writes another text, and leaves the rest of the report as it is. */
void fault_say(struct ward_fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds who it was, where that is not said yet. Any may be NULL. */
void fault_name(struct ward_fault *fault, const char *addin, const char *domain, const char *function);

/* Copies untrusted text into @to, of @size bytes, NUL-terminated: printable UTF-8 as it is, everything else as \xNN. Newlines
 * are kept where @lines. */
void text_escape(char *to, size_t size, const char *from, size_t len, int lines);

/* Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7). */
int text_is_utf8(const void *at, size_t len);

#endif
