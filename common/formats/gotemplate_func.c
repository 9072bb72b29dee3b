#include "formats/gotemplate_run.h"

#include "core/digest.h"
#include "core/text.h"
#include "core/utf8.h"
#include "formats/json.h"

#include <ctype.h>

#define EXACT_MAX INT64_C(999999999999999)

enum { RESULT_MAX = 16 << 20, PAD_MAX = 1000, ANY = 1000 };

static const struct value *made(struct template_call *c, const struct buf *b)
{
	if (b->full)
		return template_flaw(c->run, c->at, "'%s': the text is longer than %d bytes", c->name, RESULT_MAX);
	return value_new_view(c->run->mem, buf_bytes(b));
}

static struct view text_of(const struct template_call *c, size_t i)
{
	return view_of(c->args[i]->text, c->args[i]->n);
}

/* ---- quoting ---- */

static const struct value *call_quote(struct template_call *c)
{
	AUTO(wiped) struct buf all = BUF_MAX(RESULT_MAX);

	for (size_t i = 0; i < c->n; i++) {
		AUTO(wiped) struct buf one = BUF_MAX(RESULT_MAX);

		buf_text(&all, i ? " " : "");
		if (!template_print(c->run, &one, c->args[i], c->at))
			return NULL;
		if (!template_quote(&all, buf_bytes(&one)))
			return template_flaw(c->run, c->at, "'quote': of characters past U+024F is not known here whether Go escapes them");
	}
	return made(c, &all);
}

static const struct value *call_squote(struct template_call *c)
{
	AUTO(wiped) struct buf all = BUF_MAX(RESULT_MAX);

	for (size_t i = 0; i < c->n; i++) {
		buf_text(&all, i ? " '" : "'");
		if (!template_print(c->run, &all, c->args[i], c->at))
			return NULL;
		buf_char(&all, '\'');
	}
	return made(c, &all);
}

/* ---- base64 ---- */

static const struct value *call_b64enc(struct template_call *c)
{
	AUTO(wiped) struct buf all = BUF_MAX(RESULT_MAX);

	base64_print(&all, text_of(c, 0));
	return made(c, &all);
}

/* sprig's gives its decoder's complaint as the value: that is never what was meant. Go skips line breaks in it. */
static const struct value *call_b64dec(struct template_call *c)
{
	AUTO(wiped) struct buf packed = BUF_MAX(RESULT_MAX), all = BUF_MAX(RESULT_MAX);
	AUTO(err) struct err e = {0};
	struct view in = text_of(c, 0);

	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] != '\n' && in.p[i] != '\r')
			buf_char(&packed, in.p[i]);
	if (packed.n % 4 || (packed.n && strpbrk(buf_str(&packed), "-_")) || base64_parse(&all, buf_bytes(&packed), &e) < 0) {
		template_flaw(c->run, c->at, "'b64dec': this is no base64, and the error's text would become the value");
		return NULL;
	}
	return made(c, &all);
}

/* ---- letters and edges ---- */

static const struct value *change_case(struct template_call *c, int (*change)(int))
{
	AUTO(wiped) struct buf all = BUF_MAX(RESULT_MAX);
	struct view in = text_of(c, 0);

	for (size_t i = 0; i < in.n; i++) {
		if ((unsigned char)in.p[i] >= 0x80)
			return template_flaw(c->run, c->at, "'%s': letters beyond ASCII are not changed here", c->name);
		buf_char(&all, (char)change((unsigned char)in.p[i]));
	}
	return made(c, &all);
}

static const struct value *call_upper(struct template_call *c)
{
	return change_case(c, toupper);
}

static const struct value *call_lower(struct template_call *c)
{
	return change_case(c, tolower);
}

/* unicode.IsSpace */
static bool is_space(uint32_t c)
{
	static const uint32_t wide[] = { 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000 };

	if (c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x2000 && c <= 0x200a))
		return true;
	for (size_t i = 0; i < COUNT_OF(wide); i++)
		if (c == wide[i])
			return true;
	return false;
}

