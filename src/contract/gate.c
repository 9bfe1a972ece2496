#include "contract/model.h"
#include "contract/semver.h"

bool gate_is_stability(const struct ast_gate *gate)
{
        return gate->stability.since || gate->stability.feature;
}

/* What is behind one gate is reported once: the parts of a type inherit it. */
static void check_since(struct resolver *r, const struct package *package, const struct ast_gate *gate, struct place place)
{
        const char *since = gate->stability.since, *version = package->name.version;
        if (version && semver_compare(since, version) <= 0)
                return;
        if (map_get(&r->refused, NULL, gate))
                return;
        map_put(&r->refused, NULL, gate, r);
        if (!version)
                report_at(&r->reader->report, place, "`@since(version = %s)` needs a package with a version; `%s` has none", since,
                          package->name.id);
        else
                report_at(&r->reader->report, place, "`@since(version = %s)` is later than the version of the package, %s", since,
                          version);
}

bool gate_passes(struct resolver *r, const struct package *package, const struct ast_gate *gate, struct place place)
{
        if (!gate)
                return true;
        if (gate->stability.since)
                check_since(r, package, gate, place);
        return !gate->out;
}

void report_left_out(struct resolver *r, struct place place, const char *kind, const char *name, const char *feature)
{
        if (!feature)
                feature = "?";
        if (name)
                report_at(&r->reader->report, place,
                          "this refers to the %s `%s`, which is left out: it is @unstable, and its feature `%s` is not switched on",
                          kind, name, feature);
        else
                report_at(&r->reader->report, place,
                          "this refers to a %s that is left out: it is @unstable, and its feature `%s` is not switched on", kind,
                          feature);
}
