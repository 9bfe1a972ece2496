#include "test/policy/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void stage_set(struct stage *stage)
{
        char name[] = "/tmp/ward-policy-XXXXXX";
        *stage = (struct stage){ 0 };
        assert_non_null(mkdtemp(name));
        snprintf(stage->home, sizeof stage->home, "%s", name);
        assert_int_equal(chmod(name, 0755), 0);
        assert_int_equal(chdir(name), 0);
}

void stage_strike(struct stage *stage)
{
        char command[256];
        stage->permits = permits_release(stage->permits);
        stage->host = ward_host_free(stage->host);
        snprintf(command, sizeof command, "rm -rf '%s'", stage->home);
        assert_int_equal(chdir("/"), 0);
        assert_int_equal(system(command), 0);
}

void stage_file(const char *name)
{
        FILE *file = fopen(name, "w");
        assert_non_null(file);
        assert_int_equal(fputs("12345", file) < 0, 0);
        fclose(file);
        assert_int_equal(chmod(name, 0644), 0);
}

void stage_folder(const char *name, mode_t mode)
{
        assert_int_equal(mkdir(name, 0700), 0);
        assert_int_equal(chmod(name, mode), 0);
}

void stage_link(const char *target, const char *name)
{
        assert_int_equal(symlink(target, name), 0);
}

void stage_policy(const char *text)
{
        FILE *file = fopen("policy", "w");
        assert_non_null(file);
        assert_int_equal(fputs(text, file) < 0, 0);
        fclose(file);
        assert_int_equal(chmod("policy", 0644), 0);
}

struct ward_activate_options stage_options(enum ward_isolation isolation, enum ward_level level, const char *const *permissions)
{
        struct ward_activate_options options = options_for(isolation);
        options.level = level;
        options.permissions = permissions;
        return options;
}

static int activate(struct stage *stage, const struct ward_activate_options *options, struct ward_fault *fault)
{
        static const struct permits_services services = { 0 };
        if (!stage->host)
                stage->host = host_start();
        return permits_activate(stage->host, addin_file("permits", options->isolation), options, &services, &stage->permits, fault);
}

void stage_activate(struct stage *stage, const struct ward_activate_options *options)
{
        struct ward_fault fault;
        stage->permits = permits_release(stage->permits);
        assert_good(activate(stage, options, &fault), &fault);
}

void stage_refuses(struct stage *stage, const struct ward_activate_options *options, enum ward_fault_kind kind, const char *phrase)
{
        struct ward_fault fault = { 0 };
        assert_int_equal(activate(stage, options, &fault), -(int)kind);
        assert_says(&fault, phrase);
}

int stage_try(const struct stage *stage, const char *what, const char *subject)
{
        permits_string_t name, path;
        struct ward_fault fault;
        int32_t ret = 0;
        permits_string_set(&name, what);
        permits_string_set(&path, subject);
        assert_good(permits_try(stage->permits, &name, &path, &ret, &fault), &fault);
        return ret;
}

int stage_try_below(const struct stage *stage, const char *what, const char *name)
{
        char path[512];
        snprintf(path, sizeof path, "%s/%s", stage->home, name);
        return stage_try(stage, what, path);
}
