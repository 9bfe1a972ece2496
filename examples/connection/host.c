/* Gives an add-in one end of a socket pair, and talks to it by the other: host TALKER.so [LEVEL] < lines */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <ward/buffer.h>
#include "talker_host.h"

static int fail(const struct ward_fault *fault)
{
        fprintf(stderr, "%s\n", fault->text);
        return 1;
}

/* The end that goes to the add-in is a stream, and no descriptor of the host's any more. */
static FILE *connect_to(struct talker *talker, struct ward_fault *fault)
{
        struct ward_stream *theirs;
        int pair[2];
        bool talks = false;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) || ward_stream_new(pair[1], &theirs))
                abort();
        if (talker_talk(talker, theirs, &talks, fault) || !talks)
                return NULL;
        return fdopen(pair[0], "r");
}

int main(int argc, char **argv)
{
        struct ward_activate_options options = { .size = sizeof options, .isolation = WARD_PROCESS };
        struct ward_fault fault = { .text = "the add-in does not talk" };
        struct ward_host *host;
        struct talker *talker;
        char text[256];
        if (argc < 2 || (argc > 2 && !ward_level_from_name(argv[2], &options.level)))
                return 2;
        if (ward_host_new(NULL, &host, &fault) || talker_activate(host, argv[1], &options, NULL, &talker, &fault))
                return fail(&fault);
        FILE *line = connect_to(talker, &fault);
        if (!line)
                return fail(&fault);
        while (fgets(text, sizeof text, stdin) && dprintf(fileno(line), "%s", text) > 0 && fgets(text, sizeof text, line))
                fputs(text, stdout);
        fclose(line);
        talker_release(talker);
        ward_host_free(host);
        return 0;
}
