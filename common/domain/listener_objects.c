/* The objects behind a listener's certificate: our two Secrets, cert-manager's Issuers and Certificates, the CronJob. */
#include "domain/listener.h"

#include "core/digest.h"
#include "core/text.h"
#include "domain/hear.h"

#define CERT_MANAGER "cert-manager.io/v1"

enum { ENCODED_MAX = 512 << 10 };

static struct value *object_of(struct arena *a, const struct want *want, const char *version, const char *kind, const char *name)
{
	struct value *object = params_of(a, "apiVersion", version, "kind", kind, NULL);
	struct value *meta = value_set(a, object, "metadata", value_new_map(a));

	value_set_text(a, meta, "name", name);
	value_set_text(a, meta, "namespace", want->namespace_);
	value_set(a, meta, "labels", params_of(a, "app.kubernetes.io/managed-by", LISTENER_MANAGER, "app.kubernetes.io/instance",
	                                       want->release, NULL));
	return object;
}

/* ---- Secrets ---- */

static void put_data(struct arena *a, struct value *object, const char *name, struct view bytes)
{
	AUTO(wiped) struct buf text = BUF_MAX(ENCODED_MAX);
	struct value *data = (struct value *)value_get(object, "data");

	if (!data)
		data = value_set(a, object, "data", value_new_map(a));
	base64_print(&text, bytes);
	value_set_text(a, data, name, buf_str(&text));
}

static struct value *secret_of(struct arena *a, const struct want *want, const char *name, const char *version)
{
	struct value *object = object_of(a, want, "v1", "Secret", name);

	value_set_text(a, object, "type", "kubernetes.io/tls");
	/* Written over what was read, and nothing else. */
	if (version)
		value_put(a, object, "metadata.resourceVersion", value_new_text(a, version));
	return object;
}

struct value *listener_leaf_object(const struct world *w, struct arena *a)
{
	const struct listener *l = w->listener;
	struct value *object = secret_of(a, &w->want, w->want.tls_secret, l->leaf.version);

	put_data(a, object, "tls.crt", view_text(l->new_chain));
	put_data(a, object, "ca.crt", view_text(l->new_bundle));
	put_data(a, object, "tls.key", secret_expose(&l->new_key));
	return object;
}

struct value *listener_authority_object(const struct world *w, struct arena *a)
{
	const struct listener *l = w->listener;
	struct value *object = secret_of(a, &w->want, listener_authority_name(a, &w->want), l->authority.version);

	put_data(a, object, "tls.crt", view_text(l->new_authority_pem));
	put_data(a, object, "tls.key", secret_expose(&l->new_authority_key));
	if (l->new_bridge) {
		put_data(a, object, "bridge.crt", view_text(l->new_bridge));
		put_data(a, object, "previous.crt", view_text(l->new_previous));
	}
	return object;
}

/* ---- cert-manager (v1; reference: cert-manager.io/docs/reference/api-docs) ---- */

static const char *own_issuer(const struct want *want, struct arena *a)
{
	return arena_printf(a, "%s-ca", want->release);
}

static struct value *certificate_of(struct arena *a, const struct want *want, const char *name, const char *secret, int days,
                                    int before, const char *issuer_kind, const char *issuer)
{
	struct value *object = object_of(a, want, CERT_MANAGER, "Certificate", name);
	struct value *spec = value_set(a, object, "spec", value_new_map(a));

	value_set_text(a, spec, "secretName", secret);
	value_set_text(a, spec, "duration", arena_printf(a, "%dh", days * 24));
	value_set_text(a, spec, "renewBefore", arena_printf(a, "%dh", before * 24));
	value_set(a, spec, "privateKey", params_of(a, "algorithm", "ECDSA", "rotationPolicy", "Always", NULL));
	value_put(a, spec, "privateKey.size", value_new_int(a, 256));
	value_set(a, spec, "issuerRef", params_of(a, "group", "cert-manager.io", "kind", issuer_kind, "name", issuer, NULL));
	return object;
}

