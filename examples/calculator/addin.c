#include "addin.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void show(void *data, calculator_string_t *message)
{
        printf("  an add-in says: %.*s\n", (int)message->len, (const char *)message->ptr);
}

static const struct calculator_services services = { .log = show };

int addin_start(struct addin *addin, struct ward_host *host, struct ward_fault *fault)
{
        int r = calculator_activate(host, addin->module, &addin->options, &services, &addin->view, fault);
        if (!r)
                r = calculator_operations(addin->view, &addin->operations, fault);
        if (r)
                addin_stop(addin);
        return r;
}

void addin_stop(struct addin *addin)
{
        calculator_list_string_free(&addin->operations);
        addin->view = calculator_release(addin->view);
}

bool addin_offers(const struct addin *addin, const char *operation)
{
        for (size_t i = 0; i < addin->operations.len; i++) {
                const calculator_string_t *offered = &addin->operations.ptr[i];
                if (offered->len == strlen(operation) && !memcmp(offered->ptr, operation, offered->len))
                        return true;
        }
        return false;
}

int addin_operate(struct addin *addin, const char *operation, const double *operands, size_t n, double *ret,
                  calculator_string_t *ret_err, struct ward_fault *fault)
{
        calculator_string_t name;
        calculator_list_f64_t list = { (double *)operands, n };
        calculator_string_set(&name, operation);
        return calculator_operate(addin->view, &name, &list, ret, ret_err, fault);
}

void addin_path(char *to, size_t size, const char *name, enum ward_isolation isolation)
{
        char self[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
        self[n > 0 ? n : 0] = 0;
        char *slash = strrchr(self, '/');
        if (slash)
                *slash = 0;
        snprintf(to, size, "%s/%s.%s", self, name, isolation == WARD_WASM ? "wasm" : "so");
}
