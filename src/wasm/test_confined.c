/* Programs that would do harm, as a translator or compiler might that a module has taken over: run as those are, with all that the
 * system has to hold them, then without namespaces, as where the system gives none; by the user of the test, and by an ordinary
 * one. */
#include "wasm/subprocess.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/own.h"
#include "test/harness/harness.h"

enum { NOBODY = 65534, MANY_PROCESSES = 60, SCRATCH_BYTES = 8 << 20 };

#define SECRET   "the host's secret"
#define LINGERER "98765.4" /* of sleep, to find it by */

static char base[64], said[8192];

static const struct sandbox_grant grants[] = {
        { "/usr", SANDBOX_READ | SANDBOX_RUN },        { "/bin", SANDBOX_READ | SANDBOX_RUN },
        { "/lib", SANDBOX_READ | SANDBOX_RUN },        { "/lib64", SANDBOX_READ | SANDBOX_RUN },
        { "/dev/null", SANDBOX_READ | SANDBOX_WRITE }, { "/dev/zero", SANDBOX_READ },
};

static void write_file(const char *name, const char *text)
{
        char path[128];
        snprintf(path, sizeof path, "%s/%s", base, name);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
}

static bool is_there(const char *name)
{
        char path[128];
        snprintf(path, sizeof path, "%s/%s", base, name);
        return !access(path, F_OK);
}

static void remove_all(void)
{
        char command[100];
        snprintf(command, sizeof command, "rm -rf '%s'", base);
        assert_int_equal(system(command), 0);
}

/* secret, and work with input and the scratch folder out. */
static void make_folders(void)
{
        char path[128];
        strcpy(base, "/tmp/ward-test-confined-XXXXXX");
        assert_non_null(mkdtemp(base));
        write_file("secret", SECRET);
        snprintf(path, sizeof path, "%s/work", base);
        assert_int_equal(mkdir(path, 0755), 0);
        snprintf(path, sizeof path, "%s/work/out", base);
        assert_int_equal(mkdir(path, 0755), 0);
        write_file("work/input", "input");
        snprintf(path, sizeof path, "%s/work/input", base);
        assert_int_equal(chmod(path, 0644), 0);
}

/* Runs a line of shell in work; what it said goes to @said. */
static int run_taking(unsigned layers, const char *line, unsigned seconds, const struct subprocess_output *outputs,
                      struct subprocess_end *ret_end)
{
        struct confinement confinement;
        char path[128];
        const char *argv[] = { "sh", "-c", line, NULL }, *envp[] = { "PATH=/usr/bin:/bin", NULL };
        snprintf(path, sizeof path, "%s/work", base);
        OWNED(fd_closep) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        OWNED(fd_closep) int log = memfd_create("log", MFD_CLOEXEC);
        assert_int_equal(confinement_init(&confinement), 0);
        confinement.layers = layers;
        confinement.root = (struct sandbox_root){ grants, COUNT_OF(grants), "out", SCRATCH_BYTES, 200 };
        const struct subprocess program = {
                .path = "/bin/sh",
                .argv = argv,
                .envp = envp,
                .folder = folder,
                .log = log,
                .seconds = seconds,
                .file_bytes = SCRATCH_BYTES / 2,
                .processes = geteuid() && !(layers & CONFINEMENT_NAMESPACES) ? 0 : MANY_PROCESSES,
                .confinement = &confinement,
                .outputs = outputs,
                .n_outputs = outputs ? 1 : 0,
        };
        *ret_end = (struct subprocess_end){ 0 };
        int r = subprocess_run(&program, ret_end);
        confinement_finish(&confinement);
        ssize_t n = pread(log, said, sizeof said - 1, 0);
        said[n > 0 ? n : 0] = 0;
        return r;
}

static int run(unsigned layers, const char *line, struct subprocess_end *ret_end)
{
        return run_taking(layers, line, 20, NULL, ret_end);
}

/* Runs @attack in each way there is. */
static void each_way(void (*attack)(unsigned layers))
{
        static const unsigned ways[] = { CONFINEMENT_ALL, CONFINEMENT_ALL & ~CONFINEMENT_NAMESPACES };
        for (size_t i = 0; i < COUNT_OF(ways); i++) {
                make_folders();
                attack(ways[i]);
                remove_all();
        }
        for (size_t i = 0; !geteuid() && i < COUNT_OF(ways); i++) {
                int status;
                pid_t pid = fork();
                if (!pid) {
                        if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ||
                            prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
                                _exit(2);
                        make_folders();
                        attack(ways[i]);
                        remove_all();
                        _exit(0);
                }
                assert_int_equal(waitpid(pid, &status, 0), pid);
                if (status)
                        fail_msg("as an ordinary user, way %zu", i);
        }
}

