/* What a contract that is read looks like: the inputs of test/wit, each with the model as text in a file beside it; and how
 * files are found. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "contract/contract.h"
#include "test/harness/harness.h"

static void write_type(FILE *out, const struct wit_type *type);

static void write_members(FILE *out, const struct wit_type *type)
{
        for (size_t i = 0; i < type->n_members; i++) {
                fputs(i ? ", " : "", out);
                write_type(out, type->members[i].type);
        }
}

/* What an anonymous type is, or what a named one stands for. */
static void write_parts(FILE *out, const struct wit_type *type)
{
        static const char *const kinds[] = {
                [WIT_LIST] = "list",     [WIT_FIXED_LIST] = "list", [WIT_MAP] = "map", [WIT_OPTION] = "option",
                [WIT_RESULT] = "result", [WIT_TUPLE] = "tuple",     [WIT_OWN] = "own", [WIT_BORROW] = "borrow",
                [WIT_FUTURE] = "future", [WIT_STREAM] = "stream",
        };
        fprintf(out, "%s<", kinds[type->kind]);
        write_members(out, type);
        if (type->key)
                write_type(out, type->key);
        fputs(type->key ? ", " : "", out);
        if (type->kind != WIT_TUPLE)
                write_type(out, type->element);
        if (type->kind == WIT_RESULT) {
                fputs(", ", out);
                write_type(out, type->error);
        }
        if (type->kind == WIT_FIXED_LIST)
                fprintf(out, ", %u", type->length);
        fputs(">", out);
}

/* A type as it is referred to. */
static void write_type(FILE *out, const struct wit_type *type)
{
        if (!type)
                fputs("_", out);
        else if (type->name)
                fputs(type->name, out);
        else
                write_parts(out, type);
}

static void print_docs(FILE *out, const char *docs)
{
        fputs(docs ? " // " : "", out);
        for (; docs && *docs; docs++)
                fputc(*docs == '\n' ? '|' : *docs, out);
}

static void print_stability(FILE *out, const struct wit_stability *s, const char *external_id)
{
        fprintf(out, "%s%s%s%s%s%s%s%s", s->since ? " @since " : "", s->since ? s->since : "", s->feature ? " @unstable " : "",
                s->feature ? s->feature : "", s->deprecated ? " @deprecated " : "", s->deprecated ? s->deprecated : "",
                external_id ? " @external-id " : "", external_id ? external_id : "");
}

static void print_type(FILE *out, const struct wit_type *type)
{
        static const char *const kinds[] = { [WIT_RECORD] = "record", [WIT_ENUM] = "enum",         [WIT_VARIANT] = "variant",
                                             [WIT_FLAGS] = "flags",   [WIT_RESOURCE] = "resource", [WIT_ALIAS] = NULL };
        const struct wit_type *to = type->kind == WIT_ALIAS ? type->element : NULL;
        const char *kind = kinds[type->kind];
        fprintf(out, "    %zu %s %s", type->index, kind ? kind : type->used ? "use" : "type", type->name);
        if (!kind) {
                const char *owner = to && to->interface ? to->interface->name : "";
                fprintf(out, " = %s%s", type->used ? owner : "", type->used ? "." : "");
                if (to)
                        write_type(out, to);
                else
                        write_parts(out, type);
        }
        print_stability(out, &type->stability, type->external_id);
        print_docs(out, type->docs);
        fputc('\n', out);
        for (size_t i = 0; kind && i < type->n_members; i++) {
                const struct wit_member *member = &type->members[i];
                fprintf(out, "      %s%s", member->name, member->type ? ": " : "");
                if (member->type)
                        write_type(out, member->type);
                print_docs(out, member->docs);
                fputc('\n', out);
        }
}

static void print_func(FILE *out, const char *indent, const struct wit_func *func)
{
        static const char *const kinds[] = { "", "method of ", "static of ", "constructor of " };
        fprintf(out, "%s%s%s%s%s%s(", indent, func->async ? "async " : "", kinds[func->kind],
                func->resource ? func->resource->name : "", func->resource ? " " : "", func->name);
        for (size_t i = 0; i < func->n_params; i++) {
                fprintf(out, "%s%s: ", i ? ", " : "", func->params[i].name);
                write_type(out, func->params[i].type);
        }
        fprintf(out, ")%s", func->result ? " -> " : "");
        if (func->result)
                write_type(out, func->result);
        print_stability(out, &func->stability, func->external_id);
        print_docs(out, func->docs);
        fputc('\n', out);
}

