/* wasm-rt.h for images: what the C text of a module (recast.h) is made of, mapped to struct wasm_runtime. Never part of libward's
 * code; embedded into it as text, with image_abi.h in place of its #include (embed.py).
 *
 * Instructions that can trap are macros, not functions, so that they bear the number of the line that they are on.
 *
 * image.h defines before it:
 *      WASM_MEMORY    the name of the instance's memory, if it has one
 *      WASM_CHECKED   loads and stores compare their addresses with the memory's size, and it may move
 *      WASM_LOOKING   functions and loops look whether the call is to end
 *      WASM_IN_PARTS  the image is compiled as several files */
#ifndef WASM_IMAGE_RT_H
#define WASM_IMAGE_RT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wasm/image_abi.h"

typedef uint8_t u8;
typedef int8_t s8;
typedef uint16_t u16;
typedef int16_t s16;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
typedef int64_t s64;
typedef float f32;
typedef double f64;

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#ifdef WASM_IN_PARTS
#pragma GCC visibility push(hidden)
#define WASM_PRIVATE
extern const struct wasm_runtime *wasm_rt_runtime;
#else
#define WASM_PRIVATE static
static const struct wasm_runtime *wasm_rt_runtime;
#endif

/* --- Traps ------------------------------------------------------------------------------------ */

/* With its line, for compilers make one of calls that are alike. */
#define TRAP(x)     (wasm_rt_runtime->trap(WASM_TRAP_##x, __LINE__), 0)
#define UNREACHABLE TRAP(UNREACHABLE)

#define TRAP_IF(condition, x)                                                                                                      \
        do                                                                                                                         \
                if (UNLIKELY(condition))                                                                                           \
                        TRAP(x);                                                                                                   \
        while (0)

/* Whether @len bytes, or entries of a table, from @at on are within @size. */
#define RANGE_CHECK(at, len, size) TRAP_IF((u64)(at) + (u64)(len) > (size), OOB)
#define TABLE_CHECK(at, len, size) TRAP_IF((u64)(at) + (u64)(len) > (size), OOB_TABLE)

/* --- Entering a function, going round a loop -------------------------------------------------- */

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

/* `instance` is the first parameter of every function. */
#define WASM_HEAD ((const struct wasm_head *)(const void *)instance - 1)

#ifdef WASM_LOOKING
#define LOOK                                                                                                                       \
        do                                                                                                                         \
                if (UNLIKELY(__atomic_load_n(&WASM_HEAD->look, __ATOMIC_RELAXED)))                                                 \
                        wasm_rt_runtime->look();                                                                                   \
        while (0)
#else
#define LOOK (void)0
#endif

/* --- Gates ------------------------------------------------------------------------------------ */

#if WASM_HAS_GATES

#define WASM_RT_INLINE           static inline __attribute__((always_inline))
#define WASM_RT_LOAD(at)         atomic_load_explicit((at), memory_order_relaxed)
#define WASM_RT_STORE(at, value) atomic_store_explicit((at), (value), memory_order_relaxed)
#define WASM_RT_PAIR(at)         (((struct wasm_pair *)(void *)(at))->both)

/* Whether the thread that is here may pass @door, as far as that is its own matter. */
WASM_RT_INLINE bool wasm_rt_may_pass(const struct wasm_door *door, const struct ward_fault *fault)
{
        return fault && WASM_RT_LOAD(&door->pointer) == wasm_thread_pointer() && door->id == door->thread->id &&
               !door->thread->top && wasm_rt_stack_pointer() - door->lowest < door->span && *door->inherited == UINT64_MAX &&
               !WASM_RT_LOAD(&door->post->inside) && !WASM_RT_LOAD(&door->post->depth);
}

/* The turn: first it stores that it has it, then it looks whether it may. Who waits for it to be out is told by the common way,
 * which comes next. */
WASM_RT_INLINE bool wasm_rt_take_turn(const struct wasm_door *door)
{
        struct wasm_post *post = door->post;
        WASM_RT_STORE(&post->inside, 1);
        atomic_signal_fence(memory_order_seq_cst);
        if (LIKELY(!WASM_RT_LOAD(&post->shared)))
                return true;
        atomic_store_explicit(&post->inside, 0, memory_order_release);
        return false;
}

