#include "domain/hear.h"

#include "core/text.h"

#include <stdarg.h>

struct value *params_of(struct arena *a, ...)
{
	struct value *map = value_new_map(a);
	const char *name;
	va_list ap;

	va_start(ap, a);
	while ((name = va_arg(ap, const char *))) {
		const char *text = va_arg(ap, const char *);

		if (text)
			value_set_text(a, map, name, text);
	}
	va_end(ap);
	return map;
}

static void put_in_front(struct err *e, const char *doing, va_list ap)
{
	AUTO(text) char *text = xvasprintf(doing, ap);

	err_while(e, "%s", text);
}

enum heard hear_aws(struct world *w, const struct aws_op *op, const struct reply *reply, const char *absent,
                    struct aws_answer *answer, struct err *e, const char *doing, ...)
{
	enum heard heard = HEARD_UNSURE;
	va_list ap;

	*answer = (struct aws_answer){0};
	if (aws_read(w->mem, op, reply, answer, e) == 0) {
		if (answer->date_ms) {
			w->server_clock = true;
			w->server_ahead_ms = answer->date_ms - host_wall_ms(w->host);
		}
		if (absent && aws_code_is(answer, absent))
			return HEARD_DONE;
		heard = aws_heard(op, answer, e);
	}
	if (heard != HEARD_DONE) {
		va_start(ap, doing);
		put_in_front(e, doing, ap);
		va_end(ap);
	}
	return heard;
}

enum heard hear_kube(struct world *w, const struct reply *reply, struct kube_answer *answer, struct err *e,
                     const char *doing, ...)
{
	enum heard heard = HEARD_UNSURE;
	AUTO(text) char *text = NULL;
	va_list ap;

	*answer = (struct kube_answer){0};
	va_start(ap, doing);
	text = xvasprintf(doing, ap);
	va_end(ap);
	if (kube_read(w->mem, reply, answer, e) < 0) {
		err_while(e, "%s", text);
		return HEARD_UNSURE;
	}
	if (answer->status == 404)
		return HEARD_DONE;
	heard = kube_heard(answer, text, e);
	return heard;
}

enum heard hear_guard(struct err *e, const char *hint, const char *fmt, ...)
{
	AUTO(text) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	err_set(e, ERR_GUARD, 0, "%s", text);
	if (hint)
		err_hint(e, "%s", hint);
	return HEARD_REFUSED;
}
