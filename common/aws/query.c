#include "aws/protocol.h"
#include "formats/uri.h"

#include <inttypes.h>

/* "&Name=" */
static void print_name(struct buf *out, const char *name)
{
	buf_char(out, '&');
	uri_encode(out, view_text(name), false);
	buf_char(out, '=');
}

static void print_scalar(struct buf *out, const struct value *v)
{
	switch (v->type) {
	case VALUE_BOOL:
		buf_text(out, v->truth ? "true" : "false");
		break;
	case VALUE_INT:
		buf_printf(out, "%" PRId64, v->integer);
		break;
	case VALUE_REAL:
		buf_printf(out, "%.17g", v->real);
		break;
	default:
		uri_encode(out, view_of(v->text, v->n), false);
	}
}

static void print_param(struct buf *out, struct arena *a, const char *name, const struct value *v)
{
	if (v->type == VALUE_NULL)
		return;
	if (v->type == VALUE_MAP) {
		for (size_t i = 0; i < v->n; i++)
			print_param(out, a, arena_printf(a, "%s.%s", name, v->names[i]), v->items[i]);
		return;
	}
	if (v->type == VALUE_LIST && v->n > 0) {
		for (size_t i = 0; i < v->n; i++)
			print_param(out, a, arena_printf(a, "%s.member.%zu", name, i + 1), v->items[i]);
		return;
	}
	print_name(out, name);
	if (v->type != VALUE_LIST) /* an empty list is "Name=" */
		print_scalar(out, v);
}

void query_print(struct buf *out, const char *action, const char *version,
				 const struct value *params)
{
	AUTO(arena) struct arena mem = ARENA_INIT;

	buf_printf(out, "Action=%s&Version=%s", action, version);
	for (size_t i = 0; params && i < params->n; i++)
		print_param(out, &mem, params->names[i], params->items[i]);
}
