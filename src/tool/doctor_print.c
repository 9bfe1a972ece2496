#include <string.h>
#include "tool/doctor.h"

enum { WIDTH = 100, REASON = 600 };

/* Breaks @text at spaces, so that it stands in a column, of which the first line has been begun. */
static void print_column(const char *text, int indent, FILE *out)
{
        size_t room = (size_t)(WIDTH - indent);
        while (strlen(text) > room) {
                size_t len = room;
                while (len && text[len] != ' ')
                        len--;
                len = len ? len : room;
                fprintf(out, "%.*s\n%*s", (int)len, text, indent, "");
                text += len + (text[len] == ' ');
        }
        fprintf(out, "%s\n", text);
}

static void print_machine(const struct machine *machine, FILE *out)
{
        fprintf(out, "Ward %s on %s %s, %s, as user %u%s\n", WARD_VERSION, machine->system.sysname, machine->system.release,
                machine->system.machine, machine->uid,
                machine->root   ? " (root)"
                : !machine->uid ? " of a user namespace"
                                : "");
        if (machine->filtered)
                fputs("This process is under a filter of system calls itself, as in a container.\n", out);
}

/* --- What there is ---------------------------------------------------------------------------- */

static const char *yes_or_no(bool yes)
{
        return yes ? "yes" : "no";
}

/* @reason: of the layer above, which often is that of this one too. */
static void print_layer(const struct machine *machine, unsigned layer, char reason[REASON], FILE *out)
{
        enum { INDENT = 24 };
        char above[REASON];
        memcpy(above, reason, sizeof above);
        fprintf(out, "  %-18s%-4s", ward_layer_name(layer), yes_or_no(machine->offered & layer));
        machine_reason(machine, layer, reason, REASON);
        print_column(!*reason ? layers_about(layer) : strcmp(reason, above) ? reason : "As the one above.", INDENT, out);
}

static void print_layers(const struct machine *machine, FILE *out)
{
        char reason[REASON] = "";
        fputs("\nLayers, as tried\n", out);
        for (unsigned bit = 1; ward_layer_name(bit); bit <<= 1)
                print_layer(machine, bit, reason, out);
}

static void print_controllers(const char *title, unsigned controllers, FILE *out)
{
        const char *name, *between = "";
        if (!controllers)
                return;
        fprintf(out, "  %-22s", title);
        for (unsigned bit = 1; (name = machine_controller_name(bit)); bit <<= 1) {
                if (!(controllers & bit))
                        continue;
                fprintf(out, "%s%s", between, name);
                between = ", ";
        }
        fputs("\n", out);
}

static void print_more(const struct machine *machine, FILE *out)
{
        fputs("\nMore of this machine\n", out);
        if (machine->landlock_abi > 0)
                fprintf(out, "  Landlock              ABI %d\n", machine->landlock_abi);
        fprintf(out, "  libseccomp            %s\n", *machine->libseccomp ? machine->libseccomp : "Ward was built without it");
        fprintf(out, "  filters that ask      %s; are answered with descriptors: %s\n", yes_or_no(machine->notifies),
                yes_or_no(machine->injects));
        fprintf(out, "  user namespaces       %s rights there for ordinary users\n", machine->user_namespaces ? "with" : "no");
        print_controllers("control groups v2 for", machine->cgroup.version_2, out);
        print_controllers("control groups v1 for", machine->cgroup.version_1, out);
        if (machine->ptrace_scope >= 0)
                fprintf(out, "  yama, ptrace_scope    %ld\n", machine->ptrace_scope);
        fprintf(out, "  overcommit_memory     %ld\n", machine->overcommit);
}

/* --- Levels ----------------------------------------------------------------------------------- */

static void print_names(unsigned layers, FILE *out)
{
        const char *name, *between = "";
        for (unsigned bit = 1; (name = ward_layer_name(bit)); bit <<= 1) {
                if (!(layers & bit))
                        continue;
                fprintf(out, "%s%s", between, name);
                between = ", ";
        }
}

/* Where a level asks for a second layer and there is one only, it is worth a word. */
static void print_area(const struct doctor_level *level, unsigned area, FILE *out)
{
        unsigned asked = layers_wanted(level->level) & layers_guarding(area), held = asked & level->layers;
        if (!asked)
                return;
        fprintf(out, "    %-12s", layers_area_name(area));
        print_names(held, out);
        fprintf(out, "%s\n", !held ? "nothing" : __builtin_popcount(held) < 2 && __builtin_popcount(asked) > 1 ? " only" : "");
}

static void print_missing(const struct machine *machine, const struct layers_rule *missing, FILE *out)
{
        char reason[REASON];
        fputs("    without ", out);
        print_names(missing->layers, out);
        fprintf(out, ": %s\n", missing->why);
        machine_reason(machine, missing->layers & -missing->layers, reason, sizeof reason);
        if (!*reason)
                return;
        fputs("    ", out);
        print_column(reason, 4, out);
}

/* @above: the level that was printed last, or NULL. */
static void print_level(const struct diagnosis *diagnosis, const struct doctor_level *level, const struct doctor_level *above,
                        FILE *out)
{
        bool likewise =
                above && above->layers == level->layers && above->missing == level->missing && !above->failed && !level->failed;
        const char *verdict = level->missing  ? "CANNOT BE HELD HERE, and is refused"
                              : level->failed ? "NOT STARTED HERE"
                                              : "held by";
        fprintf(out, "\n  %s: %s%s\n", ward_level_name(level->level), verdict, likewise ? " as the one above" : "");
        if (likewise)
                return;
        if (level->missing)
                print_missing(&diagnosis->machine, level->missing, out);
        if (level->failed) {
                fputs("    ", out);
                print_column(level->fault.text, 4, out);
                return;
        }
        for (unsigned area = 1; layers_area_name(area); area <<= 1)
                print_area(level, area, out);
}

int doctor_print(const struct diagnosis *diagnosis, enum ward_level level, FILE *out)
{
        const struct doctor_level *above = NULL;
        print_machine(&diagnosis->machine, out);
        if (!level) {
                print_layers(&diagnosis->machine, out);
                print_more(&diagnosis->machine, out);
        }
        fputs("\nLevels\n", out);
        for (size_t i = 0; i < DOCTOR_LEVELS; i++) {
                if (level && diagnosis->levels[i].level != level)
                        continue;
                print_level(diagnosis, &diagnosis->levels[i], above, out);
                above = &diagnosis->levels[i];
        }
        return ferror(out) ? -1 : 0;
}
