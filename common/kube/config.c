#include "kube/config.h"

#include "core/text.h"
#include "formats/uri.h"
#include "kube/open.h"

#define EXEC_CLUSTER_EXTENSION "client.authentication.k8s.io/exec"

/* What was chosen of a kubeconfig. Entries may be NULL where a flag stands in for them. */
struct chosen {
	struct kubeconfig kc;
	const struct kubeconfig_entry *context, *cluster, *user;
};

static int choose_context(struct chosen *c, const struct kube_flags *flags, struct err *e)
{
	const char *name = flags->context ? flags->context : c->kc.current_context;

	if (!text_empty(name))
		return kubeconfig_find(&c->kc, c->kc.contexts, "context", name, &c->context, e);
	if (flags->server || flags->cluster)
		return 0;
	err_set(e, ERR_CONFIG, 0, "the kubeconfig %s has no current context", c->kc.files);
	if (c->kc.contexts)
		err_hint(e, "choose one: --context %s, or kubectl config use-context %s",
				 c->kc.contexts->name, c->kc.contexts->name);
	return -1;
}

/* The flag's name, else the context's; *out stays NULL when neither names an entry. */
static int choose_entry(struct chosen *c, const struct kubeconfig_entry *list, const char *kind,
						const char *flag, const struct kubeconfig_entry **out, struct err *e)
{
	const char *name = flag;

	if (!name && c->context && kubeconfig_text(c->context, kind, &name, e) < 0)
		return -1;
	if (!name)
		return 0;
	if (kubeconfig_find(&c->kc, list, kind, name, out, e) < 0)
		return !flag ? err_while(e, "the context '%s'", c->context->name) : -1;
	return 0;
}

/* A CA by flag stands in for what the entry lacks: it is verified then. */
static int refuse_unverified(const struct kubeconfig_entry *cluster, const struct kube_flags *flags,
							 struct err *e)
{
	const char *name = "insecure-skip-tls-verify";
	const struct value *v = value_get(cluster->v, name);
	bool insecure = false;

	if (v && v->type != VALUE_NULL && value_bool(cluster->v, name, &insecure, e) < 0)
		return err_while(e, "the cluster '%s' of the kubeconfig", cluster->name);
	if (!insecure || flags->ca_file)
		return 0;
	err_set(e, ERR_CONFIG, 0,
			"the cluster '%s' has '%s: true', and an unverified API server is never spoken to",
			cluster->name, name);
	err_hint(e,
			 "trust its CA instead: kubectl config set-cluster '%s' "
			 "--insecure-skip-tls-verify=false --certificate-authority=FILE --embed-certs",
			 cluster->name);
	return -1;
}

/* Scheme, host and path prefix stay; query, fragment and slashes at the end go. */
static int open_server(struct kube *k, const char *server, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct uri uri;
	size_t n = strcspn(server, "?#");

	if (!strstr(server, "://")) {
		err_set(e, ERR_CONFIG, 0, "the server '%s' has no scheme", server);
		err_hint(e, "write https://%s", server);
		return -1;
	}
	if (uri_parse(&a, server, &uri, e) < 0) {
		e->kind = ERR_CONFIG;
		return err_while(e, "the server's address");
	}
	if (!text_same(uri.scheme, "https") && !text_same(uri.scheme, "http"))
		return err_set(e, ERR_CONFIG, 0, "the server '%s' is neither https nor http", server);
	while (n > 0 && server[n - 1] == '/')
		n--;
	k->server = arena_view(k->mem, view_of(server, n));
	return 0;
}

int kube_open_ca_file(struct kube *k, const char *path, struct err *e)
{
	AUTO(buf) struct buf pem = BUF_MAX(KUBECONFIG_PEM_MAX);

	if (host_read_file(k->host, path, &pem, e) < 0 || buf_whole(&pem, "it", e) < 0 ||
		kube_check_pem(buf_bytes(&pem), "CERTIFICATE", e) < 0) {
		e->kind = ERR_CONFIG;
		return err_while(e, "reading the cluster's CA from '%s'", path);
	}
	k->tls.ca_pem = view_of(arena_view(k->mem, buf_bytes(&pem)), pem.n);
	return 0;
}

