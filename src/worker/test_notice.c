#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/syscalls.h"
#include "test/harness/harness.h"
#include "worker/notice_judge.h"
#include "worker/notice_memory.h"

/* --- Paths ------------------------------------------------------------------------------------ */

TEST(paths_are_made_normal_as_text)
{
        static const struct {
                const char *folder, *path, *joined;
        } cases[] = {
                { "/", "/etc/passwd", "/etc/passwd" },
                { "/srv", "a/b", "/srv/a/b" },
                { "/srv/data", "../other/./x//y/", "/srv/other/x/y" },
                { "/srv", "", "/srv" },
                { "/srv", ".", "/srv" },
                { "/srv", "../../../..", "/" },
                { "/", "..", "/" },
                { "/srv", "/../a/..", "/" },
                { "/srv", "...", "/srv/..." },
                { "/srv", "..a/.b", "/srv/..a/.b" },
        };
        char to[PATH_MAX];
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                assert_int_equal(path_join(cases[i].folder, cases[i].path, to), 0);
                assert_string_equal(to, cases[i].joined);
        }
}

TEST(a_path_that_is_too_long_is_an_error)
{
        static char folder[PATH_MAX], path[PATH_MAX];
        char to[PATH_MAX];
        memset(folder, 'a', 2500);
        memset(path, 'b', 2500);
        folder[0] = '/';
        assert_int_equal(path_join(folder, path, to), -ENAMETOOLONG);
        assert_int_equal(path_join("/", path, to), 0);
}

TEST(a_folder_is_not_what_begins_like_it)
{
        assert_true(path_is_in("/srv/a", "/srv"));
        assert_true(path_is_in("/srv", "/srv"));
        assert_true(path_is_in("/srv", "/"));
        assert_false(path_is_in("/srvx", "/srv"));
        assert_false(path_is_in("/", "/srv"));
        assert_false(path_is_in("", "/"));
}

TEST(a_text_may_end_with_its_page)
{
        long page = sysconf(_SC_PAGESIZE);
        char *at = mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), to[PATH_MAX];
        munmap(at + page, (size_t)page);
        memcpy(at + page - 5, "/tmp", 5);
        assert_int_equal(memory_read_path(gettid(), (uint64_t)at + (uint64_t)page - 5, to), 0);
        assert_string_equal(to, "/tmp");
        at[page - 1] = '!';
        assert_int_equal(memory_read_path(gettid(), (uint64_t)at + (uint64_t)page - 5, to), -EFAULT);
        assert_int_equal(memory_read_path(gettid(), 1, to), -EFAULT);
        munmap(at, (size_t)page);
}

TEST(a_text_without_an_end_is_too_long)
{
        static char endless[3 * PATH_MAX];
        char to[PATH_MAX];
        memset(endless, 'a', sizeof endless);
        assert_int_equal(memory_read_path(gettid(), (uint64_t)endless + 7, to), -ENAMETOOLONG);
}

/* --- Decoding --------------------------------------------------------------------------------- */

static struct call call;

/* As if this thread had called @name with these arguments. */
static int decode(const char *name, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
        struct seccomp_notif notice = {
                .pid = (uint32_t)gettid(),
                .data = { .nr = syscall_number(name), .arch = syscall_arch, .args = { a, b, c, d } },
        };
        OWNED(fd_closep) int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return call_decode(proc, getpid(), &notice, &call);
}

static const char *printed(void)
{
        static char text[CALL_TEXT_MAX];
        call_print(&call, text);
        return text;
}

#define AT(text) (uint64_t)(text)

TEST(what_is_opened_and_for_what)
{
        assert_int_equal(decode("openat", (uint64_t)AT_FDCWD, AT("/etc/../etc/passwd"), O_RDONLY | O_CLOEXEC, 0), 0);
        assert_int_equal(call.kind, CALL_OPEN);
        assert_string_equal(call.name, "openat");
        assert_string_equal(call.path, "/etc/passwd");
        assert_int_equal(call.access, SANDBOX_READ);
        assert_false(call.makes);
        assert_int_equal(decode("openat", 0, AT("/a"), O_WRONLY | O_CREAT, 0), 0);
        assert_int_equal(call.access, SANDBOX_WRITE);
        assert_true(call.makes);
        assert_int_equal(decode("openat", 0, AT("/a"), O_RDWR, 0), 0);
        assert_int_equal(call.access, SANDBOX_READ | SANDBOX_WRITE);
        assert_int_equal(decode("openat", 0, AT("/a"), O_RDONLY | O_TRUNC, 0), 0);
        assert_int_equal(call.access, SANDBOX_READ | SANDBOX_WRITE);
        assert_int_equal(decode("openat", 0, AT("/a"), O_PATH, 0), 0);
        assert_int_equal(call.access, 0);
        const uint64_t how[3] = { O_WRONLY };
        assert_int_equal(decode("openat2", 0, AT("/a"), AT(how), sizeof how), 0);
        assert_int_equal(call.access, SANDBOX_WRITE);
}

