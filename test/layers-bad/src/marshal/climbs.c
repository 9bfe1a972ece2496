/* Breaks the layers: the test must see it. */
#include "domain/domain.h"
