#include "commands.h"

#include "cli/errors.h"
#include "cli/session.h"
#include "core/text.h"
#include "net/peer_uid.h"
#include "net/relay.h"

#include <limits.h>
#include <signal.h>
#include <unistd.h>

/*
 * A connection is led to the pod that was the active one this short a time ago; else it is looked for anew. Where none is
 * found, again after a second.
 */
enum { FRESH_MS = 5000, AGAIN_MS = 1000, TABLE_MAX = 16 << 20, ENV_MAX = 4 };

struct proxy_options {
	int64_t port;
};

static const struct opt rows[] = {
	INT(struct proxy_options, port, 0, "port", "PORT", 0, 65535, "listen on this port (default: a free one)"),
	OPT_END
};

static const char *const formats[] = { "table", "json", "yaml", NULL };

struct proxy {
	struct app *app;
	struct session s;
	struct boot boot;
	const struct transport *transport;
	unsigned port;
	bool known, wanted;          /* the pod is, as of looked_ms; somebody waits for that */
	int64_t looked_ms;
	const char *told;            /* the pod that was told last */
	const char *address, *authority, *server_name;   /* for clients; NULL: no TLS */
};

static int64_t now_ms(const struct proxy *p)
{
	return p->transport->ops->now_ms(p->transport->self);
}

/* ---- the relay asks ---- */

/* Loopback is everybody's on this machine: only our own processes come in. */
static bool admit(void *to, unsigned peer_port)
{
	struct proxy *p = to;
	AUTO(buf) struct buf table = BUF_MAX(TABLE_MAX);
	AUTO(err) struct err e = { 0 };
	unsigned uid;

	if (host_read_file(&p->app->host, "/proc/net/tcp", &table, &e) < 0)
		return false;
	return peer_uid(buf_bytes(&table), peer_port, p->port, &uid) && uid == geteuid();
}

static const struct tunnel *way(void *to)
{
	struct proxy *p = to;

	if (p->known && now_ms(p) - p->looked_ms < FRESH_MS)
		return &p->boot.port.tunnel;
	p->wanted = true;
	return NULL;
}

static void broke(void *to, const struct err *why, bool opened)
{
	struct proxy *p = to;

	p->known = false;
	if (opened)
		warning_printf(p->app, "a connection broke: %s", why->text);
}

static const struct relay_ops relay_ops = { .admit = admit, .way = way, .broke = broke };

/* ---- which pod ---- */

static int look(struct proxy *p, const struct step *steps, size_t n, struct err *e)
{
	p->known = false;
	if (session_loop_over(&p->s, &p->boot, steps, n, false, e) < 0)
		return -1;
	p->boot.port.tunnel.plain = !p->boot.tls_on;
	p->known = true;
	p->wanted = false;           /* also by those who asked while it was looked for */
	p->looked_ms = now_ms(p);
	if (!text_same(p->told, p->boot.server->name))
		talk_printf(p->app, "connections go to the pod '%s'", p->boot.server->name);
	p->told = p->boot.server->name;
	return 0;
}

/* Who vouches for the listener may have been found in the cluster: clients want a file. Certificates are no secret. */
static int write_authority(struct proxy *p, struct err *e)
{
	struct app *app = p->app;
	const char *home = host_env(&app->host, "XDG_STATE_HOME");
	AUTO(text) char *folder = host_path(&app->host, home ? home : "~/.local/state");

	p->authority = arena_printf(&app->mem, "%s/helm-vault-aws/proxy/%s-%s.pem", folder, p->boot.want->namespace_,
	                            p->boot.want->release);
	return host_write_file(&app->host, p->authority, p->boot.tls.ca_pem, 0600, e);
}

static int open_proxy(struct proxy *p, int64_t port, struct err *e)
{
	struct app *app = p->app;
	const struct boot_options options = { .no_address = true };

	if (session_open(&p->s, app, SESSION_RELEASE | SESSION_NO_AWS | SESSION_QUIET | SESSION_KUBE, e) < 0 ||
	    boot_init(&p->boot, &p->s.world, &options, e) < 0)
		return -1;
	p->transport = p->s.transport;
	/* Its state too: a Vault that does not answer is told now, and not by each client. */
	if (look(p, boot_steps, BOOT_STEPS_N, e) < 0 ||
	    engine_relay_open(p->transport, (unsigned)port, &relay_ops, p, &p->port, e) < 0)
		return -1;
	p->address = arena_printf(&app->mem, "%s://127.0.0.1:%u", p->boot.tls_on ? "https" : "http", p->port);
	p->server_name = p->boot.tls_on ? p->boot.tls.server_name : NULL;
	return p->boot.tls_on ? write_authority(p, e) : 0;
}

/* ---- what clients need ---- */

static size_t environment(const struct proxy *p, const char *out[ENV_MAX])
{
	struct arena *a = &p->app->mem;
	size_t n = 0;

	out[n++] = arena_printf(a, "VAULT_ADDR=%s", p->address);
	if (p->authority)
		out[n++] = arena_printf(a, "VAULT_CACERT=%s", p->authority);
	if (p->server_name)
		out[n++] = arena_printf(a, "VAULT_TLS_SERVER_NAME=%s", p->server_name);
	out[n] = NULL;
	return n;
}

/* 'it'\''s' */
static void print_quoted(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", out);
		fputc(*text, out);
	}
	fputc('\'', out);
}

