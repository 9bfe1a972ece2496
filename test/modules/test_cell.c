/* Kind `wasm`: what SECURITY.md promises of a sandbox. What is past its memory is not mapped; nothing in it tells where the host
 * has anything; functions are reached by their type alone; domains do not see each other, nor what ended ones have left. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cell_host.h"
#include "test/support.h"

enum { PAGE = 65536, PAGES = 3 };

#define GIB (1ull << 30)

/* --- The host's side -------------------------------------------------------------------------- */

static int secret; /* its address is one */

/* Leaves pointers wherever a callback may. */
static int32_t ask(void *data, int32_t n)
{
        void *volatile litter[1024];
        for (size_t i = 0; i < sizeof litter / sizeof litter[0]; i++)
                litter[i] = &secret;
        return n + (litter[n & 1023] == NULL);
}

/* With a pointer in every byte that is nobody's. */
static void set_pair(cell_pair_t *pair, uint8_t n)
{
        void *pointers[sizeof *pair / sizeof(void *)];
        for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++)
                pointers[i] = &secret;
        memcpy(pair, pointers, sizeof *pair);
        pair->small = n;
        pair->large = 0x0101010101010101u * n;
        pair->middle.is_some = n & 1;
        if (pair->middle.is_some)
                pair->middle.val = 0x101 * n;
}

static void give_pairs(void *data, cell_list_pair_t *ret)
{
        ret->len = 3;
        ret->ptr = malloc(ret->len * sizeof *ret->ptr);
        for (size_t i = 0; i < ret->len; i++)
                set_pair(&ret->ptr[i], (uint8_t)(i + 1));
}

static const struct cell_services services = { .ask = ask, .pairs = give_pairs };

/* One that uses the largest offsets that there are, and one that can do with less address space. */
static const char *const cells[] = { "cell", "cell_near" };

static struct ward_host *host;

static struct cell *activate(const char *name)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        struct cell *cell = NULL;
        struct ward_fault fault;
        host = host ? host : host_start();
        assert_good(cell_activate(host, addin_file(name, WARD_WASM), &options, &services, &cell, &fault), &fault);
        return cell;
}

static void end(struct cell *cell)
{
        cell_release(cell);
        host = ward_host_free(host);
}

static int32_t grow(struct cell *cell, uint32_t pages)
{
        struct ward_fault fault;
        int32_t before = -1;
        assert_good(cell_grow(cell, pages, &before, &fault), &fault);
        return before;
}

static void fill(struct cell *cell, uint32_t at, uint32_t n, uint8_t value)
{
        struct ward_fault fault;
        assert_good(cell_write(cell, at, n, value, &fault), &fault);
}

static cell_list_u8_t bytes(struct cell *cell, uint32_t at, uint32_t n)
{
        struct ward_fault fault;
        cell_list_u8_t ret = { 0 };
        assert_good(cell_read(cell, at, n, &ret, &fault), &fault);
        assert_int_equal(ret.len, n);
        return ret;
}

/* --- Address space ---------------------------------------------------------------------------- */

struct mapping {
        uint64_t low, high;
        bool usable, writable, executable, is_file;
};

struct mappings {
        size_t n;
        struct mapping at[4096];
};

