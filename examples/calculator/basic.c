/* Add-in: the four basic operations. */
#include "operations.h"

static const char *add(const double *x, double *ret)
{
        *ret = x[0] + x[1];
        return NULL;
}

static const char *subtract(const double *x, double *ret)
{
        *ret = x[0] - x[1];
        return NULL;
}

static const char *multiply(const double *x, double *ret)
{
        *ret = x[0] * x[1];
        return NULL;
}

static const char *divide(const double *x, double *ret)
{
        if (x[1] == 0)
                return "division by zero";
        *ret = x[0] / x[1];
        return NULL;
}

static const struct operation table[] = {
        { "+", 2, add },
        { "-", 2, subtract },
        { "*", 2, multiply },
        { "/", 2, divide },
};

enum { N = sizeof table / sizeof table[0] };

void exports_calculator_operations(calculator_list_string_t *ret)
{
        offer(table, N, ret);
}

bool exports_calculator_operate(calculator_string_t *operation, calculator_list_f64_t *operands, double *ret,
                                calculator_string_t *err)
{
        return carry_out(table, N, operation, operands, ret, err);
}
