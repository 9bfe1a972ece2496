#include "worker/account.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "worker/family.h"

/* --- What they use ---------------------------------------------------------------------------- */

/* Those that it has waited for are in it, and nowhere else. */
static uint64_t steps(const uint64_t *fields)
{
        return fields[STAT_USER] + fields[STAT_SYSTEM] + fields[STAT_CHILDREN_USER] + fields[STAT_CHILDREN_SYSTEM];
}

static void sum_memory(const struct account *account, pid_t number, struct account_sum *sum)
{
        enum { KIB = 1024 };
        char text[FAMILY_TEXT];
        if (family_read(account, number, "status", text))
                sum->memory += KIB * (family_value(text, "RssAnon") + family_value(text, "RssShmem") +
                                      family_value(text, "VmSwap") + family_value(text, "VmPTE"));
}

/* What several share is counted for each; where that matters, the kernel says what is whose. */
static void sum_shared_memory(const struct account *account, const struct family *family, struct account_sum *sum)
{
        enum { KIB = 1024 };
        uint64_t memory = 0;
        char text[FAMILY_TEXT];
        for (uint32_t i = 0; i < family->n; i++) {
                if (!family_read(account, family->numbers[i], "smaps_rollup", text))
                        return;
                memory += KIB * (family_value(text, "Pss_Anon") + family_value(text, "Pss_Shmem") + family_value(text, "SwapPss"));
        }
        sum->memory = memory;
}

static void sum_io(const struct account *account, pid_t number, struct account_sum *sum)
{
        char text[FAMILY_TEXT];
        if (!family_read(account, number, "io", text))
                return;
        sum->read_bytes += family_value(text, "read_bytes");
        sum->written_bytes += family_value(text, "write_bytes");
}

void account_sum(const struct account *account, pid_t number, unsigned what, struct account_sum *ret_sum)
{
        struct family family;
        uint64_t stat[STAT_FIELDS];
        *ret_sum = (struct account_sum){ 0 };
        family_find(account, number, &family);
        ret_sum->processes = family.n;
        ret_sum->whole = family.whole;
        for (uint32_t i = 0; i < family.n; i++) {
                if (what & ACCOUNT_CPU && family_stat(account, family.numbers[i], stat)) {
                        ret_sum->cpu_ns += FAMILY_STEP_NS * steps(stat);
                        ret_sum->tasks += (uint32_t)stat[STAT_THREADS];
                }
                if (what & ACCOUNT_MEMORY)
                        sum_memory(account, family.numbers[i], ret_sum);
                if (what & ACCOUNT_IO)
                        sum_io(account, family.numbers[i], ret_sum);
        }
        if (what & ACCOUNT_MEMORY && family.n > 1)
                sum_shared_memory(account, &family, ret_sum);
}

