/* Memory that the host has asked Ward for, to pass lists and strings from (ward_alloc). At kind `process` it lies in the memory
 * that the domain shares with its worker, so that what is passed from it need not be copied; at the other kinds it is memory as
 * any.
 *
 * 1. block_new  2. blocks_lend, for as long as a call may read it; blocks_return  3. block_free, during such a call too
 *
 * The blocks of all domains of a host are known by their addresses, so that a wrong pointer is told from a right one. A block
 * outlives its domain: what the host is still writing to when the worker dies stays mapped until it is freed. */
#ifndef DOMAIN_BLOCKS_H
#define DOMAIN_BLOCKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <ward/fault.h>

struct domains;
struct process;
struct ward_domain;

struct block {
        uint8_t *data;
        uint64_t size;
        struct process *process;                 /* counted; NULL: plain memory */
        void (*give)(const struct block *block); /* gives the memory back */
        uint32_t readers;                        /* calls in flight */
        bool freed;                              /* goes with the last of them */
};

struct blocks {
        pthread_mutex_t lock; /* that of a domain's shared memory may be taken under it */
        struct block **at;    /* by address */
        uint32_t n;
        uint32_t size; /* room in @at */
};

void blocks_init(struct blocks *blocks);
/* Frees what is left. */
void blocks_finish(struct blocks *blocks);
/* In a forked child: the shared ones are not there. */
void blocks_adopt(struct blocks *blocks);

/* A block of @domain's of at least @size bytes. UNLOADED, LIMIT, SYSTEM. */
int block_new(struct ward_domain *domain, uint64_t size, void **ret_data, struct ward_fault *fault);
/* USAGE: none begins there. */
int block_free(struct domains *domains, void *data, struct ward_fault *fault);

/* The block that holds all of the @len bytes at @data, which then stays until blocks_return. NULL: there is none. */
struct block *blocks_lend(struct blocks *blocks, const void *data, uint64_t len);
void blocks_return(struct blocks *blocks, struct block *block);

#endif
