/* An add-in that automates the host: it sums the first column of documents, whenever a cell of it changes. */
#include <stdlib.h>
#include <string.h>
#include "automation.h"

/* One document's total. The host holds it by a handle; the add-in hears of changes and looks it up by the document's name. */
struct exports_totals_total_t {
        exports_totals_total_t *next;
        automation_string_t name;
        documents_own_document_t document;
        documents_own_subscription_t changes;
        double sum;
        exports_totals_subscription_t *listeners;
};

/* Somebody of the host's who hears of a total. */
struct exports_totals_subscription_t {
        exports_totals_subscription_t *next;
        exports_totals_total_t *total; /* NULL once that is gone */
        listeners_own_listener_t to;
};

static exports_totals_total_t *totals;

static bool is_same(const automation_string_t *a, const automation_string_t *b)
{
        return a->len == b->len && !memcmp(a->ptr, b->ptr, a->len);
}

static double add_up(documents_borrow_document_t document)
{
        double sum = 0;
        for (documents_place_t at = { 0, 0 };; at.row++) {
                documents_value_t value;
                documents_method_document_cell(document, &at, &value);
                bool is_end = value.tag == DOCUMENTS_VALUE_EMPTY;
                if (value.tag == DOCUMENTS_VALUE_NUMBER)
                        sum += value.val.number;
                documents_value_free(&value);
                if (is_end)
                        return sum;
        }
}

/* Setting a cell makes the host call exports_changes_changed below, while this runs. */
static void write_sum(const exports_totals_total_t *total)
{
        documents_place_t head = { 0, 1 };
        documents_value_t value = { .tag = DOCUMENTS_VALUE_NUMBER, .val.number = total->sum };
        automation_string_t error;
        if (!documents_method_document_set_cell(documents_borrow_document(total->document), &head, &value, &error))
                automation_string_free(&error);
}

static void update(exports_totals_total_t *total)
{
        double sum = add_up(documents_borrow_document(total->document));
        if (sum == total->sum)
                return;
        total->sum = sum;
        write_sum(total);
        for (exports_totals_subscription_t *s = total->listeners; s; s = s->next)
                listeners_method_listener_total_changed(listeners_borrow_listener(s->to), &total->name, sum);
}

void exports_changes_changed(exports_changes_borrow_document_t in, exports_changes_place_t *at, exports_changes_value_t *to)
{
        automation_string_t name;
        exports_changes_value_free(to);
        documents_method_document_name(in, &name);
        documents_document_drop_borrow(in);
        for (exports_totals_total_t *total = totals; total && !at->column; total = total->next)
                if (is_same(&total->name, &name))
                        update(total);
        automation_string_free(&name);
}

bool exports_totals_static_total_start(automation_string_t *document, exports_totals_own_total_t *ret, automation_string_t *err)
{
        documents_own_document_t found;
        if (!documents_find(document, &found)) {
                automation_string_free(document);
                automation_string_dup(err, "there is no such document");
                return false;
        }
        exports_totals_total_t *total = calloc(1, sizeof *total);
        if (!total)
                abort();
        total->name = *document;
        total->document = found;
        total->changes = documents_method_document_subscribe(documents_borrow_document(found));
        total->next = totals;
        totals = total;
        update(total);
        *ret = exports_totals_total_new(total);
        return true;
}

double exports_totals_method_total_sum(exports_totals_borrow_total_t self)
{
        return self->sum;
}

exports_totals_own_subscription_t exports_totals_method_total_subscribe(exports_totals_borrow_total_t self,
                                                                        exports_totals_own_listener_t to)
{
        exports_totals_subscription_t *subscription = malloc(sizeof *subscription);
        if (!subscription)
                abort();
        *subscription = (exports_totals_subscription_t){ self->listeners, self, to };
        self->listeners = subscription;
        return exports_totals_subscription_new(subscription);
}

void exports_totals_subscription_destructor(exports_totals_subscription_t *subscription)
{
        exports_totals_total_t *total = subscription->total;
        for (exports_totals_subscription_t **at = total ? &total->listeners : NULL; at && *at; at = &(*at)->next)
                if (*at == subscription) {
                        *at = subscription->next;
                        break;
                }
        listeners_listener_drop_own(subscription->to);
        free(subscription);
}

void exports_totals_total_destructor(exports_totals_total_t *total)
{
        for (exports_totals_total_t **at = &totals; *at; at = &(*at)->next)
                if (*at == total) {
                        *at = total->next;
                        break;
                }
        for (exports_totals_subscription_t *s = total->listeners; s; s = s->next)
                s->total = NULL;
        documents_subscription_drop_own(total->changes);
        documents_document_drop_own(total->document);
        automation_string_free(&total->name);
        free(total);
}
