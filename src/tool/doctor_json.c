#include <jansson.h>
#include <string.h>
#include "tool/doctor.h"
#include "tool/layers.h"

static json_t *text_or_null(const char *text)
{
        return *text ? json_string(text) : json_null();
}

static json_t *number_or_null(long value)
{
        return value >= 0 ? json_integer(value) : json_null();
}

static json_t *areas_of(unsigned areas)
{
        json_t *names = json_array();
        for (unsigned area = 1; layers_area_name(area); area <<= 1)
                if (areas & area)
                        json_array_append_new(names, json_string(layers_area_name(area)));
        return names;
}

static json_t *layers_of(const struct machine *machine)
{
        char reason[600];
        json_t *all = json_array();
        const char *name;
        for (unsigned i = 0; (name = ward_layer_name(1u << i)); i++) {
                unsigned layer = 1u << i;
                machine_reason(machine, layer, reason, sizeof reason);
                json_array_append_new(all,
                                      json_pack("{s:s, s:s, s:o, s:b, s:i, s:o}", "name", name, "about", layers_about(layer),
                                                "areas", areas_of(layers_guarded(layer)), "offered", !!(machine->offered & layer),
                                                "error", machine->errors[i], "reason", text_or_null(reason)));
        }
        return all;
}

static json_t *areas_held(const struct doctor_level *level)
{
        json_t *all = json_array();
        for (unsigned area = 1; layers_area_name(area); area <<= 1)
                if (layers_wanted(level->level) & layers_guarding(area))
                        json_array_append_new(all, json_pack("{s:s, s:s, s:o}", "name", layers_area_name(area), "about",
                                                             layers_area_about(area), "layers",
                                                             layers_json(level->layers & layers_guarding(area))));
        return all;
}

static json_t *missing(const struct layers_rule *rule)
{
        return rule ? json_pack("{s:o, s:s}", "any-of", layers_json(rule->layers), "why", rule->why) : json_null();
}

static json_t *levels(const struct diagnosis *diagnosis, enum ward_level wanted)
{
        json_t *all = json_array();
        for (size_t i = 0; i < DOCTOR_LEVELS; i++) {
                const struct doctor_level *level = &diagnosis->levels[i];
                if (wanted && level->level != wanted)
                        continue;
                json_array_append_new(all, json_pack("{s:s, s:b, s:o, s:o, s:o, s:o}", "name", ward_level_name(level->level),
                                                     "held", !level->missing && !level->failed, "missing", missing(level->missing),
                                                     "fault", text_or_null(level->failed ? level->fault.text : ""), "layers",
                                                     layers_json(level->layers), "areas", areas_held(level)));
        }
        return all;
}

static json_t *controllers(unsigned controllers)
{
        json_t *names = json_array();
        for (unsigned bit = 1; machine_controller_name(bit); bit <<= 1)
                if (controllers & bit)
                        json_array_append_new(names, json_string(machine_controller_name(bit)));
        return names;
}

int doctor_print_json(const struct diagnosis *diagnosis, enum ward_level level, FILE *out)
{
        const struct machine *machine = &diagnosis->machine;
        json_t *all = json_pack(
                "{s:s, s:s, s:s, s:i, s:b, s:o, s:i, s:b, s:b, s:b, s:b, s:{s:o, s:o}, s:o, s:o, s:o, s:o}", "version",
                WARD_VERSION, "kernel", machine->system.release, "machine", machine->system.machine, "user", (int)machine->uid,
                "root", machine->root, "libseccomp", text_or_null(machine->libseccomp), "landlock-abi",
                machine->landlock_abi > 0 ? machine->landlock_abi : 0, "filter-notifies", machine->notifies, "filter-injects",
                machine->injects, "filtered", machine->filtered, "user-namespaces", machine->user_namespaces, "cgroup", "version-1",
                controllers(machine->cgroup.version_1), "version-2", controllers(machine->cgroup.version_2), "ptrace-scope",
                number_or_null(machine->ptrace_scope), "memory-overcommit", number_or_null(machine->overcommit), "layers",
                layers_of(machine), "levels", levels(diagnosis, level));
        int r = all ? json_dumpf(all, out, JSON_INDENT(2)) : -1;
        json_decref(all);
        return r || putc('\n', out) == EOF ? -1 : 0;
}
