#include <stdio.h>
#include <string.h>
#include <ward/host.h>
#include "worker/heritage.h"
#include "worker/worker.h"

int main(int argc, char **argv)
{
        if (argc == 2 && !strcmp(argv[1], "--warden")) {
                heritage_drop();
                return warden_run();
        }
        if (argc == 2 && !strcmp(argv[1], "--version")) {
                printf("ward-worker %s (protocol %d)\n", WARD_VERSION, WIRE_PROTOCOL);
                return 0;
        }
        fprintf(stderr, "ward-worker is started by libward, for programs that hold add-ins in processes of their own; "
                        "there is nothing to start by hand.\n");
        return 2;
}
