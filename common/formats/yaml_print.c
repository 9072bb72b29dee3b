#include "core/text.h"
#include "core/utf8.h"
#include "formats/number.h"
#include "formats/yaml.h"
#include "formats/yaml_word.h"

#include <inttypes.h>
#include <math.h>
#include <yaml.h>

struct writer {
	yaml_emitter_t emitter;
	struct err *e;
};

static void writer_release(struct writer *w)
{
	yaml_emitter_delete(&w->emitter);
}
SCOPE_END(writer, struct writer, writer_release(v))

static int print_value(struct writer *w, const struct value *v);

static int append(void *to, unsigned char *bytes, size_t n)
{
	buf_put(to, bytes, n);
	return 1;
}

/* made: what the initialiser of the event gave; it fails only without memory. */
static int emit(struct writer *w, yaml_event_t *event, int made)
{
	if (!made)
		out_of_memory();
	if (yaml_emitter_emit(&w->emitter, event))
		return 0;
	return err_set(w->e, ERR_BUG, 0, "writing YAML: %s",
				   w->emitter.problem ? w->emitter.problem : "no memory");
}

static int print_scalar(struct writer *w, struct view text, yaml_scalar_style_t style)
{
	yaml_event_t event;

	return emit(w, &event,
				yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text.p,
											 (int)text.n, 1, 1, style));
}

static int print_bare(struct writer *w, const char *word)
{
	return print_scalar(w, view_text(word), YAML_PLAIN_SCALAR_STYLE);
}

/* What a literal block cannot hold, or what readers break lines at. */
static bool is_odd(uint32_t c)
{
	return (c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
		   c == 0xfeff || (c & 0xfffe) == 0xfffe;
}

/*
 * Several lines, none with anything odd. One that starts with a line end or space
 * would need an indentation indicator, which readers have got wrong.
 */
static bool suits_literal(struct view text)
{
	uint32_t c;

	if (!memchr(text.p, '\n', text.n) || *text.p == '\n' || *text.p == ' ')
		return false;
	while (text.n) {
		size_t n = utf8_next(text, &c);

		if (is_odd(c))
			return false;
		text = view_of(text.p + n, text.n - n);
	}
	return true;
}

static int print_text(struct writer *w, struct view text)
{
	yaml_scalar_style_t style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;

	if (text.n > INT32_MAX || utf8_fault(text) < text.n)
		return err_set(w->e, ERR_BUG, 0, "writing YAML: a text is too long or no UTF-8");
	if (yaml_word_is_text(text))
		return print_scalar(w, text, YAML_PLAIN_SCALAR_STYLE);
	if (suits_literal(text))
		style = YAML_LITERAL_SCALAR_STYLE;
	return print_scalar(w, text, style);
}

static int print_real(struct writer *w, double real)
{
	AUTO(buf) struct buf text = BUF_MAX(64);

	if (isnan(real))
		return print_bare(w, ".nan");
	if (isinf(real))
		return print_bare(w, real > 0 ? ".inf" : "-.inf");
	number_print_real(&text, real);
	return print_bare(w, buf_str(&text));
}

static int print_int(struct writer *w, int64_t integer)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, integer);
	return print_bare(w, text);
}

static int print_list(struct writer *w, const struct value *v)
{
	yaml_event_t event;

	if (emit(w, &event,
			 yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
												  YAML_BLOCK_SEQUENCE_STYLE)) < 0)
		return -1;
	for (size_t i = 0; i < v->n; i++)
		if (print_value(w, v->items[i]) < 0)
			return -1;
	return emit(w, &event, yaml_sequence_end_event_initialize(&event));
}

static int print_map(struct writer *w, const struct value *v)
{
	yaml_event_t event;

	if (emit(w, &event,
			 yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE)) <
		0)
		return -1;
	for (size_t i = 0; i < v->n; i++)
		if (print_text(w, view_text(v->names[i])) < 0 || print_value(w, v->items[i]) < 0)
			return -1;
	return emit(w, &event, yaml_mapping_end_event_initialize(&event));
}

static int print_value(struct writer *w, const struct value *v)
{
	switch (v->type) {
	case VALUE_BOOL:
		return print_bare(w, v->truth ? "true" : "false");
	case VALUE_INT:
		return print_int(w, v->integer);
	case VALUE_REAL:
		return print_real(w, v->real);
	case VALUE_TEXT:
		return print_text(w, view_of(v->text, v->n));
	case VALUE_LIST:
		return print_list(w, v);
	case VALUE_MAP:
		return print_map(w, v);
	default:
		return print_bare(w, "null");
	}
}

static int print_document(struct writer *w, const struct value *v)
{
	yaml_event_t event;

	if (emit(w, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) < 0 ||
		emit(w, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1)) < 0 ||
		print_value(w, v) < 0 || emit(w, &event, yaml_document_end_event_initialize(&event, 1)) < 0)
		return -1;
	return emit(w, &event, yaml_stream_end_event_initialize(&event));
}

int va_yaml_print(struct buf *out, const struct value *v, struct err *e)
{
	AUTO(writer) struct writer w = { .e = e };
	size_t before = out->n;

	if (!yaml_emitter_initialize(&w.emitter))
		out_of_memory();
	yaml_emitter_set_output(&w.emitter, append, out);
	yaml_emitter_set_unicode(&w.emitter, 1);
	yaml_emitter_set_width(&w.emitter, -1);
	if (print_document(&w, v) < 0) {
		buf_cut(out, before);
		return -1;
	}
	return 0;
}
