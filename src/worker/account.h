/* What processes use, as /proc says: of one and all that it has started.
 *
 * 1. account_open  2. account_number: which one it is in that /proc, which may be that of another PID namespace
 * 3. account_read, account_sum, account_signal
 *
 * A process that starts others as quickly as it can is never seen whole. What is read is of some moment each. */
#ifndef WORKER_ACCOUNT_H
#define WORKER_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <ward/usage.h>

enum { ACCOUNT_PROCESSES = 1024, ACCOUNT_THREADS = 4096 }; /* that are looked at */

struct account {
        int proc;       /* the folder, borrowed; -1: there is none, and nothing is counted */
        unsigned below; /* PID namespaces that this process is below that folder's */
};

void account_open(int proc, struct account *ret_account);

/* The number in /proc of the process that is @pid here, or that the pidfd @fd is of; 0: it cannot be found. */
pid_t account_number(const struct account *account, pid_t pid);
pid_t account_number_of(const struct account *account, int fd);

/* All that struct ward_usage has of a process. What could be had is in @usage->counted. */
void account_read(const struct account *account, pid_t number, struct ward_usage *usage);

/* What limits are about; cheaper. */
struct account_sum {
        uint64_t cpu_ns; /* in steps of 10 ms */
        uint64_t memory; /* that would be free without it, but for what it shares with others */
        uint64_t read_bytes;
        uint64_t written_bytes;
        uint32_t processes;
        uint32_t tasks; /* processes and threads */
        bool whole;     /* nobody was left out because there are too many */
};
enum account_what { ACCOUNT_CPU = 1 /* and tasks */, ACCOUNT_MEMORY = 2, ACCOUNT_IO = 4 };
void account_sum(const struct account *account, pid_t number, unsigned what, struct account_sum *ret_sum);

/* Processor time of the process that is @pid here, alone and to the nanosecond; 0 where it is none. Much cheaper still. */
uint64_t account_own_time(pid_t pid);

/* Sends @signal to each. */
void account_signal(const struct account *account, pid_t number, int signal);

/* What a process that has ended has used, with those that it has waited for; what it had, it has no more. */
void account_end(const struct rusage *rusage, struct ward_usage *usage);

#endif
