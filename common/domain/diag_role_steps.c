/* The role's policies, its permissions boundary, and IAM's own simulation of the nine actions. */
#include "domain/diag_irsa_steps.h"

#include "aws/policy_document.h"
#include "aws/policy_match.h"
#include "core/text.h"

enum { POLICIES_MAX = 200 };   /* IAM: 10 attached (20 by quota); inline ones are bounded by their size */

DUE(irsa_role_named)
{
	const struct diag *d = world;

	(void)item;
	return d->role_name != NULL;
}

/* The first refusal among these rows is what role.policies fails with. */
static enum heard keep_why(struct diag *d, enum heard heard, const struct err *e)
{
	struct diag_irsa *p = irsa_part(d);

	if (heard == HEARD_REFUSED && !p->policies_why.kind)
		err_copy(&p->policies_why, e);
	return heard;
}

static bool is_truncated(const struct aws_answer *answer)
{
	return text_same(value_text_or(answer->body, "IsTruncated", "false"), "true");
}

/* ---- inline policies ---- */

ASK(ask_inline_names)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, NULL, &iam_list_role_policies,
	                    params_of(&rq->mem, "RoleName", d->role_name, "Marker", diag_irsa(d)->more, NULL), e);
}

HEAR(hear_inline_names)
{
	struct diag *d = world;
	struct diag_irsa *p = irsa_part(d);
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &iam_list_role_policies, reply, "NoSuchEntity", &answer, e,
	                                 "listing the policies of the role '%s'", d->role_name);
	const struct value *names;

	(void)item;
	if (heard != HEARD_DONE || !answer.ok)
		return keep_why(d, heard, e);
	names = value_get(answer.body, "PolicyNames");
	if (!p->inline_)
		p->inline_ = ARENA_ARRAY(d->mem, struct role_policy, POLICIES_MAX);
	for (size_t i = 0; names && names->type == VALUE_LIST && i < names->n && p->n_inline < POLICIES_MAX; i++)
		if (names->items[i]->type == VALUE_TEXT)
			p->inline_[p->n_inline++].name = names->items[i]->text;
	p->more = is_truncated(&answer) ? value_text_or(answer.body, "Marker", NULL) : NULL;
	p->inline_listed = !p->more;
	return p->more ? HEARD_MORE : HEARD_DONE;
}

COUNT(count_inline)
{
	return diag_irsa(world)->n_inline;
}

ASK(ask_inline)
{
	const struct diag *d = world;

	return diag_ask_aws(d, rq, NULL, &iam_get_role_policy,
	                    params_of(&rq->mem, "RoleName", d->role_name, "PolicyName", diag_irsa(d)->inline_[item].name, NULL), e);
}

HEAR(hear_inline)
{
	struct diag *d = world;
	struct role_policy *policy = &irsa_part(d)->inline_[item];
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &iam_get_role_policy, reply, NULL, &answer, e, "reading the policy '%s' of the role '%s'",
	                                 policy->name, d->role_name);
	struct value *document;

	if (heard != HEARD_DONE)
		return keep_why(d, heard, e);
	if (policy_document_parse(d->mem, value_text_or(answer.body, "PolicyDocument", ""), &document, e) < 0)
		return HEARD_UNSURE;
	policy->document = document;
	return HEARD_DONE;
}

/* ---- attached policies: which version holds, then that version ---- */

ASK(ask_attached_names)
{
	const struct diag *d = world;

	(void)item;
	return diag_ask_aws(d, rq, NULL, &iam_list_attached_role_policies,
	                    params_of(&rq->mem, "RoleName", d->role_name, "Marker", diag_irsa(d)->more_attached, NULL), e);
}

