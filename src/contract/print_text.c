/* Names, documentation, attributes and layout. */
#include "contract/printer.h"

#include <string.h>
#include "contract/lex.h"

void printer_indent(struct printer *p)
{
        fprintf(p->out, "%*s", 2 * p->depth, "");
}

static struct source source_of(const char *text)
{
        return (struct source){ .text = (char *)text, .len = strlen(text) };
}

void printer_name(struct printer *p, const char *name)
{
        struct source source = source_of(name);
        bool keyword = lex_token(&source, 0, NULL).kind >= TOKEN_KEYWORDS;
        fprintf(p->out, "%s%s", keyword ? "%" : "", name);
}

/* --- Documentation ---------------------------------------------------------------------------- */

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The least indentation of the lines that are not empty, in bytes. */
static size_t common_indent(const char *text)
{
        size_t least = SIZE_MAX;
        while (*text) {
                size_t len = strcspn(text, "\n"), indent = strspn(text, " \t\r");
                if (len && indent < least)
                        least = indent;
                text += len + (text[len] != 0);
        }
        return least;
}

static bool has_trailing_blank(const char *text)
{
        for (const char *end = strchr(text, '\n'); end; end = strchr(end + 1, '\n'))
                if (end > text && end[-1] != '\n' && is_blank(end[-1]))
                        return true;
        return false;
}

/* Whether comments that begin and end in @text are balanced, so that it can stand inside of one. */
static bool nests(const char *text)
{
        size_t depth = 0;
        for (; *text; text++) {
                if (text[0] == '*' && text[1] == '/' && !depth--)
                        return false;
                if (text[0] == '/' && text[1] == '*')
                        depth++;
                else if (text[0] != '*' || text[1] != '/')
                        continue;
                text++;
        }
        return !depth;
}

/* What was a block comment with an indentation of its own stays one: the reader would take that away from lines. It takes none away
 * from a block that begins with a line's end or a tab, and one space from one that begins with text. */
static bool wants_block(const char *docs, size_t indent)
{
        return ((indent && indent != SIZE_MAX) || has_trailing_blank(docs)) && *docs != ' ' && nests(docs);
}

void printer_docs(struct printer *p, const char *docs)
{
        size_t indent = common_indent(docs);
        if (wants_block(docs, indent)) {
                printer_indent(p);
                fprintf(p->out, "/**%s%s */\n", is_blank(*docs) ? "" : " ", docs);
                return;
        }
        for (bool more = true; more;) {
                size_t len = strcspn(docs, "\n"), cut = len > indent ? indent : 0;
                printer_indent(p);
                fprintf(p->out, "///%s%.*s\n", len ? " " : "", (int)(len - cut), docs + cut);
                more = docs[len] != 0;
                docs += len + more;
        }
}

/* --- Attributes ------------------------------------------------------------------------------- */

static void print_attribute(struct printer *p, const char *before, const char *value)
{
        if (!value)
                return;
        printer_indent(p);
        fprintf(p->out, "%s%s)\n", before, value);
}

/* A string may name characters that a source must not hold. */
static void print_string(struct printer *p, const char *text)
{
        struct source source = source_of(text);
        bool plain = lex_check(&source, NULL);
        fputc('"', p->out);
        for (; *text; text++) {
                unsigned char c = (unsigned char)*text;
                if (c == '"' || c == '\\')
                        fprintf(p->out, "\\%c", c);
                else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !plain))
                        fprintf(p->out, "\\%02x", c);
                else
                        fputc(c, p->out);
        }
        fputc('"', p->out);
}

static void print_attributes(struct printer *p, const struct wit_stability *stability, const char *external_id)
{
        if (stability) {
                print_attribute(p, "@since(version = ", stability->since);
                print_attribute(p, "@unstable(feature = ", stability->feature);
                print_attribute(p, "@deprecated(version = ", stability->deprecated);
        }
        if (external_id) {
                printer_indent(p);
                fputs("@external-id(", p->out);
                print_string(p, external_id);
                fputs(")\n", p->out);
        }
}

/* --- Layout ----------------------------------------------------------------------------------- */

static bool is_gated(const struct printer_head *head)
{
        return head->stability && (head->stability->since || head->stability->feature || head->stability->deprecated);
}

void printer_item(struct printer *p, enum printer_item item, const struct printer_head *head, bool tall)
{
        bool headed = !p->bare && (head->docs || head->external_id || is_gated(head));
        if (p->last != PRINTER_NOTHING && (p->last != item || p->tall || tall || headed))
                fputc('\n', p->out);
        if (headed && head->docs)
                printer_docs(p, head->docs);
        if (headed)
                print_attributes(p, head->stability, head->external_id);
        printer_indent(p);
        p->last = item;
        p->tall = tall || headed;
}

enum printer_item printer_open(struct printer *p, bool empty)
{
        enum printer_item outer = p->last;
        fputs(empty ? "{" : "{\n", p->out);
        p->depth++;
        p->last = PRINTER_NOTHING;
        return outer;
}

void printer_close(struct printer *p, enum printer_item outer, bool empty)
{
        p->depth--;
        p->last = outer;
        p->tall = true;
        if (!empty)
                printer_indent(p);
        fputs("}\n", p->out);
}
