/* The cluster before and at the install: whose the names are, and the service account that must be there first. */
#include "domain/install_steps.h"

#include "core/text.h"
#include "domain/vault_config.h"

#define FIELD_MANAGER "helm"   /* any other manager makes helm 4's apply conflict later: seen */

int ask_namespace(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return kube_ask(w->kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s", w->want.namespace_), NULL, e);
}

enum heard hear_namespace(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "reading the namespace '%s'", w->want.namespace_);

	(void)item;
	if (heard == HEARD_DONE)
		w->k.namespace_ = answer.ok ? PRESENT : ABSENT;
	if (answer.ok && text_same(value_text_or(answer.body, "status.phase", ""), "Terminating"))
		return hear_guard(e, "run again when it is gone", "the namespace '%s' is being deleted", w->want.namespace_);
	return heard;
}

int ask_account(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return kube_ask(w->kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/serviceaccounts/%s", w->want.namespace_,
	                                              w->want.service_account), NULL, e);
}

/* helm takes an object over only when label and annotations name its release; ours is made to be taken. */
static enum heard check_owner(const struct world *w, const struct service_account *a, struct err *e)
{
	const char *role = a->role_arn ? role_name_of_arn(a->role_arn) : NULL;

	if (!text_same(a->managed_by, "Helm") || !text_same(a->release, w->want.release) ||
	    !text_same(a->release_namespace, w->want.namespace_))
		return hear_guard(e, "choose another account with --vault-service-account, or delete this one",
		                  "the service account '%s/%s' belongs to '%s' (release '%s'), not to the Helm release '%s'",
		                  w->want.namespace_, w->want.service_account, a->managed_by ? a->managed_by : "nobody",
		                  a->release ? a->release : "", w->want.release);
	if (role && !text_same(role, w->want.names.role))
		return hear_guard(e, "name the role with --iam-role-name, or delete the annotation eks.amazonaws.com/role-arn",
		                  "the service account '%s/%s' has the role '%s', but '%s' is wanted", w->want.namespace_,
		                  w->want.service_account, a->role_arn, w->want.names.role);
	return HEARD_DONE;
}

enum heard hear_account(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "reading the service account '%s/%s'", w->want.namespace_,
	                             w->want.service_account);
	struct service_account account;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	w->k.service_account = answer.ok ? PRESENT : ABSENT;
	if (!answer.ok)
		return HEARD_DONE;
	if (service_account_read(&account, answer.body, e) < 0)
		return HEARD_UNSURE;
	return check_owner(w, &account, e);
}

int ask_config(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	const char *name = arena_printf(&rq->mem, "%s-config", w->install->fullname);

	(void)item;
	return kube_ask(w->kube, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/configmaps/%s", w->want.namespace_, name),
	                NULL, e);
}

/*
 * Clients would find another protocol at the same address, and the pods, which the chart only replaces when they are
 * deleted (OnDelete), would go on with the old one until each is: not in passing.
 */
static enum heard check_listener(const struct world *w, const struct vault_facts *running, struct err *e)
{
	bool plain = text_same(running->tls_disable, "true");

	if (plain == (w->want.tls == TLS_OFF) || !running->storage)
		return HEARD_DONE;
	return hear_guard(e, plain ? "uninstall the release and install it with --tls (the data stays in DynamoDB, and Vault unseals "
	                  "itself); until then leave --tls out"
	                           : "give --tls as before (--tls=own, cert-manager or secret:NAME)",
	                  plain ? "the running release '%s' has a plain listener, and TLS is wanted: every client and every pod would "
	                          "have to change at once" : "the running release '%s' has a listener with TLS, and none is wanted",
	                  w->want.release);
}

