/* What other families ask about the role: names, policies, the simulator's word, and its credentials. */
#include "domain/diag_irsa_part.h"

#include "core/text.h"
#include "domain/names.h"
#include "formats/iso8601.h"
#include "formats/json.h"

#define SUBJECT_PREFIX "system:serviceaccount:"

enum { DOCUMENT_MAX = 64 << 10 };

const char *const diag_actions[DIAG_ACTIONS] = {
	"kms:DescribeKey", "kms:Encrypt", "kms:Decrypt",
	"dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchWriteItem", "dynamodb:UpdateItem",
	"dynamodb:DeleteItem",
};

const struct diag_irsa *diag_irsa(const struct diag *d)
{
	static const struct diag_irsa none = {0};

	return d->part[DIAG_IRSA] ? d->part[DIAG_IRSA] : &none;
}

/* The role's ARN taken apart; false: there is none, or it is no ARN. */
static bool role_arn(const struct diag *d, struct arena *a, struct arn *out)
{
	AUTO(err) struct err e = {0};

	return d->account.role_arn && arn_parse(a, d->account.role_arn, out, &e) == 0;
}

const char *diag_partition(const struct diag *d, struct arena *a)
{
	AUTO(err) struct err e = {0};
	struct arn arn;

	if (role_arn(d, a, &arn) || (d->caller_arn && arn_parse(a, d->caller_arn, &arn, &e) == 0))
		return arn.partition;
	return d->aws ? d->aws->partition : "aws";
}

const char *diag_account(const struct diag *d, struct arena *a)
{
	struct arn arn;

	if (role_arn(d, a, &arn) && !text_empty(arn.account))
		return arn.account;
	return d->eks.account ? d->eks.account : d->caller_account;
}

const char *diag_cluster_name(const struct diag *d)
{
	return d->options.cluster_name ? d->options.cluster_name : d->eks.cluster;
}

const char *diag_cluster_region(const struct diag *d)
{
	if (d->options.region)
		return d->options.region;
	return d->eks.region || !d->aws ? d->eks.region : d->aws->region;
}

const char *diag_key_arn(const struct diag *d, struct arena *a)
{
	const char *id = diag_key_id(d), *account = diag_account(d, a), *region = diag_key_region(d);
	const char *read = d->key ? value_text_or(d->key, "Arn", NULL) : NULL;

	if (read || text_empty(id))
		return read;
	if (text_starts(id, "arn:"))
		return strstr(id, ":key/") ? id : NULL;
	if (text_starts(id, "alias/") || !account || !region)
		return NULL;
	return arena_printf(a, "arn:%s:kms:%s:%s:key/%s", diag_partition(d, a), region, account, id);
}

const char *diag_table_arn(const struct diag *d, struct arena *a)
{
	const char *account = diag_account(d, a);

	if (d->table)
		return value_text_or(d->table, "TableArn", NULL);
	if (!diag_configured(d) || !account)
		return NULL;
	return arena_printf(a, "arn:%s:dynamodb:%s:%s:table/%s", diag_partition(d, a), diag_table_region(d), account,
	                    diag_table_name(d));
}

const char *diag_issuer_site(const struct diag *d)
{
	const char *issuer = d->issuer ? d->issuer : diag_irsa(d)->token_issuer;

	if (!issuer)
		return NULL;
	return text_starts(issuer, "https://") ? issuer + strlen("https://") : issuer;
}

const char *diag_provider_arn(const struct diag *d, struct arena *a)
{
	const char *site = diag_issuer_site(d), *account = diag_account(d, a);

	if (!site || !account)
		return NULL;
	return arena_printf(a, "arn:%s:iam::%s:oidc-provider/%s", diag_partition(d, a), account, site);
}

const char *diag_audience(const struct diag *d)
{
	const char *annotated = d->account.object ? object_annotation(d->account.object, "eks.amazonaws.com/audience") : NULL;
	struct token_volume volume;

	for (size_t i = 0; i < d->pods.n; i++)
		if (!d->pods.at[i].deleting && pod_find_token_volume(&d->pods.at[i], VAULT_CONTAINER, TOKEN_VOLUME, &volume) &&
		    !text_empty(volume.audience))
			return volume.audience;
	return annotated ? annotated : STS_AUDIENCE;
}

const char *diag_subject(const struct diag *d, struct arena *a)
{
	return arena_printf(a, SUBJECT_PREFIX "%s:%s", d->release.namespace_, d->release.service_account);
}

/* Everything that says what the role may do was read. */
static bool policies_complete(const struct diag *d)
{
	const struct diag_irsa *p = diag_irsa(d);

	if (!d->role || !p->inline_listed || !p->attached_listed)
		return false;
	for (size_t i = 0; i < p->n_inline; i++)
		if (!p->inline_[i].document)
			return false;
	for (size_t i = 0; i < p->n_attached; i++)
		if (!p->attached[i].document)
			return false;
	return !value_at(d->role, "PermissionsBoundary.PermissionsBoundaryArn") || p->boundary.document;
}

bool diag_role_policies(const struct diag *d, struct policy_set *out)
{
	const struct diag_irsa *p = diag_irsa(d);
	struct policy_named *all;

	*out = (struct policy_set){0};
	if (!policies_complete(d))
		return false;
	all = ARENA_ARRAY(d->mem, struct policy_named, p->n_inline + p->n_attached + 1);
	for (size_t i = 0; i < p->n_inline; i++)
		all[i] = (struct policy_named){ p->inline_[i].name, p->inline_[i].document };
	for (size_t i = 0; i < p->n_attached; i++)
		all[p->n_inline + i] = (struct policy_named){ p->attached[i].name, p->attached[i].document };
	out->identity = all;
	out->n_identity = p->n_inline + p->n_attached;
	if (p->boundary.document) {
		all[out->n_identity] = (struct policy_named){ p->boundary.name, p->boundary.document };
		out->boundary = &all[out->n_identity];
	}
	return true;
}

