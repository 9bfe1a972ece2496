/* What really holds a domain, for people and for programs. */
#ifndef TOOL_POSTURE_H
#define TOOL_POSTURE_H

#include <jansson.h>
#include <stdio.h>
#include <ward/posture.h>

/* One line a layer: whether it is in force, and how that is known; then one a limit. */
void posture_print(const struct ward_posture *posture, FILE *out);
/* An object: isolation, level, wanted, held, read-back, limits (name, kept-by). */
json_t *posture_json(const struct ward_posture *posture);

#endif