/* The way in, with the turn: the depth is another thread's until then. The order is that of domain/enter.h as well. */
WASM_RT_INLINE bool wasm_rt_come_in(const struct wasm_door *door)
{
        WASM_RT_STORE(&door->post->depth, 1);
        atomic_signal_fence(memory_order_seq_cst);
        return atomic_load_explicit(door->state, memory_order_acquire) == 1;
}

/* False if the domain was unloaded meanwhile: who does that ends the calls of threads that it finds, and does not come back for
 * those that begin one later. */
WASM_RT_INLINE bool wasm_rt_begin(const struct wasm_self *self, struct wasm_door *door, struct ward_fault *fault)
{
        struct wasm_running *running = door->running;
        uint32_t ms = WASM_RT_LOAD(&self->deadline_ms);
        running->activation.fault = fault;
        running->number++;
        door->thread->top = &running->activation;
        atomic_signal_fence(memory_order_seq_cst);
        WASM_RT_PAIR(&running->thread) = WASM_RT_PAIR(&door->id);
        atomic_signal_fence(memory_order_seq_cst);
        if (UNLIKELY(ms))
                door->arm(door, ms);
        if (LIKELY(WASM_RT_LOAD(door->state) == 1))
                return true;
        running->activation.ended = WASM_ENDED_ENDING;
        return false;
}

/* The way out of the instance; false if there is more to do than that. */
WASM_RT_INLINE bool wasm_rt_end(const struct wasm_door *door)
{
        struct wasm_running *running = door->running;
        if (UNLIKELY(WASM_RT_PAIR(&running->activation.ended)))
                return false;
        door->thread->top = NULL;
        WASM_RT_PAIR(&running->thread) = 0;
        atomic_signal_fence(memory_order_seq_cst);
        return !WASM_RT_PAIR(&running->lookers) && !WASM_RT_LOAD(&door->post->shared);
}

/* The way out of the domain. Once the depth is 0, the instance may be gone. False if it is for this thread to see to that. */
WASM_RT_INLINE bool wasm_rt_go_out(const struct wasm_door *door)
{
        struct wasm_post *post = door->post;
        atomic_store_explicit(&post->depth, 0, memory_order_release);
        atomic_signal_fence(memory_order_seq_cst);
        if (UNLIKELY(WASM_RT_LOAD(door->state) != 1))
                return false;
        atomic_store_explicit(&post->inside, 0, memory_order_release);
        return true;
}

/* A gate around a call of export number @number. What may unload the image is not to return to it: it takes the gate's place (both
 * compilers see to that, see -foptimize-sibling-calls in translate.c). */
#define WASM_RT_GATE(number, call)                                                                                                 \
        do {                                                                                                                       \
                struct wasm_door *door = self->door;                                                                               \
                if (UNLIKELY(!wasm_rt_may_pass(door, fault) || !wasm_rt_take_turn(door)))                                          \
                        return WASM_GATE_SHUT;                                                                                     \
                if (UNLIKELY(!wasm_rt_come_in(door)))                                                                              \
                        return door->refuse(door);                                                                                 \
                if (UNLIKELY(!wasm_rt_begin(self, door, fault)))                                                                   \
                        return door->leave(door, number);                                                                          \
                call;                                                                                                              \
                if (UNLIKELY(!wasm_rt_end(door)))                                                                                  \
                        return door->leave(door, number);                                                                          \
                if (UNLIKELY(!wasm_rt_go_out(door)))                                                                               \
                        return door->left(door);                                                                                   \
                return 0;                                                                                                          \
        } while (0)

#endif

/* --- Traps ------------------------------------------------------------------------------------ */

#define FUNC_PROLOGUE_LEAF                                                                                                         \
        LOOK;                                                                                                                      \
        MEMORY_ENTER

#define FUNC_PROLOGUE                                                                                                              \
        TRAP_IF(wasm_rt_stack_pointer() < WASM_HEAD->stack_limit, EXHAUSTION);                                                     \
        FUNC_PROLOGUE_LEAF

#define FUNC_EPILOGUE (void)0
#define LOOP          LOOK

/* --- Linear memory ---------------------------------------------------------------------------- */

