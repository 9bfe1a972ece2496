/* Kind `wasm`: what WASI asks of the host: its streams, and to know what was refused. */
#include <errno.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/event.h"
#include "domain/grants.h"
#include "domain/wasm_loaded.h"

/* The host's part of it is over. */
static int come_back(struct loaded *loaded, const char *function, struct ward_fault *fault)
{
        wasm_instance_from_host(loaded->wasm);
        return loaded_look_around(loaded, function, fault);
}

static int output(void *context, int fd, struct ward_span bytes, struct ward_fault *fault)
{
        struct loaded *loaded = context;
        const struct loaded_streams *streams = &loaded->streams;
        wasm_instance_to_host(loaded->wasm);
        streams->on_output(streams->on_output_data, loaded->instance->domain, loaded->instance->name, fd, bytes.at, bytes.len);
        return come_back(loaded, "fd_write", fault);
}

static int input(void *context, void *to, size_t size, size_t *ret_len, struct ward_fault *fault)
{
        struct loaded *loaded = context;
        const struct loaded_streams *streams = &loaded->streams;
        wasm_instance_to_host(loaded->wasm);
        *ret_len = streams->on_input(streams->on_input_data, loaded->instance->domain, loaded->instance->name, to, size);
        return come_back(loaded, "fd_read", fault);
}

static int now(void *context, uint32_t id, uint64_t *ret_ns, struct ward_fault *fault)
{
        struct loaded *loaded = context;
        const struct ward_clock *clock = &loaded->instance->domain->domains->clock;
        wasm_instance_to_host(loaded->wasm);
        *ret_ns = clock->now(clock->data, (enum ward_clock_id)id);
        return come_back(loaded, "clock_time_get", fault);
}

static int wait(void *context, uint32_t id, uint64_t until, struct ward_fault *fault)
{
        struct loaded *loaded = context;
        const struct ward_clock *clock = &loaded->instance->domain->domains->clock;
        wasm_instance_to_host(loaded->wasm);
        clock->wait(clock->data, (enum ward_clock_id)id, until);
        return come_back(loaded, "poll_oneoff", fault);
}

static int refused(void *context, const struct wasi_refusal *refusal, struct ward_fault *fault)
{
        struct loaded *loaded = context;
        struct instance *instance = loaded->instance;
        const struct event event = {
                .kind = refusal->limit ? WARD_EVENT_LIMIT : WARD_EVENT_REFUSED,
                .error = refusal->error,
                .addin = instance->name,
                .operation = refusal->operation,
                .subject = refusal->subject,
        };
        if (!events_are_told(instance->domain->domains))
                return 0;
        wasm_instance_to_host(loaded->wasm);
        if (refusal->subject.len)
                domain_event(instance->domain, &event, "add-in '%s' was refused %s of '%.*s': %s", instance->name,
                             refusal->operation, (int)refusal->subject.len, (const char *)refusal->subject.at, refusal->why);
        else
                domain_event(instance->domain, &event, "add-in '%s' was refused %s: %s", instance->name, refusal->operation,
                             refusal->why);
        return come_back(loaded, refusal->operation, fault);
}

static int check_folders(const struct ward_domain *domain, const struct ward_activate_options *options, struct ward_fault *fault)
{
        if (!options->folders || !options->n_folders || domain->level != WARD_LEVEL_INTERNET)
                return 0;
        return fault_set(fault, WARD_FAULT_REFUSED,
                         "folder '%s' is refused: security level internet has no files; choose intranet to grant some",
                         options->folders[0].host ? options->folders[0].host : "");
}

/* The domain's, and behind them the add-in's own. */
static int join_folders(const struct domain_grants *grants, const struct ward_activate_options *options,
                        struct ward_folder **ret_folders, size_t *ret_n, struct ward_fault *fault)
{
        size_t own = options->folders ? options->n_folders : 0, n = grants->n_folders + own;
        struct ward_folder *folders = reallocarray(NULL, n + 1, sizeof *folders);
        if (!folders)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot grant an add-in its folders");
        if (grants->n_folders)
                memcpy(folders, grants->folders, grants->n_folders * sizeof *folders);
        if (own)
                memcpy(folders + grants->n_folders, options->folders, own * sizeof *folders);
        *ret_folders = folders;
        *ret_n = n;
        return 0;
}

int loaded_grants(const struct ward_domain *domain, const struct ward_activate_options *options, struct wasi_grants **ret_grants,
                  struct ward_fault *fault)
{
        OWNED(freep) struct ward_folder *folders = NULL;
        char **environment = NULL;
        struct wasi_options granted = { .arguments = options->arguments };
        int r = check_folders(domain, options, fault);
        if (!r)
                r = join_folders(domain->grants, options, &folders, &granted.n_folders, fault);
        if (!r)
                r = grants_join_environment(domain->grants->granted.environment, options->environment, &environment, fault);
        if (r)
                return r;
        granted.folders = folders;
        granted.environment = (const char *const *)environment;
        r = wasi_grants_new(&granted, ret_grants, fault);
        grants_free_environment(environment);
        return r;
}

int loaded_wasi_new(struct loaded *loaded, const struct loaded_source *source, struct ward_fault *fault)
{
        const struct ward_activate_options *options = source->options;
        const struct ward_clock *clock = &loaded->instance->domain->domains->clock;
        const struct wasi_host host = { .context = loaded,
                                        .output = options->on_output ? output : NULL,
                                        .input = options->on_input ? input : NULL,
                                        .now = clock->now ? now : NULL,
                                        .wait = clock->wait ? wait : NULL,
                                        .refused = refused };
        loaded->streams =
                (struct loaded_streams){ options->on_output, options->on_output_data, options->on_input, options->on_input_data };
        return wasi_new(source->grants, &host, &loaded->wasi, fault);
}
