/* Which lines mend a policy: the statement that denies taken out, the one that is missing put in, the rest as it was. */
#include "domain/check_allow.h"

#include "core/text.h"
#include "domain/diag_irsa_part.h"
#include "domain/fix.h"
#include "formats/json.h"

enum { DOCUMENT_MAX = 64 << 10 };

const char *json_word(struct arena *a, const struct value *v)
{
	AUTO(buf) struct buf text = BUF_MAX(DOCUMENT_MAX);

	va_json_print(&text, v, false);
	return shell_word(a, buf_str(&text));
}

/* A copy with its statements in a list, of which one may be left out, and one (NULL: none) may be added. */
static struct value *document_of(struct arena *a, const struct value *document, size_t without, struct value *added)
{
	struct value *copy = document ? value_copy(a, document) : value_new_map(a);
	struct value *statements = value_new_list(a);

	for (size_t i = 0; i < policy_statements(document); i++)
		if (i != without)
			value_push(a, statements, value_copy(a, policy_statement(document, i)));
	if (!value_get(copy, "Version"))
		value_set_text(a, copy, "Version", "2012-10-17");
	if (added)
		value_push(a, statements, added);
	value_set(a, copy, "Statement", statements);
	return copy;
}

static struct value *statement_of(struct arena *a, const char *const *actions, size_t n, const char *resource)
{
	struct value *statement = value_new_map(a), *list;

	value_set_text(a, statement, "Effect", "Allow");
	list = value_set(a, statement, "Action", value_new_list(a));
	for (size_t i = 0; i < n; i++)
		value_push(a, list, value_new_text(a, actions[i]));
	value_set_text(a, statement, "Resource", resource);
	return statement;
}

/* The three actions of the key, or the six of the table: the group that the action belongs to. */
static struct value *group_statement(struct arena *a, const char *action, const char *resource)
{
	if (text_starts(action, "kms:"))
		return statement_of(a, diag_actions, DIAG_KMS_ACTIONS, resource);
	return statement_of(a, diag_actions + DIAG_KMS_ACTIONS, DIAG_TABLE_ACTIONS, resource);
}

/* Does it speak of nothing but this key and this table, so that the least policy may stand in its place? */
static bool replaceable(const struct diag *d, struct arena *a, const struct value *document)
{
	const char *key = diag_key_arn(d, a), *table = diag_table_arn(d, a);

	for (size_t i = 0; i < policy_statements(document); i++) {
		const struct value *statement = policy_statement(document, i), *resource = value_get(statement, "Resource");

		if (!text_same(value_text_or(statement, "Effect", ""), "Allow") || value_get(statement, "Condition"))
			return false;
		if (!resource || resource->type != VALUE_TEXT ||
		    (!text_same(resource->text, key) && !text_same(resource->text, table)))
			return false;
	}
	return true;
}

static const struct role_policy *inline_named(const struct diag *d, const char *name)
{
	const struct diag_irsa *p = diag_irsa(d);

	for (size_t i = 0; i < p->n_inline; i++)
		if (text_same(p->inline_[i].name, name))
			return &p->inline_[i];
	return NULL;
}

static void fix_inline(const struct diag *d, struct finding *f, const char *name, const char *word)
{
	fix(f, "aws iam put-role-policy --role-name %s --policy-name %s --policy-document %s", shell_word(f->mem, d->role_name),
	    shell_word(f->mem, name), word);
}

void fix_role_policy(const struct diag *d, struct finding *f, const char *action, const char *key_arn)
{
	const struct role_policy *ours = inline_named(d, ROLE_POLICY);
	const char *whole = diag_wanted_policy(d, f->mem), *resource = key_arn;

	if (!resource)
		resource = text_starts(action, "kms:") ? diag_key_arn(d, f->mem) : diag_table_arn(d, f->mem);
	if (whole && !key_arn && (!ours || replaceable(d, f->mem, ours->document)))
		fix_inline(d, f, ROLE_POLICY, shell_word(f->mem, whole));
	else if (resource)
		fix_inline(d, f, ROLE_POLICY, json_word(f->mem, document_of(f->mem, ours ? ours->document : NULL, SIZE_MAX,
		                                                          group_statement(f->mem, action, resource))));
}

/* The policy whose statement decided, by the statement itself: names need not be unique. */
static const struct role_policy *policy_with(const struct role_policy *list, size_t n, const struct policy_reason *why)
{
	for (size_t i = 0; i < n; i++)
		if (why->statement && policy_statement(list[i].document, why->index) == why->statement)
			return &list[i];
	return NULL;
}

static void fix_managed(struct finding *f, const struct role_policy *policy, const struct value *document)
{
	fix(f, "aws iam create-policy-version --policy-arn %s --set-as-default --policy-document %s", shell_word(f->mem, policy->arn),
	    json_word(f->mem, document));
}

/* AWS's own policies cannot be changed, and a document without statements is refused. */
static bool changeable(const struct role_policy *policy, const struct value *document)
{
	return policy_statements(document) > 0 && !strstr(policy->arn, ":iam::aws:policy/");
}

