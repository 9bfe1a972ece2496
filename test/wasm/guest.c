/* A program of the usual kind, for tests of the module reader: allocates, formats, compares through pointers, calls its host directly
 * and through a pointer. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((import_module("env"), import_name("f"))) int host_f(int value);
__attribute__((import_module("env"), import_name("log"))) void host_log(const char *text, int len);

static int (*const callbacks[])(int) = { host_f, abs };

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;
        return (x > y) - (x < y);
}

__attribute__((export_name("run"))) int run(int n)
{
        double *values = calloc((size_t)n + 1, sizeof *values);
        char text[64];
        if (!values)
                return -1;
        for (int i = 0; i < n; i++)
                values[i] = sin(i) * callbacks[i % 2](i);
        qsort(values, (size_t)n, sizeof *values, compare);
        snprintf(text, sizeof text, "median %.3f", values[n / 2]);
        host_log(text, (int)strlen(text));
        free(values);
        return n;
}

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size)
{
        return realloc(old, size);
}

__asm__(".section \".custom_section.ward-contract\",\"\",@\n\t.ascii \"test:guest/guest@1.0.0\"\n\t.text\n");

int main(void)
{
        printf("%d\n", run(10));
        return 0;
}