/* A release that runs on another table or key is never moved to ours by an install: all sides are shown. */
enum heard hear_config(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "reading Vault's running configuration");
	struct vault_facts running;

	(void)item;
	if (heard != HEARD_DONE || !answer.ok)
		return heard;
	w->k.config = PRESENT;
	w->k.config_text = value_text_or(value_get(value_get(answer.body, "data"), "extraconfig-from-values.hcl"), "", "");
	if (vault_config_read(w->mem, w->k.config_text, &running, e) < 0)
		return HEARD_REFUSED;
	if (running.table && !text_same(running.table, w->want.names.table))
		return hear_guard(e, "give --dynamodb-table-name and --kms-key-id of the running release",
		                  "the running release uses the table '%s', but '%s' is wanted (marked: '%s')", running.table,
		                  w->want.names.table, w->table.arn ? w->table.arn : "none");
	if (running.table && (!running.seal || text_same(running.seal_disabled, "true")))
		return hear_guard(e, "helm vault-aws recover seal-migrate --to-key KEY takes it back to KMS",
		                  "the running release is sealed by shares (Shamir), and an install would put the seal 'awskms' into its "
		                  "configuration");
	if (running.key_id && w->key.arn && !text_same(running.key_id, w->key.arn) && !text_same(running.key_id, w->key.id))
		return hear_guard(e, "give the running release's key with --kms-key-id",
		                  "the running release is sealed with the key '%s', but '%s' is wanted (by name and mark)",
		                  running.key_id, w->key.arn);
	return check_listener(w, &running, e);
}

int ask_binding(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	const char *name = arena_printf(&rq->mem, "%s-server-binding", w->install->fullname);

	(void)item;
	return kube_ask(w->kube, rq, "GET", kube_path(&rq->mem, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/%s", name),
	                NULL, e);
}

/* The chart's one cluster-wide object: a release of the same name in another namespace has it already. */
enum heard hear_binding(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "reading the cluster role binding '%s-server-binding'",
	                             w->install->fullname);
	const char *release, *namespace_;

	(void)item;
	if (heard != HEARD_DONE || !answer.ok)
		return heard;
	release = object_annotation(answer.body, "meta.helm.sh/release-name");
	namespace_ = object_annotation(answer.body, "meta.helm.sh/release-namespace");
	if (text_same(release, w->want.release) && text_same(namespace_, w->want.namespace_))
		return HEARD_DONE;
	return hear_guard(e, "choose another release name with --release, or set server.authDelegator.enabled=false",
	                  "the cluster role binding '%s-server-binding' belongs to the release '%s' in '%s'", w->install->fullname,
	                  release ? release : "?", namespace_ ? namespace_ : "?");
}

bool namespace_due(const void *world, size_t item)
{
	const struct world *w = world;

	return installing_for_real(world, item) && w->k.namespace_ == ABSENT;
}

int ask_create_namespace(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct value *object = params_of(&rq->mem, "apiVersion", "v1", "kind", "Namespace", NULL);

	(void)item;
	value_put(&rq->mem, object, "metadata.name", value_new_text(&rq->mem, w->want.namespace_));
	return kube_ask(w->kube, rq, "POST", "/api/v1/namespaces", object, e);
}

enum heard hear_created_namespace(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "creating the namespace '%s'", w->want.namespace_);

	(void)item;
	if (heard == HEARD_REFUSED && answer.status == 409)
		return HEARD_UNSURE;
	if (heard == HEARD_DONE)
		w->k.namespace_ = PRESENT;
	return heard;
}

int ask_apply_account(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct arena *a = &rq->mem;
	struct value *object = params_of(a, "apiVersion", "v1", "kind", "ServiceAccount", NULL);
	struct value *meta = value_set(a, object, "metadata", value_new_map(a));

	(void)item;
	value_set_text(a, meta, "name", w->want.service_account);
	value_set_text(a, meta, "namespace", w->want.namespace_);
	value_set(a, meta, "labels", params_of(a, "app.kubernetes.io/managed-by", "Helm", NULL));
	value_set(a, meta, "annotations",
	          params_of(a, "eks.amazonaws.com/role-arn", world_role_arn(w), "meta.helm.sh/release-name", w->want.release,
	                    "meta.helm.sh/release-namespace", w->want.namespace_, NULL));
	return kube_ask_apply(w->kube, rq, kube_path(a, "/api/v1/namespaces/%s/serviceaccounts/%s", w->want.namespace_,
	                                             w->want.service_account), object, FIELD_MANAGER, false, e);
}

enum heard hear_applied_account(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "making the service account '%s/%s'", w->want.namespace_,
	                             w->want.service_account);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_ABSENT, 404, "the namespace '%s' is gone", w->want.namespace_);
		return HEARD_REFUSED;
	}
	w->k.service_account = PRESENT;
	return HEARD_DONE;
}
