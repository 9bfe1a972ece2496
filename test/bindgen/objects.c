/* An add-in that has objects, and uses the host's. With OTHER its view was made with every option the other way: then lists are
 * views, and borrowed handles are dropped by the stubs. */
#include "objects.h"
#include <stdlib.h>

#ifdef OTHER
#define VIEW const
#define DONE(release)
#else
#define VIEW
#define DONE(release) release
#endif

struct exports_test_objects_counters_counter_t {
        uint32_t value;
        bool keeps;
        exports_test_objects_counters_own_document_t kept;
};

static uint32_t living;

static exports_test_objects_counters_own_counter_t make(uint32_t value)
{
        exports_test_objects_counters_counter_t *counter = malloc(sizeof *counter);
        if (!counter)
                abort();
        living++;
        counter->value = value;
        counter->keeps = false;
        return exports_test_objects_counters_counter_new(counter);
}

void exports_test_objects_counters_counter_destructor(exports_test_objects_counters_counter_t *rep)
{
        if (rep->keeps)
                test_objects_documents_document_drop_own(rep->kept);
        free(rep);
        living--;
}

exports_test_objects_counters_own_counter_t exports_test_objects_counters_constructor_counter(uint32_t start)
{
        return make(start);
}

uint32_t exports_test_objects_counters_method_counter_add(exports_test_objects_counters_borrow_counter_t self, uint32_t n)
{
        return self->value += n;
}

/* A borrowed handle of the host's is to be dropped before the call ends. */
exports_test_objects_counters_own_counter_t
exports_test_objects_counters_static_counter_measure(exports_test_objects_counters_borrow_document_t d)
{
        objects_string_t name;
        test_objects_documents_method_document_name(d, &name);
        exports_test_objects_counters_own_counter_t counter = make((uint32_t)name.len);
        objects_string_free(&name);
        DONE(test_objects_documents_document_drop_borrow(d));
        return counter;
}

void exports_test_objects_counters_method_counter_keep(exports_test_objects_counters_borrow_counter_t self,
                                                       exports_test_objects_counters_own_document_t d)
{
        if (self->keeps)
                test_objects_documents_document_drop_own(self->kept);
        self->kept = d;
        self->keeps = true;
}

bool exports_test_objects_counters_method_counter_give_back(exports_test_objects_counters_borrow_counter_t self,
                                                            exports_test_objects_counters_own_document_t *ret)
{
        if (!self->keeps)
                return false;
        *ret = self->kept;
        self->keeps = false;
        return true;
}

uint32_t exports_test_objects_counters_sum(VIEW exports_test_objects_counters_list_borrow_counter_t *all)
{
        uint32_t sum = 0;
        for (size_t i = 0; i < all->len; i++)
                sum += all->ptr[i]->value;
        DONE(exports_test_objects_counters_list_borrow_counter_free(all));
        return sum;
}

uint32_t exports_test_objects_counters_melt(exports_test_objects_counters_own_counter_t c)
{
        uint32_t value = exports_test_objects_counters_counter_rep(c)->value;
        exports_test_objects_counters_counter_drop_own(c);
        return value;
}

void exports_test_objects_counters_pair(uint32_t a, uint32_t b, exports_test_objects_counters_tuple2_own_counter_own_counter_t *ret)
{
        ret->f0 = make(a);
        ret->f1 = make(b);
}

uint32_t exports_test_objects_counters_living(void)
{
        return living;
}

static void fill(test_objects_documents_borrow_document_t document, uint32_t rows)
{
        for (uint32_t row = 0; row < rows; row++) {
                test_objects_documents_own_cell_t cell = test_objects_documents_method_document_cell(document, row);
                test_objects_documents_borrow_cell_t lent = test_objects_documents_borrow_cell(cell);
                test_objects_documents_method_cell_set(lent, test_objects_documents_method_cell_get(lent) + (int32_t)row);
                test_objects_documents_cell_drop_own(cell);
        }
}

bool exports_objects_work(VIEW objects_string_t *name, uint32_t rows, objects_string_t *ret, objects_string_t *err)
{
        test_objects_documents_own_document_t document;
        bool open = test_objects_documents_static_document_open((objects_string_t *)name, &document, err);
        DONE(objects_string_free(name));
        if (!open)
                return false;
        test_objects_documents_borrow_document_t lent = test_objects_documents_borrow_document(document);
        if (!test_objects_documents_method_document_same(lent, lent))
                abort();
        fill(lent, rows);
        test_objects_documents_close(document, ret);
        return true;
}
