/* wasm-rt.h for images: what the C code that wasm2c 1.0.32 writes expects of its runtime, mapped to struct wasm_runtime. Never part
 * of libward's code; embedded into it as text, with image_abi.h in place of its #include (embed.py). */
#ifndef WASM_IMAGE_RT_H
#define WASM_IMAGE_RT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "wasm/image_abi.h"

#define LIKELY(x)                __builtin_expect(!!(x), 1)
#define UNLIKELY(x)              __builtin_expect(!!(x), 0)
#define wasm_rt_memcpy           __builtin_memcpy
#define wasm_rt_unreachable      __builtin_unreachable
#define wasm_rt_is_initialized() 1

/* Loads and stores are not checked in code: 32 bits of address and 32 of offset always land in the reservation of 8 GiB. */
#define WASM_RT_MEMCHECK_SIGNAL_HANDLER 1

static const struct wasm_runtime *wasm_rt_runtime;

/* --- The stack -------------------------------------------------------------------------------- */

static inline uintptr_t wasm_rt_stack_pointer(void)
{
        uintptr_t sp;
#if defined(__x86_64__)
        __asm__("mov %%rsp, %0" : "=r"(sp));
#elif defined(__aarch64__)
        __asm__("mov %0, sp" : "=r"(sp));
#else
        sp = (uintptr_t)__builtin_frame_address(0);
#endif
        return sp;
}

/* wasm2c's prologue is `if (++wasm_rt_call_stack_depth > WASM_RT_MAX_CALL_STACK_DEPTH) TRAP(EXHAUSTION);`. The counter is made a
 * fresh 0 each time, which leaves no code, and the maximum 1 or 0: whether the stack has room. `instance` is the first parameter
 * of every function. */
#define WASM_RT_USE_STACK_DEPTH_COUNT 1
#define wasm_rt_call_stack_depth      (*(int[]){ 0 })
#define WASM_RT_MAX_CALL_STACK_DEPTH  (wasm_rt_stack_pointer() >= ((const struct wasm_head *)(const void *)instance)[-1].stack_limit)

/* --- Traps ------------------------------------------------------------------------------------ */

#define WASM_RT_TRAP_OOB                WASM_TRAP_OOB
#define WASM_RT_TRAP_INT_OVERFLOW       WASM_TRAP_INT_OVERFLOW
#define WASM_RT_TRAP_DIV_BY_ZERO        WASM_TRAP_DIV_BY_ZERO
#define WASM_RT_TRAP_INVALID_CONVERSION WASM_TRAP_INVALID_CONVERSION
#define WASM_RT_TRAP_UNREACHABLE        WASM_TRAP_UNREACHABLE
#define WASM_RT_TRAP_CALL_INDIRECT      WASM_TRAP_CALL_INDIRECT
#define WASM_RT_TRAP_EXHAUSTION         WASM_TRAP_EXHAUSTION
#define wasm_rt_trap(trap_number)       wasm_rt_runtime->trap(trap_number)

/* --- Types and tables ------------------------------------------------------------------------- */

typedef enum {
        WASM_RT_I32,
        WASM_RT_I64,
        WASM_RT_F32,
        WASM_RT_F64,
        WASM_RT_FUNCREF,
        WASM_RT_EXTERNREF,
} wasm_rt_type_t;

typedef void (*wasm_rt_function_ptr_t)(void);

typedef struct {
        uint32_t func_type;
        wasm_rt_function_ptr_t func;
        void *module_instance;
} wasm_rt_funcref_t;

typedef void *wasm_rt_externref_t;

#define wasm_rt_funcref_null_value   ((wasm_rt_funcref_t){ 0, NULL, NULL })
#define wasm_rt_externref_null_value ((wasm_rt_externref_t)NULL)

typedef struct {
        wasm_rt_funcref_t *data;
        uint32_t max_size, size;
} wasm_rt_funcref_table_t;

typedef struct {
        wasm_rt_externref_t *data;
        uint32_t max_size, size;
} wasm_rt_externref_table_t;

