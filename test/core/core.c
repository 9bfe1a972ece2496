/* Modules and nothing else: what is told on standard input is done by Ward's reader, compiler and runtime, without a contract or a
 * domain. Line by line, each answered by one:
 *
 *      read FILE               ok, or refused and why                          (what the reader says)
 *      load ID FILE            ok, or refused, trap, late, fault and why       (an instance that is called ID, a small number)
 *      call ID NAME SLOT …     ok SLOT, or trap, late, fault and why             (NAME is x and hexadecimal, as slots are; a result
 * fills one) drop ID                 ok
 *
 * Its arguments are what the images are to be: `checked` (addresses are, in their code), `looking` (whether they are to end).
 * A module may import the functions of `spectest`, as the specification's own tests do; here they do nothing. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "base/span.h"
#include "wasm/limits.h"
#include "wasm/runtime.h"

enum { IDS = 1024, LINE_MAX_BYTES = 64 << 10, CALL_SECONDS = 10 };

static const struct wasm_offer spectest[] = {
        { "spectest", "print", ">" },           { "spectest", "print_i32", "i>" }, { "spectest", "print_i64", "I>" },
        { "spectest", "print_f32", "f>" },      { "spectest", "print_f64", "F>" }, { "spectest", "print_i32_f32", "if>" },
        { "spectest", "print_f64_f64", "FF>" },
};

struct guest {
        struct wasm_module *module;
        struct wasm_need *needs; /* its exports that can be called and named, under names of their own */
        size_t n_needs;
        struct wasm_instance *instance;
};

static struct guest guests[IDS];
static bool checked, looking;

/* What modules may import, and who serves it: a function of another module, or nobody. */
static struct wasm_offer *offers;
static struct server {
        struct guest *guest; /* NULL: nobody */
        size_t need;
} * servers;
static size_t n_offers;

static void drop(struct guest *guest)
{
        wasm_instance_free(guest->instance);
        wasm_module_free(guest->module);
        for (size_t i = 0; i < guest->n_needs; i++)
                free((void *)(uintptr_t)guest->needs[i].name);
        free(guest->needs);
        *guest = (struct guest){ 0 };
}

static void answer(const char *word, const struct ward_fault *fault)
{
        printf("%s %s\n", word, fault->text);
}

static void answer_fault(const struct ward_fault *fault)
{
        answer(fault->kind == WARD_FAULT_TRAP ? "trap" : fault->kind == WARD_FAULT_DEADLINE ? "late" : "fault", fault);
}

/* --- Time ------------------------------------------------------------------------------------- */

/* The call in flight, the innermost one. */
struct watched {
        struct wasm_instance *instance;
        uint64_t until;
};
static struct watched watched;
static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER;

static void *watch(void *unused)
{
        for (;;) {
                nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
                pthread_mutex_lock(&watch_lock);
                if (watched.instance && clock_now() > watched.until) {
                        wasm_instance_expire(watched.instance, wasm_instance_number(watched.instance));
                        wasm_instance_look(watched.instance);
                }
                pthread_mutex_unlock(&watch_lock);
        }
        return NULL;
}

/* Returns what was watched before. */
static struct watched set_watched(struct watched now)
{
        pthread_mutex_lock(&watch_lock);
        struct watched before = watched;
        watched = now;
        pthread_mutex_unlock(&watch_lock);
        return before;
}

/* Need number @need of @guest; without slots its start. */
static int run(struct guest *guest, size_t need, uint64_t *slots, struct ward_fault *fault)
{
        struct wasm_instance *instance = guest->instance;
        struct watched before = set_watched((struct watched){ instance, clock_now() + CALL_SECONDS * 1000000000ull });
        wasm_instance_enter(instance);
        int r = slots ? wasm_instance_call(instance, (uint32_t)need, "it", slots, fault) : wasm_instance_start(instance, fault);
        wasm_instance_leave(instance);
        set_watched(before);
        return r;
}

/* --- Orders ----------------------------------------------------------------------------------- */

static int read_file(const char *path, struct wasm_module **ret_module, struct ward_fault *fault)
{
        OWNED(freep) char *bytes = NULL;
        size_t len = 0, room = 0;
        FILE *file = fopen(path, "rbe");
        for (size_t n = 1; file && n; len += n) {
                if (len == room)
                        bytes = realloc(bytes, room = 2 * room + 4096);
                n = bytes ? fread(bytes + len, 1, room - len, file) : 0;
        }
        if (!file || fclose(file) || !bytes)
                return fault_set(fault, WARD_FAULT_SYSTEM, "cannot read %s", path);
        return wasm_module_read((struct ward_span){ (const uint8_t *)bytes, len }, path, ret_module, fault);
}

static int serve(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *fault)
{
        struct guest *caller = context;
        const struct server *server = &servers[offer];
        if (!server->guest || !server->guest->instance)
                return 0;
        wasm_instance_to_host(caller->instance);
        int r = run(server->guest, server->need, slots, fault);
        wasm_instance_from_host(caller->instance);
        return r;
}

static void add_offer(const struct wasm_offer *offer, struct guest *guest, size_t need)
{
        offers = reallocarray(offers, n_offers + 1, sizeof *offers);
        servers = reallocarray(servers, n_offers + 1, sizeof *servers);
        if (!offers || !servers)
                abort();
        offers[n_offers] = *offer;
        servers[n_offers++] = (struct server){ guest, need };
}

