/* A program whose add-ins drive it: its documents are their objects, and each side hears of the other's events.
 *
 *      automation [--isolation direct|wasm|process] ADDIN */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "automation_host.h"

enum { ROWS = 8, COLUMNS = 2 };

/* A sheet of numbers. What add-ins hold of it are handles; the sheet is the program's. */
struct documents_document_t {
        const char *name;
        documents_value_t cells[ROWS][COLUMNS];
        unsigned subscriptions;
        struct automation *addin; /* whom to tell of changes; NULL until it is activated */
        unsigned handles;
};

struct documents_subscription_t {
        documents_document_t *document;
};

struct listeners_listener_t {
        const char *name;
};

/* --- Documents: what the add-in drives ---------------------------------------------------------- */

static void document_name(void *data, documents_borrow_document_t self, automation_string_t *ret)
{
        (void)data;
        automation_string_dup(ret, self->name);
}

static void document_cell(void *data, documents_borrow_document_t self, documents_place_t *at, documents_value_t *ret)
{
        (void)data;
        if (at->row < ROWS && at->column < COLUMNS)
                *ret = self->cells[at->row][at->column];
        else
                ret->tag = DOCUMENTS_VALUE_EMPTY;
}

/* Sets a cell, and tells who subscribed. An add-in that cannot be told is not told again. */
static void set_cell(documents_document_t *document, const documents_place_t *at, const documents_value_t *to)
{
        struct ward_fault fault;
        document->cells[at->row][at->column] = *to;
        if (!document->addin || !document->subscriptions)
                return;
        if (automation_changes_changed(document->addin, document, at, to, &fault) < 0) {
                fprintf(stderr, "automation: %s\n", fault.text);
                document->addin = NULL;
        }
}

static bool document_set_cell(void *data, documents_borrow_document_t self, documents_place_t *at, documents_value_t *to,
                              automation_string_t *err)
{
        (void)data;
        if (at->row >= ROWS || at->column >= COLUMNS || to->tag == DOCUMENTS_VALUE_TEXT) {
                automation_string_dup(err, "this sheet has 8 rows of 2 numbers");
                return false;
        }
        set_cell(self, at, to);
        return true;
}

static documents_own_subscription_t document_subscribe(void *data, documents_borrow_document_t self)
{
        (void)data;
        documents_subscription_t *subscription = malloc(sizeof *subscription);
        if (!subscription)
                abort();
        subscription->document = self;
        self->subscriptions++;
        return subscription;
}

static void subscription_destructor(void *data, documents_subscription_t *subscription)
{
        (void)data;
        subscription->document->subscriptions--;
        free(subscription);
}

static bool find(void *data, automation_string_t *name, documents_own_document_t *ret)
{
        documents_document_t *document = data;
        if (name->len != strlen(document->name) || memcmp(name->ptr, document->name, name->len) != 0)
                return false;
        document->handles++;
        *ret = document;
        return true;
}

static void document_destructor(void *data, documents_document_t *document)
{
        (void)data;
        document->handles--;
}

/* --- Listeners: what the add-in tells ----------------------------------------------------------- */

static void total_changed(void *data, listeners_borrow_listener_t self, automation_string_t *document, double total)
{
        (void)data;
        printf("%s: the total of %.*s is %g\n", self->name, (int)document->len, (const char *)document->ptr, total);
}

static void listener_destructor(void *data, listeners_listener_t *listener)
{
        (void)data;
        printf("%s: listens no more\n", listener->name);
}

/* --- The program -------------------------------------------------------------------------------- */

static void set_number(documents_document_t *document, uint32_t row, double number)
{
        documents_place_t at = { row, 0 };
        documents_value_t value = { .tag = DOCUMENTS_VALUE_NUMBER, .val.number = number };
        set_cell(document, &at, &value);
}

/* Uses one total of the add-in's, and what it tells. */
static int work(struct automation *addin, documents_document_t *document, struct ward_fault *fault)
{
        static listeners_listener_t window = { "window" };
        exports_totals_own_total_t total;
        exports_totals_own_subscription_t subscription;
        automation_string_t name, error;
        double sum;
        automation_string_set(&name, document->name);
        int r = automation_totals_static_total_start(addin, &name, &total, &error, fault);
        if (r > 0) {
                fprintf(stderr, "automation: %.*s\n", (int)error.len, (const char *)error.ptr);
                automation_string_free(&error);
        }
        if (r)
                return r;
        r = automation_totals_method_total_subscribe(addin, automation_totals_borrow_total(total), &window, &subscription, fault);
        if (r)
                return r;
        set_number(document, 2, 12.5);
        set_number(document, 0, 1);
        r = automation_totals_subscription_drop_own(addin, subscription, fault);
        if (r)
                return r;
        set_number(document, 1, 0);
        r = automation_totals_method_total_sum(addin, automation_totals_borrow_total(total), &sum, fault);
        if (r)
                return r;
        printf("at the end it is %g, and %g in the document; %u subscribed\n", sum, document->cells[0][1].val.number,
               document->subscriptions);
        return automation_totals_total_drop_own(addin, total, fault);
}

static int usage(void)
{
        fputs("Usage: automation [--isolation direct|wasm|process] ADDIN\n", stderr);
        return 2;
}

int main(int argc, char **argv)
{
        struct ward_activate_options options = { .size = sizeof options, .isolation = WARD_PROCESS, .deadline_ms = 2000 };
        bool chosen = argc == 4 && !strcmp(argv[1], "--isolation") && ward_isolation_from_name(argv[2], &options.isolation);
        if (!chosen && argc != 2)
                return usage();
        documents_document_t budget = { .name = "budget" };
        const struct automation_services services = {
                .data = &budget,
                .documents_method_document_name = document_name,
                .documents_method_document_cell = document_cell,
                .documents_method_document_set_cell = document_set_cell,
                .documents_method_document_subscribe = document_subscribe,
                .documents_find = find,
                .documents_document_destructor = document_destructor,
                .documents_subscription_destructor = subscription_destructor,
                .listeners_method_listener_total_changed = total_changed,
                .listeners_listener_destructor = listener_destructor,
        };
        struct ward_fault fault;
        struct ward_host *host = NULL;
        int r = ward_host_new(NULL, &host, &fault);
        if (!r) {
                set_number(&budget, 0, 10);
                set_number(&budget, 1, 20);
                r = automation_activate(host, argv[argc - 1], &options, &services, &budget.addin, &fault);
        }
        struct automation *addin = budget.addin;
        if (!r)
                r = work(addin, &budget, &fault);
        if (r < 0)
                fprintf(stderr, "automation: %s\n", fault.text);
        budget.addin = NULL;
        automation_release(addin);
        printf("%u subscribed, %u handles\n", budget.subscriptions, budget.handles);
        ward_host_free(host);
        return r ? 1 : 0;
}