static const struct value *call_trim(struct template_call *c)
{
	struct view in = text_of(c, 0);
	size_t from = in.n, to = 0, step;
	uint32_t at;

	for (size_t i = 0; i < in.n; i += step) {
		step = utf8_next(view_of(in.p + i, in.n - i), &at);
		if (step && is_space(at))
			continue;
		step += step == 0;
		from = from == in.n ? i : from;
		to = i + step;
	}
	return value_new_view(c->run->mem, to > from ? view_of(in.p + from, to - from) : view_text(""));
}

static const struct value *call_trim_prefix(struct template_call *c)
{
	struct view part = text_of(c, 0), in = text_of(c, 1);

	if (in.n >= part.n && memcmp(in.p, part.p, part.n) == 0)
		in = view_of(in.p + part.n, in.n - part.n);
	return value_new_view(c->run->mem, in);
}

static bool ends_with(struct view in, struct view part)
{
	return in.n >= part.n && memcmp(in.p + in.n - part.n, part.p, part.n) == 0;
}

static const struct value *call_trim_suffix(struct template_call *c)
{
	struct view part = text_of(c, 0), in = text_of(c, 1);

	return value_new_view(c->run->mem, view_of(in.p, in.n - (ends_with(in, part) ? part.n : 0)));
}

/* ---- lines and parts ---- */

static const struct value *indent(struct template_call *c, bool newline)
{
	AUTO(wiped) struct buf all = BUF_MAX(RESULT_MAX);
	int64_t pad = c->args[0]->integer;
	struct view in = text_of(c, 1);

	if (pad < 0 || pad > PAD_MAX)
		return template_flaw(c->run, c->at, "'%s': 0 to %d spaces", c->name, PAD_MAX);
	buf_text(&all, newline ? "\n" : "");
	buf_printf(&all, "%*s", (int)pad, "");
	for (size_t i = 0; i < in.n; i++) {
		buf_char(&all, in.p[i]);
		if (in.p[i] == '\n')
			buf_printf(&all, "%*s", (int)pad, "");
	}
	return made(c, &all);
}

static const struct value *call_indent(struct template_call *c)
{
	return indent(c, false);
}

static const struct value *call_nindent(struct template_call *c)
{
	return indent(c, true);
}

static const struct value *call_replace(struct template_call *c)
{
	AUTO(wiped) struct buf all = BUF_MAX(RESULT_MAX);
	struct view old = text_of(c, 0), new = text_of(c, 1), in = text_of(c, 2);
	const char *found;

	if (!old.n)
		return template_flaw(c->run, c->at, "'replace': the text to replace is empty");
	while (in.n && (found = memmem(in.p, in.n, old.p, old.n))) {
		size_t before = (size_t)(found - in.p);

		buf_view(&all, view_of(in.p, before));
		buf_view(&all, new);
		in = view_of(found + old.n, in.n - before - old.n);
	}
	buf_view(&all, in);
	return made(c, &all);
}

/* ---- questions ---- */

static const struct value *truth(struct template_call *c, bool is)
{
	return value_new_bool(c->run->mem, is);
}

static const struct value *call_contains(struct template_call *c)
{
	struct view part = text_of(c, 0), in = text_of(c, 1);

	return truth(c, !part.n || (in.n && memmem(in.p, in.n, part.p, part.n)));
}

static const struct value *call_has_prefix(struct template_call *c)
{
	struct view part = text_of(c, 0), in = text_of(c, 1);

	return truth(c, in.n >= part.n && memcmp(in.p, part.p, part.n) == 0);
}

static const struct value *call_has_suffix(struct template_call *c)
{
	return truth(c, ends_with(text_of(c, 1), text_of(c, 0)));
}

static const struct value *call_empty(struct template_call *c)
{
	return truth(c, !template_truth(c->args[0]));
}

static const struct value *call_not(struct template_call *c)
{
	return truth(c, !template_truth(c->args[0]));
}

/* Two types are an error in Go as well; maps and lists have no eq there. */
static bool comparable(struct template_call *c)
{
	enum value_type type = c->args[0]->type;

	if (type == c->args[1]->type && type != VALUE_MAP && type != VALUE_LIST && type != VALUE_NULL)
		return true;
	template_flaw(c->run, c->at, "'%s': %s and %s are not compared", c->name, value_type_name(type),
	              value_type_name(c->args[1]->type));
	return false;
}