/* @name is @guest from now on. It lives as long as this program. */
static void offer_exports(struct guest *guest, const char *name)
{
        for (size_t i = 0; i < n_offers; i++)
                if (!strcmp(offers[i].module, name))
                        offers[i].module = "what had that name before";
        for (size_t i = 0; i < guest->n_needs; i++) {
                const struct wasm_offer offer = { name, guest->needs[i].name, guest->needs[i].core };
                add_offer(&offer, guest, i);
        }
}

/* No contract can ask for a name with a zero in it. */
static void list_exports(struct guest *guest)
{
        uint32_t n = wasm_module_n_exports(guest->module);
        struct wasm_function export;
        guest->needs = calloc(n + 1, sizeof *guest->needs);
        for (uint32_t i = 0; guest->needs && i < n; i++)
                if (wasm_module_calls(guest->module, i, &export) && !memchr(export.name.at, 0, export.name.len))
                        guest->needs[guest->n_needs++] = (struct wasm_need){
                                .name = strndup((const char *)export.name.at, export.name.len),
                                .core = export.core,
                        };
}

static int instantiate(struct guest *guest, const char *path, struct ward_fault *fault)
{
        const struct wasm_image_options options = { .name = path, .checked = checked, .looking = looking };
        const struct wasm_host host = { .name = "guest", .context = guest, .import = serve };
        const struct wasm_terms terms = { offers, n_offers, guest->needs, guest->n_needs };
        struct wasm_binding *binding = NULL;
        int r = wasm_binding_get(guest->module, &terms, &options, &binding, fault);
        if (!r)
                r = wasm_instance_new(binding, &host, &guest->instance, fault);
        wasm_binding_unref(binding);
        return r;
}

static void load(struct guest *guest, const char *path)
{
        struct ward_fault fault = { 0 };
        drop(guest);
        int r = read_file(path, &guest->module, &fault);
        if (!r) {
                list_exports(guest);
                r = instantiate(guest, path, &fault);
        }
        if (r) {
                answer("refused", &fault);
                drop(guest);
                return;
        }
        if (run(guest, 0, NULL, &fault)) {
                answer_fault(&fault);
                drop(guest);
                return;
        }
        puts("ok");
}

/* @hex becomes what it stands for. */
static void decode(char *hex)
{
        char digits[3] = "", *to = hex;
        for (; hex[0] && hex[1]; hex += 2) {
                memcpy(digits, hex, 2);
                *to++ = (char)strtoul(digits, NULL, 16);
        }
        *to = 0;
}

static size_t find(const struct guest *guest, const char *name)
{
        size_t i = 0;
        while (i < guest->n_needs && strcmp(guest->needs[i].name, name) != 0)
                i++;
        return i;
}

static void call(struct guest *guest, char *words)
{
        uint64_t slots[WASM_PARAMS_MAX + 1] = { 0 };
        struct ward_fault fault = { 0 };
        char *rest, *word, *name = strtok_r(words, " ", &rest);
        size_t n = 0, need = guest->n_needs;
        if (name && guest->instance) {
                decode(++name);
                need = find(guest, name);
        }
        while (n < WASM_PARAMS_MAX && (word = strtok_r(NULL, " ", &rest)))
                slots[n++] = strtoull(word, NULL, 16);
        if (need == guest->n_needs || strcspn(guest->needs[need].core, ">") != n) {
                puts("fault no such function");
                return;
        }
        if (run(guest, need, slots, &fault))
                answer_fault(&fault);
        else
                printf("ok %llx\n", (unsigned long long)slots[0]);
}

static void enlist(struct guest *guest, char *name)
{
        decode(++name);
        offer_exports(guest, strdup(name));
        puts("ok");
}

static void read_only(const char *path)
{
        struct wasm_module *module = NULL;
        struct ward_fault fault = { 0 };
        if (read_file(path, &module, &fault))
                answer("refused", &fault);
        else
                puts("ok");
        wasm_module_free(module);
}

static void obey(char *line)
{
        char *rest = strchr(line, ' ');
        if (!rest)
                return;
        *rest++ = 0;
        if (!strcmp(line, "read")) {
                read_only(rest);
                return;
        }
        struct guest *guest = &guests[strtoul(rest, &rest, 10) % IDS];
        rest += *rest == ' ';
        if (!strcmp(line, "load")) {
                load(guest, rest);
        } else if (!strcmp(line, "call")) {
                call(guest, rest);
        } else if (!strcmp(line, "register")) {
                enlist(guest, rest);
        } else {
                drop(guest);
                puts("ok");
        }
}

int main(int argc, char **argv)
{
        static char line[LINE_MAX_BYTES];
        pthread_t watcher;
        for (int i = 1; i < argc; i++) {
                checked |= !strcmp(argv[i], "checked");
                looking |= !strcmp(argv[i], "looking");
        }
        if (pthread_create(&watcher, NULL, watch, NULL))
                return 1;
        for (size_t i = 0; i < COUNT_OF(spectest); i++)
                add_offer(&spectest[i], NULL, 0);
        while (fgets(line, sizeof line, stdin)) {
                line[strcspn(line, "\n")] = 0;
                obey(line);
                fflush(stdout);
        }
        for (size_t i = 0; i < IDS; i++)
                drop(&guests[i]);
        return 0;
}
