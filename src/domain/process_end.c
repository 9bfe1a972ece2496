/* What a worker's end means, and ends that the host makes. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include "base/fault.h"
#include "base/own.h"
#include "channel/words.h"
#include "domain/process.h"

/* In place of a call: more than one is in flight. */
#define SEVERAL (LANE_IDLE - 1)

enum { WHO = 2 * WARD_FAULT_NAME_MAX + 64, WHERE = WARD_FAULT_NAME_MAX + 64 };

/* Whose end it is, and at what. */
struct scene {
        char addin[WARD_FAULT_NAME_MAX];
        char domain[WARD_FAULT_NAME_MAX];
        char function[WARD_FAULT_NAME_MAX];
        char who[WHO];
        char where[WHERE]; /* begins with a space, or is empty */
        struct last_words words;
        struct sandbox_excess excess; /* the limit that it was ended for */
};

/* The call that is told of: that of lane @number, or where that is 0 the only one in flight. With @process->lock held. */
static uint64_t suspect_call(const struct process *process, uint32_t number)
{
        uint64_t found = LANE_IDLE;
        for (const struct list *at = process->lanes.next; at != &process->lanes; at = at->next) {
                const struct lane *lane = CONTAINER_OF(at, struct lane, link);
                uint64_t calling = atomic_load_explicit(&lane->calling, memory_order_relaxed);
                if (calling == LANE_IDLE || (number && number != lane->number))
                        continue;
                if (found != LANE_IDLE && !number)
                        return SEVERAL;
                found = calling;
        }
        uint64_t loading = atomic_load_explicit(&process->first->calling, memory_order_relaxed);
        return found == LANE_IDLE && !number ? loading : found;
}

/* The instance that runs, or the only one there is. With @process->lock held. */
static const struct instance *suspect(const struct process *process, uint64_t calling)
{
        const struct instance *only = NULL;
        if (calling != LANE_IDLE && calling != SEVERAL)
                return process->instances[calling >> 32];
        for (uint32_t i = 0; i < MESSAGE_INSTANCES; i++) {
                if (!process->instances[i])
                        continue;
                if (only)
                        return NULL;
                only = process->instances[i];
        }
        return only;
}

static void look_at_calls(struct process *process, uint32_t lane, struct scene *scene)
{
        pthread_mutex_lock(&process->lock);
        uint64_t calling = suspect_call(process, lane);
        const struct instance *instance = suspect(process, calling);
        const struct ward_contract *contract = instance ? instance->contract : NULL;
        if (instance)
                snprintf(scene->addin, sizeof scene->addin, "%s", instance->name);
        bool started = process->started;
        scene->excess = process->excess;
        pthread_mutex_unlock(&process->lock);
        uint32_t function = (uint32_t)calling;
        if (!started)
                snprintf(scene->where, sizeof scene->where, " while it was starting");
        else if (calling == LANE_IDLE)
                snprintf(scene->where, sizeof scene->where, " while no call was in flight");
        else if (calling == SEVERAL)
                snprintf(scene->where, sizeof scene->where, " while several calls were in flight");
        else if (function == PROCESS_OWN_THREAD)
                snprintf(scene->where, sizeof scene->where, " on a thread of its own");
        else if (function == PROCESS_LOADING)
                snprintf(scene->where, sizeof scene->where, " while it was being loaded");
        else if (contract && function < contract->n_exports)
                snprintf(scene->function, sizeof scene->function, "%s", contract->exports[function]->name);
        else if (contract && function - contract->n_exports < contract->n_resources)
                snprintf(scene->where, sizeof scene->where, " in the destructor of %s",
                         contract->resources[function - contract->n_exports].resource->name);
        if (scene->function[0])
                snprintf(scene->where, sizeof scene->where, " in %s", scene->function);
}

/* @lane: where it was found, 0 if that is not known. */
static void look_at(struct process *process, uint32_t lane, struct scene *scene)
{
        struct ward_domain *domain = process->domain;
        pthread_mutex_lock(&domain->info_lock);
        snprintf(scene->domain, sizeof scene->domain, "%s", domain->name);
        pthread_mutex_unlock(&domain->info_lock);
        look_at_calls(process, lane, scene);
        if (scene->addin[0])
                snprintf(scene->who, sizeof scene->who, "add-in '%s' (domain '%s', process)", scene->addin, scene->domain);
        else
                snprintf(scene->who, sizeof scene->who, "domain '%s' (process)", scene->domain);
}

/* Says in @fault, which the host itself found, whose it is: "add-in 'x' (domain 'y', process): " before its text, and the names. */
static void blame(struct lane *lane, struct ward_fault *fault)
{
        struct scene scene = { .addin = "" };
        char text[WARD_FAULT_TEXT_MAX];
        int error = fault->error;
        look_at(lane->process, lane->number, &scene);
        memcpy(text, fault->text, sizeof text);
        fault_set(fault, fault->kind, "%s: %s", scene.who, text);
        fault->error = error;
        fault_name(fault, scene.addin, scene.domain, scene.function);
}

static uint32_t bounded(uint32_t len, uint32_t max)
{
        return len < max ? len : max;
}

