#include "test/harness/harness.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "tool/bench_print.h"
#include "tool/bench_ratio.h"

static struct bench_plan plan;

static void figure(struct bench_side *side, const char *name, uint64_t bytes, double sample)
{
        struct bench_task *task = bench_add(&plan, side, "%s", name);
        task->bytes = bytes;
        task->samples[0] = sample;
        task->n_samples = 1;
}

/* `direct` with figures, `wasm` out, `process` not asked for. */
static void fill(void)
{
        struct bench_side *direct = bench_add_side(&plan, "direct");
        struct bench_side *wasm = bench_add_side(&plan, "wasm");
        plan.place = "one core: processor 3";
        figure(direct, "call.int_int.direct", 0, 2);
        figure(direct, "bulk.bytes.100000.direct", 100000, 12345.6);
        figure(direct, "bulk.struct.10.direct", 80, 2345.6);
        plan.place = NULL;
        figure(direct, "activate.direct", 0, 123456);
        wasm->out = true;
        fault_set(&wasm->why, WARD_FAULT_COMPILE, "no compiler");
        bench_add(&plan, wasm, "call.int_int.wasm");
}

static char *printed(void (*print)(FILE *, const struct bench_plan *))
{
        char *text = NULL;
        size_t len;
        FILE *to = open_memstream(&text, &len);
        print(to, &plan);
        fclose(to);
        return text;
}

static void print_json(FILE *to, const struct bench_plan *of)
{
        assert_int_equal(bench_print_json(to, of), 0);
}

TEST(numbers_have_four_digits)
{
        char text[32];
        assert_string_equal(bench_number(0, text), "0.000");
        assert_string_equal(bench_number(1.23456, text), "1.235");
        assert_string_equal(bench_number(12.3456, text), "12.35");
        assert_string_equal(bench_number(999, text), "999.0");
        assert_string_equal(bench_number(1234, text), "1,234");
        assert_string_equal(bench_number(123456, text), "123,500");
        assert_string_equal(bench_number(987654321, text), "987,700,000");
        assert_string_equal(bench_number(1e30, text), "1e+30");
}

TEST(times_have_the_unit_that_suits)
{
        char text[32];
        assert_string_equal(bench_time(1.5, text), "1.500 ns");
        assert_string_equal(bench_time(1500, text), "1.500 µs");
        assert_string_equal(bench_time(2.5e6, text), "2.500 ms");
        assert_string_equal(bench_time(3e12, text), "3,000 s");
}

TEST(tables_have_a_column_for_each_kind_that_was_asked_for)
{
        fill();
        char *text = printed(bench_print_tables);
        assert_non_null(strstr(text, "direct"));
        assert_non_null(strstr(text, "wasm"));
        assert_null(strstr(text, "process"));
        assert_non_null(strstr(text, "500,000,000"));
        assert_non_null(strstr(text, "12,350"));
        assert_non_null(strstr(text, "123.5 µs"));
        free(text);
}

TEST(bulk_data_has_a_row_for_each_shape_and_size)
{
        fill();
        char *text = printed(bench_print_tables);
        assert_non_null(strstr(text, "\nbyte[100,000]                      -        12,350             -\n"));
        assert_non_null(strstr(text, "\nstring[10]                         -             -             -\n"));
        assert_non_null(strstr(text, "\nstruct[10]                                   2,346             -\n"));
        assert_non_null(strstr(text, "\nstruct[10,000,000] "));
        free(text);
}

TEST(what_is_out_says_why)
{
        fill();
        char *text = printed(bench_print_reasons);
        assert_string_equal(text, "wasm: not measured: no compiler\n");
        free(text);
}