static void print_package(FILE *out, const struct wit_package *package)
{
        fprintf(out, "%s:%s%s%s", package->ns, package->name, package->version ? "@" : "",
                package->version ? package->version : "");
}

static void print_interface(FILE *out, const struct wit_interface *interface)
{
        fprintf(out, "  %zu interface %s", interface->index, interface->name ? interface->name : interface->label);
        if (interface->inline_of)
                fprintf(out, " of %s%s", interface->inline_of->name, interface->clone_of ? " clone of " : "");
        if (interface->clone_of)
                fprintf(out, "%zu", interface->clone_of->index);
        for (size_t i = 0; i < interface->n_needs; i++)
                fprintf(out, "%s%s", i ? ", " : " needs ", interface->needs[i]->name);
        print_stability(out, &interface->stability, NULL);
        print_docs(out, interface->docs);
        fputc('\n', out);
        for (size_t i = 0; i < interface->n_types; i++)
                print_type(out, interface->types[i]);
        for (size_t i = 0; i < interface->n_funcs; i++)
                print_func(out, "    ", interface->funcs[i]);
}

static void print_items(FILE *out, const char *what, const struct wit_item *items, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                fprintf(out, "    %s ", what);
                if (items[i].func) {
                        print_func(out, "", items[i].func);
                        continue;
                }
                if (items[i].type) {
                        fprintf(out, "type %s %zu\n", items[i].name, items[i].type->index);
                        continue;
                }
                fprintf(out, "%s%s", items[i].name ? items[i].name : "", items[i].name ? ": " : "");
                print_package(out, items[i].interface->package);
                fprintf(out, "/%zu", items[i].interface->index);
                print_stability(out, &items[i].stability, items[i].external_id);
                print_docs(out, items[i].docs);
                fputc('\n', out);
        }
}

static void print_world(FILE *out, const struct wit_world *world)
{
        fprintf(out, "  %zu world %s", world->index, world->name);
        print_stability(out, &world->stability, NULL);
        print_docs(out, world->docs);
        fputc('\n', out);
        for (size_t i = 0; i < world->n_types; i++)
                print_type(out, world->types[i]);
        print_items(out, "import", world->imports, world->n_imports);
        print_items(out, "export", world->exports, world->n_exports);
}

static void print_anonymous(FILE *out, const struct contract *c)
{
        for (size_t i = 0; i < c->n_types; i++) {
                if (c->types[i]->name)
                        continue;
                fprintf(out, "%zu ", i);
                write_parts(out, c->types[i]);
                print_stability(out, &c->types[i]->stability, NULL);
                fputc('\n', out);
        }
}

/* Everything, each with its number. */
static char *print_contract(const struct contract *c)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        for (size_t i = 0; i < c->n_packages; i++) {
                fprintf(out, "%zu %s ", c->packages[i]->index, c->packages[i] == c->main ? "main" : "package");
                print_package(out, c->packages[i]);
                print_docs(out, c->packages[i]->docs);
                fputc('\n', out);
                for (size_t j = 0; j < c->n_interfaces; j++)
                        if (c->interfaces[j]->package == c->packages[i])
                                print_interface(out, c->interfaces[j]);
                for (size_t j = 0; j < c->n_worlds; j++)
                        if (c->worlds[j]->package == c->packages[i])
                                print_world(out, c->worlds[j]);
        }
        print_anonymous(out, c);
        assert_int_equal(fclose(out), 0);
        return text;
}

static void check_part(const struct wit_type *type, const struct wit_type *part)
{
        assert_true(!part || part->index == WIT_NONE || part->index < type->index);
}