/* Whole lines only. */
static void explain_backtrace(const struct last_words *words, struct ward_fault *fault)
{
        text_escape(fault->backtrace, sizeof fault->backtrace, words->backtrace, bounded(words->backtrace_len, WORDS_BACKTRACE),
                    true);
        char *end = strrchr(fault->backtrace, '\n');
        if (end)
                end[1] = 0;
}

static void explain_limit(const struct scene *scene, bool believed, struct ward_fault *fault)
{
        char text[WHERE + 256];
        fault_set(fault, WARD_FAULT_LIMIT, "%s: %s", scene->who,
                  process_limit_text(&scene->excess, scene->where, text, sizeof text));
        if (believed)
                explain_backtrace(&scene->words, fault);
}

static void explain_signal(const struct scene *scene, int signal, bool believed, struct ward_fault *fault)
{
        const struct last_words *words = &scene->words;
        const char *name = sigabbrev_np(signal);
        char address[40] = "";
        if (believed && words->has_address)
                snprintf(address, sizeof address, " at address 0x%llx", (unsigned long long)words->address);
        fault_set(fault, WARD_FAULT_SIGNAL, "%s: SIG%s%s%s%s", scene->who, name ? name : "?", address, scene->where,
                  signal == SIGKILL ? ": ended from outside, or by the kernel for want of memory" : "");
        fault->signal = signal;
        if (!believed)
                return;
        fault->address = words->has_address ? words->address : 0;
        explain_backtrace(words, fault);
}

static bool may_be_said(uint32_t kind)
{
        return kind == WARD_FAULT_LIMIT || kind == WARD_FAULT_PROTOCOL || kind == WARD_FAULT_SYSTEM;
}

static void explain_exit(const struct scene *scene, int status, struct ward_fault *fault)
{
        const struct last_words *words = &scene->words;
        if (status == WORDS_EXIT && may_be_said(words->kind)) {
                fault_set(fault, (enum ward_fault_kind)words->kind, "%s: %.*s%s", scene->who,
                          (int)bounded(words->text_len, WORDS_TEXT), words->text, scene->where);
        } else {
                fault_set(fault, WARD_FAULT_EXIT, "%s: called exit(%d)%s", scene->who, status, scene->where);
                fault->status = status;
        }
}

/* 0: it was none. */
static int ending_signal(const struct last_words *words, int status, bool *ret_believed)
{
        int said = words->kind == WARD_FAULT_SIGNAL && words->signal < NSIG ? (int)words->signal : 0;
        if (WIFSIGNALED(status)) {
                *ret_believed = said == WTERMSIG(status);
                return WTERMSIG(status);
        }
        *ret_believed = said && WEXITSTATUS(status) == WORDS_SIGNAL + said;
        return *ret_believed ? said : 0;
}

static void explain_status(const struct process *process, struct scene *scene, int status, struct ward_fault *fault)
{
        bool believed;
        int signal = ending_signal(&scene->words, status, &believed);
        if (!scene->excess.limit)
                scene->excess = process_signalled_limit(process, signal);
        if (scene->excess.limit)
                explain_limit(scene, believed, fault);
        else if (signal)
                explain_signal(scene, signal, believed, fault);
        else
                explain_exit(scene, WEXITSTATUS(status), fault);
}

void process_explain(struct process *process, const struct warden_end *end, struct ward_fault *ret_fault)
{
        struct scene scene = { .addin = "" };
        memcpy(&scene.words, shared_words(&process->shared), sizeof scene.words);
        look_at(process, end->kind == WARDEN_ENDED ? scene.words.lane : 0, &scene);
        if (end->kind == WARDEN_LOST)
                fault_set(ret_fault, WARD_FAULT_SYSTEM, "%s: the warden process ended, and every worker with it", scene.who);
        else if (end->kind == WARDEN_REFUSED)
                fault_set_errno(ret_fault, WARD_FAULT_SYSTEM, end->status, "%s: cannot make a worker process", scene.who);
        else
                explain_status(process, &scene, end->status, ret_fault);
        fault_name(ret_fault, scene.addin, scene.domain, scene.function);
}

/* --- Giving it up ----------------------------------------------------------------------------- */

int process_gone(struct process *process, struct ward_fault *fault)
{
        pthread_mutex_lock(&process->lock);
        struct ward_fault known = process->fault;
        bool started = process->started;
        pthread_mutex_unlock(&process->lock);
        if (!known.kind)
                return domain_unloaded_fault(process->domain, fault);
        if (started)
                domain_fail(process->domain, &known);
        if (fault)
                *fault = known;
        return -(int)known.kind;
}

int process_give_up(struct lane *lane, struct ward_fault *why, struct ward_fault *fault)
{
        struct process *process = lane->process;
        blame(lane, why);
        process_output_drain(&process->output);
        atomic_store(&process->ending, true);
        pthread_mutex_lock(&process->lock);
        if (!process->fault.kind)
                process->fault = *why;
        pthread_mutex_unlock(&process->lock);
        return process_gone(process, fault);
}

int process_lose(struct lane *lane, struct ward_fault *fault, enum ward_fault_kind kind, const char *format, ...)
{
        struct ward_fault why;
        char text[WARD_FAULT_TEXT_MAX];
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        fault_set(&why, kind, "%s", text);
        return process_give_up(lane, &why, fault);
}
