/* Tokens -> tree (Component Model, WIT.md: "Top-level items" and on). */
#ifndef CONTRACT_PARSE_H
#define CONTRACT_PARSE_H

#include "contract/ast.h"
#include "contract/reader.h"

/* Errors go to the reader's report. The tree holds good only if there were none. */
struct ast_file *parse_file(struct reader *reader, const struct source *source);

#endif