static void fix_identity(const struct diag *d, struct finding *f, const struct policy_reason *why)
{
	const struct diag_irsa *p = diag_irsa(d);
	const struct role_policy *policy = policy_with(p->inline_, p->n_inline, why);
	const char *role = shell_word(f->mem, d->role_name);
	const struct value *rest;

	if (policy) {
		rest = document_of(f->mem, policy->document, why->index, NULL);
		if (policy_statements(rest))
			fix_inline(d, f, policy->name, json_word(f->mem, rest));
		else
			fix(f, "aws iam delete-role-policy --role-name %s --policy-name %s", role, shell_word(f->mem, policy->name));
		return;
	}
	policy = policy_with(p->attached, p->n_attached, why);
	if (!policy)
		return;
	rest = document_of(f->mem, policy->document, why->index, NULL);
	if (changeable(policy, rest))
		fix_managed(f, policy, rest);
	else
		fix(f, "aws iam detach-role-policy --role-name %s --policy-arn %s", role, shell_word(f->mem, policy->arn));
}

/* A copy of the list without one text; NULL when it is not there, or alone. */
static struct value *list_without(struct arena *a, const struct value *list, const char *text)
{
	struct value *rest = value_new_list(a);

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (list->items[i]->type != VALUE_TEXT || !text_same_nocase(list->items[i]->text, text))
			value_push(a, rest, value_copy(a, list->items[i]));
	return list && list->type == VALUE_LIST && rest->n && rest->n < list->n ? rest : NULL;
}

void fix_without_action(const struct diag *d, struct finding *f, const struct policy_reason *why, const char *action)
{
	const struct diag_irsa *p = diag_irsa(d);
	const struct role_policy *policy = policy_with(p->inline_, p->n_inline, why);
	struct value *actions = list_without(f->mem, value_get(why->statement, "Action"), action), *statement;
	const struct value *document;

	if (!policy)
		policy = policy_with(p->attached, p->n_attached, why);
	if (!policy || !actions)
		return;
	statement = value_copy(f->mem, why->statement);
	value_set(f->mem, statement, "Action", actions);
	document = document_of(f->mem, policy->document, why->index, statement);
	if (!policy->arn)
		fix_inline(d, f, policy->name, json_word(f->mem, document));
	else if (changeable(policy, document))
		fix_managed(f, policy, document);
}

static void fix_boundary(const struct diag *d, struct finding *f, const struct allow *what, const struct policy_reason *why)
{
	const struct role_policy *boundary = &diag_irsa(d)->boundary;
	const struct value *document;

	if (why->answer == POLICY_DENIED)
		document = document_of(f->mem, boundary->document, why->index, NULL);
	else
		document = document_of(f->mem, boundary->document, SIZE_MAX,
		                       group_statement(f->mem, what->action, what->resource));
	if (changeable(boundary, document))
		fix_managed(f, boundary, document);
	else
		fix(f, "aws iam delete-role-permissions-boundary --role-name %s", shell_word(f->mem, d->role_name));
}

static struct value *root_statement(const struct diag *d, struct arena *a)
{
	struct value *statement = value_new_map(a);

	value_set_text(a, statement, "Sid", "EnableIAMPolicies");
	value_set_text(a, statement, "Effect", "Allow");
	value_set_text(a, value_set(a, statement, "Principal", value_new_map(a)), "AWS",
	               arena_printf(a, "arn:%s:iam::%s:root", diag_partition(d, a), diag_account(d, a)));
	value_set_text(a, statement, "Action", "kms:*");
	value_set_text(a, statement, "Resource", "*");
	return statement;
}

void fix_key_policy(const struct diag *d, struct finding *f, const struct value *policy, size_t without, bool root)
{
	const char *region = diag_key_region(d), *arn = diag_key_arn(d, f->mem);
	bool last = policy_statements(policy) == (without == SIZE_MAX ? 0 : 1);

	if (!arn || !region || !diag_account(d, f->mem))
		return;
	fix(f, "aws kms put-key-policy --region %s --key-id %s --policy-name default --policy %s", shell_word(f->mem, region),
	    shell_word(f->mem, arn), json_word(f->mem, document_of(f->mem, policy, without,
	                                                          root || last ? root_statement(d, f->mem) : NULL)));
}

void fix_denied(const struct diag *d, struct finding *f, const struct allow *what, const struct policy_reason *why)
{
	bool denied = why->answer == POLICY_DENIED;

	switch (why->layer) {
	case POLICY_BOUNDARY:
		fix_boundary(d, f, what, why);
		break;
	case POLICY_RESOURCE:
		if (what->resource_policy)
			fix_key_policy(d, f, what->resource_policy->document, denied ? why->index : SIZE_MAX, !denied);
		break;
	default:
		if (denied)
			fix_identity(d, f, why);
		else
			fix_role_policy(d, f, what->action, NULL);
	}
}