typedef struct wasm_memory wasm_rt_memory_t;

/* A function keeps what it needs of the memory in variables: of the text's own, all begin with w2c_. Without checks that is the
 * base, which never changes: 32 bits of address and 32 of offset always land in the reservation of 8 GiB and some. */
#if !defined(WASM_MEMORY)
#define MEMORY_ENTER (void)0
#define MEMORY_MOVED
#elif defined(WASM_CHECKED)
#define MEMORY_ENTER                                                                                                               \
        u8 *memory_base = instance->WASM_MEMORY.data;                                                                              \
        u64 memory_size = instance->WASM_MEMORY.size
#define MEMORY_MOVED (memory_base = instance->WASM_MEMORY.data, memory_size = instance->WASM_MEMORY.size)
#else
#define MEMORY_ENTER u8 *const memory_base = instance->WASM_MEMORY.data
#define MEMORY_MOVED
#endif

#ifdef WASM_CHECKED
#define WASM_IS_CHECKED true
#define MEMORY_CHECK(at, len)                                                                                                      \
        do                                                                                                                         \
                if (UNLIKELY((at) + (len) > memory_size))                                                                          \
                        wasm_rt_runtime->trap_at(at, __LINE__);                                                                    \
        while (0)
#else
#define WASM_IS_CHECKED       false
#define MEMORY_CHECK(at, len) (void)0
#endif

#if defined(__x86_64__)
#define FLOAT_REGISTER "x"
#elif defined(__aarch64__)
#define FLOAT_REGISTER "w"
#endif

/* What is read goes through a register even where nobody wants it, once: so that an access out of bounds traps, whether its value
 * is used or not, and what was judged is what is used. Not by memcpy, of which gcc loses the line. */
#define LOAD(mem, at, stored, wide, result, where)                                                                                 \
        ({                                                                                                                         \
                const u64 at_ = (at);                                                                                              \
                typedef stored any_ __attribute__((aligned(1), may_alias));                                                        \
                MEMORY_CHECK(at_, sizeof(stored));                                                                                 \
                const stored stored_ = *(const any_ *)(memory_base + at_);                                                         \
                __asm__("" : : where(stored_));                                                                                    \
                (result)(wide) stored_;                                                                                            \
        })

#define STORE(mem, at, stored, value)                                                                                              \
        ({                                                                                                                         \
                const u64 at_ = (at);                                                                                              \
                typedef stored any_ __attribute__((aligned(1), may_alias));                                                        \
                const stored stored_ = (stored)(value);                                                                            \
                MEMORY_CHECK(at_, sizeof stored_);                                                                                 \
                *(any_ *)(memory_base + at_) = stored_;                                                                            \
        })

#define i32_load(mem, at)     LOAD(mem, at, u32, u32, u32, "r")
#define i64_load(mem, at)     LOAD(mem, at, u64, u64, u64, "r")
#define f32_load(mem, at)     LOAD(mem, at, f32, f32, f32, FLOAT_REGISTER)
#define f64_load(mem, at)     LOAD(mem, at, f64, f64, f64, FLOAT_REGISTER)
#define i32_load8_s(mem, at)  LOAD(mem, at, s8, s32, u32, "r")
#define i32_load8_u(mem, at)  LOAD(mem, at, u8, u32, u32, "r")
#define i32_load16_s(mem, at) LOAD(mem, at, s16, s32, u32, "r")
#define i32_load16_u(mem, at) LOAD(mem, at, u16, u32, u32, "r")
#define i64_load8_s(mem, at)  LOAD(mem, at, s8, s64, u64, "r")
#define i64_load8_u(mem, at)  LOAD(mem, at, u8, u64, u64, "r")
#define i64_load16_s(mem, at) LOAD(mem, at, s16, s64, u64, "r")
#define i64_load16_u(mem, at) LOAD(mem, at, u16, u64, u64, "r")
#define i64_load32_s(mem, at) LOAD(mem, at, s32, s64, u64, "r")
#define i64_load32_u(mem, at) LOAD(mem, at, u32, u64, u64, "r")