static struct value *known_keys(const struct diag *d, struct arena *a, const char *resource)
{
	struct value *keys = value_new_map(a);
	const char *account = diag_account(d, a);
	AUTO(err) struct err e = {0};
	struct arn arn;
	int64_t now_ms = d->host ? host_wall_ms(d->host) : 0;
	char now[ISO8601_TEXT];

	if (d->account.role_arn)
		value_set_text(a, keys, "aws:PrincipalArn", d->account.role_arn);
	value_set_text(a, keys, "aws:PrincipalType", "AssumedRole");
	value_set_text(a, keys, "aws:SecureTransport", "true");
	if (account)
		value_set_text(a, keys, "aws:PrincipalAccount", account);
	if (now_ms) {
		iso8601_print(now_ms, now);
		value_set_text(a, keys, "aws:CurrentTime", now);
		value_set_text(a, keys, "aws:EpochTime", arena_printf(a, "%lld", (long long)(now_ms / 1000)));
	}
	if (resource && arn_parse(a, resource, &arn, &e) == 0) {
		if (!text_empty(arn.region))
			value_set_text(a, keys, "aws:RequestedRegion", arn.region);
		if (!text_empty(arn.account))
			value_set_text(a, keys, "aws:ResourceAccount", arn.account);
		if (text_same(arn.service, "kms"))
			value_set_text(a, keys, "kms:CallerAccount", account ? account : "");
	}
	return keys;
}

struct policy_request diag_role_request(const struct diag *d, struct arena *a, const char *action, const char *resource)
{
	const char **arns = ARENA_ARRAY(a, const char *, 2);

	arns[0] = d->account.role_arn;
	return (struct policy_request){
		.action = action, .resource = resource, .context = known_keys(d, a, resource),
		.arns = arns, .account = diag_account(d, a),
	};
}

enum policy_answer diag_role_may(const struct diag *d, const char *action, const char *resource, struct policy_reason *why)
{
	struct policy_request rq;
	struct policy_set set;

	if (!resource || !diag_role_policies(d, &set)) {
		if (why)
			*why = (struct policy_reason){ .answer = POLICY_UNKNOWN };
		return POLICY_UNKNOWN;
	}
	rq = diag_role_request(d, d->mem, action, resource);
	return policy_evaluate(&set, &rq, why);
}

bool diag_role_simulated(const struct diag *d, const char *action, struct simulated *out)
{
	const struct diag_irsa *p = diag_irsa(d);

	for (size_t k = 0; k < COUNT_OF(p->simulated); k++)
		for (size_t i = 0; p->simulated[k] && i < p->simulated[k]->n; i++) {
			const struct value *one = p->simulated[k]->items[i];

			if (!text_same_nocase(value_text_or(one, "EvalActionName", ""), action))
				continue;
			*out = (struct simulated){
				.decision = value_text_or(one, "EvalDecision", ""),
				.allowed_by_boundary =
					value_text_or(one, "PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary", NULL),
				.allowed_by_organizations =
					value_text_or(one, "OrganizationsDecisionDetail.AllowedByOrganizations", NULL),
			};
			return true;
		}
	return false;
}

static void allow(struct arena *a, struct value *statements, const char *const *actions, size_t n, const char *resource)
{
	struct value *statement = value_push(a, statements, value_new_map(a)), *list;

	value_set_text(a, statement, "Effect", "Allow");
	list = value_set(a, statement, "Action", value_new_list(a));
	for (size_t i = 0; i < n; i++)
		value_push(a, list, value_new_text(a, actions[i]));
	value_set_text(a, statement, "Resource", resource);
}

const char *diag_wanted_policy(const struct diag *d, struct arena *a)
{
	const char *key = diag_key_arn(d, a), *table = diag_table_arn(d, a);
	struct value *document = value_new_map(a), *statements;
	AUTO(buf) struct buf text = BUF_MAX(DOCUMENT_MAX);

	if (!key || !table)
		return NULL;
	value_set_text(a, document, "Version", "2012-10-17");
	statements = value_set(a, document, "Statement", value_new_list(a));
	allow(a, statements, diag_actions, DIAG_KMS_ACTIONS, key);
	allow(a, statements, diag_actions + DIAG_KMS_ACTIONS, DIAG_TABLE_ACTIONS, table);
	va_json_print(&text, document, false);
	return arena_text(a, buf_str(&text));
}

const struct aws *diag_trial_aws(const struct diag *d)
{
	const struct diag_irsa *p = diag_irsa(d);

	return p->trial_open ? &p->trial : NULL;
}

int diag_ask_trial(const struct diag *d, struct request *rq, const char *region, const struct aws_op *op,
                   const struct value *params, struct err *e)
{
	const struct aws *trial = diag_trial_aws(d);
	struct aws elsewhere;

	if (!trial)
		return err_set(e, ERR_AUTH, 0, "the role was not taken");
	elsewhere = aws_in_region(trial, region);
	return aws_ask(&elsewhere, rq, op, params, e);
}

void diag_irsa_release(struct diag *d)
{
	struct diag_irsa *p = d->part[DIAG_IRSA];

	if (!p)
		return;
	err_release(&p->policies_why);
	secret_release(&p->token);
	credentials_release(&p->trial.creds);
	p->trial_open = false;
}
