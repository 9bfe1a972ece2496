#include "wasm/recast.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/key.h"
#include "wasm/recast_body.h"

/* What stands before a module's own text, macros and functions that are the same for every module, ends with this line; and the
 * wasm_key of it all is that of wabt 1.0.32. */
#define PREAMBLE_END "static bool s_module_initialized = false;\n"
#define PREAMBLE_KEY "19cf49be1af2fe55923e79709431c8d241a004fcc32f6e44b48fb565db268719"

#define HEADER_INPUT "wasm2c.h"
#define HEADER_BEGIN "extern \"C\" {\n#endif\n"
#define HEADER_END   "#ifdef __cplusplus\n}\n"
#define MEMORY       "  wasm_rt_memory_t "

/* Pieces of wasm2c's text, each a line or from a line to the first that begins with a brace. */
enum piece_kind {
        PIECE_TYPES,    /* static u32 func_types[5]; */
        PIECE_DECLARED, /* static u32 w2c_f5(Z_image_instance_t*, u32); */
        PIECE_DATA,
        PIECE_ELEMENTS,
        PIECE_FUNCTION,
        PIECE_OTHER,  /* how an instance begins, exports */
        PIECE_UNUSED, /* how one ends */
};

/* By how its first line begins, and whether that ends so; the first that fits. Functions of the module have names that begin with
 * w2c_, others have not. */
static const struct form {
        const char *begin, *within, *end;
        enum piece_kind kind;
} forms[] = {
        { "static u32 func_types[", "", "];", PIECE_TYPES },
        { "static ", " w2c_", ");", PIECE_DECLARED },
        { "static const u8 data_segment_data_", "", "[] = {", PIECE_DATA },
        { "static const wasm_elem_segment_expr_t elem_segment_exprs_", "", "[] = {", PIECE_ELEMENTS },
        { "static void init_", "", "{", PIECE_OTHER },
        { "static ", " w2c_", "", PIECE_FUNCTION },
        { "", " Z_imageZ_", "", PIECE_OTHER },
        { "void Z_image_init_module(", "", "{", PIECE_OTHER },
        { "void Z_image_instantiate(", "", "{", PIECE_OTHER },
        { "void Z_image_free(", "", "{", PIECE_UNUSED },
};

struct piece {
        enum piece_kind kind;
        struct ward_span text;
};

struct recast {
        const struct wasm_recast_options *options;
        int folder;
        struct ward_span source, header; /* mapped: owned */
        struct piece *pieces;            /* owned */
        size_t n_pieces, size_pieces;
        size_t function_bytes;
        uint32_t n_parts;
        FILE *head, *image, *part; /* owned */
        uint32_t number;           /* of @part */
        size_t part_bytes;         /* in all parts so far */
        uint32_t n_functions;      /* written so far */
        bool failed;
};

static void close_file(FILE **file, bool *failed)
{
        if (*file && (ferror(*file) | fclose(*file)))
                *failed = true;
        *file = NULL;
}

static void unmap(struct ward_span *span)
{
        if (span->at)
                munmap((void *)(uintptr_t)span->at, span->len);
}

static void finish(struct recast *recast)
{
        close_file(&recast->head, &recast->failed);
        close_file(&recast->image, &recast->failed);
        close_file(&recast->part, &recast->failed);
        unmap(&recast->source);
        unmap(&recast->header);
        free(recast->pieces);
}

static int map(int folder, const char *name, struct ward_span *ret)
{
        OWNED(fd_closep) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED)
                return -errno;
        *ret = (struct ward_span){ at, (size_t)st.st_size };
        return 0;
}

