/* What act's first parameter asks for, of the add-in in C and of the one in text. */
#ifndef TRAPS_WAYS_H
#define TRAPS_WAYS_H

enum way {
        WELL,
        LOAD,  /* from address a */
        STORE, /* to address a */
        FLOAT_LOAD,
        FILL, /* b bytes from address a on */
        COPY,
        GIVE_UP,
        ABORT,
        ASSERT,
        DIVIDE,       /* a by b */
        REMAINDER,    /* of the same */
        DIVIDE_LONG,  /* the same in 64 bits */
        RECURSE,      /* a deep */
        CALL_ENTRY,   /* entry a of the table */
        CALL_ANOTHER, /* a function of another type */
        DEEP,         /* a trap three calls deep */
        INLINE,       /* in a function that is compiled in place */
        LOOP,         /* for ever */
        CONVERT,      /* a divided by b, in floating point, to an integer */
        TABLE_GET,    /* entry a */
        TABLE_SET,
        TABLE_FILL,
        TABLE_COPY,
        TABLE_INIT,
        MEMORY_INIT,
        N_WAYS,
};

#endif
