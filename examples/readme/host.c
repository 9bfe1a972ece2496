#include <stdio.h>
#include "stats_host.h"

int main(int argc, char **argv) /* host KIND MODULE */
{
        struct ward_host *host = NULL;
        struct stats *stats = NULL;
        struct ward_fault fault = { 0 };
        struct ward_activate_options options = { .size = sizeof options, .deadline_ms = 1000 };
        stats_list_s32_t three = { (int32_t[]){ 2, 4, 9 }, 3 }, none = { NULL, 0 };
        int32_t average = 0;

        if (argc != 3 || !ward_isolation_from_name(argv[1], &options.isolation))
                return 2;
        if (ward_host_new(NULL, &host, &fault) < 0 || stats_activate(host, argv[2], &options, NULL, &stats, &fault) < 0)
                return fprintf(stderr, "%s\n", fault.text), 1;
        if (stats_average(stats, &three, &average, &fault) == 0)
                printf("average: %d\n", (int)average);
        if (options.isolation != WARD_DIRECT && stats_average(stats, &none, &average, &fault) < 0)
                printf("the add-in failed, the host did not: %s\n", fault.text);
        stats_release(stats);
        ward_host_free(host);
        return 0;
}
