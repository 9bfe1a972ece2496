#include <errno.h>
#include <string.h>
#include "test/escape/areas.h"

const struct area *const areas[] = {
        &area_files,  &area_proc,      &area_processes, &area_sockets, &area_ipc,    &area_kernel, &area_mounts, &area_namespaces,
        &area_rights, &area_inherited, &area_entries,   &area_races,   &area_limits, &area_ends,   &area_lies,   NULL,
};

void *probe_shared;

const struct probe *probe_find(const char *name)
{
        for (unsigned i = 0; areas[i]; i++)
                for (size_t j = 0; j < areas[i]->n; j++)
                        if (!strcmp(areas[i]->probes[j].name, name))
                                return &areas[i]->probes[j];
        return NULL;
}

void probe_run(const struct probe *probe, const struct stage *stage, struct outcome *ret)
{
        memset(ret, 0, sizeof *ret);
        ret->error = probe->run(stage, ret, probe->argument);
}
