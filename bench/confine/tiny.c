/* The least that a program can do: says that it is there, and waits until it is ended or nobody listens. */
#include <unistd.h>

int main(void)
{
        char byte = 0;
        if (write(STDOUT_FILENO, &byte, 1) == 1)
                while (read(STDIN_FILENO, &byte, 1) < 0)
                        continue;
        return 0;
}
