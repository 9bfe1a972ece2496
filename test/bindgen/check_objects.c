#include <stdlib.h>
#include "test/bindgen/check_objects.h"
#include "test/harness/harness.h"

enum { ROWS = 8 };

struct test_objects_documents_document_t {
        char name[32];
        struct test_objects_documents_cell_t {
                int32_t value;
                int held;
        } cells[ROWS];
};

static int documents; /* that live */
static int held;      /* cells that an add-in owns */

typedef test_objects_documents_document_t document;
typedef test_objects_documents_cell_t cell;
typedef exports_test_objects_counters_own_counter_t counter;

static bool is(const objects_string_t *text, const char *expected)
{
        return text->len == strlen(expected) && !memcmp(text->ptr, expected, text->len);
}

/* --- The host's objects ----------------------------------------------------------------------- */

static document *new_document(void *data, objects_string_t *name)
{
        document *d = calloc(1, sizeof *d);
        assert_ptr_equal(data, &documents);
        assert_true(d && name->len < sizeof d->name);
        memcpy(d->name, name->ptr, name->len);
        documents++;
        return d;
}

static bool open(void *data, objects_string_t *name, document **ret, objects_string_t *err)
{
        if (is(name, "secret"))
                return objects_string_dup(err, "not for you") && false;
        *ret = new_document(data, name);
        return true;
}

static void name_of(void *data, document *self, objects_string_t *ret)
{
        assert_true(objects_string_dup(ret, self->name));
}

static cell *cell_of(void *data, document *self, uint32_t row)
{
        assert_true(row < ROWS);
        self->cells[row].held++;
        held++;
        return &self->cells[row];
}

static bool same(void *data, document *self, document *other)
{
        return self == other;
}

static int32_t get(void *data, cell *self)
{
        return self->value;
}

static void set(void *data, cell *self, int32_t value)
{
        self->value = value;
}

static void destroy_cell(void *data, cell *rep)
{
        assert_true(rep->held-- > 0);
        held--;
}

static void destroy_document(void *data, document *rep)
{
        assert_ptr_equal(data, &documents);
        documents--;
        free(rep);
}

/* The document comes home. */
static void close_document(void *data, document *d, objects_string_t *ret)
{
        for (int row = 0; row < ROWS; row++)
                assert_int_equal(d->cells[row].value, row);
        assert_true(objects_string_dup(ret, d->name));
        destroy_document(data, d);
}

const struct objects_services objects_test_services = {
        .data = &documents,
        .documents_method_cell_get = get,
        .documents_method_cell_set = set,
        .documents_constructor_document = new_document,
        .documents_static_document_open = open,
        .documents_method_document_name = name_of,
        .documents_method_document_cell = cell_of,
        .documents_method_document_same = same,
        .documents_close = close_document,
        .documents_cell_destructor = destroy_cell,
        .documents_document_destructor = destroy_document,
};

static document *make_document(const char *name)
{
        objects_string_t text;
        objects_string_set(&text, name);
        return new_document(&documents, &text);
}

/* --- The add-in's objects --------------------------------------------------------------------- */

static void assert_living(struct objects *objects, uint32_t expected)
{
        uint32_t living = 99;
        assert_int_equal(objects_counters_living(objects, &living, NULL), 0);
        assert_int_equal(living, expected);
}

static counter make(struct objects *objects, uint32_t start)
{
        counter made = { 0 };
        assert_int_equal(objects_counters_constructor_counter(objects, start, &made, NULL), 0);
        assert_true(made.__handle);
        return made;
}

static void assert_value(struct objects *objects, counter c, uint32_t expected)
{
        uint32_t value = 0;
        assert_int_equal(objects_counters_method_counter_add(objects, objects_counters_borrow_counter(c), 0, &value, NULL), 0);
        assert_int_equal(value, expected);
}

