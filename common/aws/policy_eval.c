#include "aws/policy_eval.h"

#include "aws/policy_match.h"
#include "core/text.h"

/* What a statement has to say to a request. */
enum word { SAYS_NOTHING, SAYS_YES, LACKS_KEY };

size_t policy_statements(const struct value *document)
{
	return policy_list_n(value_get(document, "Statement"));
}

const struct value *policy_statement(const struct value *document, size_t i)
{
	return policy_list_item(value_get(document, "Statement"), i);
}

/* IAM Reference, Version: without one it is the old language, which has no variables. */
static bool has_variables(const struct value *document)
{
	return text_same(value_text_or(document, "Version", ""), "2012-10-17");
}

bool policy_lists_action(const struct value *patterns, const char *action)
{
	for (size_t i = 0; i < policy_list_n(patterns); i++) {
		const struct value *one = policy_list_item(patterns, i);

		if (one->type == VALUE_TEXT && policy_glob_view(view_of(one->text, one->n), view_text(action), true))
			return true;
	}
	return false;
}

static bool lists_resource(const struct value *patterns, const char *resource, const struct value *context,
                           bool variables)
{
	for (size_t i = 0; i < policy_list_n(patterns); i++) {
		const struct value *one = policy_list_item(patterns, i);
		AUTO(buf) struct buf filled = BUF_MAX(POLICY_TEXT_MAX);

		if (one->type != VALUE_TEXT)
			continue;
		if (!variables)
			buf_view(&filled, view_of(one->text, one->n));
		else if (!policy_fill(&filled, view_of(one->text, one->n), context))
			continue;
		if (policy_glob_view(buf_bytes(&filled), view_text(resource), false))
			return true;
	}
	return false;
}

bool policy_lists_resource(const struct value *patterns, const char *resource)
{
	return lists_resource(patterns, resource, NULL, false);
}

static bool names_action(const struct value *statement, const char *action)
{
	const struct value *in = value_get(statement, "Action"), *out = value_get(statement, "NotAction");

	if (in)
		return policy_lists_action(in, action);
	return out && !policy_lists_action(out, action);
}

/* A trust policy has no resources: the role is meant. */
static bool names_resource(const struct value *statement, const struct policy_request *rq, bool variables)
{
	const struct value *in = value_get(statement, "Resource"), *out = value_get(statement, "NotResource");

	if (in && !lists_resource(in, rq->resource, rq->context, variables))
		return false;
	return !out || !lists_resource(out, rq->resource, rq->context, variables);
}

static enum word statement_says(const struct value *document, const struct value *statement,
                                const struct policy_request *rq, const char **missing)
{
	bool variables = has_variables(document);

	if (statement->type != VALUE_MAP || !names_action(statement, rq->action) ||
	    !names_resource(statement, rq, variables))
		return SAYS_NOTHING;
	switch (policy_condition(value_get(statement, "Condition"), rq->context, variables, missing)) {
	case POLICY_HOLDS:
		return SAYS_YES;
	case POLICY_LACKS_KEY:
		return LACKS_KEY;
	default:
		return SAYS_NOTHING;
	}
}

bool policy_statement_applies(const struct value *document, const struct value *statement, const struct policy_request *rq)
{
	const char *missing = NULL;

	return statement_says(document, statement, rq, &missing) == SAYS_YES;
}

static void decided(struct policy_reason *why, enum policy_layer layer, const struct policy_named *by, size_t i,
                    const char *missing)
{
	why->layer = layer;
	why->missing_key = missing;
	why->document = by->name;
	why->index = i;
	why->statement = policy_statement(by->document, i);
	why->sid = value_text_or(value_get(why->statement, "Sid"), "", NULL);
}

