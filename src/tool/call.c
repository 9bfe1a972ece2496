/* ward call: one call of an add-in, without generated code. */
#include "tool/call.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <ward/event.h>
#include "base/fault.h"
#include "base/own.h"
#include "store/store.h"
#include "tool/command.h"
#include "tool/posture.h"

static const char usage[] = "Usage: ward call ADDIN CALL [--isolation KIND] [--level LEVEL] [--allow PERMISSION]…\n"
                            "                 [--deadline MS] [--posture] [--json]\n";

static const char help[] =
        "\n"
        "Calls a function of an add-in by the contract that it carries, and prints the result. ADDIN is a\n"
        "shared library or a WebAssembly module. CALL is NAME(ARGUMENTS); values are written in WAVE:\n"
        "\n"
        "  true  -1  6.5e2  nan  'x'  \"text\\n\"  [1, 2]  (1, \"a\")  {field: 1, other: 2}  {flag-a, flag-b}\n"
        "  case  case(1)  some(1)  none  ok(1)  err(\"no\")\n"
        "\n"
        "NAME is f of the world, f or iface.f of an interface, or the whole: ns:pkg/iface@1.0.0#f. Of a\n"
        "resource r, r(…) calls the constructor, r.s(…) a static function, and .m(…) behind a call that\n"
        "gives an object one of its methods. Where an object of the add-in's is needed, write a call that\n"
        "gives it; where one of the host's is, r(1).\n"
        "\n"
        "What the add-in calls in turn goes to standard error, and is answered with zero, an empty text or\n"
        "list, none, ok, the first case. So does what it logs, and what it was refused.\n"
        "\n"
        "  --isolation KIND  direct, wasm or process (default: wasm for a module, process for a library)\n"
        "  --level LEVEL     internet, intranet, full-trust or host (default: full-trust)\n"
        "  --allow PERM      a permission on top of that, as 'read /usr/share' at level intranet; several times\n"
        "  --deadline MS     time limit of each call in milliseconds; 0: none (default: none)\n"
        "  --posture         say on standard error what really holds the add-in: each layer of the kernel's, and\n"
        "                    how that is known\n"
        "  --json            print an object: function, outcome (result, error or fault), value, calls, fault;\n"
        "                    with --posture also posture (isolation, level, wanted, held, read-back, limits)\n"
        "\n"
        "Examples:\n"
        "  ward call ./basic.so 'operate(\"+\", [1, 2])'\n"
        "  ward call ./tapes.wasm 'tape(\"side a\").play({loop: true})' --deadline 1000\n"
        "\n"
        "Exit status: 0 done, 1 the function returned err(…), 2 the command line or CALL is wrong,\n"
        "3 the add-in could not be loaded or failed.\n";

enum { PERMISSIONS_MAX = 256 };

struct request {
        const char *path;
        const char *call;
        struct ward_activate_options activate;
        const char *permissions[PERMISSIONS_MAX + 1];
        size_t n_permissions;
        bool chosen; /* the kind */
        bool posture;
        bool json;
        bool help;
};

static int fail_usage(const char *problem)
{
        fprintf(stderr, "ward call: %s\n%sward call --help tells more.\n", problem, usage);
        return EXIT_USAGE;
}

static bool parse_ms(const char *text, uint32_t *ret)
{
        char *end;
        errno = 0;
        unsigned long value = strtoul(text, &end, 10);
        if (errno || end == text || *end || *text == '-' || value > UINT32_MAX)
                return false;
        *ret = (uint32_t)value;
        return true;
}

static int parse(int argc, char **argv, struct request *request)
{
        static const struct option options[] = {
                { "allow", required_argument, NULL, 'a' }, { "deadline", required_argument, NULL, 'd' },
                { "help", no_argument, NULL, 'h' },        { "isolation", required_argument, NULL, 'i' },
                { "json", no_argument, NULL, 'j' },        { "level", required_argument, NULL, 'l' },
                { "posture", no_argument, NULL, 'p' },     { 0 }
        };
        int option;
        while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
                request->help |= option == 'h';
                request->json |= option == 'j';
                request->chosen |= option == 'i';
                request->posture |= option == 'p';
                if (option == '?')
                        return fputs(usage, stderr), EXIT_USAGE;
                if (option == 'd' && !parse_ms(optarg, &request->activate.deadline_ms))
                        return fail_usage("--deadline takes a number of milliseconds");
                if (option == 'i' && !ward_isolation_from_name(optarg, &request->activate.isolation))
                        return fail_usage("--isolation takes direct, wasm or process");
                if (option == 'l' && !ward_level_from_name(optarg, &request->activate.level))
                        return fail_usage("--level takes internet, intranet, full-trust or host");
                if (option == 'a' && request->n_permissions == PERMISSIONS_MAX)
                        return fail_usage("too many permissions");
                if (option == 'a')
                        request->permissions[request->n_permissions++] = optarg;
        }
        if (request->help)
                return EXIT_DONE;
        if (optind + 2 != argc)
                return fail_usage(optind + 2 > argc ? "which add-in, and which call?" : "one call at a time, in quotes");
        request->path = argv[optind];
        request->call = argv[optind + 1];
        return EXIT_DONE;
}

/* --- Output ----------------------------------------------------------------------------------- */

