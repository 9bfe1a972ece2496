#include "wasm/cfi.h"

#include "wasm/dwarf_parts.h"

enum {
        REGISTER_FRAME = 6, /* rbp, as DWARF counts */
        REGISTER_STACK = 7, /* rsp */
        POINTER_RELATIVE_32 = 0x1b,
        REMEMBERED_MAX = 8,

        OP_ADVANCE = 0x40, /* the upper two bits; an operand is in the lower ones */
        OP_OFFSET = 0x80,
        OP_RESTORE = 0xc0,
        OP_NOP = 0x00,
        OP_ADVANCE1 = 0x02,
        OP_ADVANCE2 = 0x03,
        OP_ADVANCE4 = 0x04,
        OP_OFFSET_EXTENDED = 0x05,
        OP_RESTORE_EXTENDED = 0x06,
        OP_UNDEFINED = 0x07,
        OP_SAME_VALUE = 0x08,
        OP_REMEMBER = 0x0a,
        OP_RESTORE_STATE = 0x0b,
        OP_DEF_CFA = 0x0c,
        OP_DEF_CFA_REGISTER = 0x0d,
        OP_DEF_CFA_OFFSET = 0x0e,
        OP_DEF_CFA_EXPRESSION = 0x0f,
        OP_EXPRESSION = 0x10,
        OP_VALUE_EXPRESSION = 0x16,
        OP_GNU_ARGS_SIZE = 0x2e,
};

struct state {
        uint64_t base; /* a register */
        int64_t cfa;
        int64_t frame;
        bool known;
};

struct cfi {
        struct ward_span section;
        uint64_t address;
        struct growing *rules;
        /* Of the common part (CIE) that a function's refers to. */
        uint64_t code_unit;
        int64_t data_unit;
        uint8_t encoding;
        bool augmented;
        struct cursor first;
        /* While instructions run. */
        uint64_t at;
        struct state state, initial, remembered[REMEMBERED_MAX];
        uint32_t n_remembered;
};

static uint32_t base_of(const struct state *state)
{
        if (!state->known || state->cfa < 0 || state->cfa > INT32_MAX || state->frame > 0 || state->frame < INT32_MIN)
                return CFI_UNKNOWN;
        return state->base == REGISTER_STACK ? CFI_STACK_POINTER : state->base == REGISTER_FRAME ? CFI_FRAME_POINTER : CFI_UNKNOWN;
}

static void add_rule(struct cfi *cfi)
{
        const struct state *state = &cfi->state;
        const struct cfi_rule *last = cfi->rules->n ? (struct cfi_rule *)cfi->rules->at + cfi->rules->n - 1 : NULL;
        const struct cfi_rule new = { (uint32_t)cfi->at, (int32_t)state->cfa, (int32_t)state->frame, base_of(state) };
        if (cfi->at > UINT32_MAX || (last && last->base == new.base && last->cfa == new.cfa && last->frame == new.frame))
                return;
        struct cfi_rule *rule = growing_add(cfi->rules, 1);
        if (rule)
                *rule = new;
}

/* --- Instructions ----------------------------------------------------------------------------- */

static void advance(struct cfi *cfi, uint64_t units)
{
        add_rule(cfi);
        cfi->at += units * cfi->code_unit;
}

static void save(struct cfi *cfi, uint64_t number, int64_t offset)
{
        if (number == REGISTER_FRAME)
                cfi->state.frame = offset * cfi->data_unit;
}

static void restore(struct cfi *cfi, uint64_t number)
{
        if (number == REGISTER_FRAME)
                cfi->state.frame = cfi->initial.frame;
}

/* What is saved in a way that rules do not tell. */
static void lose(struct cfi *cfi, uint64_t number)
{
        if (number == REGISTER_FRAME)
                cfi->state.known = false;
}

static void remember(struct cfi *cfi)
{
        if (cfi->n_remembered < REMEMBERED_MAX)
                cfi->remembered[cfi->n_remembered++] = cfi->state;
        else
                cfi->state.known = false;
}

static void recall(struct cfi *cfi)
{
        if (cfi->n_remembered)
                cfi->state = cfi->remembered[--cfi->n_remembered];
}

