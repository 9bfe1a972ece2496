#include "contract/contract.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "contract/builtin.h"
#include "contract/parse.h"
#include "contract/read.h"
#include "contract/resolve.h"

/* A text of SOURCE_BYTES_MAX that is nothing but names needs a part of this only. */
static const size_t memory_max = (size_t)1024 * 1024 * 1024;

static void reader_finish(struct reader *reader)
{
        arena_free(reader->scratch);
        arena_free(reader->keep);
        sources_finish(&reader->sources);
}

/* Parses every file; sources come sorted by group. */
static struct ast_group *parse_all(struct reader *reader)
{
        struct sources *sources = &reader->sources;
        struct ast_group *groups = arena_take(reader->scratch, sources->n_groups * sizeof *groups);
        for (size_t i = 0; i < sources->n; i++) {
                struct ast_group *group = &groups[sources->items[i]->group];
                group->files = arena_room(reader->scratch, group->files, group->n_files, sizeof(struct ast_file *));
                group->files[group->n_files++] = parse_file(reader, sources->items[i]);
        }
        return groups;
}

/* Everything that takes from arenas. Fails by the report, or by a jump. */
static struct contract *build(struct reader *reader, const char *path)
{
        struct contract *contract = arena_take(reader->keep, sizeof *contract);
        reader->names = (struct names){ .texts = reader->keep, .tables = reader->scratch };
        contract->path = arena_copy(reader->keep, path, strlen(path));
        const struct ast_group *groups = parse_all(reader);
        if (!reader->unparsed)
                resolve(reader, groups, reader->sources.n_groups, contract);
        if (reader->report.failed)
                return NULL;
        contract->arena = STEAL(reader->keep);
        return contract;
}

/* Where taking from an arena jumps to when memory runs out. */
static struct contract *build_guarded(struct reader *reader, const char *path)
{
        jmp_buf out;
        if (setjmp(out)) {
                report_plain(&reader->report, "%s: memory ran out, or the contract is too large", path);
                return NULL;
        }
        reader->keep = arena_new(&out, memory_max);
        reader->scratch = arena_new(&out, memory_max);
        if (!reader->keep || !reader->scratch)
                longjmp(out, 1);
        return build(reader, path);
}

struct contract *contract_read_sources(struct sources *sources, const char *path, const struct contract_options *options,
                                       struct contract_error *ret_error)
{
        struct reader reader = { .sources = *sources, .options = options };
        struct contract *contract = NULL;
        *sources = (struct sources){ 0 };
        char *error = sources_add(&reader.sources, reader.sources.n_groups, BUILTIN_NAME, builtin_text, strlen(builtin_text));
        if (error)
                report_plain(&reader.report, "%s", error);
        else
                contract = build_guarded(&reader, path);
        if (!contract)
                *ret_error = reader.report.error;
        sources_error_free(error);
        reader_finish(&reader);
        return contract;
}

/* Reads what was loaded, or gives back why nothing was. */
static struct contract *read_loaded(struct sources *sources, const char *path, char *error, const struct contract_options *options,
                                    struct contract_error *ret_error)
{
        struct report report = { 0 };
        if (!error)
                return contract_read_sources(sources, path, options, ret_error);
        report_plain(&report, "%s", error);
        *ret_error = report.error;
        sources_error_free(error);
        sources_finish(sources);
        return NULL;
}

struct contract *contract_read(const char *path, const struct contract_options *options, struct contract_error *ret_error)
{
        struct sources sources = { 0 };
        char *error = sources_load(&sources, path);
        return read_loaded(&sources, path, error, options, ret_error);
}

struct contract *contract_read_text(const char *name, const char *text, size_t len, const struct contract_options *options,
                                    struct contract_error *ret_error)
{
        struct sources sources = { 0 };
        char *error = sources_add(&sources, 0, name, text, len);
        return read_loaded(&sources, name, error, options, ret_error);
}

struct contract *contract_free(struct contract *contract)
{
        if (contract)
                arena_free(contract->arena);
        return NULL;
}

struct wit_world *contract_world(const struct contract *contract, const char *name)
{
        struct wit_world *found = NULL;
        for (size_t i = 0; i < contract->n_worlds; i++) {
                struct wit_world *world = contract->worlds[i];
                if (world->package != contract->main || (name && strcmp(world->name, name)))
                        continue;
                if (found)
                        return NULL;
                found = world;
        }
        return found;
}

const struct wit_type *wit_resolve(const struct wit_type *type)
{
        while (type->kind == WIT_ALIAS)
                type = type->element;
        return type;
}
