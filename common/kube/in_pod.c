#include "core/text.h"
#include "kube/open.h"

/* rest/config.go, InClusterConfig: where a pod finds its service account. */
#define ACCOUNT_FILES "/var/run/secrets/kubernetes.io/serviceaccount/"

bool kube_is_in_pod(const struct host *host)
{
	AUTO(err) struct err e = { 0 };
	struct buf token = BUF_MAX(KUBECONFIG_PEM_MAX);
	bool there;

	if (!host_env(host, "KUBERNETES_SERVICE_HOST") || !host_env(host, "KUBERNETES_SERVICE_PORT"))
		return false;
	there = host_read_file(host, ACCOUNT_FILES "token", &token, &e) == 0;
	buf_wipe(&token);
	return there;
}

static const char *pod_namespace(struct kube *k)
{
	AUTO(err) struct err e = { 0 };
	AUTO(buf) struct buf text = BUF_MAX(4096);
	const char *env = host_env(k->host, "POD_NAMESPACE");
	struct view name;

	if (env)
		return arena_text(k->mem, env);
	if (host_read_file(k->host, ACCOUNT_FILES "namespace", &text, &e) < 0)
		return "default";
	name = view_trim(buf_bytes(&text));
	return name.n ? arena_view(k->mem, name) : "default";
}

int kube_open_in_pod(struct kube *k, const struct kube_flags *flags, struct err *e)
{
	const char *host = host_env(k->host, "KUBERNETES_SERVICE_HOST");
	bool v6 = strchr(host, ':') != NULL;

	if (kube_open_ca_file(k, flags->ca_file ? flags->ca_file : ACCOUNT_FILES "ca.crt", e) < 0)
		return -1;
	k->tls.server_name = arena_text(k->mem, flags->tls_server_name);
	k->server = arena_printf(k->mem, "https://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "",
							 host_env(k->host, "KUBERNETES_SERVICE_PORT"));
	k->token_file = ACCOUNT_FILES "token";
	k->context_namespace = pod_namespace(k);
	k->namespace_ =
		flags->namespace_ ? arena_text(k->mem, flags->namespace_) : k->context_namespace;
	return kube_open_user(k, NULL, flags, e);
}
