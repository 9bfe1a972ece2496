/* The probes, one file for an area or a few. */
#ifndef TEST_ESCAPE_AREAS_H
#define TEST_ESCAPE_AREAS_H

#include "test/escape/probe.h"

extern const struct area area_files, area_proc, area_processes, area_sockets, area_ipc, area_kernel, area_mounts, area_namespaces,
        area_rights, area_inherited, area_entries, area_races, area_limits, area_ends, area_lies;

#endif