/* The first statement of that effect that applies. */
static bool any_says(const struct policy_named *docs, size_t n, const char *effect, enum policy_layer layer,
                     const struct policy_request *rq, struct policy_reason *why)
{
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < policy_statements(docs[k].document); i++) {
			const struct value *s = policy_statement(docs[k].document, i);
			const char *missing = NULL;
			enum word said;

			if (!text_same(value_text_or(s, "Effect", ""), effect))
				continue;
			said = statement_says(docs[k].document, s, rq, &missing);
			if (said == SAYS_YES) {
				decided(why, layer, &docs[k], i, missing);
				return true;
			}
			if (said == LACKS_KEY && text_same(effect, "Allow"))
				why->missing_key = missing;
		}
	return false;
}

static bool is_account_root(const char *name, const char *account)
{
	size_t n = account ? strlen(account) : 0;

	if (!n)
		return false;
	if (text_same(name, account))
		return true;
	return text_starts(name, "arn:aws") && strlen(name) > n + strlen("::root") && text_ends(name, ":root") &&
	       strncmp(name + strlen(name) - strlen(":root") - n, account, n) == 0 &&
	       text_starts(name + strlen(name) - strlen("iam:::root") - n, "iam::");
}

static enum policy_naming aws_principal(const struct value *names, const struct policy_request *rq)
{
	enum policy_naming how = POLICY_NAMES_NOT;

	for (size_t i = 0; i < policy_list_n(names); i++) {
		const struct value *name = policy_list_item(names, i);

		if (name->type != VALUE_TEXT)
			continue;
		if (text_same(name->text, "*"))
			return POLICY_NAMES_DIRECTLY;
		for (const char *const *arn = rq->arns; arn && *arn; arn++)
			if (text_same(name->text, *arn))
				return POLICY_NAMES_DIRECTLY;
		if (is_account_root(name->text, rq->account))
			how = POLICY_NAMES_ACCOUNT;
	}
	return how;
}

static enum policy_naming principal(const struct value *who, const struct policy_request *rq)
{
	const struct value *federated;

	if (!who)
		return POLICY_NAMES_NOT;
	if (who->type == VALUE_TEXT)
		return text_same(who->text, "*") ? POLICY_NAMES_DIRECTLY : POLICY_NAMES_NOT;
	if (who->type != VALUE_MAP)
		return POLICY_NAMES_NOT;
	federated = value_get(who, "Federated");
	for (size_t i = 0; rq->federated && i < policy_list_n(federated); i++) {
		const struct value *name = policy_list_item(federated, i);

		if (name->type == VALUE_TEXT && text_same(name->text, rq->federated))
			return POLICY_NAMES_DIRECTLY;
	}
	return aws_principal(value_get(who, "AWS"), rq);
}

static enum policy_naming names_caller(const struct value *statement, const struct policy_request *rq)
{
	const struct value *others = value_get(statement, "NotPrincipal");

	if (others)
		return principal(others, rq) ? POLICY_NAMES_NOT : POLICY_NAMES_DIRECTLY;
	return principal(value_get(statement, "Principal"), rq);
}

enum policy_naming policy_resource_says(const struct policy_named *policy, const struct policy_request *rq,
                                        struct policy_reason *why)
{
	enum policy_naming best = POLICY_NAMES_NOT;
	struct policy_reason here = {0};

	for (size_t i = 0; i < policy_statements(policy->document); i++) {
		const struct value *s = policy_statement(policy->document, i);
		enum policy_naming how = names_caller(s, rq);
		const char *effect = value_text_or(s, "Effect", ""), *missing = NULL;
		enum word said = how ? statement_says(policy->document, s, rq, &missing) : SAYS_NOTHING;

		if (said == LACKS_KEY && text_same(effect, "Allow"))
			here.missing_key = missing;
		if (said != SAYS_YES)
			continue;
		if (text_same(effect, "Deny"))
			how = POLICY_DENIES;
		else if (!text_same(effect, "Allow"))
			continue;
		if (how <= best)
			continue;
		best = how;
		decided(&here, POLICY_RESOURCE, policy, i, missing);
	}
	if (why)
		*why = here;
	return best;
}

static enum policy_answer answer(struct policy_reason *why, enum policy_answer given, enum policy_layer layer)
{
	why->answer = given;
	why->layer = layer;
	return given;
}