#define WASM_RT_DEFINE_TABLE(kind)                                                                                                 \
        static inline void wasm_rt_allocate_##kind##_table(wasm_rt_##kind##_table_t *table, uint32_t size, uint32_t max_size)      \
        {                                                                                                                          \
                table->data = (wasm_rt_##kind##_t *)wasm_rt_runtime->table_new(size, sizeof(wasm_rt_##kind##_t));                  \
                table->size = size;                                                                                                \
                table->max_size = max_size;                                                                                        \
        }                                                                                                                          \
        static inline uint32_t wasm_rt_grow_##kind##_table(wasm_rt_##kind##_table_t *table, uint32_t delta,                        \
                                                           wasm_rt_##kind##_t value)                                               \
        {                                                                                                                          \
                uint32_t before = table->size;                                                                                     \
                uint64_t after = (uint64_t)before + delta;                                                                         \
                void *data = NULL;                                                                                                 \
                if (!delta)                                                                                                        \
                        return before;                                                                                             \
                if (after <= table->max_size)                                                                                      \
                        data = wasm_rt_runtime->table_grow(table->data, (uint32_t)after, sizeof(wasm_rt_##kind##_t));              \
                if (!data)                                                                                                         \
                        return UINT32_MAX;                                                                                         \
                table->data = (wasm_rt_##kind##_t *)data;                                                                          \
                for (uint32_t i = before; i < after; i++)                                                                          \
                        table->data[i] = value;                                                                                    \
                table->size = (uint32_t)after;                                                                                     \
                return before;                                                                                                     \
        }

WASM_RT_DEFINE_TABLE(funcref)
WASM_RT_DEFINE_TABLE(externref)

static void *wasm_rt_types;

/* Followed by the types of the parameters, then of the results. The reader bounds both (WASM_PARAMS_MAX, WASM_RESULTS_MAX). */
static inline uint32_t wasm_rt_register_func_type(uint32_t params, uint32_t results, ...)
{
        enum { TYPES_MAX = 1024 };
        uint8_t signature[TYPES_MAX + 1];
        uint32_t len = 0, n = params + results;
        va_list types;
        if (n >= TYPES_MAX)
                __builtin_trap();
        va_start(types, results);
        for (uint32_t i = 0; i < n; i++) {
                if (i == params)
                        signature[len++] = '>';
                signature[len++] = (uint8_t)('a' + va_arg(types, int));
        }
        va_end(types);
        return wasm_rt_runtime->func_type(wasm_rt_types, signature, len);
}

/* --- Linear memory ---------------------------------------------------------------------------- */

typedef struct wasm_memory wasm_rt_memory_t;

#define wasm_rt_allocate_memory(memory, pages, max) wasm_rt_runtime->memory_new(memory, pages, max)
#define wasm_rt_grow_memory(memory, pages)          wasm_rt_runtime->memory_grow(memory, pages)

/* Z_image_free is never called. */
#define wasm_rt_free_memory(memory)         ((void)(memory))
#define wasm_rt_free_funcref_table(table)   ((void)(table))
#define wasm_rt_free_externref_table(table) ((void)(table))

/* A call can be ended while it is in the image's own code, and on its way out of the runtime. So that a loop of large fills and
 * copies does not spend its time in the C library, out of reach, those go through the runtime, which looks up between blocks. */
enum { WASM_RT_SMALL = 128 };

static inline void wasm_rt_fill(void *to, int byte, uint64_t len)
{
        if (len <= WASM_RT_SMALL)
                __builtin_memset(to, byte, len);
        else
                wasm_rt_runtime->fill(to, byte, len);
}

static inline void wasm_rt_copy(void *to, const void *from, uint64_t len)
{
        if (len <= WASM_RT_SMALL)
                __builtin_memmove(to, from, len);
        else
                wasm_rt_runtime->copy(to, from, len);
}

#define memset(to, byte, len)  wasm_rt_fill(to, (int)(byte), len)
#define memcpy(to, from, len)  wasm_rt_copy(to, from, len)
#define memmove(to, from, len) wasm_rt_copy(to, from, len)

/* --- Values as bits --------------------------------------------------------------------------- */

static inline uint64_t wasm_rt_f32_bits(float value)
{
        uint32_t bits;
        __builtin_memcpy(&bits, &value, sizeof bits);
        return bits;
}

static inline uint64_t wasm_rt_f64_bits(double value)
{
        uint64_t bits;
        __builtin_memcpy(&bits, &value, sizeof bits);
        return bits;
}

static inline float wasm_rt_f32(uint64_t bits)
{
        float value;
        __builtin_memcpy(&value, &bits, sizeof value);
        return value;
}

static inline double wasm_rt_f64(uint64_t bits)
{
        double value;
        __builtin_memcpy(&value, &bits, sizeof value);
        return value;
}

#endif
