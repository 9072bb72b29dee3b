#include "formats/gotemplate_run.h"

#include "core/digest.h"
#include "core/utf8.h"
#include "formats/number.h"

#include <ctype.h>
#include <inttypes.h>

enum { WHOLE_MAX_BITS = 53, LATIN_FIRST = 0xa1, LATIN_LAST = 0x24f, SOFT_HYPHEN = 0xad };

/* ---- printing ---- */

/* A number from JSON is a float64 in Go: whole ones are exact up to here, and are written as digits. */
static bool is_whole(double real)
{
	const double max = (double)(INT64_C(1) << WHOLE_MAX_BITS);

	return real >= -max && real <= max && real == (double)(int64_t)real;
}

bool template_print(struct template_run *run, struct buf *out, const struct value *v, size_t at)
{
	switch (v->type) {
	case VALUE_TEXT:
		buf_view(out, view_of(v->text, v->n));
		return true;
	case VALUE_INT:
		buf_printf(out, "%" PRId64, v->integer);
		return true;
	case VALUE_BOOL:
		buf_text(out, v->truth ? "true" : "false");
		return true;
	case VALUE_REAL:
		/* %v writes what has 21 digits and more, and small fractions, with an exponent. */
		if (is_whole(v->real)) {
			buf_printf(out, "%.0f", v->real);
			return true;
		}
		template_flaw(run, at, "a number that is not whole, or large, is not printed here");
		return false;
	default:
		template_flaw(run, at, "%s is not printed here", value_type_name(v->type));
		template_hint(run, "toJson writes it as JSON");
		return false;
	}
}

bool template_truth(const struct value *v)
{
	switch (v->type) {
	case VALUE_NULL: return false;
	case VALUE_BOOL: return v->truth;
	case VALUE_INT: return v->integer != 0;
	case VALUE_REAL: return v->real != 0;
	default: return v->n > 0;
	}
}

/* ---- JSON ---- */

static void print_text(struct buf *out, struct view text, bool html)
{
	uint32_t c;

	buf_char(out, '"');
	while (text.n) {
		size_t n = utf8_next(text, &c);

		if (!n)
			buf_text(out, "\\ufffd");
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (char)c);
		else if (c < 0x20 && memchr("\b\f\n\r\t", (int)c, 5))
			buf_printf(out, "\\%c", "btn?fr"[c - '\b']);
		else if (c < 0x20 || (html && c < 0x80 && strchr("<>&", (int)c)) || c == 0x2028 || c == 0x2029)
			buf_printf(out, "\\u%04x", (unsigned)c);
		else
			buf_view(out, view_of(text.p, n));
		n += n == 0;
		text = view_of(text.p + n, text.n - n);
	}
	buf_char(out, '"');
}

struct entry {
	const char *name;
	const struct value *v;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static void print_map(struct arena *mem, struct buf *out, const struct value *v, bool html)
{
	struct entry *all = ARENA_ARRAY(mem, struct entry, v->n + 1);

	for (size_t i = 0; i < v->n; i++)
		all[i] = (struct entry){ v->names[i], v->items[i] };
	if (v->n)
		qsort(all, v->n, sizeof(*all), by_name);
	buf_char(out, '{');
	for (size_t i = 0; i < v->n; i++) {
		buf_text(out, i ? "," : "");
		print_text(out, view_text(all[i].name), html);
		buf_char(out, ':');
		gojson_print(mem, out, all[i].v, html);
	}
	buf_char(out, '}');
}

void gojson_print(struct arena *mem, struct buf *out, const struct value *v, bool html)
{
	switch (v->type) {
	case VALUE_NULL: buf_text(out, "null"); break;
	case VALUE_BOOL: buf_text(out, v->truth ? "true" : "false"); break;
	case VALUE_INT: buf_printf(out, "%" PRId64, v->integer); break;
	case VALUE_REAL: is_whole(v->real) ? buf_printf(out, "%.0f", v->real) : number_print_real(out, v->real); break;
	case VALUE_TEXT: print_text(out, view_of(v->text, v->n), html); break;
	case VALUE_MAP: print_map(mem, out, v, html); break;
	case VALUE_LIST:
		buf_char(out, '[');
		for (size_t i = 0; i < v->n; i++) {
			buf_text(out, i ? "," : "");
			gojson_print(mem, out, v->items[i], html);
		}
		buf_char(out, ']');
		break;
	}
}

/* ---- quotes ---- */

/* strconv.IsPrint has tables; between these bounds all but the soft hyphen are printable. */
bool template_quote(struct buf *out, struct view text)
{
	static const char controls[] = "\a\b\t\n\v\f\r", letters[] = "abtnvfr";
	uint32_t c;

	buf_char(out, '"');
	while (text.n) {
		size_t n = utf8_next(text, &c);

		if (!n)
			buf_printf(out, "\\x%02x", (unsigned char)*text.p);
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (char)c);
		else if (c >= '\a' && c <= '\r')
			buf_printf(out, "\\%c", letters[strchr(controls, (int)c) - controls]);
		else if (c < ' ' || c == 0x7f)
			buf_printf(out, "\\x%02x", (unsigned)c);
		else if (c < 0x7f || (c >= LATIN_FIRST && c <= LATIN_LAST && c != SOFT_HYPHEN))
			buf_view(out, view_of(text.p, n));
		else
			return false;
		n += n == 0;
		text = view_of(text.p + n, text.n - n);
	}
	buf_char(out, '"');
	return true;
}

/* A backslash and what follows it: \n, \x41, \u00e9, \101. 0: it is none. */
static size_t unescape(struct buf *out, struct view in)
{
	static const char letters[] = "abtnvfr\\\"", bytes[] = "\a\b\t\n\v\f\r\\\"";
	const char *found = in.n > 1 && in.p[1] ? strchr(letters, in.p[1]) : NULL;
	unsigned number = 0;

	if (found) {
		buf_char(out, bytes[found - letters]);
		return 2;
	}
	/* Runes by number are rare: \x for ASCII is all that we take. */
	if (in.n < 4 || in.p[1] != 'x' || !isxdigit((unsigned char)in.p[2]) || !isxdigit((unsigned char)in.p[3]))
		return 0;
	for (size_t i = 2; i < 4; i++) {
		char c = in.p[i];

		number = 16 * number + (unsigned)(isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10);
	}
	buf_char(out, (char)number);
	return 4;
}

static bool unquote(struct buf *out, struct view in, char quote)
{
	while (in.n) {
		size_t n = 1;

		if (quote == '`' && *in.p == '\r')
			;                                /* Go drops it from raw texts */
		else if (quote == '"' && *in.p == '\n')
			return false;
		else if (quote == '"' && *in.p == '\\')
			n = unescape(out, in);
		else
			buf_char(out, *in.p);
		if (!n)
			return false;
		in = view_of(in.p + n, in.n - n);
	}
	return true;
}

const struct value *template_unquote(struct arena *mem, struct view literal)
{
	AUTO(wiped) struct buf text = BUF_MAX(literal.n + 1);

	if (literal.n < 2 || literal.p[literal.n - 1] != literal.p[0])
		return NULL;
	if (!unquote(&text, view_of(literal.p + 1, literal.n - 2), literal.p[0]))
		return NULL;
	return value_new_view(mem, buf_bytes(&text));
}
