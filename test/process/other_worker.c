/* A worker program of another release. */
#include <sys/socket.h>
#include <unistd.h>
#include "channel/message.h"

int main(void)
{
        const struct wire_hello hello = { .magic = WIRE_MAGIC, .protocol = WIRE_PROTOCOL + 1, .version = "9.8.7" };
        send(WIRE_SOCKET, &hello, sizeof hello, 0);
        pause();
        return 0;
}