#define i32_store(mem, at, value)   STORE(mem, at, u32, value)
#define i64_store(mem, at, value)   STORE(mem, at, u64, value)
#define f32_store(mem, at, value)   STORE(mem, at, f32, value)
#define f64_store(mem, at, value)   STORE(mem, at, f64, value)
#define i32_store8(mem, at, value)  STORE(mem, at, u8, value)
#define i32_store16(mem, at, value) STORE(mem, at, u16, value)
#define i64_store8(mem, at, value)  STORE(mem, at, u8, value)
#define i64_store16(mem, at, value) STORE(mem, at, u16, value)
#define i64_store32(mem, at, value) STORE(mem, at, u32, value)

/* A call can be ended while it is in the image's own code, and on its way out of the runtime. So that a loop of large fills and
 * copies does not spend its time in the C library, out of reach, those go through the runtime, which looks up between blocks. */
enum { WASM_RT_SMALL = 128 };

static inline void wasm_rt_fill(void *to, int byte, u64 len)
{
        if (len <= WASM_RT_SMALL)
                __builtin_memset(to, byte, len);
        else
                wasm_rt_runtime->fill(to, byte, len);
}

static inline void wasm_rt_copy(void *to, const void *from, u64 len)
{
        if (len <= WASM_RT_SMALL)
                __builtin_memmove(to, from, len);
        else
                wasm_rt_runtime->copy(to, from, len);
}

#define wasm_rt_allocate_memory(memory, pages, max) wasm_rt_runtime->memory_new(memory, pages, max)
#define wasm_rt_grow_memory(memory, pages)          wasm_rt_runtime->memory_grow(memory, pages)

#define memory_fill(memory, to, byte, n)                                                                                           \
        ({                                                                                                                         \
                RANGE_CHECK(to, n, (memory)->size);                                                                                \
                wasm_rt_fill((memory)->data + (to), (u8)(byte), n);                                                                \
        })

#define memory_copy(memory, memory_from, to, from, n)                                                                              \
        ({                                                                                                                         \
                RANGE_CHECK(to, n, (memory)->size);                                                                                \
                RANGE_CHECK(from, n, (memory_from)->size);                                                                         \
                wasm_rt_copy((memory)->data + (to), (memory_from)->data + (from), n);                                              \
        })

#define memory_init(memory, segment, segment_size, to, from, n)                                                                    \
        ({                                                                                                                         \
                RANGE_CHECK(from, n, (u32)(segment_size));                                                                         \
                RANGE_CHECK(to, n, (memory)->size);                                                                                \
                wasm_rt_copy((memory)->data + (to), (const u8 *)(segment) + (from), n);                                            \
        })

/* A segment that an instance begins with. */
#define LOAD_DATA(memory, to, segment, n)                                                                                          \
        ({                                                                                                                         \
                RANGE_CHECK((u32)(to), n, (memory).size);                                                                          \
                wasm_rt_copy((memory).data + (u32)(to), segment, n);                                                               \
        })

/* --- Integers --------------------------------------------------------------------------------- */

#define I32_CLZ(x)    ((x) ? __builtin_clz(x) : 32)
#define I64_CLZ(x)    ((x) ? __builtin_clzll(x) : 64)
#define I32_CTZ(x)    ((x) ? __builtin_ctz(x) : 32)
#define I64_CTZ(x)    ((x) ? __builtin_ctzll(x) : 64)
#define I32_POPCNT(x) __builtin_popcount(x)
#define I64_POPCNT(x) __builtin_popcountll(x)

#define I32_ROTL(x, n) ((x) << ((n)&31) | (x) >> (-(n)&31))
#define I64_ROTL(x, n) ((x) << ((n)&63) | (x) >> (-(n)&63))
#define I32_ROTR(x, n) ((x) >> ((n)&31) | (x) << (-(n)&31))
#define I64_ROTR(x, n) ((x) >> ((n)&63) | (x) << (-(n)&63))

#define DIV_U(x, y)                                                                                                                \
        ({                                                                                                                         \
                TRAP_IF(!(y), DIV_BY_ZERO);                                                                                        \
                (x) / (y);                                                                                                         \
        })

#define REM_U(x, y)                                                                                                                \
        ({                                                                                                                         \
                TRAP_IF(!(y), DIV_BY_ZERO);                                                                                        \
                (x) % (y);                                                                                                         \
        })

