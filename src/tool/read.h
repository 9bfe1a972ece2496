/* Reading a contract for a command: which features are switched on, and its errors on standard error. */
#ifndef TOOL_READ_H
#define TOOL_READ_H

#include "contract/contract.h"

/* Switches on what @names lists, separated by commas. They stay where they are; the array grows by malloc and is the caller's to
 * free. -ENOMEM, or 0. */
int read_features(struct contract_options *options, char *names);

/* The contract at @path, or NULL once all its errors are printed. @command is who speaks: "ward bindgen". */
struct contract *read_contract(const char *command, const char *path, const struct contract_options *options);

#endif