static const struct value *call_eq(struct template_call *c)
{
	return comparable(c) ? truth(c, value_same(c->args[0], c->args[1])) : NULL;
}

static const struct value *call_ne(struct template_call *c)
{
	return comparable(c) ? truth(c, !value_same(c->args[0], c->args[1])) : NULL;
}

/* ---- values ---- */

static const struct value *call_default(struct template_call *c)
{
	return template_truth(c->args[1]) ? c->args[1] : c->args[0];
}

static const struct value *call_to_string(struct template_call *c)
{
	AUTO(wiped) struct buf all = BUF_MAX(RESULT_MAX);

	return template_print(c->run, &all, c->args[0], c->at) ? made(c, &all) : NULL;
}

static const struct value *to_json(struct template_call *c, bool html)
{
	AUTO(wiped) struct buf all = BUF_MAX(RESULT_MAX);

	gojson_print(c->run->mem, &all, c->args[0], html);
	return made(c, &all);
}

static const struct value *call_to_json(struct template_call *c)
{
	return to_json(c, true);
}

static const struct value *call_to_raw_json(struct template_call *c)
{
	return to_json(c, false);
}

/* Every number is a float64 in Go then. false: one of which we do not know how Go writes it. */
static bool numbers_to_real(struct value *v)
{
	int64_t integer = v->integer;
	bool right = v->type != VALUE_REAL && !(v->type == VALUE_INT && (integer > EXACT_MAX || integer < -EXACT_MAX));

	if (v->type == VALUE_INT) {
		v->type = VALUE_REAL;
		v->real = (double)integer;
	}
	for (size_t i = 0; (v->type == VALUE_LIST || v->type == VALUE_MAP) && i < v->n; i++)
		right &= numbers_to_real(v->items[i]);
	return right;
}

static const struct value *call_from_json(struct template_call *c)
{
	AUTO(err) struct err e = {0};
	struct value *v;

	if (va_json_parse(c->run->mem, text_of(c, 0), NULL, &v, &e) < 0)
		return template_flaw(c->run, c->at, "'fromJson': this is no JSON");
	return numbers_to_real(v) ? v : template_flaw(c->run, c->at, "'fromJson': a number that is not whole, or of 16 digits and more");
}

/* Of the map of values (map[string]string) a name that is absent is ""; of other maps it is nil. */
static const struct value *call_index(struct template_call *c)
{
	const struct value *map = c->args[0], *v;
	AUTO(text) char *name = xstrndup(c->args[1]->text, c->args[1]->n);

	if (map->type != VALUE_MAP)
		return template_flaw(c->run, c->at, "'index' of %s is not rendered here", value_type_name(map->type));
	v = strlen(name) == c->args[1]->n ? value_get(map, name) : NULL;
	if (v)
		return v;
	return map == c->run->dot ? value_new_text(c->run->mem, "") :
	       template_flaw(c->run, c->at, "'index': there is no such key");
}

/* %s and %v of texts, %d of numbers that stand in the template, %%. */
static const struct value *call_printf(struct template_call *c)
{
	AUTO(wiped) struct buf all = BUF_MAX(RESULT_MAX);
	struct view fmt = text_of(c, 0);
	size_t arg = 1;

	for (size_t i = 0; i < fmt.n; i++) {
		char verb = fmt.p[i] == '%' && i + 1 < fmt.n ? fmt.p[i + 1] : 0;

		if (fmt.p[i] != '%') {
			buf_char(&all, fmt.p[i]);
			continue;
		}
		i++;
		if (verb == '%') {
			buf_char(&all, '%');
			continue;
		}
		if (arg >= c->n)
			return template_flaw(c->run, c->at, "'printf' has fewer values than its text has verbs");
		if (!(strchr("sv", verb) && verb && c->args[arg]->type == VALUE_TEXT) &&
		    !(strchr("dv", verb) && verb && c->args[arg]->type == VALUE_INT))
			return template_flaw(c->run, c->at, "'printf' takes %%s of texts, %%d of whole numbers and %%%% here");
		template_print(c->run, &all, c->args[arg++], c->at);
	}
	return arg == c->n ? made(c, &all) : template_flaw(c->run, c->at, "'printf' has more values than its text has verbs");
}

