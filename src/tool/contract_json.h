/* A contract as JSON: the resolved form that wasm-tools prints (`wasm-tools component wit --json`), members in its order. */
#ifndef TOOL_CONTRACT_JSON_H
#define TOOL_CONTRACT_JSON_H

#include <stdio.h>
#include "contract/contract.h"

/* 0, or -1 where there is no memory or @to takes no more. */
int contract_json_print(FILE *to, const struct contract *contract);

#endif