/* --- What is allowed -------------------------------------------------------------------------- */

static void works(unsigned layers)
{
        struct subprocess_end end;
        char made[32] = "";
        OWNED(fd_closep) int fd = memfd_create("output", MFD_CLOEXEC);
        const struct subprocess_output output = { "made", fd };
        int r = run_taking(layers, "cat input >out/tmp && mv out/tmp out/made && (ls /usr | head -1) && id -u", 20, &output, &end);
        if (r || end.status)
                fail_msg("%d %d %s", r, end.status, said);
        assert_int_equal(pread(fd, made, sizeof made - 1, 0), 5);
        assert_string_equal(made, "input");
        if (end.held & WARD_LAYER_OTHER_USER)
                assert_null(strstr(said, "\n0\n"));
        assert_int_equal(end.held & ~layers & CONFINEMENT_NAMESPACES, 0);
}

TEST(a_program_works)
{
        each_way(works);
}

/* What this machine has, all of it holds. */
static void holds(unsigned layers)
{
        struct subprocess_end end;
        char text[256] = "";
        assert_int_equal(run(layers, "true", &end), 0);
        for (unsigned bit = 1; ward_layer_name(bit); bit <<= 1)
                if (end.held & bit)
                        snprintf(text + strlen(text), sizeof text - strlen(text), " %s", ward_layer_name(bit));
        print_message("user %u:%s\n", geteuid(), text);
        if (!(layers & CONFINEMENT_NAMESPACES))
                assert_int_equal(end.held & (CONFINEMENT_NAMESPACES | WARD_LAYER_OWN_ROOT), 0);
        else if (end.held & WARD_LAYER_OWN_ROOT)
                assert_true(end.held & (WARD_LAYER_USER_NAMESPACE | WARD_LAYER_OTHER_USER));
}

TEST(what_holds_is_known)
{
        each_way(holds);
}

/* --- What is not ------------------------------------------------------------------------------ */

static void writes_outside(unsigned layers)
{
        struct subprocess_end end;
        char line[512];
        snprintf(line, sizeof line,
                 "for f in %s/escaped ../escaped ./escaped input /usr/escaped /escaped /dev/escaped; do echo escaped >$f; done; "
                 "mkdir out/folder; ln -s %s/secret out/link; ln input out/hard; rm -f input; mv input out/; chmod 777 .; true",
                 base, base);
        assert_int_equal(run(layers, line, &end), 0);
        if (!(end.held & (WARD_LAYER_OWN_ROOT | WARD_LAYER_LANDLOCK)))
                harness_skip("this system has neither namespaces nor Landlock");
        assert_false(is_there("escaped") || is_there("work/escaped"));
        assert_true(access("/usr/escaped", F_OK) && access("/escaped", F_OK) && access("/dev/escaped", F_OK));
        assert_true(is_there("work/input"));
        assert_false(is_there("work/out/folder") || is_there("work/out/link") || is_there("work/out/hard"));
}

TEST(nothing_is_written_outside)
{
        each_way(writes_outside);
}

static void reads(unsigned layers)
{
        struct subprocess_end end;
        char line[512];
        setenv("SECRET", SECRET, 1);
        snprintf(line, sizeof line, "cat %s/secret ../secret /etc/passwd /proc/%d/environ /proc/1/environ; ls / /tmp /root /home",
                 base, (int)getpid());
        assert_int_equal(run(layers, line, &end), 0);
        assert_null(strstr(said, SECRET));
        assert_null(strstr(said, "root:"));
        assert_null(strstr(said, "\nward-test"));
}

TEST(no_file_of_the_users_is_read)
{
        each_way(reads);
}

/* A link in place of what it was to make does not make the host read what it leads to. */
static void links(unsigned layers)
{
        struct subprocess_end end;
        char line[256], byte;
        OWNED(fd_closep) int fd = memfd_create("output", MFD_CLOEXEC);
        const struct subprocess_output output = { "made", fd };
        snprintf(line, sizeof line, "ln -s %s/secret out/made; ln -s ../../secret out/made; mkfifo out/made; mkdir out/made; true",
                 base);
        assert_int_equal(run_taking(layers, line, 20, &output, &end), 0);
        assert_int_equal(pread(fd, &byte, 1, 0), 0);
}

TEST(what_is_made_is_a_file)
{
        each_way(links);
}

