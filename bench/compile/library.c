/* Some 170 KB of module: much of a C library, which is held by its addresses. */
#include "library.h"
#include <complex.h>
#include <dirent.h>
#include <fnmatch.h>
#include <math.h>
#include <regex.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef void (*function)(void);

#define F(name) ((function)(name))

static const function library[] = {
        F(printf),   F(sscanf), F(strtod), F(qsort),    F(bsearch), F(regcomp),  F(regexec),   F(regerror), F(fnmatch), F(tgamma),
        F(lgamma),   F(pow),    F(erf),    F(jn),       F(yn),      F(sin),      F(cos),       F(tan),      F(csqrt),   F(cpow),
        F(cacos),    F(casinh), F(catanh), F(strftime), F(mktime),  F(gmtime_r), F(hcreate),   F(hsearch),  F(tsearch), F(tdelete),
        F(scandir),  F(fopen),  F(random), F(drand48),  F(expm1),   F(log1p),    F(cbrt),      F(hypot),    F(remquo),  F(fma),
        F(strtok_r), F(strstr), F(getenv), F(strerror), F(fgets),   F(fseek),    F(vsnprintf), F(sinl),     F(logl),
};

int32_t exports_library_answer(int32_t question)
{
        const function *volatile at = library;
        return question + (at[(uint32_t)question % (sizeof library / sizeof *library)] != NULL);
}
