/*
 * The policy evaluator as a filter: a case of tests/aws/policy_peer.py a line in,
 * a decision a line out ("deny identity 0 2": answer, layer, document, statement).
 */
#include "aws/policy_eval.h"

#include "core/text.h"
#include "formats/json.h"

#include <stdio.h>

static const char *const answers[] = { "implicit", "allow", "deny" };
static const char *const layers[] = { "none", "identity", "boundary", "resource", "grant" };

static const char **texts(struct arena *a, const struct value *list)
{
	const char **out = ARENA_ARRAY(a, const char *, list->n + 1);

	for (size_t i = 0; i < list->n; i++)
		out[i] = list->items[i]->text;
	return out;
}

/* NULL where the case has none. */
static struct policy_named *named(struct arena *a, const struct value *c, const char *name)
{
	const struct value *document = value_get(c, name);
	struct policy_named *out = ARENA_NEW(a, struct policy_named);

	if (!document || document->type == VALUE_NULL)
		return NULL;
	*out = (struct policy_named){ "0", document };
	return out;
}

static void decide(struct arena *a, const struct value *c)
{
	const struct value *identity = value_get(c, "identity");
	struct policy_named *docs = ARENA_ARRAY(a, struct policy_named, identity->n + 1);
	struct policy_set set = { .identity = docs, .n_identity = identity->n };
	struct policy_request rq = {
		.action = value_text_or(c, "action", ""), .resource = value_text_or(c, "resource", ""),
		.context = value_get(c, "context"), .arns = texts(a, value_get(c, "arns")),
		.account = value_text_or(c, "account", NULL),
	};
	struct policy_reason why;

	for (size_t i = 0; i < identity->n; i++)
		docs[i] = (struct policy_named){ arena_printf(a, "%zu", i), identity->items[i] };
	set.boundary = named(a, c, "boundary");
	set.resource = named(a, c, "resource_policy");
	policy_evaluate(&set, &rq, &why);
	printf("%s %s", answers[why.answer], layers[why.layer]);
	if (why.document)
		printf(" %s %zu", why.document, why.index);
	putchar('\n');
}

int main(void)
{
	AUTO(text) char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		AUTO(arena) struct arena mem = ARENA_INIT;
		AUTO(err) struct err e = {0};
		struct value *c;

		if (va_json_parse(&mem, view_of(line, (size_t)n), NULL, &c, &e) < 0) {
			fprintf(stderr, "policy_eval: %s\n", e.text);
			return 1;
		}
		decide(&mem, c);
	}
	return 0;
}
