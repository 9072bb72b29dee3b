#include "core/err.h"

#include "core/text.h"

static void problem_clear(struct err *e)
{
	free(e->text);
	free(e->hint);
	e->kind = ERR_NONE;
	e->status = 0;
	e->text = e->hint = NULL;
}

static struct err *problem_last(struct err *e)
{
	while (e->more)
		e = e->more;
	return e;
}

void err_set_filled(struct err *e, enum err_kind kind, int status, const char *fmt, ...)
{
	char *text;
	va_list ap;

	/* Printed before anything is freed: the arguments may be what e held. */
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	err_release(e);
	e->kind = kind;
	e->status = status;
	e->text = text;
}

void err_while_filled(struct err *e, const char *fmt, ...)
{
	AUTO(text) char *doing = NULL;
	va_list ap;

	va_start(ap, fmt);
	doing = xvasprintf(fmt, ap);
	va_end(ap);
	for (; e; e = e->more) {
		char *text = e->text ? xasprintf("%s: %s", doing, e->text) : xstrdup(doing);

		free(e->text);
		e->text = text;
	}
}

void err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	e = problem_last(e);
	if (e->hint)
		return;
	va_start(ap, fmt);
	e->hint = xvasprintf(fmt, ap);
	va_end(ap);
}

void err_also_filled(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	struct err *last = problem_last(e);
	va_list ap;

	if (last->kind != ERR_NONE)
		last = last->more = xcalloc(1, sizeof(*last));
	else
		problem_clear(last);
	va_start(ap, fmt);
	last->text = xvasprintf(fmt, ap);
	va_end(ap);
	last->kind = kind;
}

void err_append(struct err *e, struct err *from)
{
	struct err *last = problem_last(e);

	if (from->kind == ERR_NONE)
		return;
	if (last->kind == ERR_NONE) {
		err_move(last, from);
		return;
	}
	last->more = xcalloc(1, sizeof(*last));
	err_move(last->more, from);
}

void err_move(struct err *to, struct err *from)
{
	if (to == from)
		return;
	err_release(to);
	*to = *from;
	*from = (struct err){ 0 };
}

void err_copy(struct err *to, const struct err *from)
{
	for (;;) {
		to->kind = from->kind;
		to->status = from->status;
		to->text = from->text ? xstrdup(from->text) : NULL;
		to->hint = from->hint ? xstrdup(from->hint) : NULL;
		from = from->more;
		if (!from)
			return;
		to = to->more = xcalloc(1, sizeof(*to));
	}
}

size_t err_count(const struct err *e)
{
	size_t n = 0;

	for (; e; e = e->more)
		n += e->kind != ERR_NONE;
	return n;
}

void err_release(struct err *e)
{
	struct err *more = e->more;

	problem_clear(e);
	e->more = NULL;
	while (more) {
		struct err *next = more->more;

		problem_clear(more);
		free(more);
		more = next;
	}
}

const char *err_kind_name(enum err_kind kind)
{
	static const char *const names[] = {
		[ERR_NONE] = "none",         [ERR_USAGE] = "usage",   [ERR_CONFIG] = "config",
		[ERR_AUTH] = "auth",         [ERR_DENIED] = "denied", [ERR_ABSENT] = "absent",
		[ERR_CONFLICT] = "conflict", [ERR_GUARD] = "guard",   [ERR_THROTTLED] = "throttled",
		[ERR_NET] = "net",           [ERR_REMOTE] = "remote", [ERR_LATE] = "late",
		[ERR_STOPPED] = "stopped",   [ERR_BUG] = "bug",
	};

	return (size_t)kind < COUNT_OF(names) ? names[kind] : "unknown";
}

int err_exit_code(const struct err *e)
{
	switch (e->kind) {
	case ERR_NONE:
		return 0;
	case ERR_USAGE:
	case ERR_CONFIG:
		return 2;
	case ERR_CONFLICT:
	case ERR_GUARD:
		return 4;
	case ERR_LATE:
		return 5;
	case ERR_STOPPED:
		return e->status > 0 ? 128 + e->status : 130;
	default:
		return 1;
	}
}