/* Nothing in this layer allows it. */
static enum policy_answer nothing_allows(struct policy_reason *why, enum policy_layer layer, const char *missing)
{
	*why = (struct policy_reason){ .missing_key = missing };
	return answer(why, POLICY_IMPLICIT, layer);
}

static enum policy_answer evaluate(const struct policy_set *set, const struct policy_request *rq, struct policy_reason *why)
{
	enum policy_naming named = POLICY_NAMES_NOT;
	struct policy_reason by_resource = {0};
	const char *grant;

	if (any_says(set->identity, set->n_identity, "Deny", POLICY_IDENTITY, rq, why))
		return answer(why, POLICY_DENIED, POLICY_IDENTITY);
	if (set->resource)
		named = policy_resource_says(set->resource, rq, &by_resource);
	if (named == POLICY_DENIES) {
		*why = by_resource;
		return answer(why, POLICY_DENIED, POLICY_RESOURCE);
	}
	if (set->boundary && any_says(set->boundary, 1, "Deny", POLICY_BOUNDARY, rq, why))
		return answer(why, POLICY_DENIED, POLICY_BOUNDARY);
	if (set->boundary && !any_says(set->boundary, 1, "Allow", POLICY_BOUNDARY, rq, why))
		return nothing_allows(why, POLICY_BOUNDARY, why->missing_key);
	*why = (struct policy_reason){0};
	if (named == POLICY_NAMES_DIRECTLY) {
		*why = by_resource;
		return answer(why, POLICY_ALLOWED, POLICY_RESOURCE);
	}
	grant = set->granted ? set->granted(set->grants, rq) : NULL;
	if (grant) {
		why->document = grant;
		return answer(why, POLICY_ALLOWED, POLICY_GRANT);
	}
	if (set->resource && named == POLICY_NAMES_NOT && !set->resource_optional)
		return nothing_allows(why, POLICY_RESOURCE, by_resource.missing_key);
	if (any_says(set->identity, set->n_identity, "Allow", POLICY_IDENTITY, rq, why))
		return answer(why, POLICY_ALLOWED, POLICY_IDENTITY);
	return nothing_allows(why, POLICY_IDENTITY, why->missing_key);
}

enum policy_answer policy_evaluate(const struct policy_set *set, const struct policy_request *rq, struct policy_reason *why)
{
	struct policy_reason reason = {0};

	evaluate(set, rq, &reason);
	if (why)
		*why = reason;
	return reason.answer;
}

static const char *layer_name(enum policy_layer layer)
{
	static const char *const names[] = {
		[POLICY_NO_LAYER] = "policy", [POLICY_IDENTITY] = "policy of the role",
		[POLICY_BOUNDARY] = "permissions boundary", [POLICY_RESOURCE] = "resource policy", [POLICY_GRANT] = "grant",
	};

	return names[layer];
}

const char *policy_reason_text(struct arena *a, const struct policy_request *rq, const struct policy_reason *why)
{
	const char *layer = layer_name(why->layer), *sid = why->sid ? arena_printf(a, " (%s)", why->sid) : "";

	switch (why->answer) {
	case POLICY_DENIED:
		return arena_printf(a, "an explicit Deny in the %s '%s', statement %zu%s%s%s", layer, why->document,
		                    why->index + 1, sid, why->missing_key ? ", unless the request has another " : "",
		                    why->missing_key ? why->missing_key : "");
	case POLICY_ALLOWED:
		if (why->layer == POLICY_GRANT)
			return arena_printf(a, "allowed by the grant '%s'", why->document);
		return arena_printf(a, "allowed by the %s '%s', statement %zu%s", layer, why->document, why->index + 1, sid);
	case POLICY_UNKNOWN:
		return "the policies could not be read";
	default:
		if (why->missing_key)
			return arena_printf(a, "no %s allows %s on %s, as far as one can tell without '%s'", layer, rq->action,
			                    rq->resource, why->missing_key);
		return arena_printf(a, "no %s allows %s on %s", layer, rq->action, rq->resource);
	}
}
