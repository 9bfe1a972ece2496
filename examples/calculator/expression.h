/* Reads and evaluates an expression: numbers, operators, brackets, functions: "2 ** 10 + sqrt(2) / 3".
 *
 * From weak to strong: + and -, * and /, ** (which groups to the right). A name before brackets is a function of the values in
 * them, separated by commas. Every operator and function is an operation that somebody else carries out. */
#ifndef EXPRESSION_H
#define EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

enum { EXPRESSION_OPERANDS_MAX = 8 };

/* Carries out @operation; false ends the evaluation, and whoever said it has told why. */
typedef bool (*expression_operate)(void *data, const char *operation, const double *operands, size_t n, double *ret);

/* The value of @text. On failure @ret_error is the reason with its place, or empty if @operate told it already. */
bool expression_evaluate(const char *text, expression_operate operate, void *data, double *ret, char *ret_error, size_t error_size);

#endif
