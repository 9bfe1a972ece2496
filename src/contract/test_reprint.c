/* What is printed can be read, and is printed the same again: every valid contract at hand, as a whole and world by world. */
#include "contract/print.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "test/harness/harness.h"

/* What their authors mean them to be read with. */
static const char *const features[] = { "active", "on" };
static const struct contract_options options = { .features = features, .n_features = COUNT_OF(features) };

static char *join(const char *folder, const char *name)
{
        char *path = NULL;
        assert_true(asprintf(&path, "%s/%s", folder, name) >= 0);
        return path;
}

/* Malloc'd. @world: only that one, or NULL. */
static char *printed(const struct contract *contract, const struct wit_world *world)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        if (world)
                contract_print_world(contract, world, out);
        else
                contract_print(contract, out);
        assert_int_equal(fclose(out), 0);
        return text;
}

static struct contract *read_printed(const char *path, const char *text)
{
        struct contract_error error = { 0 };
        struct contract *contract = contract_read_text(path, text, strlen(text), &options, &error);
        if (!contract)
                fail_msg("%s\nof what was printed:\n%s", error.text, text);
        return contract;
}

static void check_whole(const char *path, const struct contract *contract)
{
        OWNED(freep) char *once = printed(contract, NULL);
        struct contract *alike = read_printed(path, once);
        OWNED(freep) char *again = printed(alike, NULL);
        contract_free(alike);
        if (strcmp(again, once))
                fail_msg("%s is printed as\n%s\nand that as\n%s", path, once, again);
}

static void check_world(const char *path, const struct contract *contract, const struct wit_world *world)
{
        OWNED(freep) char *once = printed(contract, world);
        struct contract *alone = read_printed(path, once);
        const struct wit_world *alike = contract_world(alone, world->name);
        assert_non_null(alike);
        assert_int_equal(alike->n_imports, world->n_imports);
        assert_int_equal(alike->n_exports, world->n_exports);
        OWNED(freep) char *again = printed(alone, alike);
        contract_free(alone);
        if (strcmp(again, once))
                fail_msg("%s: a world is printed as\n%s\nand that as\n%s", path, once, again);
}

static void check_file(const char *path)
{
        struct contract_error error = { 0 };
        struct contract *contract = contract_read(path, &options, &error);
        if (!contract)
                fail_msg("%s", error.text);
        check_whole(path, contract);
        for (size_t i = 0; i < contract->n_worlds; i++)
                check_world(path, contract, contract->worlds[i]);
        contract_free(contract);
}

/* --- Finding them ----------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
        struct stat st;
        return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool ends(const char *text, const char *ending)
{
        size_t len = strlen(text), n = strlen(ending);
        return len >= n && !strcmp(text + len - n, ending);
}

static bool holds_wit(const char *path)
{
        bool found = false;
        DIR *folder = opendir(path);
        for (const struct dirent *entry; folder && !found && (entry = readdir(folder));)
                found = ends(entry->d_name, ".wit");
        if (folder)
                closedir(folder);
        return found;
}

static size_t check_folder(const char *path);

/* A folder's test.wit where that stands alone, else the folder; one without contracts holds other cases. */
static size_t check_case(const char *path)
{
        OWNED(freep) char *test = join(path, "test.wit");
        OWNED(freep) char *deps = join(path, "deps");
        if (!holds_wit(path))
                return check_folder(path);
        check_file(access(test, F_OK) || is_folder(deps) ? path : test);
        return 1;
}

/* A case is a .wit file or a folder; what is to be refused is named so. */
static size_t check_entry(const char *folder, const char *name)
{
        OWNED(freep) char *path = join(folder, name);
        if (*name == '.' || !strncmp(name, "bad-", 4) || !strcmp(name, "parse-fail"))
                return 0;
        if (is_folder(path))
                return check_case(path);
        if (!ends(name, ".wit"))
                return 0;
        check_file(path);
        return 1;
}

static size_t check_folder(const char *path)
{
        size_t n = 0;
        DIR *folder = opendir(path);
        if (!folder)
                return 0;
        for (const struct dirent *entry; (entry = readdir(folder));)
                n += check_entry(path, entry->d_name);
        closedir(folder);
        return n;
}

TEST(our_own)
{
        assert_true(check_folder(TEST_WIT) >= 5);
}

TEST(other_peoples)
{
        static const char *const sets[] = { "wit-parser", "codegen", "runtime" };
        for (size_t i = 0; i < COUNT_OF(sets); i++) {
                OWNED(freep) char *path = join(TEST_WIT "/../../../shared/conformance", sets[i]);
                if (!check_folder(path))
                        print_message("%s is not there: nothing to try\n", path);
        }
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(our_own), TEST_CASE_LONG(other_peoples, 60));
}
