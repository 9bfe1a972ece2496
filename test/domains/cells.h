/* What the tests of domains share: cells, add-ins of one page of memory. */
#ifndef TEST_DOMAINS_CELLS_H
#define TEST_DOMAINS_CELLS_H

#include <ward/usage.h>
#include "cell_host.h"
#include "test/support.h"

enum { PAGE = 65536 };

static inline struct cell *cell_with(struct ward_host *host, struct ward_domain *domain, const struct ward_quota *quota)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_fault fault;
        struct cell *cell = NULL;
        options.domain = domain;
        options.quota = quota;
        assert_good(cell_activate(host, addin_file("cell", WARD_WASM), &options, NULL, &cell, &fault), &fault);
        return cell;
}

static inline struct cell *cell_in(struct ward_host *host)
{
        return cell_with(host, NULL, NULL);
}

static inline uint32_t sum(struct cell *cell, uint32_t a, uint32_t b)
{
        struct ward_fault fault;
        uint32_t ret = 0;
        assert_good(cell_add(cell, a, b, &ret, &fault), &fault);
        return ret;
}

static inline uint32_t grow(struct cell *cell, uint32_t pages)
{
        struct ward_fault fault;
        uint32_t ret = 0;
        assert_good(cell_grow(cell, pages, &ret, &fault), &fault);
        return ret;
}

static inline uint32_t dirty(struct cell *cell)
{
        struct ward_fault fault;
        uint32_t ret = 0;
        assert_good(cell_dirty(cell, &ret, &fault), &fault);
        return ret;
}

static inline void fill(struct cell *cell)
{
        struct ward_fault fault;
        assert_good(cell_fill(cell, 0xa5, &fault), &fault);
}

static inline struct ward_domain *domain_of(struct cell *cell)
{
        return cell_domain(cell);
}

static inline struct ward_usage usage_of(const struct ward_domain *domain)
{
        struct ward_usage usage = { .size = sizeof usage };
        struct ward_fault fault;
        assert_good(ward_domain_usage(domain, &usage, &fault), &fault);
        return usage;
}

#endif
