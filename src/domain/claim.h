/* What a module says that it implements, against what the host needs. It is a claim: the module's core types are checked as well,
 * wherever it says what. But only the claim knows a string from a list of bytes. */
#ifndef DOMAIN_CLAIM_H
#define DOMAIN_CLAIM_H

#include <ward/host.h>
#include "base/embedded.h"

/* @claim is the content of the section `ward-contract`; at NULL: there is none, and nothing to compare. An add-in may export more
 * than the host needs, and import less than it offers. A fault names the first function that differs, and both its forms. */
int claim_check(struct ward_span claim, const struct ward_contract *contract, const char *module, bool *ret_utf16,
                struct ward_fault *fault);

#endif