#define DIV_S(whole, signed_, least, x, y)                                                                                         \
        ({                                                                                                                         \
                const signed_ x_ = (signed_)(x), y_ = (signed_)(y);                                                                \
                TRAP_IF(!y_, DIV_BY_ZERO);                                                                                         \
                TRAP_IF(y_ == -1 && x_ == (least), INT_OVERFLOW);                                                                  \
                (whole)(x_ / y_);                                                                                                  \
        })

/* The least number has no positive counterpart, and processors trap; the remainder is 0. */
#define REM_S(whole, signed_, x, y)                                                                                                \
        ({                                                                                                                         \
                const signed_ x_ = (signed_)(x), y_ = (signed_)(y);                                                                \
                TRAP_IF(!y_, DIV_BY_ZERO);                                                                                         \
                UNLIKELY(y_ == -1) ? (whole)0 : (whole)(x_ % y_);                                                                  \
        })

#define I32_DIV_S(x, y) DIV_S(u32, s32, INT32_MIN, x, y)
#define I64_DIV_S(x, y) DIV_S(u64, s64, INT64_MIN, x, y)
#define I32_REM_S(x, y) REM_S(u32, s32, x, y)
#define I64_REM_S(x, y) REM_S(u64, s64, x, y)

/* --- Floating point to integer ---------------------------------------------------------------- */

/* Whole numbers are cut from what lies between these two, both exclusive or, where that is no number of the type, the least
 * inclusive. */
#define IN_S32_F32(x) ((x) >= -0x1p31f && (x) < 0x1p31f)
#define IN_S32_F64(x) ((x) > -0x1.00000002p31 && (x) < 0x1p31)
#define IN_U32_F32(x) ((x) > -1.f && (x) < 0x1p32f)
#define IN_U32_F64(x) ((x) > -1. && (x) < 0x1p32)
#define IN_S64_F32(x) ((x) >= -0x1p63f && (x) < 0x1p63f)
#define IN_S64_F64(x) ((x) >= -0x1p63 && (x) < 0x1p63)
#define IN_U64_F32(x) ((x) > -1.f && (x) < 0x1p64f)
#define IN_U64_F64(x) ((x) > -1. && (x) < 0x1p64)

#define TRUNC(whole, cut, in, x)                                                                                                   \
        ({                                                                                                                         \
                if (UNLIKELY(!in(x)))                                                                                              \
                        (x) != (x) ? TRAP(INVALID_CONVERSION) : TRAP(INT_OVERFLOW);                                                \
                (whole)(cut)(x);                                                                                                   \
        })

#define I32_TRUNC_S_F32(x) TRUNC(u32, s32, IN_S32_F32, x)
#define I32_TRUNC_S_F64(x) TRUNC(u32, s32, IN_S32_F64, x)
#define I32_TRUNC_U_F32(x) TRUNC(u32, u32, IN_U32_F32, x)
#define I32_TRUNC_U_F64(x) TRUNC(u32, u32, IN_U32_F64, x)
#define I64_TRUNC_S_F32(x) TRUNC(u64, s64, IN_S64_F32, x)
#define I64_TRUNC_S_F64(x) TRUNC(u64, s64, IN_S64_F64, x)
#define I64_TRUNC_U_F32(x) TRUNC(u64, u64, IN_U64_F32, x)
#define I64_TRUNC_U_F64(x) TRUNC(u64, u64, IN_U64_F64, x)

#define TRUNC_SAT(whole, cut, in, least, most, x)                                                                                  \
        (LIKELY(in(x)) ? (whole)(cut)(x) : (x) < 0 ? (whole)(least) : (x) > 0 ? (whole)(most) : (whole)0)

