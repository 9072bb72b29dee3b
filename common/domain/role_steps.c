/* The role of the service account, its trust and its one policy; the cluster's OIDC provider. */
#include "domain/steps.h"

#include "aws/policy_document.h"
#include "core/text.h"
#include "formats/json.h"

#define ROLE_POLICY "vault-policy"
#define STS_AUDIENCE "sts.amazonaws.com"

/* ---- any role of ours, by name ---- */

int role_ask(const struct world *w, struct request *rq, const char *name, struct err *e)
{
	return aws_ask(w->aws, rq, &iam_get_role, params_of(&rq->mem, "RoleName", name, NULL), e);
}

static int read_role(struct world *w, const struct value *role, struct have_role *out, struct err *e)
{
	const char *trust = value_text_or(role, "AssumeRolePolicyDocument", "{}");
	struct value *document;

	if (value_text(role, "Arn", &out->arn, e) < 0 || policy_document_parse(w->mem, trust, &document, e) < 0)
		return -1;
	out->presence = PRESENT;
	out->trust = document;
	out->path = value_text_or(role, "Path", "/");
	out->boundary = value_text_or(role, "PermissionsBoundary.PermissionsBoundaryArn", NULL);
	out->tags = tags_from_list(w->mem, value_get(role, "Tags"));
	return 0;
}

enum heard role_hear(struct world *w, struct have_role *role, const char *name, const struct reply *reply, struct err *e)
{
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &iam_get_role, reply, "NoSuchEntity", &answer, e, "reading the role '%s'", name);

	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		role->presence = ABSENT;
		return HEARD_DONE;
	}
	if (read_role(w, value_get(answer.body, "Role"), role, e) < 0)
		return HEARD_UNSURE;
	return check_ours(w, role->tags, "role", name, e);
}

int role_ask_policy(const struct world *w, struct request *rq, const char *name, const char *policy, struct err *e)
{
	return aws_ask(w->aws, rq, &iam_get_role_policy, params_of(&rq->mem, "RoleName", name, "PolicyName", policy, NULL), e);
}

enum heard role_hear_policy(struct world *w, struct have_role *role, const char *name, const struct reply *reply,
                            struct err *e)
{
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &iam_get_role_policy, reply, "NoSuchEntity", &answer, e,
	                            "reading the policy of the role '%s'", name);
	struct value *document;

	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		role->policy_presence = ABSENT;
		return HEARD_DONE;
	}
	if (policy_document_parse(w->mem, value_text_or(answer.body, "PolicyDocument", ""), &document, e) < 0)
		return HEARD_UNSURE;
	role->policy_presence = PRESENT;
	role->policy = document;
	return HEARD_DONE;
}

static const char *document_text(struct arena *a, const struct value *document)
{
	AUTO(buf) struct buf text = BUF_MAX(64 << 10);

	va_json_print(&text, document, false);
	return arena_text(a, buf_str(&text));
}

int role_ask_create(const struct world *w, struct request *rq, const char *name, const char *what, const struct value *trust,
                    struct err *e)
{
	struct arena *a = &rq->mem;
	struct value *params = params_of(a, "RoleName", name, "Path", w->want.role_path, "PermissionsBoundary", w->want.boundary,
	                                 "AssumeRolePolicyDocument", document_text(a, trust), NULL);

	value_set_text(a, params, "Description",
	               arena_printf(a, "%s '%s' in %s/%s", what, w->want.release, w->want.cluster, w->want.namespace_));
	value_set(a, params, "Tags", tags_to_list(a, w->want.names.tags, "Key", "Value"));
	return aws_ask(w->aws, rq, &iam_create_role, params, e);
}

enum heard role_hear_created(struct world *w, struct have_role *to, const char *name, const struct value *trust,
                             const struct reply *reply, struct err *e)
{
	struct have_role role = { .made = true, .policy_presence = ABSENT };
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &iam_create_role, reply, "EntityAlreadyExists", &answer, e, "creating the role '%s'", name);

	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_CONFLICT, answer.status, "the role '%s' exists", name);
		return HEARD_UNSURE;
	}
	if (read_role(w, value_get(answer.body, "Role"), &role, e) < 0)
		return HEARD_UNSURE;
	role.trust = trust;
	*to = role;
	return HEARD_DONE;
}

int role_ask_set_trust(const struct world *w, struct request *rq, const char *name, const struct value *trust, struct err *e)
{
	return aws_ask(w->aws, rq, &iam_update_assume_role_policy,
	               params_of(&rq->mem, "RoleName", name, "PolicyDocument", document_text(&rq->mem, trust), NULL), e);
}

enum heard role_hear_set_trust(struct world *w, struct have_role *role, const char *name, const struct value *trust,
                               const struct reply *reply, struct err *e)
{
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &iam_update_assume_role_policy, reply, NULL, &answer, e,
	                            "setting the trust policy of the role '%s'", name);

	if (heard == HEARD_DONE)
		role->trust = trust;
	return heard;
}

int role_ask_put_policy(const struct world *w, struct request *rq, const char *name, const char *policy,
                        const struct value *document, struct err *e)
{
	return aws_ask(w->aws, rq, &iam_put_role_policy,
	               params_of(&rq->mem, "RoleName", name, "PolicyName", policy, "PolicyDocument",
	                         document_text(&rq->mem, document), NULL), e);
}