static void fills(unsigned layers)
{
        struct subprocess_end end;
        int r = run(layers, "i=0; while head -c 1000000 /dev/zero >out/$i; do i=$((i+1)); done; exit 9", &end);
        assert_true(r == -EDQUOT || (!r && WEXITSTATUS(end.status) == 9));
        assert_true(!(end.held & WARD_LAYER_OWN_ROOT) || !is_there("work/out/0"));
}

TEST(the_disk_is_not_filled)
{
        each_way(fills);
}

static void fills_with_files(unsigned layers)
{
        struct subprocess_end end;
        int r = run(layers, "i=0; while :>out/$i; do i=$((i+1)); done; exit 9", &end);
        assert_true(r == -EDQUOT || (!r && WEXITSTATUS(end.status)));
}

TEST(there_are_not_too_many_files)
{
        each_way(fills_with_files);
}

/* How many processes there are that sleep as those here do. */
static int lingerers(void)
{
        DIR *dir = opendir("/proc");
        int n = 0;
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));) {
                char path[300], line[64] = "";
                snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
                OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
                ssize_t len = fd < 0 ? 0 : read(fd, line, sizeof line - 1);
                n += len > 6 && !strcmp(line, "sleep") && !strcmp(line + 6, LINGERER);
        }
        closedir(dir);
        return n;
}

static void multiplies(unsigned layers)
{
        struct subprocess_end end;
        int r = run(layers, "i=0; while [ $i -lt 200 ]; do sleep " LINGERER " & i=$((i+1)); done; exit 9", &end);
        assert_int_equal(r, 0);
        if (layers & CONFINEMENT_NAMESPACES || !geteuid()) {
                assert_true(WIFEXITED(end.status));
                if (end.held & (WARD_LAYER_USER_NAMESPACE | WARD_LAYER_OTHER_USER))
                        assert_non_null(strstr(said, "fork"));
        }
        assert_int_equal(lingerers(), 0);
}

TEST(processes_are_counted_and_ended)
{
        each_way(multiplies);
}

static void hides(unsigned layers)
{
        struct subprocess_end end;
        int r = run_taking(layers, "trap '' TERM HUP; (setsid sleep " LINGERER " &) ; (sleep " LINGERER " &); sleep " LINGERER, 1,
                           NULL, &end);
        assert_int_equal(r, -ETIMEDOUT);
        assert_int_equal(lingerers(), 0);
}

TEST(what_hangs_is_ended_whole)
{
        each_way(hides);
}

static int listen_on(int family, const void *address, socklen_t len)
{
        int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_int_equal(bind(fd, address, len), 0);
        assert_int_equal(listen(fd, 5), 0);
        return fd;
}

static void connects(unsigned layers)
{
        struct subprocess_end end;
        char line[1024];
        struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct sockaddr_un un = { .sun_family = AF_UNIX };
        socklen_t len = sizeof in;
        snprintf(un.sun_path, sizeof un.sun_path, "%s/work/socket", base);
        int tcp = listen_on(AF_INET, &in, sizeof in), local = listen_on(AF_UNIX, &un, sizeof un);
        chmod(un.sun_path, 0777);
        getsockname(tcp, (struct sockaddr *)&in, &len);
        snprintf(line, sizeof line,
                 "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", %d))'; "
                 "python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"socket\")'; "
                 "python3 -c 'import os; os.kill(%d, 9)'; exit 9",
                 ntohs(in.sin_port), (int)getpid());
        assert_int_equal(run(layers, line, &end), 0);
        assert_int_equal(WEXITSTATUS(end.status), 9);
        if (end.held & (WARD_LAYER_NETWORK_NAMESPACE | WARD_LAYER_FILTER))
                assert_true(accept(tcp, NULL, NULL) < 0 && errno == EAGAIN);
        if (end.held & WARD_LAYER_FILTER)
                assert_true(accept(local, NULL, NULL) < 0 && errno == EAGAIN);
        close(tcp);
        close(local);
}

TEST(no_socket_leads_out)
{
        each_way(connects);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(a_program_works), TEST_CASE(what_holds_is_known),
                         TEST_CASE(nothing_is_written_outside), TEST_CASE(no_file_of_the_users_is_read),
                         TEST_CASE(what_is_made_is_a_file), TEST_CASE_LONG(the_disk_is_not_filled, 60),
                         TEST_CASE_LONG(there_are_not_too_many_files, 60), TEST_CASE_LONG(processes_are_counted_and_ended, 60),
                         TEST_CASE_LONG(what_hangs_is_ended_whole, 60), TEST_CASE_LONG(no_socket_leads_out, 60));
}
