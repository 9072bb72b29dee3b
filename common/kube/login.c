#include "kube/client.h"

#include "core/digest.h"
#include "core/text.h"
#include "formats/iso8601.h"
#include "formats/json.h"
#include "kube/open.h"

#include <ctype.h>
#include <signal.h>

/*
 * The exec credential protocol (plugin/pkg/client/auth/exec/exec.go and
 * pkg/apis/clientauthentication): the plugin gets an ExecCredential in its
 * environment and answers one on stdout. What it says there is never put into
 * an error or a trace; stderr is, except when it went to the terminal.
 */

enum {
	PLUGIN_TIMEOUT_MS = 60000, /* client-go waits for ever; a build server must not */
	PLUGIN_DIALOG_MS = 600000, /* somebody logs in by a browser meanwhile */
	PLUGIN_TALK_SHOWN = 600,   /* bytes of its stderr in an error */
	PLUGINS_AT_ONCE = 16,      /* aws is a large program */
	EXPIRY_MARGIN_MS = 10000
};

static bool is_dialog(const struct kube *k)
{
	return k->interactive && !text_same(k->exec->interactive_mode, "Never");
}

/* spec.cluster, only when the entry asks for it (provideClusterInfo). */
static struct value *cluster_info(const struct kube *k, struct arena *a)
{
	AUTO(buf) struct buf ca = BUF_MAX(2 * KUBECONFIG_PEM_MAX);
	struct value *cluster = value_new_map(a);

	value_set_text(a, cluster, "server", k->server);
	if (k->tls.server_name)
		value_set_text(a, cluster, "tls-server-name", k->tls.server_name);
	if (k->tls.ca_pem.n) {
		base64_print(&ca, k->tls.ca_pem);
		value_set_text(a, cluster, "certificate-authority-data", buf_str(&ca));
	}
	if (k->tls.proxy_url)
		value_set_text(a, cluster, "proxy-url", k->tls.proxy_url);
	if (k->exec_cluster_config)
		value_set(a, cluster, "config", value_copy(a, k->exec_cluster_config));
	return cluster;
}

static const char *exec_info(const struct kube *k, struct arena *a)
{
	AUTO(buf) struct buf text = BUF_MAX(4 * KUBECONFIG_PEM_MAX);
	struct value *info = value_new_map(a), *spec = value_new_map(a);

	value_set_text(a, info, "apiVersion", k->exec->api_version);
	value_set_text(a, info, "kind", "ExecCredential");
	value_set_bool(a, spec, "interactive", is_dialog(k));
	if (k->exec->provide_cluster_info)
		value_set(a, spec, "cluster", cluster_info(k, a));
	value_set(a, info, "spec", spec);
	buf_text(&text, "KUBERNETES_EXEC_INFO=");
	va_json_print(&text, info, false);
	return arena_text(a, buf_str(&text));
}

static size_t texts_count(const char *const *texts)
{
	size_t n = 0;

	while (texts && texts[n])
		n++;
	return n;
}

static int ask_plugin(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct kube *k = world;
	const struct kube_exec *x = k->exec;
	size_t n_args = texts_count(x->args), n_env = texts_count(x->env);
	const char **argv = ARENA_ARRAY(&rq->mem, const char *, n_args + 2);
	const char **env = ARENA_ARRAY(&rq->mem, const char *, n_env + 2);

	(void)item;
	(void)e;
	argv[0] = x->command;
	for (size_t i = 0; i < n_args; i++)
		argv[i + 1] = x->args[i];
	for (size_t i = 0; i < n_env; i++)
		env[i] = x->env[i];
	env[n_env] = exec_info(k, &rq->mem);
	request_child(rq, argv);
	rq->env_set = env;
	rq->label = "kube:exec-credential";
	rq->timeout_ms = is_dialog(k) ? PLUGIN_DIALOG_MS : PLUGIN_TIMEOUT_MS;
	rq->input_shared = is_dialog(k);
	rq->talk = is_dialog(k) ? CHILD_SHARED : CHILD_CAPTURED;
	return 0;
}

/* The end of what a plugin wrote, on one line and without what could steer a terminal. */
static const char *shown(struct arena *a, struct view text)
{
	char *out;

	text = view_trim(text);
	if (text.n > PLUGIN_TALK_SHOWN)
		text = view_of(text.p + text.n - PLUGIN_TALK_SHOWN, PLUGIN_TALK_SHOWN);
	out = arena_view(a, text);
	for (size_t i = 0; i < text.n; i++)
		if (iscntrl((unsigned char)out[i]))
			out[i] = ' ';
	return out;
}