HEAR(hear_attached_names)
{
	struct diag *d = world;
	struct diag_irsa *p = irsa_part(d);
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &iam_list_attached_role_policies, reply, "NoSuchEntity", &answer, e,
	                                 "listing the policies attached to the role '%s'", d->role_name);
	const struct value *list;

	(void)item;
	if (heard != HEARD_DONE || !answer.ok)
		return keep_why(d, heard, e);
	list = value_get(answer.body, "AttachedPolicies");
	if (!p->attached)
		p->attached = ARENA_ARRAY(d->mem, struct role_policy, POLICIES_MAX);
	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n && p->n_attached < POLICIES_MAX; i++) {
		const char *arn = value_text_or(list->items[i], "PolicyArn", NULL);

		if (arn)
			p->attached[p->n_attached++] = (struct role_policy){
				.name = value_text_or(list->items[i], "PolicyName", arn), .arn = arn,
			};
	}
	p->more_attached = is_truncated(&answer) ? value_text_or(answer.body, "Marker", NULL) : NULL;
	p->attached_listed = !p->more_attached;
	return p->more_attached ? HEARD_MORE : HEARD_DONE;
}

COUNT(count_attached)
{
	return diag_irsa(world)->n_attached;
}

static int ask_version(const struct diag *d, struct request *rq, const struct role_policy *policy, struct err *e)
{
	return diag_ask_aws(d, rq, NULL, &iam_get_policy, params_of(&rq->mem, "PolicyArn", policy->arn, NULL), e);
}

static enum heard hear_version(struct diag *d, struct role_policy *policy, const struct reply *reply, struct err *e)
{
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &iam_get_policy, reply, NULL, &answer, e, "reading the policy '%s'", policy->arn);

	if (heard != HEARD_DONE)
		return keep_why(d, heard, e);
	if (value_text(answer.body, "Policy.DefaultVersionId", &policy->version, e) < 0)
		return HEARD_UNSURE;
	return HEARD_DONE;
}

static int ask_document(const struct diag *d, struct request *rq, const struct role_policy *policy, struct err *e)
{
	return diag_ask_aws(d, rq, NULL, &iam_get_policy_version,
	                    params_of(&rq->mem, "PolicyArn", policy->arn, "VersionId", policy->version, NULL), e);
}

static enum heard hear_document(struct diag *d, struct role_policy *policy, const struct reply *reply, struct err *e)
{
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &iam_get_policy_version, reply, NULL, &answer, e, "reading the policy '%s', %s",
	                                 policy->arn, policy->version);
	struct value *document;

	if (heard != HEARD_DONE)
		return keep_why(d, heard, e);
	if (policy_document_parse(d->mem, value_text_or(answer.body, "PolicyVersion.Document", ""), &document, e) < 0)
		return HEARD_UNSURE;
	policy->document = document;
	return HEARD_DONE;
}

ASK(ask_attached)
{
	return ask_version(world, rq, &diag_irsa(world)->attached[item], e);
}

HEAR(hear_attached)
{
	return hear_version(world, &irsa_part(world)->attached[item], reply, e);
}

DUE(attached_has_version)
{
	return diag_irsa(world)->attached[item].version != NULL;
}

ASK(ask_attached_document)
{
	return ask_document(world, rq, &diag_irsa(world)->attached[item], e);
}

HEAR(hear_attached_document)
{
	return hear_document(world, &irsa_part(world)->attached[item], reply, e);
}

/* ---- the permissions boundary ---- */

static struct role_policy boundary_of(const struct diag *d)
{
	struct role_policy policy = diag_irsa(d)->boundary;

	policy.arn = value_text_or(d->role, "PermissionsBoundary.PermissionsBoundaryArn", NULL);
	policy.name = policy.arn ? role_name_of_arn(policy.arn) : NULL;
	return policy;
}

DUE(has_boundary)
{
	const struct diag *d = world;

	(void)item;
	return d->role && boundary_of(d).arn;
}

ASK(ask_boundary)
{
	const struct role_policy policy = boundary_of(world);

	(void)item;
	return ask_version(world, rq, &policy, e);
}

