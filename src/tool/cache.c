/* ward cache: which compiled modules there are, and which are to go. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/fault.h"
#include "base/own.h"
#include "tool/command.h"
#include "tool/layers.h"
#include "wasm/cache.h"

static const char usage[] = "Usage: ward cache [--prune [SIZE|AGE] | --clear] [--folder FOLDER] [--json]\n";

static const char help[] = "\n"
                           "Lists the native images of WebAssembly add-ins that hosts have compiled, the last used first, or\n"
                           "removes some. Hosts that run keep what they have loaded; what is missing is compiled anew.\n"
                           "\n"
                           "  --prune [SIZE|AGE]  remove what was not used for long: all that is beyond SIZE (500M, 2G), or was\n"
                           "                      last used longer than AGE ago (12h, 30d, 8w); without either, what is beyond\n"
                           "                      $WARD_CACHE_MAX (default 1G), as every compilation does\n"
                           "  --clear             remove all\n"
                           "  --folder FOLDER     of a host with a cache_path of its own (default: $WARD_CACHE, else\n"
                           "                      $XDG_CACHE_HOME/ward, else ~/.cache/ward)\n"
                           "  --json              print an object: folder, bytes, images (key, module, module-key, bytes, used,\n"
                           "                      compiler, milliseconds, confined-by, version); with --prune or --clear: folder,\n"
                           "                      removed, bytes\n"
                           "\n"
                           "Examples:\n"
                           "  ward cache\n"
                           "  ward cache --prune 30d\n"
                           "\n"
                           "Exit status: 0 done, 1 the folder or the system is at fault, 2 the command line is.\n";

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY, KEY_SHOWN = 12 };

struct request {
        const char *folder;
        struct wasm_cache_bounds bounds;
        bool prune;
        bool json;
        bool help;
};

static int fail_usage(const char *problem)
{
        fprintf(stderr, "ward cache: %s\n%sward cache --help tells more.\n", problem, usage);
        return EXIT_USAGE;
}

/* "12h", "30d", "8w". */
static bool parse_age(const char *text, time_t *ret_after)
{
        char *end;
        unsigned long value = strtoul(text, &end, 10);
        time_t unit = *end == 'h' ? HOUR : *end == 'd' ? DAY : *end == 'w' ? WEEK : 0;
        if (end == text || !unit || end[1] || value > 1000000)
                return false;
        *ret_after = time(NULL) - (time_t)value * unit;
        return true;
}

static bool parse_bounds(const char *text, struct wasm_cache_bounds *bounds)
{
        bounds->after = 0;
        bounds->bytes = text ? UINT64_MAX : wasm_cache_default_bytes();
        return !text || wasm_cache_parse_bytes(text, &bounds->bytes) || parse_age(text, &bounds->after);
}

static int parse(int argc, char **argv, struct request *request)
{
        static const struct option options[] = {
                { "clear", no_argument, NULL, 'c' }, { "folder", required_argument, NULL, 'f' }, { "help", no_argument, NULL, 'h' },
                { "json", no_argument, NULL, 'j' },  { "prune", optional_argument, NULL, 'p' },  { 0 }
        };
        const char *bounds = NULL;
        bool clear = false;
        int option;
        while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
                request->help |= option == 'h';
                request->json |= option == 'j';
                request->prune |= option == 'p' || option == 'c';
                clear |= option == 'c';
                if (option == 'f')
                        request->folder = optarg;
                if (option == 'p')
                        bounds = optarg;
                if (option == '?')
                        return fputs(usage, stderr), EXIT_USAGE;
        }
        if (request->help)
                return EXIT_DONE;
        if (request->prune && !clear && !bounds && optind < argc)
                bounds = argv[optind++];
        if (optind < argc)
                return fail_usage("too many arguments");
        if (request->prune && !clear && !parse_bounds(bounds, &request->bounds))
                return fail_usage("--prune takes a size (500M, 2G) or an age (12h, 30d, 8w)");
        return EXIT_DONE;
}

/* --- Lists ------------------------------------------------------------------------------------ */

/* What is written in a file is shown as text only. */
static const char *shown(const char *text, char room[300])
{
        text_escape(room, 300, text, strlen(text), false);
        return room;
}