enum heard role_hear_put_policy(struct world *w, struct have_role *role, const char *name, const struct value *document,
                                const struct reply *reply, struct err *e)
{
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &iam_put_role_policy, reply, NULL, &answer, e, "writing the policy of the role '%s'", name);

	if (heard == HEARD_REFUSED && aws_code_is(&answer, "NoSuchEntity"))
		return HEARD_NOT_YET;     /* a new role is not known everywhere at once */
	if (heard == HEARD_DONE) {
		role->policy_presence = PRESENT;
		role->policy = document;
	}
	return heard;
}

/* ---- Vault's ---- */

int ask_role(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return role_ask(w, rq, w->want.names.role, e);
}

enum heard hear_role(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;

	(void)item;
	return role_hear(w, &w->role, w->want.names.role, reply, e);
}

int ask_policy(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return role_ask_policy(w, rq, w->want.names.role, ROLE_POLICY, e);
}

enum heard hear_policy(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;

	(void)item;
	return role_hear_policy(w, &w->role, w->want.names.role, reply, e);
}

int ask_provider(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return aws_ask(w->aws, rq, &iam_get_open_id_connect_provider,
	               params_of(&rq->mem, "OpenIDConnectProviderArn", world_provider_arn(w), NULL), e);
}

static bool lists(const struct value *list, const char *text)
{
	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (list->items[i]->type == VALUE_TEXT && text_same(list->items[i]->text, text))
			return true;
	return false;
}

/* The provider is shared by everything in the cluster: it is made where it is missing, and never changed. */
enum heard hear_provider(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	const char *arn = world_provider_arn(w);
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &iam_get_open_id_connect_provider, reply, "NoSuchEntity", &answer, e,
	                            "reading the OIDC provider '%s'", arn);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	w->provider.arn = arn;
	if (!answer.ok) {
		w->provider.presence = ABSENT;
		if (w->want.create_provider)
			return HEARD_DONE;
		return hear_guard(e, "let it be made with --create-oidc-provider",
		                  "the account has no OIDC provider for the cluster's issuer '%s'", w->cluster.issuer);
	}
	w->provider.presence = PRESENT;
	w->provider.has_audience = lists(value_get(answer.body, "ClientIDList"), STS_AUDIENCE);
	if (w->provider.has_audience)
		return HEARD_DONE;
	return hear_guard(e, arena_printf(w->mem, "aws iam add-client-id-to-open-id-connect-provider --client-id " STS_AUDIENCE
	                                  " --open-id-connect-provider-arn %s", arn),
	                  "the OIDC provider '%s' does not list the audience '" STS_AUDIENCE "'", arn);
}

bool provider_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->provider.presence == ABSENT && !provision_held(w);
}

int ask_create_provider(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct value *params = params_of(&rq->mem, "Url", w->cluster.issuer, NULL);
	struct value *tags = value_new_map(&rq->mem);

	(void)item;
	value_push(&rq->mem, value_set(&rq->mem, params, "ClientIDList", value_new_list(&rq->mem)),
	           value_new_text(&rq->mem, STS_AUDIENCE));
	value_set_text(&rq->mem, tags, "ManagedBy", MANAGED_BY);
	value_set_text(&rq->mem, tags, TAG_CLUSTER, w->want.cluster);
	value_set(&rq->mem, params, "Tags", tags_to_list(&rq->mem, tags, "Key", "Value"));
	return aws_ask(w->aws, rq, &iam_create_open_id_connect_provider, params, e);
}

/* Whose it is does not matter: an existing one is read (settle) and taken as it is. */
enum heard hear_created_provider(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &iam_create_open_id_connect_provider, reply, "EntityAlreadyExists", &answer, e,
	                            "creating the OIDC provider of '%s'", w->cluster.issuer);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_CONFLICT, answer.status, "the OIDC provider exists");
		return HEARD_UNSURE;
	}
	w->provider.presence = PRESENT;
	w->provider.has_audience = w->provider.made = true;
	return HEARD_DONE;
}

bool role_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->role.presence == ABSENT && !provision_held(w);
}

int ask_create_role(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return role_ask_create(w, rq, w->want.names.role, "Vault", world_trust_policy(w), e);
}

enum heard hear_created_role(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;

	(void)item;
	return role_hear_created(w, &w->role, w->want.names.role, world_trust_policy(w), reply, e);
}

bool role_trust_differs(const struct world *w)
{
	return w->role.presence == PRESENT && w->cluster.issuer && w->caller_account &&
	       !policy_document_same(w->role.trust, world_trust_policy(w));
}

bool trust_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return role_trust_differs(w) && (w->role.made || provision_may_change(w));
}

int ask_set_trust(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return role_ask_set_trust(w, rq, w->want.names.role, world_trust_policy(w), e);
}

enum heard hear_set_trust(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;

	(void)item;
	return role_hear_set_trust(w, &w->role, w->want.names.role, world_trust_policy(w), reply, e);
}

bool role_policy_differs(const struct world *w)
{
	if (w->key.presence != PRESENT || w->role.presence != PRESENT || w->role.policy_presence != PRESENT)
		return false;
	return !policy_document_same(w->role.policy, world_role_policy(w, w->key.arn));
}

bool policy_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	if (provision_held(w))
		return false;
	if (w->role.policy_presence != PRESENT)
		return true;
	return role_policy_differs(w) && (w->role.made || provision_may_change(w));
}

int ask_put_policy(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return role_ask_put_policy(w, rq, w->want.names.role, ROLE_POLICY, world_role_policy(w, w->key.arn), e);
}

enum heard hear_put_policy(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;

	(void)item;
	return role_hear_put_policy(w, &w->role, w->want.names.role, world_role_policy(w, w->key.arn), reply, e);
}