/* What holds for every contract. */
static void check_contract(const struct contract *c)
{
        assert_non_null(c->main);
        for (size_t i = 0; i < c->n_types; i++) {
                const struct wit_type *type = c->types[i];
                assert_int_equal(type->index, i);
                assert_in_range(type->depth, 1, WIT_DEPTH_MAX);
                assert_in_range(type->parts, 1, WIT_PARTS_MAX);
                assert_true(!type->interface || !type->world);
                check_part(type, type->key);
                check_part(type, type->element);
                check_part(type, type->error);
                for (size_t j = 0; j < type->n_members; j++)
                        check_part(type, type->members[j].type);
        }
        for (size_t i = 0; i < c->n_interfaces; i++)
                assert_int_equal(c->interfaces[i]->index, i);
        for (size_t i = 0; i < c->n_worlds; i++)
                assert_int_equal(c->worlds[i]->index, i);
        for (size_t i = 0; i < c->n_packages; i++)
                assert_int_equal(c->packages[i]->index, i);
}

static struct contract *read_ok(const char *path)
{
        static const char *const features[] = { "on" };
        const struct contract_options options = { .features = features, .n_features = COUNT_OF(features) };
        struct contract_error error = { 0 };
        struct contract *contract = contract_read(path, &options, &error);
        if (!contract)
                fail_msg("%s", error.text);
        check_contract(contract);
        return contract;
}

static struct contract *read_text_ok(const char *text)
{
        struct contract_error error = { 0 };
        struct contract *contract = contract_read_text("t.wit", text, strlen(text), NULL, &error);
        if (!contract)
                fail_msg("%s", error.text);
        check_contract(contract);
        return contract;
}

static char *load(const char *path)
{
        FILE *file = fopen(path, "re");
        if (!file && getenv("WARD_UPDATE"))
                return strdup("");
        if (!file)
                fail_msg("%s cannot be opened", path);
        char *text = calloc(1, 64 * 1024);
        assert_non_null(text);
        assert_true(fread(text, 1, 64 * 1024 - 1, file) > 0);
        fclose(file);
        return text;
}

static void store(const char *path, const char *text)
{
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
}

/* WARD_UPDATE=1 writes @expected anew. */
static void compare(const char *input, const char *expected)
{
        OWNED(freep) char *want = load(expected);
        struct contract *contract = read_ok(input);
        OWNED(freep) char *got = print_contract(contract);
        if (strcmp(want, got) && getenv("WARD_UPDATE"))
                store(expected, got);
        else if (strcmp(want, got))
                fail_msg("%s: the model is not that of %s, but:\n%s", input, expected, got);
        contract_free(contract);
}

TEST(types)
{
        compare(TEST_WIT "/types.wit", TEST_WIT "/types.txt");
}

TEST(worlds)
{
        compare(TEST_WIT "/world.wit", TEST_WIT "/world.txt");
}

TEST(gates)
{
        compare(TEST_WIT "/gates.wit", TEST_WIT "/gates.txt");
}

TEST(resources)
{
        compare(TEST_WIT "/resources.wit", TEST_WIT "/resources.txt");
}

TEST(includes)
{
        compare(TEST_WIT "/include.wit", TEST_WIT "/include.txt");
}

TEST(asynchronous)
{
        compare(TEST_WIT "/async.wit", TEST_WIT "/async.txt");
}

TEST(nested_packages)
{
        compare(TEST_WIT "/nested.wit", TEST_WIT "/nested.txt");
}

TEST(byte_order_mark_and_crlf)
{
        compare(TEST_WIT "/crlf.wit", TEST_WIT "/crlf.txt");
}

TEST(folders)
{
        compare(TEST_WIT "/package", TEST_WIT "/package.txt");
        compare(TEST_WIT "/package///", TEST_WIT "/package.txt");
        compare(TEST_WIT "/built-in", TEST_WIT "/built-in.txt");
}

/* The first line of a.wit: "// FILE:LINE:COLUMN: phrase". */
static void expect_refusal(const char *folder)
{
        OWNED(freep) char *path = NULL, *expected = NULL;
        struct contract_error error = { 0 };
        assert_true(asprintf(&path, "%s/a.wit", folder) >= 0);
        OWNED(freep) char *text = load(path);
        text[strcspn(text, "\n")] = 0;
        assert_true(asprintf(&expected, "%s/%s", folder, text + strlen("// ")) >= 0);
        struct contract *contract = contract_read(folder, NULL, &error);
        if (contract)
                fail_msg("%s was read, but should be refused: %s", folder, expected);
        if (strncmp(error.text, expected, strlen(expected)))
                fail_msg("%s should be refused so:\n%s\nbut was so:\n%s", folder, expected, error.text);
        free(error.text);
}

