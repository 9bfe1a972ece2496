#include "test/escape/judge.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <ward/posture.h>

static const struct {
        const char *name;
        enum ward_level level;
} columns[COLUMNS] = {
        [PLAIN] = { "nothing", WARD_LEVEL_DEFAULT },
        [HOST] = { "host", WARD_LEVEL_HOST },
        [FULL_TRUST] = { "full-trust", WARD_LEVEL_FULL_TRUST },
        [SPAWNS] = { "spawns", WARD_LEVEL_INTRANET },
        [INTRANET] = { "intranet", WARD_LEVEL_INTRANET },
        [INTERNET] = { "internet", WARD_LEVEL_INTERNET },
};

const char *column_name(enum column column)
{
        return columns[column].name;
}

enum ward_level column_level(enum column column)
{
        return columns[column].level;
}

bool is_tried(const struct probe *probe, enum column column)
{
        if (column == PLAIN)
                return !(probe->flags & (HELD_ONLY | CONFINED));
        return column >= SPAWNS || !(probe->flags & CONFINED);
}

const char *effect_names(unsigned effects, char *text, size_t size)
{
        static const char *const names[] = { "told the secret",
                                             "told what it may read",
                                             "changed a file outside",
                                             "changed a file that it may read",
                                             "changed a file that it may write",
                                             "signalled the host",
                                             "changed the host's memory",
                                             "harmed a sibling",
                                             "connected to what was not granted",
                                             "connected to what was granted",
                                             "changed what the host shares with others",
                                             "changed how the host is scheduled or limited",
                                             "mounted",
                                             "typed on the host's terminal, or set it",
                                             "left something in memory" };
        size_t used = 0;
        text[0] = 0;
        for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
                if (effects >> i & 1 && used < size)
                        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", names[i]);
        return text;
}

static answers stated(const struct probe *probe, enum column column)
{
        switch (column) {
        case HOST:
                return probe->must.host;
        case FULL_TRUST:
                return probe->must.full_trust;
        case SPAWNS:
                return probe->spawns ? probe->spawns : probe->must.intranet;
        case INTRANET:
                return probe->must.intranet;
        case INTERNET:
                return probe->must.internet;
        default:
                return WORKS;
        }
}

static void wrong(struct cell_report *report, const char *reason)
{
        report->verdict = WRONG;
        snprintf(report->reason, sizeof report->reason, "%s%s%s", reason, report->result.text[0] ? "; " : "", report->result.text);
}

/* What was done has to show, and what was refused must not; but for what was granted, in whole or on the way. */
static void judge_effects(const struct probe *probe, enum column column, struct cell_report *report)
{
        char text[256], said[200];
        bool works = report->result.answer == ANSWER_WORKS;
        unsigned granted = column == INTERNET ? 0 : GIFT | GRANTED;
        unsigned excess = report->result.effects & ~(works ? probe->effect | granted : granted);
        unsigned lacking = works && column == PLAIN ? probe->effect & ~report->result.effects : 0;
        if (!lacking && !excess)
                return;
        snprintf(text, sizeof text, "it says '%s', and %s: %s", answer_name(report->result.answer),
                 excess ? "has" : "nothing shows of", effect_names(excess ? excess : lacking, said, sizeof said));
        wrong(report, text);
}

/* Here a probe must succeed: unless the machine has nothing to attack, or the user not the rights. */
static void judge_plain(const struct probe *probe, struct cell_report *report)
{
        char text[128];
        answers answer = (answers)1 << report->result.answer, absent = ANSWER_ABSENT | probe->absent;
        if (geteuid())
                absent |= AS(EPERM) | AS(EACCES);
        report->verdict = answer & WORKS ? AS_STATED : UNPROVED;
        if (answer & (WORKS | absent))
                return;
        snprintf(text, sizeof text, "the probe itself fails where nothing holds it: %s", answer_name(report->result.answer));
        wrong(report, text);
}

/* What an ordinary process of this user is told. An ordinary user's workers are in a user namespace, which takes of its rights. */
static answers as_user(const struct cell_report *plain, bool known)
{
        const answers less = NOT_THERE | AS(ESRCH) | AS(EINVAL) | AS(ENOKEY);
        return (known ? (answers)1 << plain->result.answer : WORKS) | (geteuid() ? less : 0);
}

static void judge_level(const struct probe *probe, enum column column, const struct cell_report *plain, struct cell_report *report)
{
        char text[300], names[200];
        answers answer = (answers)1 << report->result.answer, must = stated(probe, column);
        bool known = plain && plain->verdict != NOT_TRIED;
        if (must & USER)
                must |= as_user(plain, known);
        /* The upper levels start without, too; then others have numbers. */
        if (column <= FULL_TRUST && !(report->result.held & WARD_LAYER_PID_NAMESPACE))
                must |= as_user(plain, known);
        report->verdict = known && plain->verdict == UNPROVED && !(answer & WORKS) ? UNPROVED : AS_STATED;
        if (answer & must)
                return;
        snprintf(text, sizeof text, "'%s', where it is to be %s", answer_name(report->result.answer),
                 answer_names(must, names, sizeof names));
        wrong(report, text);
}

void judge(const struct probe *probe, enum column column, const struct cell_report *plain, struct cell_report *report)
{
        if (column == PLAIN)
                judge_plain(probe, report);
        else
                judge_level(probe, column, plain, report);
        if (report->verdict != WRONG)
                judge_effects(probe, column, report);
}