static json_t *calls_json(const struct session *session)
{
        json_t *calls = json_array();
        for (size_t i = 0; i < session->n_calls; i++) {
                const struct call_record *record = &session->calls[i];
                if (json_array_append_new(calls, json_pack("{s:s?, s:s?}", "call", record->call, "answer", record->answer)))
                        break;
        }
        return calls;
}

/* The answer to --posture; none where there is nobody. */
static json_t *held_json(const struct session *session)
{
        struct ward_posture posture = { .size = sizeof posture };
        if (!session->instance || ward_domain_posture(ward_instance_domain(session->instance), &posture, NULL))
                return json_null();
        return posture_json(&posture);
}

static int print_json(const struct request *request, const struct session *session, const char *outcome,
                      const struct ward_fault *fault)
{
        json_t *reason = fault ? json_pack("{s:s, s:s, s:s}", "kind", ward_fault_kind_name(fault->kind), "text", fault->text,
                                           "backtrace", fault->backtrace)
                               : json_null();
        json_t *all =
                json_pack("{s:s?, s:s, s:s?, s:o, s:o}", "function", session->last ? session->last->func.name : NULL, "outcome",
                          outcome, "value", fault ? NULL : session->value, "calls", calls_json(session), "fault", reason);
        if (all && request->posture)
                json_object_set_new(all, "posture", held_json(session));
        int r = all ? json_dumpf(all, stdout, JSON_INDENT(2)) : -1;
        json_decref(all);
        return r || putchar('\n') == EOF ? -1 : 0;
}

static int fail_fault(const struct request *request, const struct session *session, const struct ward_fault *fault)
{
        size_t len = strlen(fault->backtrace);
        if (request->json)
                print_json(request, session, "fault", fault);
        else
                fprintf(stderr, "ward call: %s\n%s%s", fault->text, fault->backtrace,
                        len && fault->backtrace[len - 1] != '\n' ? "\n" : "");
        return EXIT_FAULT;
}

static int finish(const struct request *request, const struct session *session)
{
        if (session->fault.kind)
                return fail_fault(request, session, &session->fault);
        if (session->wave.failed && !session->is_err) {
                fputs("ward call: ", stderr);
                wave_error_print(&session->wave, stderr);
                return EXIT_USAGE;
        }
        if (request->json)
                print_json(request, session, session->is_err ? "error" : "result", NULL);
        else if (session->value)
                puts(session->value);
        return session->is_err ? EXIT_FAILED : EXIT_DONE;
}

/* --- The call --------------------------------------------------------------------------------- */

static void tell(void *data, const struct ward_event *event)
{
        const struct session *session = data;
        if (session->told && event->kind == WARD_EVENT_LOG)
                fprintf(session->told, "log: %s: %s\n", ward_log_level_name(event->level), event->text);
        else if (session->told)
                fprintf(session->told, "%s: %s\n", ward_event_kind_name(event->kind), event->text);
}

/* Before the call: it may not come back. */
static void tell_posture(const struct session *session)
{
        struct ward_posture posture = { .size = sizeof posture };
        struct ward_fault fault;
        if (ward_domain_posture(ward_instance_domain(session->instance), &posture, &fault))
                fprintf(session->told, "posture: %s\n", fault.text);
        else
                posture_print(&posture, session->told);
}

static int call_in_host(const struct request *request, struct session *session)
{
        const struct ward_host_options options = { .size = sizeof options, .on_event = tell, .on_event_data = session };
        struct ward_host *host = NULL;
        struct ward_fault fault = { 0 };
        int r = ward_host_new(&options, &host, &fault);
        if (!r)
                r = ward_activate(host, request->path, &request->activate, &session->dynamic->contract, session, &session->instance,
                                  &fault);
        int status = EXIT_FAULT;
        if (r) {
                fail_fault(request, session, &fault);
        } else {
                if (request->posture && session->told)
                        tell_posture(session);
                session_run(session, request->call);
                status = finish(request, session);
        }
        ward_release(session->instance);
        ward_host_free(host);
        return status;
}

static int call(struct request *request)
{
        OWNED(store_freep) struct store_addin *addin = NULL;
        OWNED(dynamic_freep) struct dynamic *dynamic = NULL;
        struct session session = { .told = request->json ? NULL : stderr };
        struct ward_fault fault = { 0 };
        int r = store_read(request->path, &addin, &fault);
        if (!r && !addin->contract)
                r = fault_set(&fault, WARD_FAULT_CONTRACT,
                              "module '%s' carries no contract: generate its add-in view again, and build it with that",
                              request->path);
        if (!r)
                r = dynamic_new(addin->contract, addin->world, session_serve, &dynamic, &fault);
        if (r)
                return fail_fault(request, &session, &fault);
        session.dynamic = dynamic;
        if (!request->chosen)
                request->activate.isolation = addin->form == STORE_WASM ? WARD_WASM : WARD_PROCESS;
        request->activate.permissions = request->n_permissions ? request->permissions : NULL;
        int status = session_check(&session, request->call) ? call_in_host(request, &session) : finish(request, &session);
        session_finish(&session);
        return status;
}

int command_call(int argc, char **argv)
{
        struct request request = { .activate = { .size = sizeof request.activate } };
        int status = parse(argc, argv, &request);
        if (status != EXIT_DONE)
                return status;
        if (request.help)
                return printf("%s%s", usage, help) < 0 ? EXIT_FAILED : EXIT_DONE;
        return call(&request);
}