static void read_mappings(struct mappings *mappings)
{
        char line[512], rights[8];
        unsigned long inode;
        FILE *file = fopen("/proc/self/maps", "re");
        assert_non_null(file);
        mappings->n = 0;
        while (fgets(line, sizeof line, file) && mappings->n < sizeof mappings->at / sizeof mappings->at[0]) {
                struct mapping *to = &mappings->at[mappings->n++];
                assert_int_equal(sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %lu", &to->low, &to->high, rights, &inode), 4);
                to->usable = strncmp(rights, "---", 3) != 0;
                to->writable = rights[1] == 'w';
                to->executable = rights[2] == 'x';
                to->is_file = inode != 0;
        }
        fclose(file);
}

static const struct mapping *mapping_of(const struct mappings *mappings, uint64_t address)
{
        for (size_t i = 0; i < mappings->n; i++)
                if (address >= mappings->at[i].low && address < mappings->at[i].high)
                        return &mappings->at[i];
        return NULL;
}

/* The base of the one linear memory, of @size bytes, that was not there @before: it is followed by gibibytes that are not usable.
 * What lies before it may be in one line with it. */
static uint64_t find_memory(const struct mappings *before, const struct mappings *now, uint64_t size)
{
        uint64_t base = 0;
        for (size_t i = 1; i < now->n; i++) {
                const struct mapping *guard = &now->at[i], *memory = guard - 1;
                if (guard->usable || guard->high - guard->low < 3 * GIB || !memory->usable || memory->high != guard->low)
                        continue;
                const struct mapping *same = mapping_of(before, guard->high - 1);
                if (same && !same->usable)
                        continue; /* a sanitizer's */
                assert_int_equal(base, 0);
                assert_in_range(size, 0, guard->low - memory->low);
                base = guard->low - size;
        }
        assert_int_not_equal(base, 0);
        return base;
}

/* What 32 bits of address and the module's largest offset reach: usable is the memory, and nothing else is. */
static void check_reach(const struct mappings *mappings, uint64_t base, uint64_t size, uint64_t reach)
{
        uint64_t usable = 0;
        for (uint64_t at = base; at < base + reach;) {
                const struct mapping *mapping = mapping_of(mappings, at);
                assert_non_null(mapping); /* reserved: nobody else can be given it */
                if (mapping->usable) {
                        assert_true(mapping->high <= base + size);
                        assert_false(mapping->executable || mapping->is_file);
                        usable += mapping->high - at;
                }
                at = mapping->high;
        }
        assert_int_equal(usable, size);
}

static void is_alone(const char *name, uint64_t reach)
{
        static struct mappings before, now;
        host = host_start();
        read_mappings(&before);
        struct cell *cell = activate(name);
        read_mappings(&now);
        uint64_t base = find_memory(&before, &now, PAGES * PAGE);
        check_reach(&now, base, PAGES * PAGE, reach);
        assert_int_equal(grow(cell, 100), PAGES);
        read_mappings(&now);
        check_reach(&now, base, (PAGES + 100) * PAGE, reach);
        for (size_t i = 0; i < now.n; i++)
                assert_false(now.at[i].writable && now.at[i].executable);
        cell_release(cell);
        cell = activate(name); /* where the other was, or elsewhere */
        read_mappings(&now);
        check_reach(&now, find_memory(&before, &now, PAGES * PAGE), PAGES * PAGE, reach);
        end(cell);
}

TEST(past_its_memory_nothing_is_mapped)
{
        is_alone("cell", 8 * GIB);
        is_alone("cell_near", 4 * GIB + 0xff0000);
}

/* Each way to load and store, from where it begins beyond the end on. */
TEST(nothing_past_its_memory_is_reached)
{
        static const uint32_t from[] = { 0, 1, PAGE, PAGES * PAGE - 1, PAGES * PAGE, 0x7fffffff, 0xfffffff8, 0xffffffff };
        enum { WAYS = 11, SHORT_OFFSET = 4, LAST_OFFSET = 7 };
        for (size_t c = 0; c < sizeof cells / sizeof cells[0]; c++)
                for (uint32_t way = 0; way < WAYS; way++)
                        for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
                                struct cell *cell = activate(cells[c]);
                                struct ward_fault fault;
                                uint64_t ret;
                                int r = cell_reach(cell, way, from[i], &ret, &fault);
                                bool inside = way == SHORT_OFFSET && from[i] < (PAGES - 1) * PAGE - 1;
                                if (r != (inside ? 0 : -WARD_FAULT_TRAP))
                                        fail_msg("%s, way %u at 0x%x: %d", cells[c], way, from[i], r);
                                if (r)
                                        assert_says(&fault, "out of bounds");
                                cell_release(cell);
                        }
        host = ward_host_free(host);
}

/* --- What it could learn ---------------------------------------------------------------------- */

/* Where the kernel puts programs, libraries, heaps and stacks. Below are a sanitizer's tables, which lengths could be mistaken for.
 */
#define FIRST_ADDRESS (1ull << 46)