static json_t *image_json(const struct wasm_cached *cached)
{
        char name[300], compiler[300];
        const struct wasm_label *label = &cached->label;
        return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:o, s:s}", "key", cached->key, "module", shown(label->name, name),
                         "module-key", label->module, "bytes", (json_int_t)cached->bytes, "used", (json_int_t)cached->used,
                         "compiler", shown(label->compiler, compiler), "milliseconds", (json_int_t)label->took_ms, "confined-by",
                         layers_json(label->held), "version", label->version);
}

static int print_json(json_t *all)
{
        int r = all ? json_dumpf(all, stdout, JSON_INDENT(2)) : -1;
        json_decref(all);
        return r || putchar('\n') == EOF ? EXIT_FAILED : EXIT_DONE;
}

static int list_json(const struct wasm_cache *cache, const struct wasm_cached *all, size_t n, uint64_t bytes)
{
        json_t *images = json_array();
        for (size_t i = 0; i < n; i++)
                json_array_append_new(images, image_json(&all[i]));
        return print_json(json_pack("{s:s, s:I, s:o}", "folder", cache->path, "bytes", (json_int_t)bytes, "images", images));
}

static void print_age(time_t used)
{
        static const struct {
                time_t unit;
                const char *name;
        } units[] = { { WEEK, "weeks" }, { DAY, "days" }, { HOUR, "hours" }, { MINUTE, "minutes" }, { 1, "seconds" } };
        time_t age = time(NULL) - used;
        size_t i = 0;
        while (i + 1 < COUNT_OF(units) && age < 2 * units[i].unit)
                i++;
        printf("%4lld %-8s", (long long)(age < 0 ? 0 : age / units[i].unit), units[i].name);
}

static int list_text(const struct wasm_cache *cache, const struct wasm_cached *all, size_t n, uint64_t bytes)
{
        char name[300], compiler[300];
        printf("%s: %zu images, %.1f MiB\n", cache->path, n, (double)bytes / (1 << 20));
        if (n)
                printf("\n%-*s  %10s  %-13s  %-24s  %s\n", KEY_SHOWN, "KEY", "SIZE", "LAST USED", "MODULE", "COMPILER");
        for (size_t i = 0; i < n; i++) {
                const struct wasm_label *label = &all[i].label;
                printf("%.*s  %6.0f KiB  ", KEY_SHOWN, all[i].key, (double)all[i].bytes / (1 << 10));
                print_age(all[i].used);
                printf("  %-24s  %s\n", *label->name ? shown(label->name, name) : "(damaged)", shown(label->compiler, compiler));
        }
        return EXIT_DONE;
}

static int list(const struct request *request, const struct wasm_cache *cache, struct ward_fault *fault)
{
        OWNED(freep) struct wasm_cached *all = NULL;
        uint64_t bytes = 0;
        size_t n;
        if (wasm_cache_list(cache, &all, &n, fault))
                return EXIT_FAILED;
        for (size_t i = 0; i < n; i++)
                bytes += all[i].bytes;
        return (request->json ? list_json : list_text)(cache, all, n, bytes);
}

/* --- Removal ---------------------------------------------------------------------------------- */

static int prune(const struct request *request, const struct wasm_cache *cache, struct ward_fault *fault)
{
        struct wasm_cache_pruned pruned;
        if (wasm_cache_prune(cache, &request->bounds, &pruned, fault))
                return EXIT_FAILED;
        if (request->json)
                return print_json(json_pack("{s:s, s:I, s:I}", "folder", cache->path, "removed", (json_int_t)pruned.n, "bytes",
                                            (json_int_t)pruned.bytes));
        printf("%s: removed %zu images, %.1f MiB\n", cache->path, pruned.n, (double)pruned.bytes / (1 << 20));
        return EXIT_DONE;
}

int command_cache(int argc, char **argv)
{
        struct request request = { 0 };
        struct wasm_cache cache;
        struct ward_fault fault = { 0 };
        int status = parse(argc, argv, &request);
        if (status != EXIT_DONE)
                return status;
        if (request.help)
                return printf("%s%s", usage, help) < 0 ? EXIT_FAILED : EXIT_DONE;
        if (wasm_cache_open(request.folder, &cache, &fault)) {
                fprintf(stderr, "ward cache: %s\n", fault.text);
                return EXIT_FAILED;
        }
        status = (request.prune ? prune : list)(&request, &cache, &fault);
        if (fault.kind)
                fprintf(stderr, "ward cache: %s\n", fault.text);
        wasm_cache_close(&cache);
        return status;
}
