/* A program to be started: "program" ends with 42; by any other name, with whether it runs as another user than who started it. */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        const char *name = argc ? strrchr(argv[0], '/') : NULL;
        return name && !strcmp(name, "/program") ? 42 : geteuid() != getuid();
}
