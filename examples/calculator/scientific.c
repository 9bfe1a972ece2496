/* Add-in: powers, roots and their kin. It tells the host when it rounds an angle away. */
#include <math.h>
#include "operations.h"

static const char *power(const double *x, double *ret)
{
        *ret = pow(x[0], x[1]);
        return isnan(*ret) ? "no real result" : NULL;
}

static const char *root(const double *x, double *ret)
{
        if (x[0] < 0)
                return "no real root of a negative number";
        *ret = sqrt(x[0]);
        return NULL;
}

static const char *logarithm(const double *x, double *ret)
{
        if (x[0] <= 0)
                return "only positive numbers have a logarithm";
        *ret = log(x[0]);
        return NULL;
}

static const char *exponential(const double *x, double *ret)
{
        *ret = exp(x[0]);
        return NULL;
}

static const char *sine(const double *x, double *ret)
{
        if (fabs(x[0]) > 1e15) {
                calculator_string_t message;
                calculator_string_set(&message, "sin: the operand is so large that little of its angle is left");
                calculator_log(&message);
        }
        *ret = sin(x[0]);
        return NULL;
}

static const char *cosine(const double *x, double *ret)
{
        *ret = cos(x[0]);
        return NULL;
}

static const struct operation table[] = {
        { "**", 2, power },        { "sqrt", 1, root }, { "ln", 1, logarithm },
        { "exp", 1, exponential }, { "sin", 1, sine },  { "cos", 1, cosine },
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