static void check_counters(struct objects *objects)
{
        counter five = make(objects, 5), six = make(objects, 6);
        exports_test_objects_counters_tuple2_own_counter_own_counter_t pair;
        uint32_t value;
        assert_true(five.__handle != six.__handle);
        assert_int_equal(objects_counters_method_counter_add(objects, objects_counters_borrow_counter(five), 10, &value, NULL), 0);
        assert_int_equal(value, 15);
        exports_test_objects_counters_borrow_counter_t lent[] = { objects_counters_borrow_counter(five),
                                                                  objects_counters_borrow_counter(six),
                                                                  objects_counters_borrow_counter(five) };
        exports_test_objects_counters_list_borrow_counter_t all = { lent, 3 };
        assert_int_equal(objects_counters_sum(objects, &all, &value, NULL), 0);
        assert_int_equal(value, 36);
        assert_int_equal(objects_counters_pair(objects, 1, 2, &pair, NULL), 0);
        assert_value(objects, pair.f0, 1);
        assert_value(objects, pair.f1, 2);
        assert_living(objects, 4);
        assert_int_equal(objects_counters_counter_drop_own(objects, pair.f1, NULL), 0);
        assert_int_equal(objects_counters_counter_drop_own(objects, pair.f0, NULL), 0);
        assert_int_equal(objects_counters_counter_drop_own(objects, six, NULL), 0);
        assert_living(objects, 1);
        assert_int_equal(objects_counters_melt(objects, five, &value, NULL), 0);
        assert_int_equal(value, 15);
        assert_living(objects, 0);
}

/* What is gone is gone: it is an error that changes nothing. */
static void check_gone(struct objects *objects)
{
        struct ward_fault fault;
        counter one = make(objects, 1), two = make(objects, 2);
        uint32_t value = 77;
        assert_int_equal(objects_counters_counter_drop_own(objects, one, NULL), 0);
        assert_true(objects_counters_counter_drop_own(objects, one, &fault) < 0);
        assert_true(objects_counters_melt(objects, one, &value, &fault) < 0);
        assert_true(objects_counters_method_counter_add(objects, objects_counters_borrow_counter(one), 1, &value, &fault) < 0);
        assert_int_equal(value, 77);
        assert_value(objects, two, 2);
        assert_living(objects, 1);
        assert_int_equal(objects_counters_counter_drop_own(objects, two, NULL), 0);
}

/* --- Of both ---------------------------------------------------------------------------------- */

static void check_documents(struct objects *objects)
{
        document *d = make_document("seven 7"), *lost = make_document("lost");
        exports_test_objects_counters_option_own_document_t back;
        counter c;
        assert_int_equal(objects_counters_static_counter_measure(objects, d, &c, NULL), 0);
        assert_value(objects, c, 7);
        assert_int_equal(objects_counters_method_counter_keep(objects, objects_counters_borrow_counter(c), d, NULL), 0);
        assert_int_equal(documents, 2);
        assert_int_equal(objects_counters_method_counter_give_back(objects, objects_counters_borrow_counter(c), &back, NULL), 0);
        assert_true(back.is_some && back.val == d);
        assert_int_equal(objects_counters_method_counter_give_back(objects, objects_counters_borrow_counter(c), &back, NULL), 0);
        assert_false(back.is_some);
        assert_int_equal(objects_counters_method_counter_keep(objects, objects_counters_borrow_counter(c), lost, NULL), 0);
        assert_int_equal(documents, 2);
        assert_int_equal(objects_counters_counter_drop_own(objects, c, NULL), 0);
        assert_int_equal(documents, 1); /* the add-in dropped what it kept */
        destroy_document(&documents, d);
}

static void check_work(struct objects *objects)
{
        objects_string_t name, ret, err;
        objects_string_set(&name, "report");
        assert_int_equal(objects_work(objects, &name, ROWS, &ret, &err, NULL), 0);
        assert_true(is(&ret, "report"));
        objects_string_free(&ret);
        objects_string_set(&name, "secret");
        assert_int_equal(objects_work(objects, &name, 1, &ret, &err, NULL), 1);
        assert_true(is(&err, "not for you"));
        objects_string_free(&err);
        assert_int_equal(documents, 0);
        assert_int_equal(held, 0);
}

void check_objects(struct objects *objects)
{
        documents = held = 0;
        check_counters(objects);
        check_gone(objects);
        check_documents(objects);
        check_work(objects);
        assert_living(objects, 0);
}

void leave_objects(struct objects *objects)
{
        document *d = make_document("left behind");
        counter kept = make(objects, 1);
        assert_int_equal(objects_counters_method_counter_keep(objects, objects_counters_borrow_counter(kept), d, NULL), 0);
        assert_int_equal(documents, 1);
}

int count_documents(void)
{
        return documents;
}
