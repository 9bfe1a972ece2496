/* ward-bindgen: the command alone. It needs nothing of libward, so that the build makes it early and generates code with it. */
#include "tool/command.h"

int main(int argc, char **argv)
{
        return command_bindgen(argc, argv);
}