static struct value *leaf_certificate(const struct world *w, struct arena *a)
{
	const struct want *want = &w->want;
	const char *slash = want->tls_issuer ? strchr(want->tls_issuer, '/') : NULL;
	const char *kind = slash ? arena_view(a, view_of(want->tls_issuer, (size_t)(slash - want->tls_issuer))) : "Issuer";
	struct value *object = certificate_of(a, want, want->tls_secret, want->tls_secret, LISTENER_DAYS, LISTENER_DUE_DAYS, kind,
	                                      slash ? slash + 1 : own_issuer(want, a));
	struct value *dns = value_new_list(a), *addresses = value_new_list(a), *usages = value_new_list(a);

	for (const char *const *name = listener_names(w); *name; name++) {
		bool address = strchr(*name, ':') || !(*name)[strspn(*name, "0123456789.")];

		value_push(a, address ? addresses : dns, value_new_text(a, *name));
	}
	value_put(a, object, "spec.commonName", value_new_text(a, w->listener->fullname));
	value_put(a, object, "spec.dnsNames", dns);
	value_put(a, object, "spec.ipAddresses", addresses);
	value_push(a, usages, value_new_text(a, "digital signature"));
	value_push(a, usages, value_new_text(a, "server auth"));
	value_put(a, object, "spec.usages", usages);
	return object;
}

/* An authority of its own is made in cert-manager's usual three steps; an issuer that is given needs none of them. */
size_t listener_manager_count(const struct world *w)
{
	return w->want.tls_issuer ? 1 : 4;
}

struct value *listener_manager_object(const struct world *w, size_t item, struct arena *a)
{
	const struct want *want = &w->want;
	const char *first = arena_printf(a, "%s-selfsigned", want->release), *authority = own_issuer(want, a);
	struct value *object;

	if (item + 1 == listener_manager_count(w))
		return leaf_certificate(w, a);
	if (item == 0) {
		object = object_of(a, want, CERT_MANAGER, "Issuer", first);
		value_put(a, object, "spec.selfSigned", value_new_map(a));
		return object;
	}
	if (item == 1) {
		object = certificate_of(a, want, authority, authority, AUTHORITY_DAYS, AUTHORITY_DUE_DAYS, "Issuer", first);
		value_put(a, object, "spec.isCA", value_new_bool(a, true));
		value_put(a, object, "spec.commonName", value_new_text(a, arena_printf(a, "%.40s authority", want->release)));
		return object;
	}
	object = object_of(a, want, CERT_MANAGER, "Issuer", authority);
	value_put(a, object, "spec.ca.secretName", value_new_text(a, authority));
	return object;
}

/* ---- the CronJob that renews, with an account that may read and write these two Secrets and nothing else ---- */

static const char *renewer_name(const struct want *want, struct arena *a)
{
	return arena_printf(a, "%s-tls-renew", want->release);
}

static struct value *texts(struct arena *a, const char *const *list)
{
	struct value *out = value_new_list(a);

	for (; *list; list++)
		value_push(a, out, value_new_text(a, *list));
	return out;
}

static struct value *renewer_role(const struct want *want, struct arena *a)
{
	struct value *object = object_of(a, want, "rbac.authorization.k8s.io/v1", "Role", renewer_name(want, a));
	struct value *rules = value_set(a, object, "rules", value_new_list(a)), *rule = value_push(a, rules, value_new_map(a));

	value_set(a, rule, "apiGroups", texts(a, (const char *const[]){ "", NULL }));
	value_set(a, rule, "resources", texts(a, (const char *const[]){ "secrets", NULL }));
	value_set(a, rule, "resourceNames",
	          texts(a, (const char *const[]){ want->tls_secret, listener_authority_name(a, want), NULL }));
	value_set(a, rule, "verbs", texts(a, (const char *const[]){ "get", "patch", NULL }));
	return object;
}