static int plugin_failed(const struct kube *k, const struct reply *reply, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *talk = shown(&a, buf_bytes(&reply->talk));

	/* aws ends with 252 to 255, which are no signals. */
	if (reply->status > 128 && reply->status < 128 + NSIG)
		err_set(e, ERR_AUTH, reply->status, "it ended by signal %d%s%s", reply->status - 128,
				*talk ? ": " : "", talk);
	else
		err_set(e, ERR_AUTH, reply->status, "it ended with exit code %d%s%s", reply->status,
				*talk ? ": " : "", talk);
	if (reply->status == 127 && k->exec->install_hint)
		err_hint(e, "%s", shown(&a, view_text(k->exec->install_hint)));
	return -1;
}

/* The client certificate of a plugin: PEM texts, both or none. */
static int take_certificate(struct kube *k, const struct value *status, struct err *e)
{
	const char *cert = value_text_or(status, "clientCertificateData", "");
	const char *key = value_text_or(status, "clientKeyData", "");

	if (!*cert != !*key)
		return err_set(e, ERR_AUTH, 0,
					   "it gave a client certificate without its key, or a key alone");
	if (!*cert)
		return 0;
	if (kube_check_pem(view_text(cert), "CERTIFICATE", e) < 0 ||
		kube_check_pem(view_text(key), "PRIVATE KEY", e) < 0)
		return err_while(e, "its client certificate");
	secret_release(&k->key_pem);
	secret_set(&k->key_pem, view_text(key));
	k->tls.key_pem = &k->key_pem;
	k->tls.cert_pem = view_of(arena_text(k->mem, cert), strlen(cert));
	return 0;
}

static int take_status(struct kube *k, const struct value *status, struct err *e)
{
	const char *token = value_text_or(status, "token", "");
	const char *expires = value_text_or(status, "expirationTimestamp", NULL);
	int64_t expires_ms = 0;

	if (!*token && !*value_text_or(status, "clientCertificateData", ""))
		return err_set(e, ERR_AUTH, 0, "it gave neither a token nor a client certificate");
	if (kube_check_header_text(view_text(token), "its token", e) < 0)
		return -1;
	if (expires && iso8601_parse(view_text(expires), &expires_ms, e) < 0)
		return err_while(e, "its expirationTimestamp");
	if (take_certificate(k, status, e) < 0)
		return -1;
	secret_release(&k->token);
	if (*token)
		secret_set(&k->token, view_text(token));
	k->token_expires_ms = expires_ms;
	return 0;
}

static int take_credential(struct kube *k, const struct value *doc, struct err *e)
{
	const char *kind = value_text_or(doc, "kind", ""),
			   *version = value_text_or(doc, "apiVersion", "");
	const struct value *status;

	if (!text_same(kind, "ExecCredential"))
		return err_set(e, ERR_AUTH, 0, "it gave no ExecCredential");
	if (!text_same(version, k->exec->api_version)) {
		err_set(e, ERR_AUTH, 0, "it speaks '%s', the kubeconfig wants '%s'", version,
				k->exec->api_version);
		err_hint(e, "write the kubeconfig anew; for EKS: aws eks update-kubeconfig --name CLUSTER");
		return -1;
	}
	if (value_map(doc, "status", &status, e) < 0)
		return -1;
	return take_status(k, status, e);
}

static enum heard hear_plugin(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct kube *k = world;
	struct value *doc;
	int r;

	(void)item;
	if (reply->status != 0)
		r = plugin_failed(k, reply, e);
	else if (va_json_parse(&a, buf_bytes(&reply->body), NULL, &doc, e) < 0)
		r = err_set(e, ERR_AUTH, 0, "it gave no JSON");
	else
		r = take_credential(k, doc, e);
	arena_wipe(&a);
	if (r < 0)
		e->kind = ERR_AUTH;
	return r < 0 ? HEARD_REFUSED : HEARD_DONE;
}

static int wants_terminal(const struct kube *k, struct err *e)
{
	err_set(e, ERR_AUTH, 0,
			"the credential plugin '%s' of the user '%s' wants a terminal, and there is none",
			k->exec->command, k->user_name);
	err_hint(e, "log in where there is one, or use a user whose plugin needs none");
	return -1;
}

/* The plugin could not be started: its author says how to get it. */
static void hint_install(const struct kube *k, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	if (k->exec->install_hint)
		err_hint(e, "%s", shown(&a, view_text(k->exec->install_hint)));
	else
		err_hint(e, "install '%s' or put it on PATH: the kubeconfig's user '%s' logs in by it",
				 k->exec->command, k->user_name);
}

static const struct step plugin_row = { .name = "kube.login", .ask = ask_plugin, .hear = hear_plugin };

static int plugin_can_run(const struct kube *k, struct err *e)
{
	if (text_same(k->exec->interactive_mode, "Always") && !k->interactive)
		return wants_terminal(k, e);
	return 0;
}

/* The row's own words: its name says nothing to who only asked for a cluster. */
static void tell_plugin_failed(const struct kube *k, struct track *track, struct err *e)
{
	if (track->err.kind)
		err_move(e, &track->err);
	if (e->kind == ERR_ABSENT)
		hint_install(k, e);
	e->kind = ERR_AUTH;
	err_while(e, "the credential plugin '%s' of the user '%s'", k->exec->command, k->user_name);
}

