/* How a worker gets at the files of an add-in: the libraries that it needs, and last itself.
 *
 * 1. process_files_init  2. process_files_pack, into LOAD  3. process_files_send, before LOAD  4. process_files_finish
 *
 * The worker opens a file by its path. What is not in the file system travels in a letter (channel/pass.h). Where the worker's
 * filter asks the warden about each file, that is told of them beforehand: what has a path may be opened by it, and what has none
 * gets one that is nowhere else. */
#ifndef DOMAIN_PROCESS_FILES_H
#define DOMAIN_PROCESS_FILES_H

#include "base/pack.h"
#include "domain/process.h"

struct process_file {
        const char *name;  /* for people; not owned */
        const char *alias; /* borrowed; or NULL */
        char *path;        /* what the worker opens; owned; NULL: a letter */
        uint32_t letter;
        int copy;   /* what is in the letter, or at the path; -1: what is there */
        bool owned; /* that */
};

struct process_files {
        struct process_file *list;
        size_t n;
        bool looked; /* that the add-in's may be a library, and is no other's; else it is the worker's to see */
};

/* With lane 0. @number: the instance's. */
int process_files_init(struct process *process, const struct instance *instance, uint32_t number, struct process_files *ret_files,
                       struct ward_fault *fault);
void process_files_finish(struct process_files *files);

void process_files_pack(const struct process_files *files, struct pack *pack);
int process_files_send(struct process *process, const struct process_files *files, struct ward_fault *fault);

/* The add-in of this number is gone, or was never loaded: what only it had is not held for the worker any more. */
void process_files_forget(struct process *process, uint32_t number);

/* Lets the worker open the libraries in @folders by itself, NULL-terminated; NULL: none. */
int process_files_open_folders(struct process *process, const char *const *folders, struct ward_fault *fault);

#endif