static int open_ca(struct kube *k, const struct kubeconfig_entry *cluster,
				   const struct kube_flags *flags, struct err *e)
{
	AUTO(buf) struct buf pem = BUF_MAX(KUBECONFIG_PEM_MAX);

	if (flags->ca_file)
		return kube_open_ca_file(k, flags->ca_file, e);
	if (!cluster)
		return 0;
	if (kubeconfig_blob(cluster, k->host, "certificate-authority", &pem, e) < 0)
		return -1;
	if (pem.n == 0)
		return 0;
	if (kube_check_pem(buf_bytes(&pem), "CERTIFICATE", e) < 0)
		return err_while(e, "the CA of the cluster '%s'", cluster->name);
	k->tls.ca_pem = view_of(arena_view(k->mem, buf_bytes(&pem)), pem.n);
	return 0;
}

static int open_proxy(struct kube *k, const struct kubeconfig_entry *cluster, struct err *e)
{
	static const char *const schemes[] = { "http://", "https://", "socks5://", "socks5h://" };
	const char *proxy;

	if (kubeconfig_text(cluster, "proxy-url", &proxy, e) < 0)
		return -1;
	if (!proxy)
		return 0;
	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		if (text_starts(proxy, schemes[i])) {
			k->tls.proxy_url = arena_text(k->mem, proxy);
			return 0;
		}
	}
	return err_set(e, ERR_CONFIG, 0,
				   "the 'proxy-url' of the cluster '%s' is neither http, https nor socks5",
				   cluster->name);
}

/* The cluster's extension that exec plugins may ask for; NULL when there is none. */
static const struct value *exec_extension(const struct kubeconfig_entry *cluster)
{
	const struct value *list = value_get(cluster->v, "extensions");

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (text_same(value_text_or(list->items[i], "name", NULL), EXEC_CLUSTER_EXTENSION))
			return value_get(list->items[i], "extension");
	return NULL;
}

static int open_cluster(struct kube *k, const struct chosen *c, const struct kube_flags *flags,
						struct err *e)
{
	const struct kubeconfig_entry *cluster = c->cluster;
	const char *server = NULL, *server_name = NULL;

	if (cluster) {
		k->cluster_name = arena_text(k->mem, cluster->name);
		if (refuse_unverified(cluster, flags, e) < 0 ||
			kubeconfig_text(cluster, "server", &server, e) < 0 ||
			kubeconfig_text(cluster, "tls-server-name", &server_name, e) < 0 ||
			open_proxy(k, cluster, e) < 0)
			return -1;
		k->exec_cluster_config = value_copy(k->mem, exec_extension(cluster));
	}
	if (flags->server) {
		/* The name was meant for the server that the flag replaces. */
		server = flags->server;
		server_name = NULL;
	}
	if (flags->tls_server_name)
		server_name = flags->tls_server_name;
	if (!server)
		return cluster ? err_set(e, ERR_CONFIG, 0, "the cluster '%s' has no server", cluster->name)
					   : err_set(e, ERR_CONFIG, 0, "the context '%s' names no cluster",
								 c->context ? c->context->name : "");
	k->tls.server_name = arena_text(k->mem, server_name);
	return open_server(k, server, e) < 0 ? -1 : open_ca(k, cluster, flags, e);
}

static int open_namespace(struct kube *k, const struct chosen *c, const struct kube_flags *flags,
						  struct err *e)
{
	const char *own = NULL;

	if (c->context && kubeconfig_text(c->context, "namespace", &own, e) < 0)
		return -1;
	k->context_namespace = own ? arena_text(k->mem, own) : "default";
	k->namespace_ =
		flags->namespace_ ? arena_text(k->mem, flags->namespace_) : k->context_namespace;
	return 0;
}

static int nothing_configured(const struct kubeconfig *kc, struct err *e)
{
	err_set(e, ERR_ABSENT, 0, "no cluster is configured: %s %s", kc->files,
			kc->found ? "is empty" : "is not there");
	err_hint(e, "name one by --kubeconfig or KUBECONFIG; for EKS: aws eks update-kubeconfig --name "
				"CLUSTER");
	return -1;
}