/* Those without an operand in the opcode; false: not known, the rest cannot be read. */
static bool run_other(struct cfi *cfi, struct cursor *cursor, uint8_t code)
{
        uint64_t number;
        switch (code) {
        case OP_NOP:
                return true;
        case OP_ADVANCE1:
        case OP_ADVANCE2:
        case OP_ADVANCE4:
                advance(cfi, cursor_number(cursor, 1u << (code - OP_ADVANCE1)));
                return true;
        case OP_OFFSET_EXTENDED:
                number = cursor_uleb(cursor);
                save(cfi, number, (int64_t)cursor_uleb(cursor));
                return true;
        case OP_RESTORE_EXTENDED:
                restore(cfi, cursor_uleb(cursor));
                return true;
        case OP_UNDEFINED:
        case OP_SAME_VALUE:
                save(cfi, cursor_uleb(cursor), 0);
                return true;
        case OP_REMEMBER:
                remember(cfi);
                return true;
        case OP_RESTORE_STATE:
                recall(cfi);
                return true;
        case OP_DEF_CFA:
                cfi->state.base = cursor_uleb(cursor);
                cfi->state.cfa = (int64_t)cursor_uleb(cursor);
                return true;
        case OP_DEF_CFA_REGISTER:
                cfi->state.base = cursor_uleb(cursor);
                return true;
        case OP_DEF_CFA_OFFSET:
                cfi->state.cfa = (int64_t)cursor_uleb(cursor);
                return true;
        case OP_DEF_CFA_EXPRESSION:
                cursor_bytes(cursor, cursor_uleb(cursor));
                cfi->state.known = false;
                return true;
        case OP_EXPRESSION:
        case OP_VALUE_EXPRESSION:
                lose(cfi, cursor_uleb(cursor));
                cursor_bytes(cursor, cursor_uleb(cursor));
                return true;
        case OP_GNU_ARGS_SIZE:
                cursor_uleb(cursor);
                return true;
        default:
                cfi->state.known = false;
                return false;
        }
}

static void run(struct cfi *cfi, struct cursor cursor)
{
        while (cursor_left(&cursor)) {
                uint8_t code = cursor_u8(&cursor), operand = code & 0x3f;
                if ((code & 0xc0) == OP_ADVANCE)
                        advance(cfi, operand);
                else if ((code & 0xc0) == OP_OFFSET)
                        save(cfi, operand, (int64_t)cursor_uleb(&cursor));
                else if ((code & 0xc0) == OP_RESTORE)
                        restore(cfi, operand);
                else if (!run_other(cfi, &cursor, code))
                        return;
        }
}

/* --- Records ---------------------------------------------------------------------------------- */

/* What a function's record has in common with others. False: of no kind that is known. */
static bool read_common(struct cfi *cfi, uint64_t offset)
{
        struct cursor all = cursor_at(cfi->section, offset), cursor = cursor_unit(&all);
        uint64_t id = cursor_number(&cursor, 4);
        uint8_t version = cursor_u8(&cursor);
        struct ward_span augmentation = cursor_text(&cursor);
        cfi->code_unit = cursor_uleb(&cursor);
        cfi->data_unit = cursor_sleb(&cursor);
        if (version == 1)
                cursor_u8(&cursor); /* the return address's register */
        else
                cursor_uleb(&cursor);
        cfi->augmented = span_is(augmentation, "zR");
        cursor_uleb(&cursor); /* how long what follows from the augmentation is */
        cfi->encoding = cursor_u8(&cursor);
        cfi->first = cursor;
        return !id && !cursor.bad && cfi->augmented;
}

static void read_function(struct cfi *cfi, struct cursor *cursor, uint64_t common)
{
        if (!read_common(cfi, common) || cfi->encoding != POINTER_RELATIVE_32)
                return;
        uint64_t here = cfi->address + (uint64_t)(cursor->at - cfi->section.at);
        uint64_t low = here + (uint64_t)(int64_t)(int32_t)(uint32_t)cursor_number(cursor, 4);
        uint64_t len = cursor_number(cursor, 4);
        cursor_bytes(cursor, cursor_uleb(cursor)); /* what follows from the augmentation: nothing here */
        if (cursor->bad)
                return;
        cfi->at = low;
        cfi->n_remembered = 0;
        cfi->initial = cfi->state = (struct state){ .known = true };
        uint32_t before = cfi->rules->n;
        run(cfi, cfi->first);
        cfi->rules->n = before;
        cfi->at = low;
        cfi->initial = cfi->state;
        run(cfi, *cursor);
        add_rule(cfi);
        cfi->state.known = false;
        cfi->at = low + len;
        add_rule(cfi);
}

/* Where one function ends, another begins. */
static int compare(const void *a, const void *b)
{
        const struct cfi_rule *x = a, *y = b;
        if (x->at != y->at)
                return x->at < y->at ? -1 : 1;
        return (x->base != CFI_UNKNOWN) - (y->base != CFI_UNKNOWN);
}

void cfi_read(struct ward_span section, uint64_t address, struct growing *rules)
{
        struct cfi cfi = { .section = section, .address = address, .rules = rules };
        struct cursor all = cursor_of(section);
        while (cursor_left(&all)) {
                struct cursor record = cursor_unit(&all);
                uint64_t at = (uint64_t)(record.at - section.at), back = cursor_number(&record, 4);
                if (back && !record.bad && back <= at)
                        read_function(&cfi, &record, at - back);
        }
        if (rules->n)
                qsort(rules->at, rules->n, sizeof(struct cfi_rule), compare);
}