static int run_plugin(struct kube *k, const struct transport *t, struct err *e)
{
	struct track track = { 0 };
	struct graph graph = { &plugin_row, 1, k, &track };
	struct loop loop = { .transport = t, .host = k->host, .max_attempts = 1 };
	int r;

	if (plugin_can_run(k, e) < 0)
		return -1;
	r = loop_run(&loop, &graph, 1, e);
	if (r < 0 && e->kind != ERR_STOPPED)
		tell_plugin_failed(k, &track, e);
	graph_release_tracks(&graph);
	return r;
}

static int read_token_file(struct kube *k, struct err *e)
{
	struct buf text = BUF_MAX(KUBECONFIG_PEM_MAX);
	int r = host_read_file(k->host, k->token_file, &text, e);
	struct view token = view_trim(buf_bytes(&text));

	if (r == 0)
		r = buf_whole(&text, "it", e);
	if (r == 0 && token.n == 0)
		r = err_set(e, ERR_AUTH, 0, "it is empty");
	if (r == 0)
		r = kube_check_header_text(token, "it", e);
	if (r == 0) {
		secret_release(&k->token);
		secret_set(&k->token, token);
	}
	buf_wipe(&text);
	if (r < 0) {
		e->kind = ERR_AUTH;
		return err_while(e, "reading the token file '%s'", k->token_file);
	}
	return 0;
}

static bool plugin_has_run(const struct kube *k)
{
	if (!secret_held(&k->token) && !secret_held(&k->key_pem))
		return false;
	return k->token_expires_ms == 0 ||
		   host_wall_ms(k->host) < k->token_expires_ms - EXPIRY_MARGIN_MS;
}

int kube_login(struct kube *k, const struct transport *t, struct err *e)
{
	if (k->exec && !plugin_has_run(k))
		return run_plugin(k, t, e);
	if (k->token_file)
		return read_token_file(k, e);
	return 0;
}

bool kube_refused(const struct reply *reply)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	return reply->status == 401 && !reply_header(reply, &a, "x-amzn-requestid");
}

int kube_renew(struct kube *k, const struct transport *t, const struct reply *reply, struct err *e)
{
	if (k->exec)
		return run_plugin(k, t, e);
	if (k->token_file)
		return read_token_file(k, e);
	err_set(e, ERR_AUTH, reply ? reply->status : 401, "the API server '%s' does not accept %s%s%s",
			k->server,
			*k->user_name ? "the credentials of the user '" : "a caller without credentials",
			k->user_name, *k->user_name ? "'" : "");
	if (text_starts(k->server, "http://"))
		err_hint(e, "credentials are sent by https only, and this server's address is http");
	else
		err_hint(e, "log in again, or choose another --context");
	return -1;
}

/* One that fails stops no other. */
static const struct step one_of_many_row = {
	.name = "kube.login", .ask = ask_plugin, .hear = hear_plugin, .may_fail = true
};

static void run_plugins(struct kube *const *k, struct err *const *why, size_t n,
						const struct transport *t)
{
	struct track tracks[PLUGINS_AT_ONCE] = { 0 };
	struct graph graphs[PLUGINS_AT_ONCE];
	struct loop loop = { .transport = t, .host = k[0]->host, .max_attempts = 1 };
	AUTO(err) struct err e = { 0 };
	int r;

	for (size_t i = 0; i < n; i++)
		graphs[i] = (struct graph){ &one_of_many_row, 1, k[i], &tracks[i] };
	r = loop_run(&loop, graphs, n, &e);
	for (size_t i = 0; i < n; i++) {
		if (tracks[i].state == STEP_DONE)
			continue;
		if (r < 0 && e.kind == ERR_STOPPED)
			err_copy(why[i], &e);
		else
			tell_plugin_failed(k[i], &tracks[i], why[i]);
	}
	for (size_t i = 0; i < n; i++)
		graph_release_tracks(&graphs[i]);
}

void kube_login_all(struct kube *const *k, size_t n, const struct transport *t, struct err *why)
{
	struct kube *waiting[PLUGINS_AT_ONCE];
	struct err *whys[PLUGINS_AT_ONCE];
	size_t n_waiting = 0;

	for (size_t i = 0; i < n; i++) {
		bool runs = k[i]->exec && !plugin_has_run(k[i]);

		if (runs ? plugin_can_run(k[i], &why[i]) < 0 : kube_login(k[i], t, &why[i]) < 0)
			continue;
		if (runs) {
			whys[n_waiting] = &why[i];
			waiting[n_waiting++] = k[i];
		}
		if (n_waiting == PLUGINS_AT_ONCE) {
			run_plugins(waiting, whys, n_waiting, t);
			n_waiting = 0;
		}
	}
	if (n_waiting)
		run_plugins(waiting, whys, n_waiting, t);
}
