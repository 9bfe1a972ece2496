#include "test/embed/addin.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct acts *addin_start(struct ward_host *host, enum ward_isolation isolation)
{
        struct ward_activate_options options = options_for(isolation);
        struct acts *acts = NULL;
        struct ward_fault fault;
        assert_good(acts_activate(host, addin_file("acts", isolation), &options, NULL, &acts, &fault), &fault);
        return acts;
}

void addin_works(struct acts *acts)
{
        struct ward_fault fault;
        int32_t sum = 0;
        assert_good(acts_add(acts, 20, 22, &sum, &fault), &fault);
        assert_int_equal(sum, 42);
}

void addin_is_gone(struct acts *acts)
{
        struct ward_fault fault;
        int32_t sum;
        assert_int_equal(ward_domain_state(acts_domain(acts)), WARD_DOMAIN_UNLOADED);
        assert_int_equal(acts_add(acts, 20, 22, &sum, &fault), -WARD_FAULT_UNLOADED);
}

int addin_hold(struct acts *acts)
{
        char folder[] = "/tmp/ward-test-XXXXXX", path[64];
        struct ward_fault fault;
        bool held = false;
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/pipe", folder);
        assert_int_equal(mkfifo(path, 0600), 0);
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        assert_true(fd >= 0);
        const acts_string_t name = { (uint8_t *)path, strlen(path) };
        assert_good(acts_hold(acts, &name, &held, &fault), &fault);
        assert_true(held);
        unlink(path);
        rmdir(folder);
        return fd;
}

void pipe_ends(int fd)
{
        struct pollfd end = { fd, POLLIN, 0 };
        assert_int_equal(poll(&end, 1, 10000), 1);
        assert_true(end.revents & POLLHUP);
}