static void expect_no_pointer(const uint8_t *at, size_t n)
{
        static struct mappings now;
        read_mappings(&now);
        for (size_t i = 0; i + sizeof(uint64_t) <= n; i++) {
                uint64_t word;
                memcpy(&word, at + i, sizeof word);
                const struct mapping *mapping = word >= FIRST_ADDRESS ? mapping_of(&now, word) : NULL;
                if (mapping && mapping->usable)
                        fail_msg("0x%" PRIx64 " is an address of the host's, and lies at 0x%zx of the memory", word, i);
        }
}

static cell_list_u8_t look(struct cell *cell)
{
        cell_pair_t pairs[3];
        struct ward_fault fault;
        cell_list_u8_t ret = { 0 };
        for (uint8_t i = 0; i < 3; i++)
                set_pair(&pairs[i], (uint8_t)(i + 1));
        const cell_list_pair_t list = { pairs, 3 };
        assert_good(cell_look(cell, &list, &ret, &fault), &fault);
        return ret;
}

static cell_list_u8_t look_at_asked(struct cell *cell)
{
        struct ward_fault fault;
        cell_list_u8_t ret = { 0 };
        assert_good(cell_look_at_asked(cell, &ret, &fault), &fault);
        return ret;
}

/* 24 bytes each: what is not a value is zero. */
static void expect_pairs(cell_list_u8_t seen)
{
        assert_int_equal(seen.len, 3 * 24);
        for (uint8_t i = 0; i < 3; i++) {
                uint8_t n = (uint8_t)(i + 1), expected[24] = { [0] = n, [16] = n & 1 };
                memset(expected + 8, n, 8);
                if (n & 1)
                        memset(expected + 18, n, 2);
                assert_memory_equal(seen.ptr + 24 * i, expected, sizeof expected);
        }
        cell_list_u8_free(&seen);
}

TEST(what_lies_between_values_is_not_passed)
{
        struct cell *cell = activate("cell");
        expect_pairs(look(cell));
        expect_pairs(look_at_asked(cell));
        end(cell);
}

TEST(no_address_of_the_host_is_seen)
{
        struct ward_fault fault;
        int64_t sum = -1;
        uint64_t ret;
        struct cell *cell = activate("cell");
        for (int i = 0; i < 3; i++) {
                cell_list_u8_t one = look(cell), other = look_at_asked(cell);
                cell_list_u8_free(&one);
                cell_list_u8_free(&other);
                assert_good(cell_deep(cell, 50, &sum, &fault), &fault);
                assert_int_equal(sum, 0); /* of what nobody has set */
                assert_good(cell_jump(cell, 2, 2, &ret, &fault), &fault);
                assert_int_equal(ret, 41);
                assert_int_equal(grow(cell, 2), PAGES + 2 * i);
        }
        cell_list_u8_t all = bytes(cell, 0, (PAGES + 6) * PAGE);
        expect_no_pointer(all.ptr, all.len);
        cell_list_u8_free(&all);
        end(cell);
}

/* --- Functions and references ----------------------------------------------------------------- */

static void jumps(uint32_t index, uint32_t kind, bool may, uint64_t expected)
{
        struct cell *cell = activate("cell");
        struct ward_fault fault;
        uint64_t ret = 0;
        int r = cell_jump(cell, index, kind, &ret, &fault);
        if (r != (may ? 0 : -WARD_FAULT_TRAP) || ret != expected)
                fail_msg("jump to 0x%x as type %u: %d, 0x%" PRIx64, index, kind, r, ret);
        if (r)
                assert_says(&fault, "indirect call");
        cell_release(cell);
}

TEST(functions_are_reached_by_their_type_alone)
{
        /* The last ones: 24 bytes an entry, beyond 32 bits. */
        static const uint32_t outside[] = { 3, 8, 16, 0x7fffffff, 0xffffffff, 0x0aaaaaab, 0x0aaaaaac, 0x80000000 };
        static const uint64_t answers[] = { 7, 41, 41 };
        for (uint32_t kind = 0; kind < 4; kind++) {
                for (uint32_t index = 0; index < 3; index++)
                        jumps(index, kind, index == kind, index == kind ? answers[index] : 0);
                for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
                        jumps(outside[i], kind, false, 0);
        }
        host = ward_host_free(host);
}