static FILE *create(struct recast *recast, const char *name)
{
        int fd = openat(recast->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
        FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
        if (fd >= 0 && !file)
                fd_close(fd);
        if (!file)
                recast->failed = true;
        return file;
}

/* --- Reading ---------------------------------------------------------------------------------- */

static int unknown(const struct recast *recast, struct ward_span line, struct ward_fault *fault)
{
        return fault_set(fault, WARD_FAULT_COMPILE,
                         "wasm2c wrote for module '%s' what Ward does not know (\"%.*s\"): Ward works with wasm2c of wabt 1.0.32",
                         recast->options->name, (int)(line.len < 60 ? line.len : 60), (const char *)line.at);
}

/* Where @what begins, or NULL. */
static const uint8_t *find(struct ward_span in, const char *what)
{
        return in.len ? memmem(in.at, in.len, what, strlen(what)) : NULL;
}

/* Takes what is to @what off @span, and that too. */
static bool skip_past(struct ward_span *span, const char *what)
{
        const uint8_t *at = find(*span, what);
        if (!at)
                return false;
        at += strlen(what);
        *span = (struct ward_span){ at, span->len - (size_t)(at - span->at) };
        return true;
}

static int skip_preamble(const struct recast *recast, struct ward_span *text, struct ward_fault *fault)
{
        char key[WASM_KEY_LEN + 1] = "";
        struct ward_span all = *text, first = { 0 };
        if (skip_past(text, PREAMBLE_END)) {
                const struct ward_span preamble = { all.at, all.len - text->len - strlen(PREAMBLE_END) };
                wasm_key(&preamble, 1, key);
        }
        recast_line(&all, &first);
        return strcmp(key, PREAMBLE_KEY) ? unknown(recast, first, fault) : 0;
}

static const struct form *find_form(struct ward_span line)
{
        for (size_t i = 0; i < COUNT_OF(forms); i++)
                if (recast_starts(line, forms[i].begin) && find(line, forms[i].within) && recast_ends(line, forms[i].end))
                        return &forms[i];
        return NULL;
}

static int add_piece(struct recast *recast, struct piece piece)
{
        if (recast->n_pieces == recast->size_pieces) {
                size_t size = recast->size_pieces ? 2 * recast->size_pieces : 256;
                struct piece *pieces = reallocarray(recast->pieces, size, sizeof *pieces);
                if (!pieces)
                        return -ENOMEM;
                recast->pieces = pieces;
                recast->size_pieces = size;
        }
        recast->pieces[recast->n_pieces++] = piece;
        if (piece.kind == PIECE_FUNCTION)
                recast->function_bytes += piece.text.len;
        return 0;
}

/* To the end of the piece that begins with @line. */
static bool take_piece(struct ward_span *text, struct ward_span line, enum piece_kind kind, struct piece *ret)
{
        const uint8_t *begin = line.at;
        bool whole = kind == PIECE_TYPES || kind == PIECE_DECLARED;
        while (!whole && recast_line(text, &line))
                whole = recast_starts(line, "}");
        *ret = (struct piece){ kind, { begin, (size_t)(text->at - begin) } };
        return whole;
}

static int read_pieces(struct recast *recast, struct ward_fault *fault)
{
        struct ward_span text = recast->source, line;
        int r = skip_preamble(recast, &text, fault);
        while (!r && recast_line(&text, &line)) {
                struct piece piece;
                if (!line.len || recast_starts(line, "/* export: "))
                        continue;
                const struct form *form = find_form(line);
                if (!form || !take_piece(&text, line, form->kind, &piece))
                        r = unknown(recast, line, fault);
                else if (add_piece(recast, piece) < 0)
                        r = fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot compile module '%s'", recast->options->name);
        }
        return r;
}

/* --- Writing ---------------------------------------------------------------------------------- */

/* Without its `static `, with @in_place instead. */
static void write_declared(FILE *out, const char *in_place, struct ward_span text)
{
        size_t len = strlen("static ");
        fprintf(out, "%s", in_place);
        fwrite(text.at + len, 1, text.len - len, out);
}

/* To the bracket of `static const u8 name[] = {`. */
static struct ward_span array_name(struct ward_span text)
{
        return (struct ward_span){ text.at, (size_t)(find(text, "[") - text.at) };
}

static int hexadecimal(uint8_t c)
{
        return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* `0x61, 0x62, ` as a string, which compilers read much faster, and in octal, for no digit of the text that follows is part of
 * that. */
static void write_data(FILE *out, struct ward_span text)
{
        struct ward_span line, name = array_name(text);
        size_t n = 0;
        recast_line(&text, &line);
        for (size_t i = 0; i < text.len; i++)
                n += text.at[i] == ',';
        write_declared(out, "WASM_PRIVATE ", name);
        fprintf(out, "[%zu] =\n", n);
        while (recast_line(&text, &line) && recast_starts(line, "  0x")) {
                putc('"', out);
                for (size_t at = 4; at + 1 < line.len; at += 6)
                        fprintf(out, "\\%03o", 16 * hexadecimal(line.at[at]) + hexadecimal(line.at[at + 1]));
                fputs("\"\n", out);
        }
        fputs(";\n", out);
}

/* What the parts need to know of the image's arrays. */
static void write_array_declared(FILE *out, struct ward_span text)
{
        write_declared(out, "extern ", array_name(text));
        fputs("[];\n", out);
}

static void write_header_piece(struct recast *recast, const struct piece *piece)
{
        if (piece->kind == PIECE_DECLARED)
                write_declared(recast->head, "WASM_PRIVATE ", piece->text);
        else if (recast->n_parts && (piece->kind == PIECE_TYPES || piece->kind == PIECE_DATA || piece->kind == PIECE_ELEMENTS))
                write_array_declared(recast->head, piece->text);
}

static void write_header(struct recast *recast, struct ward_span own)
{
        struct ward_span memory = own, line;
        if (recast->options->checked)
                fprintf(recast->head, "#define WASM_CHECKED\n");
        if (recast->options->looking)
                fprintf(recast->head, "#define WASM_LOOKING\n");
        if (recast->n_parts)
                fprintf(recast->head, "#define WASM_IN_PARTS\n");
        if (skip_past(&memory, "\n" MEMORY) && recast_line(&memory, &line) && recast_ends(line, ";"))
                fprintf(recast->head, "#define WASM_MEMORY %.*s\n", (int)line.len - 1, (const char *)line.at);
        fprintf(recast->head, "#include \"wasm-rt.h\"\n");
        while (recast_line(&own, &line))
                if (!recast_starts(line, "/*"))
                        recast_write(recast->head, line);
        for (size_t i = 0; i < recast->n_pieces; i++)
                write_header_piece(recast, &recast->pieces[i]);
}

/* The file that the next function belongs in, of @len bytes: parts are filled one after the other. */
static FILE *function_file(struct recast *recast, size_t len)
{
        if (!recast->n_parts)
                return recast->image;
        bool full = recast->part_bytes >= recast->function_bytes / recast->n_parts * recast->number;
        if (!recast->part || (full && recast->number < recast->n_parts)) {
                char name[sizeof WASM_PART_FORMAT + 10];
                close_file(&recast->part, &recast->failed);
                snprintf(name, sizeof name, WASM_PART_FORMAT, ++recast->number);
                recast->part = create(recast, name);
                if (recast->part)
                        fprintf(recast->part, "#include \"image.h\"\n\n");
        }
        recast->part_bytes += len;
        return recast->part;
}

static void write_function(struct recast *recast, struct ward_span text)
{
        const struct wasm_recast_options *options = recast->options;
        uint32_t number = recast->n_functions++;
        FILE *out = function_file(recast, text.len);
        size_t len = strlen("static ");
        if (!out)
                return;
        fputs("WASM_PRIVATE ", out);
        recast_body(out, (struct ward_span){ text.at + len, text.len - len },
                    options->marks && number < options->n_functions ? &options->marks[number] : NULL);
        fputs("\n", out);
}

/* wasm2c's runtime has a state that Ward's has not. */
static void write_other(FILE *out, struct ward_span text)
{
        struct ward_span line;
        while (recast_line(&text, &line))
                if (!recast_starts(line, "  assert(") && !recast_starts(line, "  s_module_initialized = "))
                        recast_write(out, line);
}

static void write_piece(struct recast *recast, const struct piece *piece)
{
        if (piece->kind == PIECE_FUNCTION)
                write_function(recast, piece->text);
        else if (piece->kind == PIECE_DATA)
                write_data(recast->image, piece->text);
        else if (piece->kind == PIECE_TYPES || piece->kind == PIECE_ELEMENTS)
                write_declared(recast->image, "WASM_PRIVATE ", piece->text);
        else if (piece->kind == PIECE_OTHER)
                write_other(recast->image, piece->text);
}

static uint32_t count_parts(const struct recast *recast)
{
        size_t n = recast->function_bytes / WASM_PART_LEAST, max = recast->options->parts_max;
        max = max < WASM_PARTS_MAX ? max : WASM_PARTS_MAX;
        n = n < max ? n : max;
        return n > 1 ? (uint32_t)n : 0;
}

static void write_all(struct recast *recast, struct ward_span header)
{
        recast->n_parts = count_parts(recast);
        recast->head = create(recast, "image.h");
        recast->image = create(recast, "image.c");
        if (recast->failed)
                return;
        write_header(recast, header);
        fprintf(recast->image, "#include \"image.h\"\n\n");
        if (recast->n_parts)
                fprintf(recast->image, "const struct wasm_runtime *wasm_rt_runtime;\n\n");
        for (size_t i = 0; i < recast->n_pieces && !recast->failed; i++)
                write_piece(recast, &recast->pieces[i]);
        close_file(&recast->head, &recast->failed);
        close_file(&recast->image, &recast->failed);
        close_file(&recast->part, &recast->failed);
}

/* Of wasm2c's header what declares the instance, exports and imports. */
static int read_header(const struct recast *recast, struct ward_span *ret, struct ward_fault *fault)
{
        struct ward_span own = recast->header;
        const uint8_t *end = skip_past(&own, HEADER_BEGIN) ? find(own, HEADER_END) : NULL;
        if (!end)
                return unknown(recast, span_of(HEADER_INPUT), fault);
        *ret = (struct ward_span){ own.at, (size_t)(end - own.at) };
        return 0;
}

int wasm_recast(int folder, const struct wasm_recast_options *options, uint32_t *ret_parts, struct ward_fault *fault)
{
        OWNED(finish) struct recast recast = { .options = options, .folder = folder };
        struct ward_span header = { 0 };
        int r = map(folder, WASM_RECAST_INPUT, &recast.source);
        if (!r)
                r = map(folder, HEADER_INPUT, &recast.header);
        if (r)
                return fault_set_errno(fault, WARD_FAULT_COMPILE, -r, "cannot read what wasm2c wrote for module '%s'",
                                       options->name);
        r = read_header(&recast, &header, fault);
        if (!r)
                r = read_pieces(&recast, fault);
        if (r)
                return r;
        write_all(&recast, header);
        if (recast.failed)
                return fault_set_errno(fault, WARD_FAULT_COMPILE, errno, "cannot write the C text of module '%s'", options->name);
        *ret_parts = recast.number;
        return 0;
}
