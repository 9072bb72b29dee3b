/* The steps of the eso family, and how their lists are looked up. */
#include "domain/diag_eso.h"

#include "core/text.h"

#define ASK(name)   static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name)  static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)   static bool name(const void *world, size_t item)
#define COUNT(name) static size_t name(const void *world)

static const char *const event_kinds[ESO_EVENT_KINDS] = { "ClusterSecretStore", "SecretStore", "ExternalSecret" };

static struct diag_eso *part(struct diag *d)
{
	return diag_part(d, DIAG_ESO, sizeof(struct diag_eso));
}

const struct diag_eso *diag_eso(const struct diag *d)
{
	static const struct diag_eso none;

	return d->part[DIAG_ESO] ? d->part[DIAG_ESO] : &none;
}

/* ---- what is served ---- */

ASK(ask_group)
{
	(void)item;
	return diag_ask_kube(world, rq, "GET", "/apis/" ESO_GROUP, NULL, e);
}

HEAR(hear_group)
{
	struct diag *d = world;
	struct diag_eso *p = part(d);
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "asking for the versions of " ESO_GROUP);
	const struct value *versions;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	p->group_read = true;
	p->absent = !answer.ok;
	versions = value_get(answer.ok ? answer.body : NULL, "versions");
	for (size_t i = 0; versions && versions->type == VALUE_LIST && i < versions->n; i++) {
		const char *version = value_text_or(versions->items[i], "version", "");

		p->serves_v1 |= text_same(version, "v1");
		p->serves_v1beta1 |= text_same(version, "v1beta1");
	}
	p->version = p->serves_v1 ? "v1" : p->serves_v1beta1 ? "v1beta1" : NULL;
	return HEARD_DONE;
}

DUE(is_served)
{
	(void)item;
	return diag_eso(world)->version != NULL;
}

/* ---- lists ---- */

ASK(ask_deployments)
{
	(void)item;
	return diag_ask_list(world, &diag_eso(world)->deployments, rq, "/apis/apps/v1/deployments",
	                     "labelSelector=app.kubernetes.io%2Fname%3Dexternal-secrets", e);
}

HEAR(hear_deployments)
{
	(void)item;
	return diag_hear_list(world, &part(world)->deployments, reply, e, "looking for the operator of External Secrets");
}

