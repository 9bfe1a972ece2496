/* What ward run --help prints. */
#include "tool/run.h"

static const char usage[] = "Usage: ward run [OPTION …] MODULE.so:FUNCTION [ARGUMENT …]\n"
                            "       ward run [OPTION …] PROGRAM [ARGUMENT …]\n";

static const char help[] =
        "\n"
        "Runs int FUNCTION(int argc, char **argv) of a shared library, or a program, in a domain: a process of its\n"
        "own, held by the kernel, with limits, of which nothing is left when it ends. Neither has to know of Ward.\n"
        "MODULE.so alone means its main.\n"
        "\n"
        "What it may do\n"
        "  --level LEVEL          host: as you may; full-trust (the default): the same in a process that gets no\n"
        "                         further rights; intranet: what --allow grants; internet: compute, and nothing else\n"
        "  --allow PERMISSION     at level intranet: 'read PATH', 'write PATH', 'execute PATH', 'connect HOST:PORT',\n"
        "                         'spawn'. A program may execute itself, and spawn, without\n"
        "  --policy FILE          a level, limits and permissions, a line each\n"
        "  --record-policy FILE   at level full-trust: write down the least that it would have needed\n"
        "  --library-path FOLDER  where the libraries that it needs are looked for first\n"
        "  --env NAME[=VALUE]     an environment variable, of yours without a value. At the levels host and\n"
        "                         full-trust it has all of yours unless there is an --env\n"
        "  --pass NAME=FD         an open descriptor of yours; it finds the number in $WARD_FD_NAME\n"
        "\n"
        "Limits (over one that cannot be refused, it ends with exit status 123)\n"
        "  --max-memory SIZE      bytes, or 64K, 64M, 1.5G\n"
        "  --max-cpu SHARE        of one processor: 20%, 150%\n"
        "  --cpu-time TIME        of all its processors together: 500ms, 30s, 2m\n"
        "  --affinity MASK        the processors that it may run on, as bits: 0x1 is the first\n"
        "  --processes N          processes and threads, some of Ward's own among them\n"
        "  --open-files N         descriptors of each process\n"
        "  --timeout TIME         how long it may take: 1500ms, 30s, 2m. Exit status 124\n"
        "\n"
        "When it crashes (ended by a signal, a limit, or another fault)\n"
        "  --restart              start it again, after 0.1 s, 0.2 s, … up to 10 s\n"
        "  --max-restart-attempts N  at most so often: 5 if this is not given; 0: without end\n"
        "  --die-on-crash         end by the same signal, for those who wait for ward run\n"
        "\n"
        "What is shown\n"
        "  --name NAME            what it is called in all of this\n"
        "  --no-tags              its output as it is. Without, each line has [NAME out] or [NAME err] before it, and\n"
        "                         what a terminal would take for commands is written as \\x1b\n"
        "  --json                 one JSON object a line, on standard output: start, output, log, restart, end\n"
        "  --log-level LEVEL      what Ward says of it: trace, debug, info, warn (the default), error, none\n"
        "  --debug                wait for a debugger before the first line runs, and say how to attach one\n"
        "\n"
        "Examples:\n"
        "  ward run ./hello.so:greet Ann\n"
        "  ward run --max-memory 64M --max-cpu 20% --timeout 5s ./plugin.so:convert a.png\n"
        "  ward run --level internet --no-tags ./decoder.so:main < picture > pixels\n"
        "  ward run --restart --json ./server --port 8080\n"
        "\n"
        "Exit status: that of the function or program; 128 + N: ended by signal N; 123 a limit; 124 --timeout;\n"
        "125 ward run itself failed; 126 it is there and cannot be run; 127 there is no such file or function.\n";

void run_usage(FILE *out)
{
        fputs(usage, out);
}

void run_help(FILE *out)
{
        fputs(usage, out);
        fputs(help, out);
}