TEST(bad_folders)
{
        DIR *dir = opendir(TEST_WIT);
        int n = 0;
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));) {
                OWNED(freep) char *path = NULL;
                if (strncmp(entry->d_name, "bad-", 4))
                        continue;
                assert_true(asprintf(&path, "%s/%s", TEST_WIT, entry->d_name) >= 0);
                expect_refusal(path);
                n++;
        }
        closedir(dir);
        assert_in_range(n, 10, 1000);
}

TEST(missing_files_are_named)
{
        static const struct {
                const char *path;
                const char *message;
        } cases[] = {
                { "/nowhere/x.wit", "/nowhere/x.wit: cannot be read: No such file or directory\n" },
                { "", ": cannot be read: No such file or directory\n" },
                { "/dev/null", "/dev/null: is not a plain file\n" },
                { "/proc/self/fd", "/proc/self/fd: there are no .wit files in this folder\n" },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct contract_error error = { 0 };
                assert_null(contract_read(cases[i].path, NULL, &error));
                assert_string_equal(error.text, cases[i].message);
                assert_int_equal(error.line, 0);
                free(error.text);
        }
}

/* A pipe must not hold the reader up. */
TEST(pipes_are_refused)
{
        char path[] = "/tmp/ward-contract-XXXXXX", pipe[64];
        struct contract_error error = { 0 };
        assert_non_null(mkdtemp(path));
        snprintf(pipe, sizeof pipe, "%s/x.wit", path);
        assert_int_equal(mkfifo(pipe, 0600), 0);
        assert_null(contract_read(path, NULL, &error));
        assert_non_null(strstr(error.text, "x.wit: is not a plain file"));
        free(error.text);
        unlink(pipe);
        rmdir(path);
}

TEST(large_files_are_refused)
{
        char path[] = "/tmp/ward-contract-XXXXXX";
        struct contract_error error = { 0 };
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
        assert_null(contract_read(path, NULL, &error));
        unlink(path);
        assert_non_null(strstr(error.text, "is larger than"));
        free(error.text);
        fd_closep(&fd);
}

TEST(worlds_are_found_by_name)
{
        struct contract *c = read_ok(TEST_WIT "/world.wit");
        assert_string_equal(contract_world(c, "app")->name, "app");
        assert_null(contract_world(c, "nowhere"));
        assert_null(contract_world(c, NULL));
        contract_free(c);
        c = read_ok(TEST_WIT "/package");
        assert_string_equal(contract_world(c, NULL)->docs, "The world that is meant.");
        contract_free(c);
        c = read_text_ok("package a:b;");
        assert_null(contract_world(c, NULL));
        assert_null(contract_free(c));
        assert_null(contract_free(NULL));
}

static struct wit_type *find_type(const struct contract *c, const char *name)
{
        for (size_t i = 0; i < c->n_types; i++)
                if (c->types[i]->name && !strcmp(c->types[i]->name, name))
                        return c->types[i];
        return NULL;
}

TEST(anonymous_types_are_one)
{
        struct contract *c = read_ok(TEST_WIT "/types.wit");
        const struct wit_interface *all = c->interfaces[0];
        const struct wit_func *same = all->funcs[2];
        assert_string_equal(same->name, "same");
        assert_ptr_equal(same->params[0].type, same->params[1].type);
        assert_ptr_equal(same->params[0].type, same->result->members[0].type);
        assert_int_equal(same->params[0].type->element->element->kind, WIT_STRING);
        assert_int_equal(same->params[0].type->element->element->index, WIT_NONE);
        assert_null(same->result->name);
        assert_null(same->result->interface);
        contract_free(c);
}

