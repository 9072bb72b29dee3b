/* The rows of check_rights as the documents that grant them. */
#include "domain/check_rights.h"

#include "core/text.h"

/* ---- Kubernetes ---- */

static void add_once(struct arena *a, struct value *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (text_same(list->items[i]->text, text))
			return;
	value_push(a, list, value_new_text(a, text));
}

static struct value *list_of(struct arena *a, const char *text)
{
	struct value *list = value_new_list(a);

	value_push(a, list, value_new_text(a, text));
	return list;
}

static struct value *list_in(struct arena *a, struct value *map, const char *name)
{
	struct value *list = (struct value *)value_get(map, name);

	return list ? list : value_set(a, map, name, value_new_list(a));
}

/* What the chart of External Secrets calls the operator's service account. */
#define OPERATOR "external-secrets"

static const char *namespace_of(const struct policy_choice *choice, enum right_where where)
{
	switch (where) {
	case IN_RELEASE:
		return choice->namespace_;
	case IN_KUBE_SYSTEM:
		return "kube-system";
	case IN_OPERATOR:
		return choice->operator_namespace;
	case IN_CLUSTER:
		break;
	}
	return NULL;
}

/* The one object that a rule is of, or NULL. */
static const char *name_of(const struct policy_choice *choice, const struct right *r)
{
	if (!r->own_account)
		return NULL;
	return r->where == IN_OPERATOR ? OPERATOR : choice->service_account;
}

/* One rule a group, verb and name, with all resources that share them. */
static void add_rule(struct arena *a, struct value *rules, const struct policy_choice *choice, const struct right *r)
{
	const char *name = name_of(choice, r);
	const char *what = r->group ? "resources" : "nonResourceURLs";
	struct value *rule;

	for (size_t i = 0; i < rules->n; i++) {
		const struct value *old = rules->items[i];

		if (text_same(value_text_or(old, "apiGroups.0", NULL), r->group) && text_same(value_text_or(old, "verbs.0", NULL), r->verb) &&
		    text_same(value_text_or(old, "resourceNames.0", NULL), name)) {
			add_once(a, list_in(a, rules->items[i], what), r->resource);
			return;
		}
	}
	rule = value_push(a, rules, value_new_map(a));
	if (r->group)
		value_set(a, rule, "apiGroups", list_of(a, r->group));
	value_set(a, rule, what, list_of(a, r->resource));
	if (name)
		value_set(a, rule, "resourceNames", list_of(a, name));
	value_set(a, rule, "verbs", list_of(a, r->verb));
}

static struct value *rules_of(struct arena *a, const struct policy_choice *choice, enum right_where where, bool strong)
{
	struct value *rules = value_new_list(a);

	for (size_t i = 0; i < n_check_rights; i++) {
		const struct right *r = &check_rights[i];

		if (r->kind == RIGHT_KUBE && r->where == where && r->strong == strong && (choice->from_pod || !r->from_pod))
			add_rule(a, rules, choice, r);
	}
	return rules;
}

static struct value *add_object(struct arena *a, struct value *list, const char *kind, const char *name, const char *namespace_)
{
	struct value *v = value_push(a, list, value_new_map(a));

	value_set_text(a, v, "apiVersion", "rbac.authorization.k8s.io/v1");
	value_set_text(a, v, "kind", kind);
	value_put(a, v, "metadata.name", value_new_text(a, name));
	if (namespace_)
		value_put(a, v, "metadata.namespace", value_new_text(a, namespace_));
	return v;
}

/* A role and its binding; nothing where there are no rules. */
static void add_role(struct arena *a, struct value *list, const struct policy_choice *choice, enum right_where where, bool strong)
{
	const char *name = strong ? "vault-check-strong" : "vault-check";
	const char *namespace_ = namespace_of(choice, where);
	const char *kind = namespace_ ? "Role" : "ClusterRole";
	struct value *rules = rules_of(a, choice, where, strong), *role, *binding, *ref, *subject;

	if (!rules->n)
		return;
	role = add_object(a, list, kind, name, namespace_);
	value_set(a, role, "rules", rules);
	binding = add_object(a, list, namespace_ ? "RoleBinding" : "ClusterRoleBinding", name, namespace_);
	ref = value_set(a, binding, "roleRef", value_new_map(a));
	value_set_text(a, ref, "apiGroup", "rbac.authorization.k8s.io");
	value_set_text(a, ref, "kind", kind);
	value_set_text(a, ref, "name", name);
	subject = value_push(a, list_in(a, binding, "subjects"), value_new_map(a));
	value_set_text(a, subject, "apiGroup", "rbac.authorization.k8s.io");
	value_set_text(a, subject, "kind", "Group");
	value_set_text(a, subject, "name", choice->group);
}

struct value *policy_kubernetes(struct arena *a, const struct policy_choice *choice, bool strong)
{
	struct value *list = value_new_list(a);

	add_role(a, list, choice, IN_CLUSTER, strong);
	add_role(a, list, choice, IN_RELEASE, strong);
	add_role(a, list, choice, IN_KUBE_SYSTEM, strong);
	if (choice->operator_namespace)
		add_role(a, list, choice, IN_OPERATOR, strong);
	return list;
}

/* ---- AWS ---- */

/* What stands behind "arn:" of a row, with partition and account; the only directive is that of the account. */
static const char *arn_of(struct arena *a, const struct policy_choice *choice, const char *on)
{
	const char *account = strstr(on, "%s");

	return arena_printf(a, "arn:%s:%.*s%s%s", choice->partition, (int)(account - on), on, choice->account, account + 2);
}

/*
 * Where the partition key is one that Vault's storage has: GetItem on any table
 * would read all that the account's applications keep (dynamodb:LeadingKeys, in
 * "Using IAM policy conditions for fine-grained access control").
 */
static void set_own_items(struct arena *a, struct value *statement)
{
	struct value *keys = list_of(a, "core");

	value_push(a, keys, value_new_text(a, "core/hsm"));
	value_set(a, value_set(a, value_set(a, statement, "Condition", value_new_map(a)), "ForAllValues:StringEquals",
	                       value_new_map(a)), "dynamodb:LeadingKeys", keys);
}

/* The statement for this resource, with or without the condition. */
static struct value *statement_of(struct arena *a, struct value *statements, const char *on, bool own_items)
{
	struct value *statement;

	for (size_t i = 0; i < statements->n; i++)
		if (text_same(value_text_or(statements->items[i], "Resource", NULL), on) &&
		    (value_get(statements->items[i], "Condition") != NULL) == own_items)
			return statements->items[i];
	statement = value_push(a, statements, value_new_map(a));
	value_set_text(a, statement, "Effect", "Allow");
	value_set(a, statement, "Action", value_new_list(a));
	value_set_text(a, statement, "Resource", on);
	if (own_items)
		set_own_items(a, statement);
	return statement;
}

struct value *policy_aws(struct arena *a, const struct policy_choice *choice)
{
	struct value *root = value_new_map(a), *statements;

	value_set_text(a, root, "Version", "2012-10-17");
	statements = value_set(a, root, "Statement", value_new_list(a));
	for (size_t i = 0; i < n_check_rights; i++) {
		const struct right *r = &check_rights[i];

		if (r->kind == RIGHT_AWS)
			add_once(a, list_in(a, statement_of(a, statements, r->on ? arn_of(a, choice, r->on) : "*", r->own_items), "Action"),
			         r->action);
	}
	return root;
}