TEST(relative_paths_begin_in_their_folder)
{
        assert_int_equal(chdir("/usr"), 0);
        assert_int_equal(decode("openat", (uint64_t)AT_FDCWD, AT("share/x"), 0, 0), 0);
        assert_string_equal(call.path, "/usr/share/x");
        OWNED(fd_closep) int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(decode("unlinkat", (uint64_t)tmp, AT("x"), 0, 0), 0);
        assert_string_equal(call.path, "/tmp/x");
        assert_int_equal(decode("unlinkat", 999, AT("x"), 0, 0), 0);
        assert_string_equal(call.path, "");
}

TEST(what_has_two_paths)
{
        assert_int_equal(decode("renameat", (uint64_t)AT_FDCWD, AT("/a"), (uint64_t)AT_FDCWD, AT("/b")), 0);
        assert_string_equal(call.path, "/a");
        assert_string_equal(call.other_path, "/b");
        assert_string_equal(printed(), "/a, /b");
}

TEST(memory_that_is_not_there_is_the_callers_error)
{
        assert_int_equal(decode("openat", (uint64_t)AT_FDCWD, 8, 0, 0), -EFAULT);
        assert_int_equal(decode("connect", 3, 8, 16, 0), -EFAULT);
        assert_int_equal(decode("connect", 3, AT("x"), 4096, 0), -EINVAL);
}

TEST(what_a_descriptor_is_of_has_no_path)
{
        assert_int_equal(decode("utimensat", 0, 0, 0, 0), 0);
        assert_true(call.by_descriptor);
        assert_int_equal(decode("fchownat", 0, AT(""), 0, 0), 0);
        assert_false(call.by_descriptor);
        assert_int_equal(decode("fchmodat2", 0, AT(""), 0, AT_EMPTY_PATH), 0);
        assert_true(call.by_descriptor);
}

TEST(calls_are_told_in_words)
{
        assert_int_equal(decode("ptrace", 16, 1, 0, 0), 0);
        assert_string_equal(printed(), "request 16, process 1");
        assert_int_equal(decode("socket", AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0, 0), 0);
        assert_string_equal(printed(), "netlink, raw");
        assert_int_equal(decode("socket", 99, 77, 0, 0), 0);
        assert_string_equal(printed(), "family 99, other");
        assert_int_equal(decode("mount", 0, AT("/mnt"), 0, 0), 0);
        assert_string_equal(printed(), "/mnt");
        assert_int_equal(decode("no_such_call", 0, 0, 0, 0), 0);
        assert_int_equal(call.kind, CALL_UNKNOWN);
        assert_int_equal(call.error, ENOSYS);
        assert_string_equal(printed(), "number -1");
}

/* --- Addresses -------------------------------------------------------------------------------- */

static struct sandbox_address v4(const char *host, uint16_t port)
{
        struct sandbox_address address = { .len = sizeof(struct sockaddr_in) };
        struct sockaddr_in *at = (void *)&address.at;
        at->sin_family = AF_INET;
        at->sin_port = htons(port);
        inet_pton(AF_INET, host, &at->sin_addr);
        return address;
}

static struct sandbox_address v6(const char *host, uint16_t port)
{
        struct sandbox_address address = { .len = sizeof(struct sockaddr_in6) };
        struct sockaddr_in6 *at = (void *)&address.at;
        at->sin6_family = AF_INET6;
        at->sin6_port = htons(port);
        inet_pton(AF_INET6, host, &at->sin6_addr);
        return address;
}

