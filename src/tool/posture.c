#include "tool/posture.h"
#include "base/own.h"
#include "tool/layers.h"

/* What keeps limits. */
enum { KEEPERS = 3 };

static void keepers_of(const struct ward_posture *posture, unsigned limit, const char *ret_names[KEEPERS])
{
        const char **next = ret_names;
        for (size_t i = 0; i < KEEPERS; i++)
                ret_names[i] = NULL;
        if (posture->limits_by_group & limit)
                *next++ = "cgroup";
        if (posture->limits_by_process & limit)
                *next++ = "rlimits";
        if (posture->limits_by_looking & limit)
                *next++ = "looking";
}

static void print_layer(const struct ward_posture *posture, unsigned layer, FILE *out)
{
        const char *state = posture->held & layer ? "in force" : posture->wanted & layer ? "MISSING" : "-";
        fprintf(out, "  %-18s%-10s%s\n", ward_layer_name(layer), state, ward_posture_source(posture, layer));
}

static void print_limit(const struct ward_posture *posture, unsigned limit, FILE *out)
{
        const char *keepers[KEEPERS];
        keepers_of(posture, limit, keepers);
        fprintf(out, "  limit %-16s", ward_limit_name(limit));
        for (size_t i = 0; i < KEEPERS && keepers[i]; i++)
                fprintf(out, "%s%s", i ? ", " : "by ", keepers[i]);
        fputs(keepers[0] ? "\n" : "KEPT BY NOTHING\n", out);
}

void posture_print(const struct ward_posture *posture, FILE *out)
{
        fprintf(out, "posture: kind %s, level %s\n", ward_isolation_name(posture->isolation), ward_level_name(posture->level));
        for (unsigned bit = 1; posture->isolation == WARD_PROCESS && ward_layer_name(bit); bit <<= 1)
                print_layer(posture, bit, out);
        for (unsigned bit = 1; ward_limit_name(bit); bit <<= 1)
                if (posture->limits & bit)
                        print_limit(posture, bit, out);
}

static json_t *limits_json(const struct ward_posture *posture)
{
        json_t *limits = json_array();
        for (unsigned bit = 1; ward_limit_name(bit); bit <<= 1) {
                const char *keepers[KEEPERS];
                json_t *names = posture->limits & bit ? json_array() : NULL;
                if (!names)
                        continue;
                keepers_of(posture, bit, keepers);
                for (size_t i = 0; i < KEEPERS && keepers[i]; i++)
                        json_array_append_new(names, json_string(keepers[i]));
                json_array_append_new(limits, json_pack("{s:s, s:o}", "name", ward_limit_name(bit), "kept-by", names));
        }
        return limits;
}

json_t *posture_json(const struct ward_posture *posture)
{
        return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "isolation", ward_isolation_name(posture->isolation), "level",
                         ward_level_name(posture->level), "wanted", layers_json(posture->wanted), "held",
                         layers_json(posture->held), "read-back", layers_json(posture->read), "limits", limits_json(posture));
}
