/* The figures of a plan, for people and for programs. */
#ifndef TOOL_BENCH_PRINT_H
#define TOOL_BENCH_PRINT_H

#include <stdio.h>
#include "tool/bench_plan.h"

/* Three tables: calls, bulk data, activation. A column for each kind that the plan has a side of; where it is out, the reason
 * stands below. */
void bench_print_tables(FILE *to, const struct bench_plan *plan);

/* "%s: reason" for each side that is out. */
void bench_print_reasons(FILE *to, const struct bench_plan *plan);

/* bench_json.c: an array with an object a figure, {"name", "median", "min", "unit", "place"}; min is the smallest sample, also of
 * MB/s. 0, or -1 where there is no memory. */
int bench_print_json(FILE *to, const struct bench_plan *plan);

/* Text for a number, four digits of which count: "1,234,000", "123.4", "1.234". */
const char *bench_number(double value, char text[32]);
/* Text for a time: "1.234 µs". */
const char *bench_time(double ns, char text[32]);
/* To the right in @width places; a µ is two bytes in one place. */
void bench_print_right(FILE *to, int width, const char *text);

#endif
