/* The inside of printing: parts of WIT text, each in its normal form. */
#ifndef CONTRACT_PRINTER_H
#define CONTRACT_PRINTER_H

#include <stdbool.h>
#include <stdio.h>
#include "contract/contract.h"

/* What stands in a body. Items of different kinds have a blank line between them. */
enum printer_item {
        PRINTER_NOTHING,
        PRINTER_USE,
        PRINTER_IMPORT,
        PRINTER_EXPORT,
        PRINTER_TYPE,
        PRINTER_FUNC,
        PRINTER_BODY,
};

struct printer {
        FILE *out;
        const struct wit_package *package; /* whose interfaces go by their plain names */
        int depth;
        bool bare;              /* no documentation and attributes */
        enum printer_item last; /* in the body that is being printed */
        bool tall;              /* that one took several lines */
        size_t method;          /* in its functions: behind those of the resources that were printed */
};

/* What stands before an item. Any may be NULL. */
struct printer_head {
        const char *docs;
        const struct wit_stability *stability;
        const char *external_id;
};

/* print_text.c: begins an item: a blank line where there should be one, what stands before it, and the indentation of its line.
 * @tall: it takes several lines. */
void printer_item(struct printer *p, enum printer_item item, const struct printer_head *head, bool tall);

/* A body in braces, behind what it belongs to; an empty one is `{}`. Pass to close what open returned. */
enum printer_item printer_open(struct printer *p, bool empty);
void printer_close(struct printer *p, enum printer_item outer, bool empty);

void printer_indent(struct printer *p);
void printer_docs(struct printer *p, const char *docs);
/* A name, with % before a keyword. */
void printer_name(struct printer *p, const char *name);

/* print_type.c: a type where it is referred to. */
void printer_type(struct printer *p, const struct wit_type *type);
/* Whether a resource has functions; p->method is the first one then. Resources of a body come in the order of their functions. */
bool printer_has_methods(struct printer *p, const struct wit_type *resource);
/* The item that defines a type, and of a resource its functions; but for what `use` makes. */
void printer_definition(struct printer *p, const struct wit_type *type);
/* The item `name: func(…) -> …;` of an interface or a resource. */
void printer_func(struct printer *p, const struct wit_func *func);
/* What stands behind its name, and `;`. */
void printer_signature(struct printer *p, const struct wit_func *func);

#endif