TEST(json_has_an_object_a_figure)
{
        fill();
        char *text = printed(print_json);
        json_t *array = json_loads(text, 0, NULL);
        assert_int_equal(json_array_size(array), 4);
        json_t *first = json_array_get(array, 0);
        assert_int_equal(json_object_size(first), 5);
        assert_string_equal(json_string_value(json_object_get(first, "place")), "one core: processor 3");
        assert_string_equal(json_string_value(json_object_get(first, "name")), "call.int_int.direct");
        assert_float_equal(json_number_value(json_object_get(first, "median")), 2, 1e-6);
        assert_float_equal(json_number_value(json_object_get(first, "min")), 2, 1e-6);
        assert_string_equal(json_string_value(json_object_get(first, "unit")), "ns");
        assert_string_equal(json_string_value(json_object_get(json_array_get(array, 1), "unit")), "MB/s");
        assert_string_equal(json_string_value(json_object_get(json_array_get(array, 3), "place")), "not pinned");
        json_decref(array);
        free(text);
}

TEST(json_without_figures_is_an_empty_array)
{
        char *text = printed(print_json);
        assert_string_equal(text, "[]\n");
        free(text);
}

/* Two rounds each: in the second the machine was half as fast, for both. */
static void fill_process(void)
{
        static const struct {
                const char *name;
                const char *place;
                double samples[2];
        } figures[] = {
                { "limit.spin", "two cores", { 150, 300 } },
                { "limit.spin.line", "two cores", { 50, 100 } },
                { "limit.futex.one_core", "one core", { 1000, 2000 } },
                { "call.int_int.process", "two cores", { 120, 240 } },
                { "call.void.process", "two cores", { 110, 200 } },
                { "call.int_int.process.one_core", "one core", { 1500, 3000 } },
                { "parked.int_int.process", "two cores", { 1, 1 } },
        };
        struct bench_side *process = bench_add_side(&plan, "process");
        for (size_t i = 0; i < COUNT_OF(figures); i++) {
                plan.place = figures[i].place;
                figure(process, figures[i].name, 0, figures[i].samples[0]);
                plan.tasks[i].samples[plan.tasks[i].n_samples++] = figures[i].samples[1];
        }
        bench_ratios_add(&plan);
}

TEST(ratios_are_taken_round_by_round)
{
        fill_process();
        assert_float_equal(bench_median(bench_find(&plan, "limit.spin.mean")), 150, 1e-9);
        assert_float_equal(bench_median(bench_find(&plan, "ratio.call.int_int.process")), 1.2, 1e-9);
        assert_float_equal(bench_min(bench_find(&plan, "ratio.call.int_int.process")), 1.2, 1e-9);
        assert_float_equal(bench_median(bench_find(&plan, "ratio.call.void.process")), 1.05, 1e-9);
        assert_string_equal(bench_unit(bench_find(&plan, "ratio.call.void.process")), "x");
        assert_string_equal(bench_find(&plan, "ratio.call.int_int.process.one_core")->place, "one core");
        assert_null(bench_find(&plan, "ratio.parked.int_int.process"));
        assert_null(bench_find(&plan, "ratio.call.record.process"));
}

TEST(ratios_stand_below_their_place)
{
        fill_process();
        char *text = printed(bench_ratios_print);
        assert_non_null(strstr(text, "ratio\ntwo cores\n  void(void) "));
        assert_non_null(strstr(text, "\none core\n  int(int)                          2.250 µs    1.500 µs    1.50x   futex\n"));
        free(text);
}

TEST(without_processes_there_are_no_ratios)
{
        fill();
        bench_ratios_add(&plan);
        char *text = printed(bench_ratios_print);
        assert_string_equal(text, "");
        free(text);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(numbers_have_four_digits), TEST_CASE(times_have_the_unit_that_suits),
                         TEST_CASE(tables_have_a_column_for_each_kind_that_was_asked_for),
                         TEST_CASE(bulk_data_has_a_row_for_each_shape_and_size), TEST_CASE(what_is_out_says_why),
                         TEST_CASE(json_has_an_object_a_figure), TEST_CASE(json_without_figures_is_an_empty_array),
                         TEST_CASE(ratios_are_taken_round_by_round), TEST_CASE(ratios_stand_below_their_place),
                         TEST_CASE(without_processes_there_are_no_ratios));
}