#define I32_TRUNC_SAT_S_F32(x) TRUNC_SAT(u32, s32, IN_S32_F32, INT32_MIN, INT32_MAX, x)
#define I32_TRUNC_SAT_S_F64(x) TRUNC_SAT(u32, s32, IN_S32_F64, INT32_MIN, INT32_MAX, x)
#define I32_TRUNC_SAT_U_F32(x) TRUNC_SAT(u32, u32, IN_U32_F32, 0, UINT32_MAX, x)
#define I32_TRUNC_SAT_U_F64(x) TRUNC_SAT(u32, u32, IN_U32_F64, 0, UINT32_MAX, x)
#define I64_TRUNC_SAT_S_F32(x) TRUNC_SAT(u64, s64, IN_S64_F32, INT64_MIN, INT64_MAX, x)
#define I64_TRUNC_SAT_S_F64(x) TRUNC_SAT(u64, s64, IN_S64_F64, INT64_MIN, INT64_MAX, x)
#define I64_TRUNC_SAT_U_F32(x) TRUNC_SAT(u64, u64, IN_U64_F32, 0, UINT64_MAX, x)
#define I64_TRUNC_SAT_U_F64(x) TRUNC_SAT(u64, u64, IN_U64_F64, 0, UINT64_MAX, x)

/* --- Floating point --------------------------------------------------------------------------- */

/* The compiler does not know that value any more. */
#define HIDE(x) __asm__("" : "+" FLOAT_REGISTER(x))

#define INFINITY  __builtin_inff()
#define copysign  __builtin_copysign
#define copysignf __builtin_copysignf

static inline u64 wasm_rt_f32_bits(f32 value)
{
        u32 bits;
        __builtin_memcpy(&bits, &value, sizeof bits);
        return bits;
}

static inline u64 wasm_rt_f64_bits(f64 value)
{
        u64 bits;
        __builtin_memcpy(&bits, &value, sizeof bits);
        return bits;
}

static inline f32 wasm_rt_f32(u64 bits)
{
        f32 value;
        __builtin_memcpy(&value, &bits, sizeof value);
        return value;
}

static inline f64 wasm_rt_f64(u64 bits)
{
        f64 value;
        __builtin_memcpy(&value, &bits, sizeof value);
        return value;
}

#define f32_reinterpret_i32(x) wasm_rt_f32(x)
#define f64_reinterpret_i64(x) wasm_rt_f64(x)
#define i32_reinterpret_f32(x) ((u32)wasm_rt_f32_bits(x))
#define i64_reinterpret_f64(x) wasm_rt_f64_bits(x)

/* The sign is a bit, of numbers and of all else. */
#define wasm_fabsf __builtin_fabsf
#define wasm_fabs  __builtin_fabs

/* What is no number leaves an instruction as a quiet one, which compilers don't promise. */
static inline f32 wasm_quietf(f32 x)
{
        return UNLIKELY(x != x) ? wasm_rt_f32(wasm_rt_f32_bits(x) | 0x400000) : x;
}

static inline f64 wasm_quiet(f64 x)
{
        return UNLIKELY(x != x) ? wasm_rt_f64(wasm_rt_f64_bits(x) | 0x8000000000000) : x;
}

#define ROUNDING(name, type, quiet, round)                                                                                         \
        static inline type name(type x)                                                                                            \
        {                                                                                                                          \
                return UNLIKELY(x != x) ? quiet(x) : round(x);                                                                     \
        }

ROUNDING(wasm_ceilf, f32, wasm_quietf, __builtin_ceilf)
ROUNDING(wasm_floorf, f32, wasm_quietf, __builtin_floorf)
ROUNDING(wasm_truncf, f32, wasm_quietf, __builtin_truncf)
ROUNDING(wasm_nearbyintf, f32, wasm_quietf, __builtin_nearbyintf)
ROUNDING(wasm_sqrtf, f32, wasm_quietf, __builtin_sqrtf)
ROUNDING(wasm_ceil, f64, wasm_quiet, __builtin_ceil)
ROUNDING(wasm_floor, f64, wasm_quiet, __builtin_floor)
ROUNDING(wasm_trunc, f64, wasm_quiet, __builtin_trunc)
ROUNDING(wasm_nearbyint, f64, wasm_quiet, __builtin_nearbyint)
ROUNDING(wasm_sqrt, f64, wasm_quiet, __builtin_sqrt)

/* One that is no number makes the result none; of two zeros the negative one is less. */
#define FMIN(x, y)                                                                                                                 \
        (UNLIKELY((x) != (x) || (y) != (y)) ? (x) + (y) : (x) == (y) ? (__builtin_signbit(x) ? (x) : (y)) : (x) < (y) ? (x) : (y))
