/* A cursor over a module's bytes whose errors stick: the first refusal is kept, everything after it reads zeros, loops end on
 * @error. So a section reads in a straight line, with one check at the end. */
#ifndef WASM_READER_H
#define WASM_READER_H

#include "wasm/growing.h"
#include "wasm/parts.h"

/* What read_code is to note besides. */
struct code_marks {
        struct growing functions; /* struct wasm_marks, without where theirs are */
        struct growing marks;     /* struct wasm_mark */
};

struct reader {
        struct wasm_module *module;
        struct ward_fault *fault;
        char where[48]; /* "code section, function 12" */
        const uint8_t *at;
        const uint8_t *end;       /* of what is being read: a section, a function's body */
        int error;                /* 0, or a negative fault kind */
        uint32_t constant;        /* the last one of type i32 */
        struct code_marks *marks; /* NULL: none are wanted */
};

/* The module is refused because of what was just read. Only the first refusal counts. */
void reader_refuse(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* There was no memory for it. */
void reader_no_memory(struct reader *reader);

uint8_t reader_u8(struct reader *reader);
uint32_t reader_u32(struct reader *reader);
/* A signed number of 32, 33 or 64 bits. */
int64_t reader_signed(struct reader *reader, unsigned bits);
struct ward_span reader_bytes(struct reader *reader, size_t n);
struct ward_span reader_name(struct reader *reader);

/* A number that must be below @bound or at most @max; @what is for the refusal: "type", "functions". */
uint32_t reader_index(struct reader *reader, uint32_t bound, const char *what);
uint32_t reader_count(struct reader *reader, uint32_t max, const char *what);

/* A value type's letter; the second takes references only. */
char reader_type(struct reader *reader);
char reader_reference_type(struct reader *reader);

/* An array for @n items, zeroed; NULL after an error. @n must be bounded. */
void *reader_array(struct reader *reader, size_t n, size_t size);

/* sections.c, segments.c, body.c: each reads its whole section. */
void read_types(struct reader *reader);
void read_imports(struct reader *reader);
void read_functions(struct reader *reader);
void read_tables(struct reader *reader);
void read_memories(struct reader *reader);
void read_globals(struct reader *reader);
void read_exports(struct reader *reader);
void read_start(struct reader *reader);
void read_elements(struct reader *reader);
void read_code(struct reader *reader);
void read_data(struct reader *reader);
void read_data_count(struct reader *reader);

/* A constant expression that gives a value of @type; returns the function that it names, or UINT32_MAX. */
uint32_t read_constant(struct reader *reader, char type);

/* What @letter is called in the text format. */
const char *type_name(char letter);

#endif