static struct sandbox_address local(const char *path, size_t n)
{
        struct sandbox_address address = { .len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n) };
        struct sockaddr_un *at = (void *)&address.at;
        at->sun_family = AF_UNIX;
        memcpy(at->sun_path, path, n);
        return address;
}

static enum verdict judge_connect(const struct sandbox_address *to)
{
        const struct sandbox_address granted[] = { v4("127.0.0.1", 80), v6("::1", 81), local("/run/x", 7) };
        const struct grants grants = { .addresses = granted, .n_addresses = COUNT_OF(granted) };
        const struct judge intranet = { .level = FILTER_INTRANET, .grants = &grants };
        assert_int_equal(decode("connect", 3, AT(&to->at), to->len, 0), 0);
        return judge(&intranet, &call);
}

TEST(addresses_are_granted_one_by_one)
{
        const struct sandbox_address good[] = { v4("127.0.0.1", 80), v6("::1", 81), v6("::ffff:127.0.0.1", 80), local("/run/x", 6),
                                                local("/run/x", 7) };
        const struct sandbox_address bad[] = { v4("127.0.0.1", 81),
                                               v4("127.0.0.2", 80),
                                               v6("::1", 80),
                                               local("/run/xx", 8),
                                               local("\0/run/x", 7),
                                               local("", 0),
                                               v6("::ffff:127.0.0.2", 80),
                                               local("/run", 5),
                                               { .len = 0 },
                                               { .at = { .ss_family = AF_UNSPEC }, .len = 16 } };
        struct sandbox_address cut = v4("127.0.0.1", 80);
        for (size_t i = 0; i < COUNT_OF(good); i++)
                assert_int_equal(judge_connect(&good[i]), VERDICT_CONNECT);
        for (size_t i = 0; i < COUNT_OF(bad); i++)
                assert_int_equal(judge_connect(&bad[i]), VERDICT_REFUSE);
        cut.len = 7;
        assert_int_equal(judge_connect(&cut), VERDICT_REFUSE);
}

TEST(addresses_are_printed)
{
        const struct sandbox_address addresses[] = { v4("10.0.0.1", 80),
                                                     v6("fe80::1", 443),
                                                     local("/run/x", 7),
                                                     local("\0abc", 4),
                                                     { .at = { .ss_family = 16 }, .len = 12 } };
        const char *const texts[] = { "10.0.0.1:80", "[fe80::1]:443", "unix:/run/x", "unix:@abc", "family 16" };
        char text[128];
        for (size_t i = 0; i < COUNT_OF(texts); i++) {
                address_print(&addresses[i].at, addresses[i].len, text, sizeof text);
                assert_string_equal(text, texts[i]);
        }
}

/* --- Judgement -------------------------------------------------------------------------------- */

static const struct sandbox_grant folders[] = { { "/data", SANDBOX_READ },
                                                { "/data/out", SANDBOX_READ | SANDBOX_WRITE },
                                                { "/data/own", SANDBOX_READ | SANDBOX_WRITE | SANDBOX_ALTER },
                                                { "/link", 0 },
                                                { "/usr/bin", SANDBOX_RUN } };
static const struct grants files = { .grants = folders, .n = COUNT_OF(folders) };
static const struct grants programs = { .grants = folders, .n = COUNT_OF(folders), .spawn = true };

static enum verdict judge_at(enum filter_kind level, const struct grants *grants)
{
        const struct judge by = { .level = level, .grants = grants, .own_number = 7 };
        return judge(&by, &call);
}

TEST(files_are_opened_within_grants_only)
{
        static const struct {
                const char *path;
                int flags;
                enum verdict verdict;
        } cases[] = {
                { "/data/a", O_RDONLY, VERDICT_GO_ON },       { "/data", O_RDONLY | O_DIRECTORY, VERDICT_GO_ON },
                { "/data/a", O_WRONLY, VERDICT_REFUSE },      { "/data/out/a", O_RDWR | O_CREAT, VERDICT_GO_ON },
                { "/data/out/../a", O_RDWR, VERDICT_REFUSE }, { "/data/../etc/passwd", O_RDONLY, VERDICT_REFUSE },
                { "/database", O_RDONLY, VERDICT_REFUSE },    { "/usr/bin/true", O_RDONLY, VERDICT_GO_ON },
                { "/link/x", O_PATH, VERDICT_REFUSE },        { "/", O_PATH, VERDICT_REFUSE },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                assert_int_equal(decode("openat", (uint64_t)AT_FDCWD, AT(cases[i].path), (uint64_t)cases[i].flags, 0), 0);
                assert_int_equal(judge_at(FILTER_INTRANET, &files), cases[i].verdict);
                assert_int_equal(judge_at(FILTER_INTERNET, &files), VERDICT_REFUSE);
                assert_int_equal(judge_at(FILTER_OBSERVE, &files), VERDICT_GO_ON);
        }
}