TEST(aliases_are_followed)
{
        struct contract *c = read_text_ok("package a:b; interface i { record r { x: u8 } type s = r; type t = s; }"
                                          "interface j { use i.{t as u}; type v = u; type w = list<v>; }");
        assert_ptr_equal(wit_resolve(find_type(c, "v")), find_type(c, "r"));
        assert_ptr_equal(wit_resolve(find_type(c, "r")), find_type(c, "r"));
        assert_int_equal(wit_resolve(find_type(c, "w"))->kind, WIT_LIST);
        assert_int_equal(find_type(c, "v")->depth, 6);
        assert_int_equal(find_type(c, "w")->depth, 7);
        assert_true(find_type(c, "u")->used);
        assert_false(find_type(c, "v")->used);
        contract_free(c);
}

TEST(empty_records_may_be_defined)
{
        contract_free(read_text_ok("package a:b; interface i { record r {} type t = tuple<>; }"));
}

TEST(the_built_in_package)
{
        struct contract *c = read_text_ok("package a:b; world w { import ward:domain/data@0.1.0; }");
        const struct wit_interface *data = contract_world(c, "w")->imports[0].interface;
        assert_int_equal(c->n_packages, 2);
        assert_string_equal(data->package->ns, "ward");
        assert_string_equal(data->package->name, "domain");
        assert_string_equal(data->package->version, "0.1.0");
        assert_int_equal(data->n_funcs, 2);
        assert_string_equal(data->funcs[0]->name, "get");
        assert_int_equal(data->funcs[0]->result->kind, WIT_OPTION);
        assert_string_equal(data->funcs[1]->name, "set");
        contract_free(c);
        c = read_text_ok("package a:b; world w {}");
        assert_int_equal(c->n_packages, 1);
        contract_free(c);
        contract_free(read_text_ok("package ward:domain@0.2.0;"));
}

TEST(many_things)
{
        OWNED(freep) char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        fputs("package a:b; interface i { type t20000 = u8;\n", out);
        for (int i = 0; i < 20000; i++)
                fprintf(out, "type t%d = t20000; f-%d: func(x: list<t%d>);\n", i, i, i);
        fputs("}\nworld w { export i;", out);
        for (int i = 0; i < 20000; i++)
                fprintf(out, "import x%d: interface { use i.{t%d}; }\n", i, i);
        fputs("}", out);
        assert_int_equal(fclose(out), 0);
        struct contract *c = read_text_ok(text);
        assert_int_equal(c->interfaces[0]->n_types, 20001);
        assert_int_equal(contract_world(c, NULL)->n_imports, 20001);
        contract_free(c);
}

/* The inputs of other projects, where they are at hand: the part that is supported must be read. */
TEST(foreign_inputs)
{
        static const char *const names[] = {
                "codegen/char.wit",
                "codegen/conventions.wit",
                "codegen/issue569/wit",
                "codegen/records.wit",
                "codegen/unused-import.wit",
                "codegen/strings.wit",
                "codegen/simple-option.wit",
                "wit-parser/multi-file",
                "wit-parser/diamond1",
                "wit-parser/wasi.wit",
                "runtime/numbers/test.wit",
                "runtime/gated-features/test.wit",
                "wit-parser/disambiguate-diamond",
        };
        struct stat st;
        if (stat(TEST_WIT "/../../../shared/conformance", &st)) {
                print_message("../shared/conformance is not there: no foreign inputs to try\n");
                return;
        }
        for (size_t i = 0; i < COUNT_OF(names); i++) {
                char path[512];
                snprintf(path, sizeof path, "%s/../../../shared/conformance/%s", TEST_WIT, names[i]);
                contract_free(read_ok(path));
        }
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(types), TEST_CASE(worlds), TEST_CASE(gates), TEST_CASE(resources),
                         TEST_CASE(includes), TEST_CASE(asynchronous), TEST_CASE(nested_packages),
                         TEST_CASE(byte_order_mark_and_crlf), TEST_CASE(folders), TEST_CASE(bad_folders),
                         TEST_CASE(missing_files_are_named), TEST_CASE(pipes_are_refused), TEST_CASE(large_files_are_refused),
                         TEST_CASE(worlds_are_found_by_name), TEST_CASE(anonymous_types_are_one), TEST_CASE(aliases_are_followed),
                         TEST_CASE(empty_records_may_be_defined), TEST_CASE(the_built_in_package), TEST_CASE(many_things),
                         TEST_CASE(foreign_inputs));
}
