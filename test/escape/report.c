#include <string.h>
#include "test/escape/suite.h"

static void print_wrong(const struct suite *suite, FILE *out)
{
        for (int column = 0; column < COLUMNS; column++)
                for (size_t i = 0; i < suite->n; i++) {
                        const struct cell_report *report = &suite->reports[column][i];
                        if (report->verdict == WRONG)
                                fprintf(out, "WRONG  %-10s %-20s %s (%s)\n", column_name((enum column)column),
                                        suite->probes[i]->name, report->reason, suite->probes[i]->why);
                }
}

static void print_row(const struct suite *suite, FILE *out, const char *name, const struct area *area)
{
        fprintf(out, "%-22s", name);
        for (int column = 0; column < COLUMNS; column++) {
                struct counts counts = suite_count(suite, (enum column)column, area);
                if (suite->refused[column])
                        fprintf(out, "  %10s", "refused");
                else
                        fprintf(out, "  %4u of %3u", counts.denied, counts.tried);
        }
        fprintf(out, "\n");
}

void report_print(const struct suite *suite, FILE *out)
{
        print_wrong(suite, out);
        fprintf(out, "%-22s", "denied");
        for (int column = 0; column < COLUMNS; column++)
                fprintf(out, "  %10s ", column_name((enum column)column));
        fprintf(out, "\n");
        for (unsigned i = 0; areas[i]; i++)
                if (suite_count(suite, PLAIN, areas[i]).tried || suite_count(suite, INTERNET, areas[i]).tried ||
                    suite_count(suite, HOST, areas[i]).tried)
                        print_row(suite, out, areas[i]->name, areas[i]);
        print_row(suite, out, "all", NULL);
        for (int column = HOST; column < COLUMNS; column++) {
                struct counts counts = suite_count(suite, (enum column)column, NULL);
                if (suite->refused[column])
                        fprintf(out, "%s was not started: %s\n", column_name((enum column)column), suite->refusal[column]);
                else if (counts.tried)
                        fprintf(out, "%s: %u probes, %u denied, %u otherwise than stated; %u have nothing to attack here\n",
                                column_name((enum column)column), counts.tried, counts.denied, counts.wrong, counts.unproved);
        }
        fprintf(out, "%zu probes, %.1f s\n", suite->n, suite->seconds);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void print_text(FILE *out, const char *text)
{
        fputc('"', out);
        for (; *text; text++)
                if (*text == '"' || *text == '\\')
                        fprintf(out, "\\%c", *text);
                else if ((unsigned char)*text < 0x20)
                        fprintf(out, "\\u%04x", (unsigned char)*text);
                else
                        fputc(*text, out);
        fputc('"', out);
}

static void print_result(const struct cell_report *report, enum column column, FILE *out)
{
        static const char *const verdicts[] = { "not tried", "as stated", "unproved", "wrong" };
        fprintf(out, "\"%s\": {\"answer\": \"%s\", \"verdict\": \"%s\"", column_name(column), answer_name(report->result.answer),
                verdicts[report->verdict]);
        if (report->reason[0]) {
                fprintf(out, ", \"reason\": ");
                print_text(out, report->reason);
        }
        fprintf(out, "}");
}

static void print_probe(const struct suite *suite, size_t i, FILE *out)
{
        const char *comma = "";
        fprintf(out, "    {\"name\": \"%s\", \"area\": \"%s\", \"why\": ", suite->probes[i]->name, suite->areas[i]->name);
        print_text(out, suite->probes[i]->why);
        fprintf(out, ", \"results\": {");
        for (int column = 0; column < COLUMNS; column++) {
                if (suite->reports[column][i].verdict == NOT_TRIED)
                        continue;
                fprintf(out, "%s", comma);
                print_result(&suite->reports[column][i], (enum column)column, out);
                comma = ", ";
        }
        fprintf(out, "}}");
}

void report_json(const struct suite *suite, FILE *out)
{
        fprintf(out, "{\n  \"levels\": {");
        for (int column = 0; column < COLUMNS; column++) {
                struct counts counts = suite_count(suite, (enum column)column, NULL);
                fprintf(out, "%s\n    \"%s\": {\"tried\": %u, \"denied\": %u, \"unproved\": %u, \"wrong\": %u, \"refused\": %s}",
                        column ? "," : "", column_name((enum column)column), counts.tried, counts.denied, counts.unproved,
                        counts.wrong, suite->refused[column] ? "true" : "false");
        }
        fprintf(out, "\n  },\n  \"seconds\": %.2f,\n  \"probes\": [\n", suite->seconds);
        for (size_t i = 0; i < suite->n; i++) {
                print_probe(suite, i, out);
                fprintf(out, "%s\n", i + 1 < suite->n ? "," : "");
        }
        fprintf(out, "  ]\n}\n");
}

void report_rows(const struct suite *suite, FILE *out)
{
        char names[400];
        for (size_t i = 0; i < suite->n; i++) {
                const struct probe *probe = suite->probes[i];
                fprintf(out, "%s: %s: %s\n", suite->areas[i]->name, probe->name, probe->why);
                fprintf(out, "    internet    %s\n", answer_names(probe->must.internet, names, sizeof names));
                fprintf(out, "    intranet    %s\n", answer_names(probe->must.intranet, names, sizeof names));
                fprintf(out, "    full-trust  %s\n", answer_names(probe->must.full_trust, names, sizeof names));
                fprintf(out, "    host        %s\n", answer_names(probe->must.host, names, sizeof names));
        }
}