TEST(names_are_changed_within_grants_only)
{
        decode("rename", AT("/data/out/a"), AT("/data/out/b"), 0, 0);
        assert_int_equal(judge_at(FILTER_INTRANET, &files), VERDICT_GO_ON);
        decode("rename", AT("/data/out/a"), AT("/data/b"), 0, 0);
        assert_int_equal(judge_at(FILTER_INTRANET, &files), VERDICT_REFUSE);
        decode("chmod", AT("/data/own/a"), 0, 0, 0);
        assert_int_equal(judge_at(FILTER_INTRANET, &files), VERDICT_GO_ON);
        decode("chmod", AT("/data/out/a"), 0, 0, 0);
        assert_int_equal(judge_at(FILTER_INTRANET, &files), VERDICT_REFUSE);
        decode("unlink", AT("/data/a"), 0, 0, 0);
        assert_int_equal(judge_at(FILTER_INTRANET, &files), VERDICT_REFUSE);
        decode("fchmodat2", 0, AT("/data/own/a"), 0, AT_EMPTY_PATH);
        assert_int_equal(judge_at(FILTER_INTRANET, &files), VERDICT_REFUSE);
}

TEST(programs_take_spawn_and_a_grant)
{
        decode("execve", AT("/usr/bin/true"), 0, 0, 0);
        assert_int_equal(judge_at(FILTER_INTRANET, &programs), VERDICT_GO_ON);
        assert_int_equal(judge_at(FILTER_INTRANET, &files), VERDICT_REFUSE);
        decode("execve", AT("/data/out/a"), 0, 0, 0);
        assert_int_equal(judge_at(FILTER_INTRANET, &programs), VERDICT_REFUSE);
}

TEST(signals_go_to_itself_only)
{
        decode("tgkill", 7, 7, 6, 0);
        assert_int_equal(judge_at(FILTER_INTERNET, &files), VERDICT_GO_ON);
        decode("kill", 8, 9, 0, 0);
        assert_int_equal(judge_at(FILTER_INTERNET, &files), VERDICT_REFUSE);
        decode("kill", (uint64_t)-1, 9, 0, 0);
        assert_int_equal(judge_at(FILTER_INTRANET, &programs), VERDICT_REFUSE);
}

TEST(what_no_level_has_never_goes_on)
{
        static const char *const never[] = { "mount", "ptrace", "bpf", "unshare", "socket", "clone", "setuid", "mseal" };
        for (size_t i = 0; i < COUNT_OF(never); i++) {
                decode(never[i], 0, 0, 0, 0);
                assert_int_equal(judge_at(FILTER_INTRANET, &programs), VERDICT_REFUSE);
                assert_int_equal(judge_at(FILTER_INTERNET, &programs), VERDICT_REFUSE);
        }
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(paths_are_made_normal_as_text), TEST_CASE(a_path_that_is_too_long_is_an_error),
                         TEST_CASE(a_folder_is_not_what_begins_like_it), TEST_CASE(a_text_may_end_with_its_page),
                         TEST_CASE(a_text_without_an_end_is_too_long), TEST_CASE(what_is_opened_and_for_what),
                         TEST_CASE(relative_paths_begin_in_their_folder), TEST_CASE(what_has_two_paths),
                         TEST_CASE(memory_that_is_not_there_is_the_callers_error), TEST_CASE(what_a_descriptor_is_of_has_no_path),
                         TEST_CASE(calls_are_told_in_words), TEST_CASE(addresses_are_granted_one_by_one),
                         TEST_CASE(addresses_are_printed), TEST_CASE(files_are_opened_within_grants_only),
                         TEST_CASE(names_are_changed_within_grants_only), TEST_CASE(programs_take_spawn_and_a_grant),
                         TEST_CASE(signals_go_to_itself_only), TEST_CASE(what_no_level_has_never_goes_on));
}