static struct value *renewer_binding(const struct want *want, struct arena *a)
{
	const char *name = renewer_name(want, a);
	struct value *object = object_of(a, want, "rbac.authorization.k8s.io/v1", "RoleBinding", name);
	struct value *subjects = value_set(a, object, "subjects", value_new_list(a));

	value_set(a, object, "roleRef", params_of(a, "apiGroup", "rbac.authorization.k8s.io", "kind", "Role", "name", name, NULL));
	value_push(a, subjects, params_of(a, "kind", "ServiceAccount", "name", name, "namespace", want->namespace_, NULL));
	return object;
}

static struct value *renewer_container(const struct want *want, struct arena *a)
{
	struct value *container = params_of(a, "name", "renew", "image", want->tls_renew_image, NULL);

	value_set(a, container, "command",
	          texts(a, (const char *const[]){ "vault-aws", "tls", "renew", "--if-due", "--wait=false", "--vault-namespace",
	                                          want->namespace_, "--release", want->release, NULL }));
	value_put(a, container, "securityContext.allowPrivilegeEscalation", value_new_bool(a, false));
	value_put(a, container, "securityContext.readOnlyRootFilesystem", value_new_bool(a, true));
	value_put(a, container, "securityContext.capabilities.drop", texts(a, (const char *const[]){ "ALL", NULL }));
	return container;
}

/* Daily: a renewal may fail for two weeks before anybody is warned. */
static struct value *renewer_job(const struct want *want, struct arena *a)
{
	struct value *object = object_of(a, want, "batch/v1", "CronJob", renewer_name(want, a));
	struct value *pod = value_new_map(a), *containers = value_new_list(a);

	value_put(a, object, "spec.schedule", value_new_text(a, "23 3 * * *"));
	value_put(a, object, "spec.concurrencyPolicy", value_new_text(a, "Forbid"));
	value_put(a, object, "spec.jobTemplate.spec.backoffLimit", value_new_int(a, 2));
	value_put(a, object, "spec.jobTemplate.spec.template.spec", pod);
	value_set_text(a, pod, "serviceAccountName", renewer_name(want, a));
	value_set_text(a, pod, "restartPolicy", "Never");
	value_put(a, pod, "securityContext.runAsNonRoot", value_new_bool(a, true));
	value_put(a, pod, "securityContext.runAsUser", value_new_int(a, 65532));
	value_put(a, pod, "securityContext.seccompProfile.type", value_new_text(a, "RuntimeDefault"));
	value_push(a, containers, renewer_container(want, a));
	value_set(a, pod, "containers", containers);
	return object;
}

size_t listener_renewer_count(const struct world *w)
{
	return w->want.tls_renew_image ? 4 : 0;
}

struct value *listener_renewer_object(const struct world *w, size_t item, struct arena *a)
{
	switch (item) {
	case 0:  return object_of(a, &w->want, "v1", "ServiceAccount", renewer_name(&w->want, a));
	case 1:  return renewer_role(&w->want, a);
	case 2:  return renewer_binding(&w->want, a);
	default: return renewer_job(&w->want, a);
	}
}

const char *listener_object_path(struct arena *a, const struct value *object)
{
	static const struct { const char *kind, *plural; } plurals[] = {
		{ "Secret", "secrets" }, { "ServiceAccount", "serviceaccounts" }, { "Role", "roles" },
		{ "RoleBinding", "rolebindings" }, { "CronJob", "cronjobs" }, { "Issuer", "issuers" }, { "Certificate", "certificates" },
	};
	const char *version = value_text_or(object, "apiVersion", ""), *kind = value_text_or(object, "kind", "");
	const char *plural = "";

	for (size_t i = 0; i < COUNT_OF(plurals); i++)
		if (text_same(plurals[i].kind, kind))
			plural = plurals[i].plural;
	return arena_printf(a, "/%s/%s/namespaces/%s/%s/%s", strchr(version, '/') ? "apis" : "api", version,
	                    value_text_or(object, "metadata.namespace", ""), plural, object_name(object));
}
