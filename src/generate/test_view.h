/* Views of a contract of few lines, for tests. The test ends if it cannot be read. */
#ifndef GENERATE_TEST_VIEW_H
#define GENERATE_TEST_VIEW_H

#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "generate/generate.h"
#include "generate/model.h"
#include "test/harness/harness.h"

struct fixture {
        struct contract *contract;
        struct model *model;
        const struct generate_options *options;
};

/* Package t:p@1.0.0 with one world w that holds @items; @before stands before it. */
static inline struct fixture fixture_read(const char *before, const char *items, const struct generate_options *options)
{
        struct contract_error error = { 0 };
        OWNED(freep) char *text = NULL;
        assert_true(asprintf(&text, "package t:p@1.0.0;\n%s\nworld w {\n%s\n}\n", before, items) > 0);
        struct fixture f = { .contract = contract_read_text("t.wit", text, strlen(text), NULL, &error), .options = options };
        if (!f.contract)
                fail_msg("%s", error.text);
        f.model = model_new(f.contract, contract_world(f.contract, "w"), GENERATE_ADDIN, options);
        return f;
}

static inline void fixture_finish(struct fixture *f)
{
        model_free(f->model);
        contract_free(f->contract);
}

#define FIXTURE(name, before, items)               OWNED(fixture_finish) struct fixture name = fixture_read(before, items, NULL)
#define FIXTURE_WITH(name, options, before, items) OWNED(fixture_finish) struct fixture name = fixture_read(before, items, options)

/* The text of a view, which is freed with the fixture. */
static inline const char *fixture_view(struct fixture *f, enum generate_side side, bool source)
{
        char *text[2] = { NULL };
        size_t len[2];
        FILE *out[2] = { open_memstream(&text[0], &len[0]), open_memstream(&text[1], &len[1]) };
        generate_view(f->contract, f->model->world, side, f->options, out[0], out[1]);
        fclose(out[0]);
        fclose(out[1]);
        const char *copy = pool_printf(&f->model->pool, "%s", text[source] ? text[source] : "");
        free(text[0]);
        free(text[1]);
        return copy;
}

static inline void assert_has(const char *text, const char *part)
{
        assert_non_null(text);
        if (!strstr(text, part))
                fail_msg("'%s' is not in\n%s", part, text);
}

static inline void assert_lacks(const char *text, const char *part)
{
        assert_non_null(text);
        if (strstr(text, part))
                fail_msg("'%s' is in\n%s", part, text);
}

#endif