TEST(references_stay_references)
{
        struct cell *cell = activate("cell");
        struct ward_fault fault;
        bool is_null = true;
        assert_good(cell_handle(cell, 0, 0, &is_null, &fault), &fault);
        assert_false(is_null);
        assert_good(cell_handle(cell, 0, 3, &is_null, &fault), &fault);
        assert_true(is_null);
        for (uint32_t i = 0; i < 4; i++) {
                is_null = false;
                assert_good(cell_handle(cell, 1, i, &is_null, &fault), &fault);
                assert_true(is_null); /* none has ever been given one of the host's */
        }
        assert_int_equal(cell_handle(cell, 1, 0xffffffff, &is_null, &fault), -WARD_FAULT_TRAP);
        end(cell);
}

/* --- Neighbours ------------------------------------------------------------------------------- */

static uint32_t kept(struct cell *cell)
{
        struct ward_fault fault;
        uint32_t ret = UINT32_MAX;
        assert_good(cell_kept(cell, &ret, &fault), &fault);
        return ret;
}

static void keep(struct cell *cell, uint32_t n)
{
        struct ward_fault fault;
        assert_good(cell_keep(cell, n, &fault), &fault);
}

TEST(domains_of_one_module_share_nothing)
{
        struct cell *one = activate("cell"), *other = activate("cell");
        keep(one, 5);
        assert_int_equal(kept(one), 5 + 5 + 5 + 1);
        assert_int_equal(kept(other), 0);
        keep(other, 9);
        assert_int_equal(kept(one), 16);
        assert_int_equal(grow(one, 10), PAGES);
        assert_int_equal(grow(other, 1), PAGES);
        cell_release(one);
        assert_int_equal(kept(other), 28);
        end(other);
}

/* All of its memory, and what it grows to, is as a module finds it that is the first. */
static void expect_fresh(const char *name, const cell_list_u8_t *first)
{
        struct cell *cell = activate(name);
        assert_int_equal(kept(cell), 0);
        cell_list_u8_t now = bytes(cell, 0, PAGES * PAGE);
        assert_memory_equal(now.ptr, first->ptr, first->len);
        cell_list_u8_free(&now);
        assert_int_equal(grow(cell, 200), PAGES);
        now = bytes(cell, PAGES * PAGE, 200 * PAGE);
        for (size_t i = 0; i < now.len; i++)
                if (now.ptr[i])
                        fail_msg("0x%02x was left at 0x%zx", now.ptr[i], i + PAGES * PAGE);
        cell_list_u8_free(&now);
        cell_release(cell);
}

static void leave(const char *name, bool in_a_trap)
{
        struct cell *cell = activate(name);
        struct ward_fault fault;
        uint64_t ret;
        keep(cell, 77);
        grow(cell, 150);
        fill(cell, 0, (PAGES + 150) * PAGE, 0xa5);
        if (in_a_trap)
                assert_int_equal(cell_reach(cell, 0, 0, &ret, &fault), -WARD_FAULT_TRAP);
        cell_release(cell);
}

TEST(what_ended_domains_have_left_is_gone)
{
        for (size_t c = 0; c < sizeof cells / sizeof cells[0]; c++) {
                struct cell *cell = activate(cells[c]);
                assert_int_equal(kept(cell), 0);
                cell_list_u8_t first = bytes(cell, 0, PAGES * PAGE);
                cell_release(cell);
                for (int i = 0; i < 6; i++) {
                        leave(cells[c], i & 1);
                        expect_fresh(cells[c], &first);
                }
                cell_list_u8_free(&first);
        }
        host = ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(past_its_memory_nothing_is_mapped, 60),
                         TEST_CASE_LONG(nothing_past_its_memory_is_reached, 60), TEST_CASE(what_lies_between_values_is_not_passed),
                         TEST_CASE(no_address_of_the_host_is_seen), TEST_CASE_LONG(functions_are_reached_by_their_type_alone, 60),
                         TEST_CASE(references_stay_references), TEST_CASE(domains_of_one_module_share_nothing),
                         TEST_CASE_LONG(what_ended_domains_have_left_is_gone, 60));
}