#define LIST_STEP(list, kind) \
	ASK(ask_##list) \
	{ \
		const struct diag_eso *p = diag_eso(world); \
\
		(void)item; \
		return diag_ask_list(world, &p->list, rq, kube_path(&rq->mem, "/apis/" ESO_GROUP "/%s/" kind, p->version), "", e); \
	} \
	HEAR(hear_##list) \
	{ \
		(void)item; \
		return diag_hear_list(world, &part(world)->list, reply, e, "reading the " kind); \
	}

LIST_STEP(cluster_stores, "clustersecretstores")
LIST_STEP(stores, "secretstores")
LIST_STEP(secrets, "externalsecrets")

COUNT(count_event_kinds)
{
	(void)world;
	return ESO_EVENT_KINDS;
}

ASK(ask_events)
{
	const char *query = arena_printf(&rq->mem, "fieldSelector=type%%3DWarning%%2CinvolvedObject.kind%%3D%s", event_kinds[item]);

	return diag_ask_list(world, &diag_eso(world)->events[item], rq, "/api/v1/events", query, e);
}

HEAR(hear_events)
{
	return diag_hear_list(world, &part(world)->events[item], reply, e, "reading the events of External Secrets");
}

#define ROW(row, list, ...) { .name = (row), .may_fail = true, .ask = ask_##list, .hear = hear_##list, __VA_ARGS__ }
#define LOGIN_ROW(row, what, ...) \
	{ .name = (row), .may_fail = true, .count = eso_count_logins, .ask = eso_ask_##what, .hear = eso_hear_##what, \
	  .missed = eso_missed_login, __VA_ARGS__ }
#define WHERE_SERVED .needs = NEEDS("eso.group"), .due = is_served

const struct step diag_eso_steps[] = {
	ROW("eso.group", group),
	ROW("eso.operator", deployments),
	ROW("eso.cluster-stores", cluster_stores, WHERE_SERVED),
	ROW("eso.stores", stores, WHERE_SERVED),
	ROW("eso.secrets", secrets, WHERE_SERVED),
	ROW("eso.events", events, WHERE_SERVED, .count = count_event_kinds),
	LOGIN_ROW("eso.trial-token", jwt, .needs = NEEDS("release.find", "eso.cluster-stores", "eso.stores"), .due = eso_jwt_due),
	LOGIN_ROW("eso.trial-login", login, .needs = NEEDS("eso.trial-token", "pods.read"), .due = eso_login_due,
	          .before = eso_prepare_login),
	LOGIN_ROW("eso.trial-revoke", revoke, .needs = NEEDS("eso.trial-login"), .due = eso_revoke_due),
};

/* ---- looking things up ---- */

static bool is_ip_of_pod(const struct diag *d, struct view host)
{
	for (size_t i = 0; i < d->pods.n; i++)
		if (d->pods.at[i].ip && view_is(host, d->pods.at[i].ip))
			return true;
	return false;
}

/* "vault-active.vault.svc", "vault-active.vault.svc.cluster.local", "vault-0.vault-internal.vault": a service of ours in our namespace. */
static bool is_service_of_ours(const struct diag *d, struct view host)
{
	struct view rest = host, first = view_cut(&rest, '.'), second = rest.p ? view_cut(&rest, '.') : view_text("");

	if (view_is(second, d->release.namespace_))
		return view_starts(first, d->release.fullname);
	return rest.p && view_starts(second, d->release.fullname) && view_is(view_cut(&rest, '.'), d->release.namespace_);
}

bool eso_server_is_ours(const struct diag *d, const char *server)
{
	struct view rest, host;
	const char *p = server ? strstr(server, "://") : NULL;

	if (!p || !d->release.namespace_)
		return false;
	rest = view_text(p + 3);
	host = view_cut(&rest, '/');
	rest = host;
	host = view_cut(&rest, ':');
	return is_service_of_ours(d, host) || is_ip_of_pod(d, host);
}

/* A server within the cluster that is not there at all (a typing error) is taken for ours where its namespace is. */
static bool is_near(const struct diag *d, const char *server)
{
	AUTO(arena) struct arena mem = ARENA_INIT;

	return server && d->release.namespace_ && strstr(server, arena_printf(&mem, ".%s.svc", d->release.namespace_)) != NULL;
}

static bool store_read(const struct diag *d, const struct value *object, struct eso_store *out)
{
	const struct value *vault = value_at(object, "spec.provider.vault"), *auth = value_at(vault, "auth.kubernetes");

	*out = (struct eso_store){
		.object = object, .kind = value_text_or(object, "kind", NULL), .name = object_name(object),
		.namespace_ = value_text_or(object, "metadata.namespace", NULL),
		.server = value_text_or(vault, "server", NULL), .path = value_text_or(vault, "path", NULL),
		.version = value_text_or(vault, "version", "v2"),
		.mount = auth ? value_text_or(auth, "mountPath", "kubernetes") : NULL, .role = value_text_or(auth, "role", NULL),
		.account = value_text_or(auth, "serviceAccountRef.name", NULL),
		.account_namespace = value_text_or(auth, "serviceAccountRef.namespace", NULL),
		.audiences = value_at(auth, "serviceAccountRef.audiences"),
	};
	if (!out->kind)
		out->kind = out->namespace_ ? "SecretStore" : "ClusterSecretStore";
	if (!out->account_namespace)
		out->account_namespace = out->namespace_;
	return vault && (eso_server_is_ours(d, out->server) || is_near(d, out->server));
}

bool eso_store_at(const struct diag *d, size_t i, struct eso_store *out)
{
	const struct diag_list *lists[] = { &diag_eso(d)->cluster_stores, &diag_eso(d)->stores };

	for (size_t l = 0; l < COUNT_OF(lists); l++)
		for (size_t k = 0; k < diag_list_n(lists[l]); k++)
			if (store_read(d, diag_list_at(lists[l], k), out) && !i--)
				return true;
	*out = (struct eso_store){0};
	return false;
}

static const struct value *store_ref(const struct value *secret)
{
	const struct value *ref = value_at(secret, "spec.secretStoreRef");

	return value_text_or(ref, "name", NULL) ? ref : value_at(secret, "spec.data.0.sourceRef.storeRef");
}

static const struct value *named_store(const struct diag *d, const struct value *secret)
{
	const struct value *ref = store_ref(secret);
	bool cluster = text_same(value_text_or(ref, "kind", "SecretStore"), "ClusterSecretStore");

	return diag_list_find(cluster ? &diag_eso(d)->cluster_stores : &diag_eso(d)->stores,
	                      cluster ? NULL : value_text_or(secret, "metadata.namespace", ""), value_text_or(ref, "name", ""));
}

bool eso_store_of(const struct diag *d, const struct value *secret, struct eso_store *out)
{
	const struct value *object = named_store(d, secret);

	if (object && store_read(d, object, out))
		return true;
	*out = (struct eso_store){0};
	return false;
}

const char *eso_store_lacking(const struct diag *d, const struct value *secret)
{
	return named_store(d, secret) ? NULL : value_text_or(store_ref(secret), "name", NULL);
}

static const char *event_time(const struct value *event)
{
	const char *last = value_text_or(event, "lastTimestamp", NULL);

	return last ? last : value_text_or(event, "metadata.creationTimestamp", "");
}

/* Times of one form and in UTC stand in their own order as texts. Events of an earlier object of the name do not count. */
const char *eso_event(const struct diag *d, const char *kind, const struct value *object)
{
	const struct value *newest = NULL;
	const char *uid = value_text_or(object, "metadata.uid", "");

	for (size_t k = 0; k < ESO_EVENT_KINDS; k++) {
		const struct diag_list *list = &diag_eso(d)->events[k];

		if (!text_same(event_kinds[k], kind))
			continue;
		for (size_t i = 0; i < diag_list_n(list); i++) {
			const struct value *one = diag_list_at(list, i);

			if (text_same(value_text_or(one, "involvedObject.uid", ""), uid) &&
			    (!newest || strcmp(event_time(one), event_time(newest)) >= 0))
				newest = one;
		}
	}
	return value_text_or(newest, "message", NULL);
}

const struct value *eso_operator(const struct diag *d)
{
	const struct diag_list *list = &diag_eso(d)->deployments;

	return diag_list_n(list) ? diag_list_at(list, 0) : NULL;
}