#define FMAX(x, y)                                                                                                                 \
        (UNLIKELY((x) != (x) || (y) != (y)) ? (x) + (y) : (x) == (y) ? (__builtin_signbit(x) ? (y) : (x)) : (x) > (y) ? (x) : (y))

/* --- References and tables -------------------------------------------------------------------- */

typedef enum {
        WASM_RT_I32,
        WASM_RT_I64,
        WASM_RT_F32,
        WASM_RT_F64,
        WASM_RT_FUNCREF,
        WASM_RT_EXTERNREF,
} wasm_rt_type_t;

typedef void (*wasm_rt_function_ptr_t)(void);

/* No type has the number 0, so that the null reference is of none. */
typedef struct {
        u32 func_type;
        wasm_rt_function_ptr_t func;
        void *module_instance;
} wasm_rt_funcref_t;

typedef void *wasm_rt_externref_t;

#define wasm_rt_funcref_null_value   ((wasm_rt_funcref_t){ 0, NULL, NULL })
#define wasm_rt_externref_null_value ((wasm_rt_externref_t)NULL)

typedef struct {
        wasm_rt_funcref_t *data;
        u32 max_size, size;
} wasm_rt_funcref_table_t;

typedef struct {
        wasm_rt_externref_t *data;
        u32 max_size, size;
} wasm_rt_externref_table_t;

/* A function of the module's: imported ones stand in no segment (rewrite.c), and the last is 0. */
typedef struct {
        u32 type;
        wasm_rt_function_ptr_t func;
        size_t instance_offset;
} wasm_elem_segment_expr_t;

static __attribute__((cold, noinline, noreturn, unused)) void wasm_rt_trap_call(const wasm_rt_funcref_table_t *table, u32 i,
                                                                                u32 line)
{
        wasm_rt_runtime->trap(i >= table->size       ? WASM_TRAP_CALL_UNDEFINED
                              : !table->data[i].func ? WASM_TRAP_CALL_NULL
                                                     : WASM_TRAP_CALL_INDIRECT,
                              line);
}

/* What is compared is what is used, whoever else might write where it came from: it is not read again. */
#define ONCE(i) __asm__("" : "+r"(i))

#define CALL_INDIRECT(table, type, expected, i, ...)                                                                               \
        ({                                                                                                                         \
                ONCE(i);                                                                                                           \
                if (UNLIKELY((i) >= (table).size || (table).data[i].func_type != func_types[expected]))                            \
                        wasm_rt_trap_call(&(table), i, __LINE__);                                                                  \
                ((type)(table).data[i].func)(__VA_ARGS__);                                                                         \
        })

