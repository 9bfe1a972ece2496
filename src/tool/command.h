/* The commands of `ward`. A command is a file with a run function, and a line in main.c's table. */
#ifndef TOOL_COMMAND_H
#define TOOL_COMMAND_H

/* Exit statuses. */
enum {
        EXIT_DONE = 0,
        EXIT_FAILED = 1, /* the input or the system is at fault; stderr says how */
        EXIT_USAGE = 2,  /* the command line is */
        EXIT_FAULT = 3,  /* ward call: the add-in failed; 1 is an error of the contract's there */
};

/* @argv[0] is the command's own name. Returns an exit status. */
int command_bindgen(int argc, char **argv);
int command_contract(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_call(int argc, char **argv);
int command_compile(int argc, char **argv);
int command_cache(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_run(int argc, char **argv);
int command_bench(int argc, char **argv);

#endif
