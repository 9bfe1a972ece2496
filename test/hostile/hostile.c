#include "test/hostile/hostile.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"

enum { NESTING = 3, ARENAS = 1 << 20 };

/* --- The board -------------------------------------------------------------------------------- */

static struct board *board_make(char path[64])
{
        int fd = memfd_create("board", MFD_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, sizeof(struct board)), 0);
        struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        assert_ptr_not_equal(board, MAP_FAILED);
        snprintf(path, 64, BOARD_VARIABLE "=/proc/%d/fd/%d", (int)getpid(), fd);
        return board;
}

void board_write(struct scene *scene, enum moment moment, enum act act)
{
        struct board *board = scene->board;
        atomic_store(&board->act, act);
        atomic_store(&board->skip, 0);
        atomic_store(&board->number, 0);
        atomic_store(&board->times, 1);
        atomic_store(&board->asks, 1);
        atomic_store(&board->reached, 0);
        atomic_store(&board->died_at, 0);
        atomic_store(&board->moment, moment);
}

/* --- Values ----------------------------------------------------------------------------------- */

/* A value that arrived is well formed. */
static void check(struct scene *scene, const struct ward_type *type, const void *at)
{
        const char *base = at;
        struct {
                const char *ptr;
                size_t len;
        } block;
        uint64_t token;
        struct ward_fault fault;
        switch (type->kind) {
        case WARD_TYPE_OWN:
                memcpy(&token, at, sizeof token);
                REQUIRE(type->resource->by_addin);
                ward_token_release(scene->host, token, &fault);
                break;
        case WARD_TYPE_STRING:
                memcpy(&block, at, sizeof block);
                REQUIRE(text_is_utf8(block.ptr, block.len));
                break;
        case WARD_TYPE_LIST:
                memcpy(&block, at, sizeof block);
                for (size_t i = 0; i < block.len; i++)
                        check(scene, type->fields[0].type, block.ptr + i * type->fields[0].type->size);
                break;
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n; i++)
                        check(scene, type->fields[i].type, base + type->fields[i].at);
                break;
        case WARD_TYPE_VARIANT:
                REQUIRE(ward_value_tag(type, at) < type->n);
                if (type->fields[ward_value_tag(type, at)].type)
                        check(scene, type->fields[ward_value_tag(type, at)].type, base + type->fields[ward_value_tag(type, at)].at);
                break;
        default:
                break;
        }
}

/* --- The contract ----------------------------------------------------------------------------- */

/* No object of the host's is ever handed out, so there is none to be destroyed. */
static void item_destroy(const void *services, void *object)
{
        REQUIRE(!"an object that there is not was destroyed");
}

static const struct ward_contract_resource resources[] = { { &channel_resources[RESOURCE_BOX], NULL },
                                                           { &channel_resources[RESOURCE_ITEM], item_destroy } };

static void serve_note(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        check((struct scene *)(uintptr_t)services, import->func->params, args);
        memset(ret, 0, import->func->result->size);
}

static __thread int depth;

static void serve_nest(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        struct scene *scene = (struct scene *)(uintptr_t)services;
        struct ward_fault fault;
        if (scene->instance && depth < NESTING) {
                depth++;
                scene_call(scene, EXPORT_ADD, &fault);
                depth--;
        }
        *(uint8_t *)ret = 1;
}

static struct ward_import imports[HOSTILE_IMPORTS];

static const struct ward_contract contract = { .name = "fuzz:channel/w",
                                               .n_exports = EXPORTS,
                                               .n_imports = HOSTILE_IMPORTS,
                                               .exports = channel_exports,
                                               .imports = imports,
                                               .n_resources = RESOURCES,
                                               .resources = resources };

/* --- Scene ------------------------------------------------------------------------------------ */

void scene_set(struct scene *scene)
{
        struct ward_fault fault;
        *scene = (struct scene){ .host = host_start() };
        assert_good(ward_host_dispatch_start(scene->host, &fault), &fault);
        scene->board = board_make(scene->variable);
        imports[HOSTILE_NOTE] = (struct ward_import){ channel_imports[IMPORT_NOTE], serve_note };
        imports[HOSTILE_NEST] = (struct ward_import){ channel_imports[IMPORT_NEST], serve_nest };
}

void scene_strike(struct scene *scene)
{
        int fd = -1;
        scene_release(scene);
        scene->host = ward_host_free(scene->host);
        munmap(scene->board, sizeof *scene->board);
        sscanf(strrchr(scene->variable, '/'), "/%d", &fd);
        close(fd);
        assert_int_equal(count_channels(), 0);
}