static int tell(struct proxy *p, struct err *e)
{
	struct app *app = p->app;
	struct value *out = value_new_map(&app->mem);
	const char *env[ENV_MAX];
	size_t n = environment(p, env);

	for (size_t i = 0; i < n; i++) {
		const char *is = strchr(env[i], '=');
		const char *name = arena_view(&app->mem, view_of(env[i], (size_t)(is - env[i])));

		value_set_text(&app->mem, out, name, is + 1);
		if (!app_format_is(app, "table"))
			continue;
		fprintf(app->out, "export %s=", name);
		print_quoted(app->out, is + 1);
		fputc('\n', app->out);
	}
	if (!app_format_is(app, "table") && app_print_value(app, out, e) < 0)
		return -1;
	fflush(app->out);
	talk_printf(app, "Ctrl-C ends it");
	return 0;
}

/* ---- the program that is run with it ---- */

static int start_program(struct proxy *p, struct call *child, struct err *e)
{
	/* VAULT_AGENT_ADDR would win over the address. */
	static const char *const unset[] = { "VAULT_AGENT_ADDR", NULL };
	const char **env = ARENA_ARRAY(&child->rq.mem, const char *, ENV_MAX);

	request_child(&child->rq, p->app->line.rest.at);
	environment(p, env);
	child->rq.env_set = env;
	child->rq.env_unset = unset;
	child->rq.input_shared = true;
	child->rq.out = child->rq.talk = CHILD_SHARED;
	child->rq.timeout_ms = UINT_MAX;
	return p->transport->ops->start(p->transport->self, child, e);
}

static int status_of(const struct proxy *p, struct call *child, struct err *e)
{
	if (child->end == CALL_REPLY)
		return child->reply.status;
	err_move(e, &child->err);
	err_while(e, "running '%s'", p->app->line.rest.at[0]);
	return -1;
}

/* ---- until it is over ---- */

/* A program that runs has the terminal's Ctrl-C too, and says itself when it ends; the second one does not wait. */
static bool heed_stop(const struct proxy *p, bool runs, struct err *e)
{
	int signal_number = 0;
	unsigned stops = p->transport->ops->stops(p->transport->self, &signal_number);

	if (!stops || (runs && stops == 1 && signal_number == SIGINT))
		return false;
	err_set(e, ERR_STOPPED, signal_number, signal_number == SIGINT ? "interrupted" : "terminated");
	return true;
}

/* Where no pod is found: told once, and looked for again as long as somebody waits. */
static void look_again(struct proxy *p, bool *failing, int64_t *next_ms)
{
	AUTO(err) struct err e = { 0 };

	if (look(p, boot_steps, 1, &e) == 0) {
		*failing = false;
		*next_ms = INT64_MAX;
		return;
	}
	if (!*failing && e.kind != ERR_STOPPED)
		warning_printf(p->app, "%s", e.text);
	p->wanted = engine_relay_count(p->transport) > 0;
	*failing = true;
	*next_ms = now_ms(p) + AGAIN_MS;
}

/* child NULL: until a signal. */
static int carry(struct proxy *p, struct call *child, struct err *e)
{
	int64_t next_ms = INT64_MAX;
	bool failing = false;

	for (;;) {
		if (child && child->ends_ms)
			return status_of(p, child, e);
		if (heed_stop(p, child, e))
			break;
		if (p->wanted && (!failing || now_ms(p) >= next_ms)) {
			look_again(p, &failing, &next_ms);
			continue;      /* a stop or an end may have come meanwhile, and is not told twice */
		}
		(void)p->transport->ops->wait(p->transport->self, p->wanted ? next_ms : INT64_MAX);
	}
	if (child)
		p->transport->ops->drop(p->transport->self, child);
	return -1;
}

static int run_program(struct proxy *p, struct err *e)
{
	struct call *child = call_new();
	int result = start_program(p, child, e);

	if (result == 0)
		result = carry(p, child, e);
	call_free(child);
	return result;
}

static int run(struct app *app, struct err *e)
{
	const struct proxy_options *o = app->options;
	struct proxy p = { .app = app };
	int result = open_proxy(&p, o->port, e);

	if (result == 0 && app->line.rest.n)
		result = run_program(&p, e);
	else if (result == 0)
		result = tell(&p, e) < 0 ? -1 : carry(&p, NULL, e);
	if (p.transport)
		engine_relay_close(p.transport);
	boot_release(&p.boot);
	session_close(&p.s);
	return result;
}

const struct command cmd_proxy = {
	.name = "proxy", .group = "Vault", .args = "[-- PROGRAM ARGS...]",
	.summary = "open a local port to the active pod, for any client of Vault's",
	.details = "Listens on 127.0.0.1 and leads each connection through a port-forward of its own to the pod that is active when "
	           "it comes. Bytes are not looked at: TLS stays between the client and Vault. Only processes of the same user of "
	           "this machine come in, and of the same network namespace.\n\n"
	           "With a program, it gets VAULT_ADDR (and with TLS VAULT_CACERT and VAULT_TLS_SERVER_NAME) in its environment, and "
	           "its exit code is ours; a token is its own matter. Without one, what to put into a shell is printed, and the port "
	           "stays until Ctrl-C.",
	.examples = "helm vault-aws proxy -n vault -- vault status\n"
	            "helm vault-aws proxy -n vault --port 8200\n",
	.takes = TAKES_INPUTS | TAKES_KUBE | TAKES_REST, .formats = formats,
	.rows = rows, .options_size = sizeof(struct proxy_options), .run = run,
};