/* kc lives in a scratch arena: what k keeps is copied. */
static int open_with(struct kube *k, const struct kubeconfig *kc, const struct kube_flags *flags,
					 struct err *e)
{
	struct chosen c = { .kc = *kc };

	if (kubeconfig_is_empty(&c.kc) && !flags->context && !flags->cluster && !flags->user &&
		!flags->server)
		return kube_is_in_pod(k->host) ? kube_open_in_pod(k, flags, e)
									   : nothing_configured(&c.kc, e);
	if (choose_context(&c, flags, e) < 0 ||
		choose_entry(&c, c.kc.clusters, "cluster", flags->cluster, &c.cluster, e) < 0 ||
		choose_entry(&c, c.kc.users, "user", flags->user, &c.user, e) < 0)
		return -1;
	if (c.context)
		k->context = arena_text(k->mem, c.context->name);
	if (c.user)
		k->user_name = arena_text(k->mem, c.user->name);
	if (open_cluster(k, &c, flags, e) < 0 || open_namespace(k, &c, flags, e) < 0)
		return -1;
	return kube_open_user(k, c.user, flags, e);
}

static int open_one(struct kube *k, const struct kubeconfig *kc, const struct host *host,
					struct arena *mem, const struct kube_flags *flags, struct err *e)
{
	*k = (struct kube){
		.context = "",
		.cluster_name = "",
		.user_name = "",
		.namespace_ = "default",
		.context_namespace = "default",
		.request_timeout_ms = flags->request_timeout_ms,
		.interactive = flags->interactive,
		.host = host,
		.mem = mem,
	};
	if (open_with(k, kc, flags, e) < 0) {
		kube_release(k);
		return -1;
	}
	return 0;
}

int kube_open(struct kube *k, const struct host *host, struct arena *mem,
			  const struct kube_flags *flags, struct err *e)
{
	struct arena scratch = ARENA_INIT;
	struct kubeconfig kc = { 0 };
	int r = kubeconfig_load(&scratch, host, flags->kubeconfig, &kc, e);

	*k = (struct kube){ 0 };
	if (r == 0)
		r = open_one(k, &kc, host, mem, flags, e);
	arena_wipe(&scratch);
	return r;
}

int kube_open_contexts(struct kube *const *k, const char *const *contexts, size_t n,
					   const struct host *host, struct arena *mem, const struct kube_flags *flags,
					   struct err *why, struct err *e)
{
	struct arena scratch = ARENA_INIT;
	struct kubeconfig kc = { 0 };
	int r = kubeconfig_load(&scratch, host, flags->kubeconfig, &kc, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct kube_flags one = *flags;

		one.context = contexts[i];
		/* why[i] has said all that there is to say */
		if (open_one(k[i], &kc, host, mem, &one, &why[i]) < 0)
			continue;
	}
	arena_wipe(&scratch);
	return r;
}

int kube_contexts(const struct host *host, struct arena *mem, const struct kube_flags *flags,
				  const char *const **out, struct err *e)
{
	struct arena scratch = ARENA_INIT;
	struct kubeconfig kc = { 0 };
	const char **names = NULL;
	size_t n = 0;
	int r = kubeconfig_load(&scratch, host, flags->kubeconfig, &kc, e);

	if (r == 0 && !kc.contexts)
		r = err_set(e, ERR_ABSENT, 0, "there is no context in %s", kc.files);
	for (const struct kubeconfig_entry *x = kc.contexts; r == 0 && x; x = x->next)
		n++;
	names = ARENA_ARRAY(mem, const char *, n + 1);
	n = 0;
	for (const struct kubeconfig_entry *x = kc.contexts; r == 0 && x; x = x->next)
		names[n++] = arena_text(mem, x->name);
	arena_wipe(&scratch);
	if (r == 0)
		*out = names;
	return r;
}

void kube_release(struct kube *k)
{
	secret_release(&k->key_pem);
	secret_release(&k->token);
	secret_release(&k->password);
	*k = (struct kube){ 0 };
}
