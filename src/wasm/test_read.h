/* For tests: expectations of reading. */
#ifndef WASM_TEST_READ_H
#define WASM_TEST_READ_H

#include <stdio.h>
#include <stdlib.h>
#include "test/harness/harness.h"
#include "wasm/test_build.h"

/* Reads the bytes from a block exactly as long, so that a sanitizer sees every byte read behind them. */
static inline int read_exact(struct ward_span bytes, struct wasm_module **ret_module, struct ward_fault *fault)
{
        uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
        assert_non_null(copy);
        if (bytes.len)
                memcpy(copy, bytes.at, bytes.len);
        int r = wasm_module_read((struct ward_span){ copy, bytes.len }, "calc.wasm", ret_module, fault);
        free(copy);
        return r;
}

/* @refusal is a part of the fault's text; NULL: the module is taken. */
static inline void expect_bytes(const char *what, struct ward_span bytes, const char *refusal)
{
        struct wasm_module *module = NULL;
        struct ward_fault fault = { 0 };
        int r = read_exact(bytes, &module, &fault);
        if (r == 0 && refusal)
                fail_msg("%s: was taken, should be refused with: %s", what, refusal);
        if (r && !refusal)
                fail_msg("%s: %s", what, fault.text);
        if (r && refusal) {
                assert_int_equal(r, -WARD_FAULT_MODULE);
                assert_int_equal(fault.kind, WARD_FAULT_MODULE);
                assert_null(module);
                if (!strstr(fault.text, refusal) || strncmp(fault.text, "module 'calc.wasm': ", 20))
                        fail_msg("%s: refused with: %s, should be: %s", what, fault.text, refusal);
        }
        wasm_module_free(module);
}

static inline void expect_plan(const char *what, const struct plan *plan, const char *refusal)
{
        struct writer w = plan_write(plan);
        expect_bytes(what, (struct ward_span){ w.at, w.len }, refusal);
        writer_finish(&w);
}

/* A plan that is taken. The caller frees the module. */
static inline struct wasm_module *read_plan(const struct plan *plan)
{
        struct writer w = plan_write(plan);
        struct wasm_module *module = NULL;
        struct ward_fault fault = { 0 };
        if (read_exact((struct ward_span){ w.at, w.len }, &module, &fault))
                fail_msg("%s", fault.text);
        writer_finish(&w);
        return module;
}

/* The files that the build made: WARD_TEST_MODULES, separated by ':'. */
struct file {
        uint8_t *at;
        size_t len;
        char name[64];
};

static inline size_t read_files(struct file *files, size_t max)
{
        const char *list = getenv("WARD_TEST_MODULES");
        size_t n = 0;
        while (list && *list && n < max) {
                size_t len = strcspn(list, ":");
                char path[512];
                snprintf(path, sizeof path, "%.*s", (int)len, list);
                FILE *f = fopen(path, "rbe");
                assert_non_null(f);
                struct file *file = &files[n++];
                file->at = malloc(1 << 20);
                assert_non_null(file->at);
                file->len = fread(file->at, 1, 1 << 20, f);
                fclose(f);
                const char *slash = strrchr(path, '/');
                snprintf(file->name, sizeof file->name, "%.63s", slash ? slash + 1 : path);
                list += len + (list[len] == ':');
        }
        return n;
}

#endif
