/*
 * A role's trust policy against a token of the service account: which link of
 * the chain action, provider, subject, audience, conditions breaks first, in
 * the statement that gets furthest. STS itself only says "not authorized".
 */
#include "domain/check_irsa.h"

#include "aws/policy_match.h"
#include "core/text.h"

bool trust_wanted(const struct diag *d, struct arena *a, struct trust_want *out)
{
	*out = (struct trust_want){
		.provider = diag_provider_arn(d, a), .site = diag_issuer_site(d), .subject = diag_subject(d, a),
		.audience = diag_audience(d),
	};
	return out->provider != NULL;
}

static bool ends_nocase(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcasecmp(text + n - m, end) == 0;
}

/* The lines of the block whose key ends so (or, with NULL, those that end neither in :sub nor in :aud). */
static struct value *lines_of(struct arena *a, const struct value *block, const char *suffix)
{
	struct value *out = value_new_map(a);

	for (size_t i = 0; block && block->type == VALUE_MAP && i < block->n; i++) {
		const struct value *lines = block->items[i];
		struct value *kept = value_new_map(a);

		for (size_t k = 0; lines->type == VALUE_MAP && k < lines->n; k++) {
			const char *key = lines->names[k];
			bool ours = suffix ? ends_nocase(key, suffix) : !ends_nocase(key, ":sub") && !ends_nocase(key, ":aud");

			if (ours)
				value_set(a, kept, key, value_copy(a, lines->items[k]));
		}
		if (kept->n)
			value_set(a, out, block->names[i], kept);
	}
	return out;
}

bool trust_asks(const struct value *statement, const char *suffix)
{
	AUTO(arena) struct arena mem = ARENA_INIT;

	return lines_of(&mem, value_get(statement, "Condition"), suffix)->n > 0;
}

const char *trust_values(struct arena *a, const struct value *statement, const char *suffix)
{
	const struct value *block = lines_of(a, value_get(statement, "Condition"), suffix);
	const char *all = NULL;

	for (size_t i = 0; i < block->n; i++)
		for (size_t k = 0; k < block->items[i]->n; k++) {
			const struct value *wants = block->items[i]->items[k];

			for (size_t v = 0; v < policy_list_n(wants); v++)
				all = arena_printf(a, "%s%s%s %s '%s'", all ? all : "", all ? ", " : "", block->items[i]->names[k],
				                   block->names[i], value_text_or(policy_list_item(wants, v), "", "?"));
		}
	return all ? all : "nothing";
}

/* Would it hold if StringEquals took wildcards? */
static bool holds_as_pattern(const struct value *block, const char *key, const char *got)
{
	for (size_t i = 0; i < block->n; i++) {
		if (strcasecmp(block->names[i], "StringEquals") != 0)
			return false;
		for (size_t k = 0; k < block->items[i]->n; k++) {
			const struct value *wants = block->items[i]->items[k];
			bool any = false;

			for (size_t v = 0; v < policy_list_n(wants); v++)
				any = any || policy_glob(value_text_or(policy_list_item(wants, v), "", ""), got, false);
			if (strcasecmp(block->items[i]->names[k], key) != 0 || !any)
				return false;
		}
	}
	return block->n > 0;
}

/* The lines on one claim of the token. */
static bool claim_holds(struct arena *a, const struct value *statement, const char *site, const char *suffix,
                        const char *got, bool *misuse)
{
	const struct value *block = lines_of(a, value_get(statement, "Condition"), suffix);
	const char *key = arena_printf(a, "%s%s", site, suffix), *missing = NULL;
	struct value *context = value_new_map(a);

	value_set_text(a, context, key, got);
	if (policy_condition(block, context, false, &missing) == POLICY_HOLDS)
		return true;
	if (!holds_as_pattern(block, key, got))
		return false;
	*misuse = true;
	return true;
}

static bool names_provider(const struct value *statement, const char *provider)
{
	const struct value *names = value_at(statement, "Principal.Federated");

	for (size_t i = 0; i < policy_list_n(names); i++)
		if (text_same(value_text_or(policy_list_item(names, i), "", NULL), provider))
			return true;
	return false;
}

static bool names_action(const struct value *statement)
{
	const struct value *in = value_get(statement, "Action"), *out = value_get(statement, "NotAction");

	return in ? policy_lists_action(in, WEB_IDENTITY_ACTION) : out && !policy_lists_action(out, WEB_IDENTITY_ACTION);
}