static int activate(struct scene *scene, struct ward_domain *domain, struct ward_instance **ret_instance, struct ward_fault *fault)
{
        const char *const environment[] = { scene->variable, NULL };
        const struct ward_activate_options options = { .size = sizeof options,
                                                       .isolation = WARD_PROCESS,
                                                       .level = WARD_LEVEL_FULL_TRUST,
                                                       .name = "hostile",
                                                       .domain = domain,
                                                       .activate_ms = ACTIVATE_MS,
                                                       .deadline_ms = CALL_MS,
                                                       .environment = domain ? NULL : environment,
                                                       .limits = { .size = sizeof options.limits, .arena_bytes = ARENAS },
                                                       .free_threaded = scene->free_threaded };
        return ward_activate(scene->host, "/proc/self/exe", &options, &contract, scene, ret_instance, fault);
}

int scene_activate(struct scene *scene, struct ward_fault *fault)
{
        return activate(scene, NULL, &scene->instance, fault);
}

int scene_load_another(struct scene *scene, struct ward_fault *fault)
{
        struct ward_instance *instance;
        int r = activate(scene, ward_instance_domain(scene->instance), &instance, fault);
        if (!r)
                ward_release(instance);
        return r;
}

void scene_release(struct scene *scene)
{
        scene->instance = ward_release(scene->instance);
}

/* --- Calls ------------------------------------------------------------------------------------ */

static uint32_t numbers[] = { 1, 2, 3 };
static uint8_t letters[] = "letters";

#define SOME_TEXT                                                                                                                  \
        {                                                                                                                          \
                letters, sizeof letters - 1                                                                                        \
        }
#define SOME_POINT                                                                                                                 \
        {                                                                                                                          \
                SOME_TEXT, { numbers, COUNT_OF(numbers) }, { true, 7 }, 0.5                                                        \
        }

static struct point points[] = { SOME_POINT, SOME_POINT };
static const struct add_args add = { 40, 2 };
static const struct describe_args describe = { SOME_TEXT, { numbers, COUNT_OF(numbers) } };
static const struct shapes_args shapes = { { points, COUNT_OF(points) }, 1 };
static const struct make_args make = { SOME_TEXT };
static const struct many_args many = { { SOME_TEXT, SOME_TEXT, SOME_TEXT, SOME_TEXT, SOME_TEXT, SOME_TEXT, SOME_TEXT, SOME_TEXT,
                                         SOME_TEXT } };

static const void *const arguments[EXPORTS] = {
        [EXPORT_ADD] = &add, [EXPORT_DESCRIBE] = &describe, [EXPORT_SHAPES] = &shapes, [EXPORT_MAKE] = &make, [EXPORT_MANY] = &many
};

int scene_call(struct scene *scene, uint32_t export, struct ward_fault *fault)
{
        union {
                uint64_t any[16];
                struct shape shape;
        } ret;
        const struct ward_type *result = channel_exports[export]->result;
        uint64_t start = clock_now();
        int r = ward_call(scene->instance, export, arguments[export], &ret, fault);
        REQUIRE(clock_now() - start < (CALL_MS + SLACK_MS) * 1000000ull);
        REQUIRE(r <= 0);
        if (r) {
                REQUIRE((int)fault->kind == -r);
                return r;
        }
        check(scene, result, &ret);
        ward_value_free(result, &ret);
        return 0;
}

void scene_fail(const char *what, const char *file, int line)
{
        printf("%s:%d: %s\n", file, line, what);
        fflush(stdout);
        _exit(1);
}

/* --- What is there ---------------------------------------------------------------------------- */

/* A thread that dispatches may be the last in a domain, and end its worker a moment later. */
bool is_there(int32_t pid)
{
        const struct timespec moment = { .tv_nsec = 5000000 };
        for (int i = 0; i < 1000 && pid > 0 && !kill(pid, 0); i++)
                nanosleep(&moment, NULL);
        return pid > 0 && !kill(pid, 0);
}

bool is_worker(int32_t pid)
{
        char path[32], name[32] = "";
        snprintf(path, sizeof path, "/proc/%d/comm", pid);
        FILE *file = pid > 0 ? fopen(path, "re") : NULL;
        if (!file)
                return false;
        bool is = fgets(name, sizeof name, file) && !strcmp(name, "ward-worker\n");
        fclose(file);
        return is;
}

int count_channels(void)
{
        FILE *maps = fopen("/proc/self/maps", "re");
        char line[512];
        int n = 0;
        while (maps && fgets(line, sizeof line, maps))
                n += strstr(line, "memfd:ward-channel") != NULL;
        if (maps)
                fclose(maps);
        return n;
}