/* ---- the table ---- */

/* types: t a text, i a whole number, a anything; the last one is for all that follow. */
static const struct row {
	const char *name;
	size_t min, max;
	const char *types;
	const struct value *(*call)(struct template_call *c);
} rows[] = {
	{ "quote", 1, ANY, "a", call_quote }, { "squote", 1, ANY, "a", call_squote },
	{ "b64enc", 1, 1, "t", call_b64enc }, { "b64dec", 1, 1, "t", call_b64dec },
	{ "upper", 1, 1, "t", call_upper }, { "lower", 1, 1, "t", call_lower },
	{ "trim", 1, 1, "t", call_trim },
	{ "trimPrefix", 2, 2, "t", call_trim_prefix }, { "trimSuffix", 2, 2, "t", call_trim_suffix },
	{ "indent", 2, 2, "it", call_indent }, { "nindent", 2, 2, "it", call_nindent },
	{ "replace", 3, 3, "t", call_replace },
	{ "contains", 2, 2, "t", call_contains },
	{ "hasPrefix", 2, 2, "t", call_has_prefix }, { "hasSuffix", 2, 2, "t", call_has_suffix },
	{ "empty", 1, 1, "a", call_empty }, { "not", 1, 1, "a", call_not },
	{ "eq", 2, 2, "a", call_eq }, { "ne", 2, 2, "a", call_ne },
	{ "default", 2, 2, "a", call_default }, { "toString", 1, 1, "a", call_to_string },
	{ "toJson", 1, 1, "a", call_to_json }, { "toRawJson", 1, 1, "a", call_to_raw_json },
	{ "fromJson", 1, 1, "t", call_from_json },
	{ "index", 2, 2, "at", call_index },
	{ "printf", 1, ANY, "ta", call_printf },
};

const char *const gotemplate_functions[] = {
	"quote", "squote", "b64enc", "b64dec", "upper", "lower", "trim", "trimPrefix", "trimSuffix", "indent", "nindent",
	"replace", "contains", "hasPrefix", "hasSuffix", "empty", "not", "eq", "ne", "default", "toString", "toJson",
	"toRawJson", "fromJson", "index", "printf", NULL
};

static const struct row *row_of(struct view name)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (view_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

static const struct value *unknown(struct template_run *run, struct view name, size_t at)
{
	AUTO(text) char *text = xstrndup(name.p, name.n);
	const char *near = text_nearest(text, gotemplate_functions, COUNT_OF(gotemplate_functions) - 1);

	template_flaw(run, at, "'%s' is no function that is rendered here", text);
	return near ? template_hint(run, "did you mean '%s'?", near) : NULL;
}

static bool fits(struct template_call *c, const struct row *row)
{
	for (size_t i = 0; i < c->n; i++) {
		char type = row->types[i < strlen(row->types) ? i : strlen(row->types) - 1];
		enum value_type is = c->args[i]->type;

		if ((type == 't' && is != VALUE_TEXT) || (type == 'i' && is != VALUE_INT)) {
			template_flaw(c->run, c->at, "'%s' takes %s there, and got %s", c->name, type == 't' ? "a text" : "a whole number",
			              value_type_name(is));
			return false;
		}
	}
	return true;
}

const struct value *template_call(struct template_run *run, struct view name, size_t at, const struct value *const *args,
                                  size_t n)
{
	const struct row *row = row_of(name);
	struct template_call call = { .run = run, .at = at, .args = args, .n = n };

	if (!row)
		return unknown(run, name, at);
	call.name = row->name;
	if (n < row->min || n > row->max)
		return template_flaw(run, at, "'%s' takes %zu%s values, and got %zu", row->name, row->min,
		                     row->max == ANY ? " or more" : "", n);
	if (run->dead)
		return run->dot;
	return fits(&call, row) ? row->call(&call) : NULL;
}
