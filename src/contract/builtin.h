/* The package that Ward itself provides to add-ins. */
#ifndef CONTRACT_BUILTIN_H
#define CONTRACT_BUILTIN_H

#define BUILTIN_NAME "<built in>/ward-domain.wit"

extern const char builtin_text[];

#endif
