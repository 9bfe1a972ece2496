#include "tool/layers.h"
#include <ward/posture.h>

json_t *layers_json(unsigned held)
{
        json_t *names = json_array();
        const char *name;
        for (unsigned bit = 1; names && (name = ward_layer_name(bit)); bit <<= 1)
                if (held & bit)
                        json_array_append_new(names, json_string(name));
        return names;
}

void layers_print(unsigned held, FILE *out)
{
        const char *name;
        for (unsigned bit = 1; (name = ward_layer_name(bit)); bit <<= 1)
                if (held & bit)
                        fprintf(out, " %s", name);
        fputs(held ? "\n" : " nothing but limits\n", out);
}
