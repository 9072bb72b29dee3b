#include "formats/xml.h"

#include "core/buf.h"

#include <expat.h>
#include <limits.h>

typedef struct XML_ParserStruct *parser_pointer;
SCOPE_END(expat, parser_pointer, XML_ParserFree(*v))

struct reader {
	struct arena *a;
	XML_Parser parser;
	struct value *open[XML_DEPTH_LIMIT]; /* {name: [each value of it]} of each open element */
	size_t depth;
	struct buf text; /* of the innermost element, while it has no children */
	const char *root;
	struct value *found;
	struct err *e;
};

static void reader_release(struct reader *r)
{
	buf_wipe(&r->text);
}
SCOPE_END(reader, struct reader, reader_release(v))

static int refuse(struct reader *r, const char *why)
{
	struct mark mark = { NULL, (unsigned)XML_GetCurrentLineNumber(r->parser),
						 (unsigned)XML_GetCurrentColumnNumber(r->parser) + 1 };

	return mark_err(r->e, ERR_REMOTE, &mark, "%s", why);
}

static void stop(struct reader *r, const char *why)
{
	if (r->e->kind == ERR_NONE)
		refuse(r, why);
	XML_StopParser(r->parser, XML_FALSE);
}

static const char *local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

static void on_start(void *to, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *r = to;

	(void)attributes;
	buf_cut(&r->text, 0);
	if (r->depth == XML_DEPTH_LIMIT) {
		stop(r, "elements nested too deep");
		return;
	}
	if (r->depth == 0)
		r->root = arena_text(r->a, local_name(name));
	r->open[r->depth++] = value_new_map(r->a);
}

static void on_text(void *to, const XML_Char *text, int n)
{
	struct reader *r = to;

	buf_put(&r->text, text, (size_t)n);
}

/* What an element is, now that it is complete. */
static struct value *element_value(struct reader *r, struct value *children)
{
	if (children->n == 0)
		return value_new_view(r->a, buf_bytes(&r->text));
	if (children->n == 1 && strcmp(children->names[0], "member") == 0)
		return children->items[0];
	for (size_t i = 0; i < children->n; i++)
		if (children->items[i]->n == 1)
			children->items[i] = children->items[i]->items[0];
	return children;
}

static struct value *values_of(struct reader *r, struct value *parent, const char *name)
{
	for (size_t i = 0; i < parent->n; i++)
		if (strcmp(parent->names[i], name) == 0)
			return parent->items[i];
	if (parent->n == XML_NAMES_LIMIT) {
		stop(r, "too many different names in one element");
		return NULL;
	}
	return value_add(r->a, parent, name, NULL, value_new_list(r->a));
}

static void on_end(void *to, const XML_Char *name)
{
	struct reader *r = to;
	struct value *v, *values;

	if (r->e->kind != ERR_NONE)
		return; /* expat ends an empty element even after the parser was stopped at its start */
	v = element_value(r, r->open[--r->depth]);
	buf_cut(&r->text, 0);
	if (r->depth == 0) {
		r->found = v;
		return;
	}
	values = values_of(r, r->open[r->depth - 1], local_name(name));
	if (values)
		value_push(r->a, values, v);
}

static void on_doctype(void *to, const XML_Char *name, const XML_Char *system,
					   const XML_Char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	stop(to, "a document type has no place here");
}

int va_xml_parse(struct arena *a, struct view text, const char **root, struct value **out,
				 struct err *e)
{
	AUTO(expat) XML_Parser parser = XML_ParserCreate(NULL);
	AUTO(reader) struct reader r = { .a = a, .parser = parser, .text = BUF_MAX(text.n), .e = e };

	if (!parser || text.n > INT_MAX)
		return err_set(e, ERR_REMOTE, 0, "this XML is too long");
	err_release(e);
	XML_SetUserData(parser, &r);
	XML_SetElementHandler(parser, on_start, on_end);
	XML_SetCharacterDataHandler(parser, on_text);
	XML_SetStartDoctypeDeclHandler(parser, on_doctype);
	if (XML_Parse(parser, text.p, (int)text.n, XML_TRUE) != XML_STATUS_OK) {
		if (e->kind == ERR_NONE)
			refuse(&r, XML_ErrorString(XML_GetErrorCode(parser)));
		return -1;
	}
	if (root)
		*root = r.root;
	*out = r.found;
	return 0;
}
