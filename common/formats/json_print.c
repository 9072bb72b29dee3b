#include "core/utf8.h"
#include "formats/json.h"
#include "formats/number.h"

#include <inttypes.h>
#include <math.h>

static void quote_char(struct buf *out, struct view c)
{
	switch (*c.p) {
	case '"':
		buf_text(out, "\\\"");
		break;
	case '\\':
		buf_text(out, "\\\\");
		break;
	case '\n':
		buf_text(out, "\\n");
		break;
	case '\r':
		buf_text(out, "\\r");
		break;
	case '\t':
		buf_text(out, "\\t");
		break;
	default:
		if ((unsigned char)*c.p < 0x20 || *c.p == 0x7f)
			buf_printf(out, "\\u%04x", (unsigned)*c.p);
		else
			buf_view(out, c);
	}
}

void va_json_quote(struct buf *out, struct view text)
{
	buf_char(out, '"');
	while (text.n) {
		size_t n = utf8_next(text, NULL);

		if (n)
			quote_char(out, view_of(text.p, n));
		else
			buf_text(out, "\\ufffd");
		n += n == 0;
		text = view_of(text.p + n, text.n - n);
	}
	buf_char(out, '"');
}

static void break_line(struct buf *out, bool pretty, unsigned depth)
{
	if (pretty)
		buf_printf(out, "\n%*s", (int)(2 * depth), "");
}

static void print_value(struct buf *out, const struct value *v, bool pretty, unsigned depth);

static void print_items(struct buf *out, const struct value *v, bool pretty, unsigned depth)
{
	bool map = v->type == VALUE_MAP;

	buf_char(out, map ? '{' : '[');
	for (size_t i = 0; i < v->n; i++) {
		if (i)
			buf_char(out, ',');
		break_line(out, pretty, depth + 1);
		if (map) {
			va_json_quote(out, view_text(v->names[i]));
			buf_text(out, pretty ? ": " : ":");
		}
		print_value(out, v->items[i], pretty, depth + 1);
	}
	if (v->n)
		break_line(out, pretty, depth);
	buf_char(out, map ? '}' : ']');
}

static void print_value(struct buf *out, const struct value *v, bool pretty, unsigned depth)
{
	switch (v->type) {
	case VALUE_NULL:
		buf_text(out, "null");
		break;
	case VALUE_BOOL:
		buf_text(out, v->truth ? "true" : "false");
		break;
	case VALUE_INT:
		buf_printf(out, "%" PRId64, v->integer);
		break;
	case VALUE_REAL:
		if (isfinite(v->real))
			number_print_real(out, v->real);
		else
			buf_text(out, "null"); /* JSON has no word for it; so does JavaScript */
		break;
	case VALUE_TEXT:
		va_json_quote(out, view_of(v->text, v->n));
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		print_items(out, v, pretty, depth);
		break;
	}
}

void va_json_print(struct buf *out, const struct value *v, bool pretty)
{
	print_value(out, v, pretty, 0);
	if (pretty)
		buf_char(out, '\n');
}