static bool conditions_hold(struct arena *a, const struct value *statement, struct trust_view *view)
{
	const struct value *rest = lines_of(a, value_get(statement, "Condition"), NULL);

	if (policy_condition(rest, NULL, false, &view->missing_key) == POLICY_HOLDS)
		return !view->misuse;
	return false;
}

static void look_at(struct arena *a, const struct value *statement, const struct trust_want *want, struct trust_view *view)
{
	view->statement = statement;
	view->reached = TRUST_ACTION;
	if (!names_action(statement))
		return;
	view->reached = TRUST_PROVIDER;
	if (!names_provider(statement, want->provider))
		return;
	view->reached = TRUST_SUBJECT;
	if (!claim_holds(a, statement, want->site, ":sub", want->subject, &view->misuse))
		return;
	view->reached = TRUST_AUDIENCE;
	if (!claim_holds(a, statement, want->site, ":aud", want->audience, &view->misuse))
		return;
	view->reached = conditions_hold(a, statement, view) ? TRUST_WHOLE : TRUST_CONDITIONS;
}

static bool denies(struct arena *a, const struct value *trust, const struct value *statement, const struct trust_want *want)
{
	struct value *context = value_new_map(a), *alone = value_new_map(a);
	struct policy_request rq = { .action = WEB_IDENTITY_ACTION, .resource = "*", .context = context,
	                             .federated = want->provider };

	value_set_text(a, context, arena_printf(a, "%s:sub", want->site), want->subject);
	value_set_text(a, context, arena_printf(a, "%s:aud", want->site), want->audience);
	value_set_text(a, alone, "Version", value_text_or(trust, "Version", "2012-10-17"));
	value_set(a, alone, "Statement", value_copy(a, statement));
	return policy_resource_says(&(struct policy_named){ "trust", alone }, &rq, NULL) == POLICY_DENIES;
}

void trust_look(struct arena *a, const struct value *trust, const struct trust_want *want, struct trust_view *out)
{
	*out = (struct trust_view){0};
	for (size_t i = 0; i < policy_statements(trust); i++) {
		const struct value *s = policy_statement(trust, i);
		const char *effect = value_text_or(s, "Effect", "");
		struct trust_view view = {0};

		if (text_same(effect, "Deny") && !out->deny && denies(a, trust, s, want)) {
			out->deny = s;
			out->deny_index = i;
		}
		if (!text_same(effect, "Allow"))
			continue;
		look_at(a, s, want, &view);
		if (out->statement && view.reached <= out->reached)
			continue;
		view.index = i;
		view.deny = out->deny;
		view.deny_index = out->deny_index;
		*out = view;
	}
	if (out->deny && out->reached == TRUST_WHOLE)
		out->reached = TRUST_CONDITIONS;
}

static struct value *plain_statement(struct arena *a, const struct trust_want *want)
{
	struct value *statement = value_new_map(a), *equals = value_new_map(a);

	value_set_text(a, statement, "Effect", "Allow");
	value_put(a, statement, "Principal.Federated", value_new_text(a, want->provider));
	value_set_text(a, statement, "Action", WEB_IDENTITY_ACTION);
	value_set_text(a, equals, arena_printf(a, "%s:sub", want->site), want->subject);
	value_set_text(a, equals, arena_printf(a, "%s:aud", want->site), want->audience);
	value_set(a, value_set(a, statement, "Condition", value_new_map(a)), "StringEquals", equals);
	return statement;
}

const struct value *trust_plain(struct arena *a, const struct trust_want *want)
{
	struct value *document = value_new_map(a);

	value_set_text(a, document, "Version", "2012-10-17");
	value_push(a, value_set(a, document, "Statement", value_new_list(a)), plain_statement(a, want));
	return document;
}

/* Others may come in by the role's other statements: those stay, and so does a foreign role's faulty one. */
const struct value *trust_mended(struct arena *a, const struct value *trust, const struct trust_want *want,
                                 const struct trust_view *view, bool ours)
{
	struct value *document = value_new_map(a), *list;
	bool placed = false;

	value_set_text(a, document, "Version", value_text_or(trust, "Version", "2012-10-17"));
	list = value_set(a, document, "Statement", value_new_list(a));
	for (size_t i = 0; i < policy_statements(trust); i++) {
		const struct value *s = policy_statement(trust, i);

		if (s == view->deny)
			continue;
		if (s == view->statement && view->reached != TRUST_WHOLE && ours) {
			value_push(a, list, plain_statement(a, want));
			placed = true;
			continue;
		}
		value_push(a, list, value_copy(a, s));
	}
	if (!placed && view->reached != TRUST_WHOLE)
		value_push(a, list, plain_statement(a, want));
	return document;
}