uint64_t account_own_time(pid_t pid)
{
        clockid_t clock;
        struct timespec time;
        if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
                return 0;
        return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* --- All of it -------------------------------------------------------------------------------- */

static uint64_t started(uint64_t since_boot)
{
        uint64_t boot = clock_read(CLOCK_REALTIME) - clock_read(CLOCK_BOOTTIME);
        return boot + FAMILY_STEP_NS * since_boot;
}

static void add_stat(const struct account *account, pid_t number, bool first, struct ward_usage *usage)
{
        uint64_t stat[STAT_FIELDS];
        if (!family_stat(account, number, stat))
                return;
        if (first)
                usage->start_ns = started(stat[STAT_START]);
        usage->user_ns += FAMILY_STEP_NS * (stat[STAT_USER] + stat[STAT_CHILDREN_USER]);
        usage->system_ns += FAMILY_STEP_NS * (stat[STAT_SYSTEM] + stat[STAT_CHILDREN_SYSTEM]);
        usage->virtual_bytes += stat[STAT_VIRTUAL];
        usage->resident_bytes += stat[STAT_RESIDENT] * (uint64_t)sysconf(_SC_PAGESIZE);
        usage->minor_faults += stat[STAT_MINOR] + stat[STAT_CHILDREN_MINOR];
        usage->major_faults += stat[STAT_MAJOR] + stat[STAT_CHILDREN_MAJOR];
        usage->processes++;
        usage->threads += (uint32_t)stat[STAT_THREADS];
        usage->counted |= WARD_USAGE_CPU | WARD_USAGE_TIMES | WARD_USAGE_RESIDENT | WARD_USAGE_PAGE_FAULTS | WARD_USAGE_PROCESSES;
}

static void add_status(const struct account *account, pid_t number, uint32_t *n_threads, struct ward_usage *usage)
{
        char text[FAMILY_TEXT], name[FAMILY_NAME];
        if (family_read(account, number, "status", text)) {
                usage->peak_resident_bytes += 1024 * family_value(text, "VmHWM");
                usage->counted |= WARD_USAGE_PEAK;
        }
        DIR *list = family_threads(account, number);
        for (const char *thread; (*n_threads)++ < ACCOUNT_THREADS && (thread = family_next_thread(list));) {
                snprintf(name, sizeof name, "%s/status", thread);
                if (!family_read_in(dirfd(list), name, text))
                        continue;
                usage->voluntary_switches += family_value(text, "voluntary_ctxt_switches");
                usage->involuntary_switches += family_value(text, "nonvoluntary_ctxt_switches");
                usage->counted |= WARD_USAGE_SWITCHES;
        }
        if (list)
                closedir(list);
}

static void add_guarded(const struct account *account, pid_t number, struct ward_usage *usage)
{
        char text[FAMILY_TEXT];
        if (family_read(account, number, "io", text)) {
                usage->read_bytes += family_value(text, "read_bytes");
                usage->written_bytes += family_value(text, "write_bytes");
                usage->counted |= WARD_USAGE_IO;
        }
        if (family_read(account, number, "smaps_rollup", text)) {
                usage->proportional_bytes += 1024 * family_value(text, "Pss");
                usage->counted |= WARD_USAGE_PROPORTIONAL;
        }
}

void account_read(const struct account *account, pid_t number, struct ward_usage *usage)
{
        struct family family;
        uint32_t n_threads = 0;
        family_find(account, number, &family);
        for (uint32_t i = 0; i < family.n; i++) {
                add_stat(account, family.numbers[i], i == 0, usage);
                add_status(account, family.numbers[i], &n_threads, usage);
                add_guarded(account, family.numbers[i], usage);
        }
        usage->cpu_ns = usage->user_ns + usage->system_ns;
}

static uint64_t time_ns(const struct timeval *time)
{
        return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_usec * 1000u;
}

void account_end(const struct rusage *rusage, struct ward_usage *usage)
{
        enum { SECTOR = 512, KIB = 1024 };
        usage->user_ns = time_ns(&rusage->ru_utime);
        usage->system_ns = time_ns(&rusage->ru_stime);
        usage->cpu_ns = usage->user_ns + usage->system_ns;
        usage->peak_resident_bytes = KIB * (uint64_t)rusage->ru_maxrss;
        usage->minor_faults = (uint64_t)rusage->ru_minflt;
        usage->major_faults = (uint64_t)rusage->ru_majflt;
        usage->voluntary_switches = (uint64_t)rusage->ru_nvcsw;
        usage->involuntary_switches = (uint64_t)rusage->ru_nivcsw;
        usage->read_bytes = SECTOR * (uint64_t)rusage->ru_inblock;
        usage->written_bytes = SECTOR * (uint64_t)rusage->ru_oublock;
        usage->counted |=
                WARD_USAGE_CPU | WARD_USAGE_TIMES | WARD_USAGE_PEAK | WARD_USAGE_PAGE_FAULTS | WARD_USAGE_SWITCHES | WARD_USAGE_IO;
}