#define DEFINE_TABLE(kind)                                                                                                         \
        static inline void wasm_rt_allocate_##kind##_table(wasm_rt_##kind##_table_t *table, u32 size, u32 max_size)                \
        {                                                                                                                          \
                table->data = (wasm_rt_##kind##_t *)wasm_rt_runtime->table_new(size, sizeof(wasm_rt_##kind##_t));                  \
                table->size = size;                                                                                                \
                table->max_size = max_size;                                                                                        \
        }                                                                                                                          \
        static inline void wasm_rt_fill_##kind(wasm_rt_##kind##_table_t *table, u32 at, wasm_rt_##kind##_t value, u32 n)           \
        {                                                                                                                          \
                for (u32 i = 0; i < n; i++)                                                                                        \
                        table->data[at + i] = value;                                                                               \
        }                                                                                                                          \
        static inline u32 wasm_rt_grow_##kind##_table(wasm_rt_##kind##_table_t *table, u32 delta, wasm_rt_##kind##_t value)        \
        {                                                                                                                          \
                u32 before = table->size;                                                                                          \
                u64 after = (u64)before + delta;                                                                                   \
                void *data = NULL;                                                                                                 \
                if (!delta)                                                                                                        \
                        return before;                                                                                             \
                if (after <= table->max_size)                                                                                      \
                        data = wasm_rt_runtime->table_grow(table->data, (u32)after, sizeof(wasm_rt_##kind##_t));                   \
                if (!data)                                                                                                         \
                        return UINT32_MAX;                                                                                         \
                table->data = (wasm_rt_##kind##_t *)data;                                                                          \
                table->size = (u32)after;                                                                                          \
                wasm_rt_fill_##kind(table, before, value, delta);                                                                  \
                return before;                                                                                                     \
        }

DEFINE_TABLE(funcref)
DEFINE_TABLE(externref)

#define TABLE_GET(table, i)                                                                                                        \
        ({                                                                                                                         \
                TABLE_CHECK(i, 1, (table)->size);                                                                                  \
                (table)->data[i];                                                                                                  \
        })
#define TABLE_SET(table, i, value)                                                                                                 \
        ({                                                                                                                         \
                TABLE_CHECK(i, 1, (table)->size);                                                                                  \
                (table)->data[i] = (value);                                                                                        \
        })
#define TABLE_COPY(table, table_from, to, from, n)                                                                                 \
        ({                                                                                                                         \
                TABLE_CHECK(to, n, (table)->size);                                                                                 \
                TABLE_CHECK(from, n, (table_from)->size);                                                                          \
                wasm_rt_copy((table)->data + (to), (table_from)->data + (from), (u64)(n) * sizeof *(table)->data);                 \
        })
#define TABLE_FILL(kind, table, at, value, n)                                                                                      \
        ({                                                                                                                         \
                TABLE_CHECK(at, n, (table)->size);                                                                                 \
                wasm_rt_fill_##kind(table, at, value, n);                                                                          \
        })
#define TABLE_INIT_CHECK(table, segment_size, to, from, n)                                                                         \
        do {                                                                                                                       \
                TABLE_CHECK(from, n, (u32)(segment_size));                                                                         \
                TABLE_CHECK(to, n, (table)->size);                                                                                 \
        } while (0)

#define funcref_table_get                         TABLE_GET
#define externref_table_get                       TABLE_GET
#define funcref_table_set                         TABLE_SET
#define externref_table_set                       TABLE_SET
#define funcref_table_copy                        TABLE_COPY
#define externref_table_copy                      TABLE_COPY
#define funcref_table_fill(table, at, value, n)   TABLE_FILL(funcref, table, at, value, n)
#define externref_table_fill(table, at, value, n) TABLE_FILL(externref, table, at, value, n)

static inline void wasm_rt_init_funcref(wasm_rt_funcref_t *to, const wasm_elem_segment_expr_t *from, u32 n, void *instance,
                                        const u32 *types)
{
        for (u32 i = 0; i < n; i++)
                to[i] = from[i].func ? (wasm_rt_funcref_t){ types[from[i].type], from[i].func, instance }
                                     : wasm_rt_funcref_null_value;
}

#define funcref_table_init(table, segment, segment_size, to, from, n, instance, types)                                             \
        ({                                                                                                                         \
                TABLE_INIT_CHECK(table, segment_size, to, from, n);                                                                \
                wasm_rt_init_funcref((table)->data + (to), (const wasm_elem_segment_expr_t *)(segment) + (from), n, instance,      \
                                     types);                                                                                       \
        })

/* Such a segment holds null references only. */
#define externref_table_init(table, segment_size, to, from, n)                                                                     \
        ({                                                                                                                         \
                TABLE_INIT_CHECK(table, segment_size, to, from, n);                                                                \
                wasm_rt_fill_externref(table, to, wasm_rt_externref_null_value, n);                                                \
        })

/* --- When an image is loaded ------------------------------------------------------------------ */

static void *wasm_rt_types;

/* Followed by the types of the parameters, then of the results. The reader bounds both (WASM_PARAMS_MAX, WASM_RESULTS_MAX). */
static inline u32 wasm_rt_register_func_type(u32 params, u32 results, ...)
{
        enum { TYPES_MAX = 1024 };
        u8 signature[TYPES_MAX + 1];
        u32 len = 0, n = params + results;
        va_list types;
        if (n >= TYPES_MAX)
                __builtin_trap();
        va_start(types, results);
        for (u32 i = 0; i < n; i++) {
                if (i == params)
                        signature[len++] = '>';
                signature[len++] = (u8)('a' + va_arg(types, int));
        }
        va_end(types);
        return wasm_rt_runtime->func_type(wasm_rt_types, signature, len);
}

#endif