HEAR(hear_boundary)
{
	struct diag_irsa *p = irsa_part(world);

	(void)item;
	p->boundary = boundary_of(world);
	return hear_version(world, &p->boundary, reply, e);
}

DUE(boundary_has_version)
{
	(void)item;
	return diag_irsa(world)->boundary.version != NULL;
}

ASK(ask_boundary_document)
{
	(void)item;
	return ask_document(world, rq, &diag_irsa(world)->boundary, e);
}

HEAR(hear_boundary_document)
{
	(void)item;
	return hear_document(world, &irsa_part(world)->boundary, reply, e);
}

/* ---- role.policies: sends nothing, and fails when one of the above is not there ---- */

DUE(policies_lacking)
{
	const struct diag *d = world;
	struct policy_set set;

	(void)item;
	return d->role && !diag_role_policies(d, &set);
}

ASK(ask_lacking)
{
	const struct diag_irsa *p = diag_irsa(world);

	(void)item;
	(void)rq;
	if (!p->policies_why.kind)
		return err_set(e, ERR_REMOTE, 0, "the role's policies could not all be read");
	err_copy(e, &p->policies_why);
	return -1;
}

HEAR(hear_lacking)
{
	(void)world;
	(void)item;
	(void)reply;
	(void)e;
	return HEARD_DONE;
}

/* ---- IAM's simulator ---- */

COUNT(count_simulated)
{
	return COUNT_OF(diag_irsa(world)->simulated);
}

static const char *simulated_resource(const struct diag *d, struct arena *a, size_t item)
{
	return item == 0 ? diag_key_arn(d, a) : diag_table_arn(d, a);
}

DUE(simulation_due)
{
	const struct diag *d = world;
	AUTO(arena) struct arena mem = ARENA_INIT;

	return d->role_name && simulated_resource(d, &mem, item);
}

static void add_context(struct arena *a, struct value *entries, const char *key, const char *type, const char *text)
{
	struct value *entry = value_push(a, entries, value_new_map(a));

	value_set_text(a, entry, "ContextKeyName", key);
	value_set_text(a, entry, "ContextKeyType", type);
	value_push(a, value_set(a, entry, "ContextKeyValues", value_new_list(a)), value_new_text(a, text));
}

ASK(ask_simulation)
{
	const struct diag *d = world;
	struct arena *a = &rq->mem;
	struct value *params = params_of(a, "PolicySourceArn", d->account.role_arn, NULL);
	struct value *actions = value_set(a, params, "ActionNames", value_new_list(a));
	struct value *entries = value_new_list(a);
	const char *resource = simulated_resource(d, a, item);
	struct arn arn;

	for (size_t i = 0; i < DIAG_ACTIONS; i++)
		if ((i < DIAG_KMS_ACTIONS) == (item == 0))
			value_push(a, actions, value_new_text(a, diag_actions[i]));
	value_push(a, value_set(a, params, "ResourceArns", value_new_list(a)), value_new_text(a, resource));
	if (arn_parse(a, resource, &arn, e) < 0)
		return -1;
	add_context(a, entries, "aws:RequestedRegion", "string", arn.region);
	add_context(a, entries, "aws:SecureTransport", "boolean", "true");
	value_set(a, params, "ContextEntries", entries);
	return diag_ask_aws(d, rq, NULL, &iam_simulate_principal_policy, params, e);
}

HEAR(hear_simulation)
{
	struct diag *d = world;
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, &iam_simulate_principal_policy, reply, "NoSuchEntity", &answer, e,
	                                 "simulating what the role '%s' may do", d->role_name);
	const struct value *list;

	if (heard != HEARD_DONE || !answer.ok)
		return heard;
	if (value_list(answer.body, "EvaluationResults", &list, e) < 0)
		return HEARD_UNSURE;
	irsa_part(d)->simulated[item] = list;
	return HEARD_DONE;
}
