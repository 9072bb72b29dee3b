#include "configure_print.h"

#include "cli/table.h"
#include "core/text.h"

static void print_policy(struct app *app, const char *text)
{
	struct view rest = view_text(text);

	fputs(":\n", app->out);
	while (rest.n) {
		struct view line = view_cut(&rest, '\n');

		fprintf(app->out, "        %.*s\n", (int)line.n, line.p);
	}
}

void configure_print_change(struct app *app, const struct config_change *c)
{
	bool makes = text_same(c->action, "create"), removes = text_same(c->action, "remove");
	enum paint paint = makes ? PAINT_GOOD : removes ? PAINT_BAD : PAINT_WARN;

	fprintf(app->out, "%s%s %s '%s'%s\n", paint_on(paint, app->out_color), makes ? "+" : removes ? "-" : "~", c->kind,
	        c->name, paint_off(paint, app->out_color));
	for (size_t i = 0; i < c->n_attrs; i++) {
		const struct config_attr *a = &c->attrs[i];

		fprintf(app->out, "    %s", a->name);
		if (strchr(a->new, '\n'))
			print_policy(app, a->new);
		else if (a->old)
			fprintf(app->out, ": %s -> %s\n", a->old, a->new);
		else
			fprintf(app->out, ": %s\n", a->new);
	}
}
