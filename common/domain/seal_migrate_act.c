/* The moves of seal-migrate. Each may be repeated: what it does a second time is nothing. */
#include "core/text.h"
#include "domain/hear.h"
#include "domain/seal_migrate.h"
#include "domain/values.h"
#include "formats/yaml.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { VAULT_PORT = 8200, HELM_MS = 10 * 60 * 1000, HELM_WORDS = 256, TALK_SHOWN = 2000, VALUES_MAX = 1 << 20, SHARE_BODY_MAX = 512 };
enum { POD_S = 600, UNSEAL_S = 300, LEADER_S = 180 };

/* ---- the release ---- */

static const char *chart_version(const struct seal_migrate *m)
{
	if (m->release.version)
		return m->release.version;
	return text_starts(m->chart_label ? m->chart_label : "", "vault-") ? m->chart_label + strlen("vault-") : NULL;
}

/* AWS_REGION is the table's region too, unless that has a variable of its own. */
static struct value *region_values(const struct seal_migrate *m, struct arena *a)
{
	struct value *environment = value_new_map(a);

	values_set_key_region(a, environment, m->key_aws.region);
	if (!m->table_region)
		value_set_text(a, environment, "AWS_DYNAMODB_REGION", m->table_aws.region);
	return environment;
}

static int print_values(const struct seal_migrate *m, struct arena *a, struct view *out, struct err *e)
{
	AUTO(buf) struct buf text = BUF_MAX(VALUES_MAX);
	struct value *values = value_new_map(a), *annotations = value_new_map(a);
	char *config;

	if (seal_config(m, a, &config, e) < 0)
		return -1;
	value_set_text(a, annotations, SEAL_MARK, seal_mark(m, a));
	value_put(a, values, "server.annotations", annotations);
	if (seal_sets_region(m))
		value_put(a, values, "server.extraEnvironmentVars", region_values(m, a));
	value_put(a, values, "server.ha.config", value_new_text(a, config));
	if (va_yaml_print(&text, values, e) < 0 || buf_whole(&text, "the values", e) < 0)
		return -1;
	*out = view_of(arena_view(a, buf_bytes(&text)), text.n);
	return 0;
}

ASK(ask_configure)
{
	static const char *const unset[] = { "HELM_DEBUG", "HELM_NAMESPACE", "HELM_KUBECONTEXT", NULL };
	const struct seal_migrate *m = world;
	const char *const pairs[] = {
		"--namespace", m->boot.want->namespace_, "--values", "/dev/fd/3", "--version", chart_version(m), "--repo",
		m->release.repo, "--kube-context", text_empty(m->boot.kube->context) ? NULL : m->boot.kube->context,
	};
	const char *argv[HELM_WORDS] = {
		m->release.helm_bin, "upgrade", m->boot.want->release, m->release.chart, "--reuse-values", "-o", "json",
	};
	struct view values;
	size_t n = 7;

	(void)item;
	if (print_values(m, &rq->mem, &values, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT_OF(pairs); i += 2) {
		if (!pairs[i + 1])
			continue;
		argv[n++] = pairs[i];
		argv[n++] = pairs[i + 1];
	}
	for (size_t i = 0; m->release.rest && m->release.rest[i]; i++) {
		if (n == HELM_WORDS - 1)
			return err_set(e, ERR_USAGE, 0, "too many words for helm");
		argv[n++] = m->release.rest[i];
	}
	request_child(rq, argv);
	rq->env_unset = unset;
	rq->label = "helm:upgrade";
	rq->timeout_ms = HELM_MS;
	rq->file = values;
	return 0;
}

HEAR(hear_configure)
{
	struct view talk = view_trim(buf_bytes(&reply->talk));

	(void)world;
	(void)item;
	if (!reply->status)
		return HEARD_DONE;
	if (talk.n > TALK_SHOWN)
		talk = view_of(talk.p + talk.n - TALK_SHOWN, TALK_SHOWN);
	if (view_starts(talk, "Error: "))
		talk = view_of(talk.p + 7, talk.n - 7);
	err_set(e, ERR_REMOTE, reply->status, "changing the seal of the release: helm: %.*s", (int)talk.n, talk.p);
	err_hint(e, "no pod was touched; another chart than the input's is named with --chart");
	return HEARD_REFUSED;
}

const struct step seal_configure_rows[] = {
	{ .name = "release.configure", .change = "put the seal into the release's configuration", .timeout_ms = HELM_MS,
	  .ask = ask_configure, .hear = hear_configure },
};
const size_t n_seal_configure_rows = COUNT_OF(seal_configure_rows);

/* ---- one pod ---- */

static const struct pod *pod_of(const struct seal_migrate *m)
{
	return &m->boot.pods.at[m->at];
}

static char *pod_path(const struct seal_migrate *m, struct arena *a)
{
	return kube_path(a, "/api/v1/namespaces/%s/pods/%s", m->boot.want->namespace_, pod_of(m)->name);
}

/* This very one, and none that has come in its place. */
ASK(ask_end)
{
	const struct seal_migrate *m = world;
	struct value *body = params_of(&rq->mem, "apiVersion", "v1", "kind", "DeleteOptions", NULL);

	(void)item;
	value_set(&rq->mem, body, "preconditions", params_of(&rq->mem, "uid", pod_of(m)->uid, NULL));
	return kube_ask(m->boot.kube, rq, "DELETE", pod_path(m, &rq->mem), body, e);
}

HEAR(hear_end)
{
	struct seal_migrate *m = world;
	struct kube_answer answer;
	enum heard heard;

	(void)item;
	if (kube_read(m->boot.mem, reply, &answer, e) < 0)
		return HEARD_UNSURE;
	if (answer.status == 404 || answer.status == 409)
		return HEARD_DONE;
	heard = kube_heard(&answer, "ending a pod", e);
	if (heard != HEARD_DONE)
		err_while(e, "'%s'", pod_of(m)->name);
	return heard;
}

ASK(ask_back)
{
	const struct seal_migrate *m = world;

	(void)item;
	return kube_ask(m->boot.kube, rq, "GET", pod_path(m, &rq->mem), NULL, e);
}

HEAR(hear_back)
{
	struct seal_migrate *m = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(m->world, reply, &answer, e, "waiting for the pod '%s'", pod_of(m)->name);
	struct pod now;
	const char *reason;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_LATE, 0, "the pod '%s' is not made anew yet", pod_of(m)->name);
		return HEARD_NOT_YET;
	}
	if (pod_read(&now, m->boot.mem, answer.body, e) < 0)
		return HEARD_UNSURE;
	if (!text_same(now.uid, pod_of(m)->uid) && text_same(now.phase, "Running") && !now.deleting)
		return HEARD_DONE;
	reason = pod_reason(m->boot.mem, &now, NULL);
	err_set(e, ERR_LATE, 0, "the pod '%s' does not run yet: %s", now.name, reason ? reason : text_same(now.uid, pod_of(m)->uid) ?
	        "the old one is ending" : now.phase);
	err_hint(e, "run it again once that is mended: it goes on from there");
	return HEARD_NOT_YET;
}

/* It answers, and is open unless it takes shares; one that was started on the way from Shamir may have missed the end of it. */
static enum heard hear_one(struct seal_migrate *m, size_t i, const struct reply *reply, struct err *e)
{
	struct seal_pod p = { .answers = true };
	AUTO(err) struct err why = {0};

	if (vault_seal_status_read(m->boot.mem, reply, &p.status, &why) < 0)
		err_set(e, ERR_LATE, reply->status, "Vault in '%s' does not answer yet", m->boot.pods.at[i].name);
	else if (p.status.sealed && !seal_takes_shares(&p) && !text_same(m->stored.type, "shamir"))
		err_set(e, ERR_LATE, 0, "Vault in '%s' is not unsealed yet", m->boot.pods.at[i].name);
	else
		return HEARD_DONE;
	err_hint(e, "kubectl vault-check vault says why; run it again, and it goes on from there");
	return HEARD_NOT_YET;
}

ASK(ask_answer)
{
	const struct seal_migrate *m = world;

	(void)item;
	return seal_ask_status(world, m->at, rq, e);
}

HEAR(hear_answer)
{
	struct seal_migrate *m = world;

	(void)item;
	return hear_one(m, m->at, reply, e);
}

const struct step seal_restart_rows[] = {
	{ .name = "pod.end", .change = "restart a pod", .ask = ask_end, .hear = hear_end },
	{ .name = "pod.back", .title = "wait for the pod", .needs = NEEDS("pod.end"), .patience_s = POD_S, .ask = ask_back,
	  .hear = hear_back },
	{ .name = "pod.answers", .title = "wait until Vault answers in it", .needs = NEEDS("pod.back"), .patience_s = UNSEAL_S,
	  .ask = ask_answer, .hear = hear_answer },
};
const size_t n_seal_restart_rows = COUNT_OF(seal_restart_rows);

/* ---- shares into one server ---- */

static int before_pod(void *world, size_t item, struct err *e)
{
	struct seal_migrate *m = world;

	(void)item;
	(void)e;
	m->share = 0;
	kube_pod_port_init(&m->boot.port, m->boot.mem, m->boot.kube, m->boot.want->namespace_, pod_of(m)->name, VAULT_PORT);
	return 0;
}

static int before_shares(void *world, size_t item, struct err *e)
{
	struct seal_migrate *m = world;

	if (m->n_shares == 0)
		return err_set(e, ERR_BUG, 0, "shares are to be given, and there are none");
	return before_pod(world, item, e);
}

/* migrate as the server says now: without need it is an error, and so is its absence (vault, core.go: unsealFragment). */
ASK(ask_share)
{
	const struct seal_migrate *m = world;
	AUTO(wiped) struct buf body = BUF_MAX(SHARE_BODY_MAX);
	struct view share = secret_expose(&m->shares[m->share]);

	(void)item;
	buf_printf(&body, "{\"key\":\"%.*s\"%s}", (int)share.n, share.p,
	           m->pods[m->at].status.migration ? ",\"migrate\":true" : "");
	if (buf_whole(&body, "the request to Vault", e) < 0)
		return -1;
	return boot_ask_bytes(&m->boot, rq, "PUT", "/v1/sys/unseal", buf_bytes(&body), e);
}

HEAR(hear_share)
{
	struct seal_migrate *m = world;
	struct vault_answer answer;
	bool sealed;
	enum heard heard = boot_hear(&m->boot, reply, &answer, e, "giving share %zu of %zu (%s) to '%s'", m->share + 1, m->n_shares,
	                             m->shares_from, pod_of(m)->name);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (value_bool(answer.body, "sealed", &sealed, e) < 0)
		return HEARD_UNSURE;
	if (!sealed)
		return HEARD_DONE;
	if (++m->share < m->n_shares)
		return HEARD_MORE;
	err_set(e, ERR_GUARD, 0, "'%s' is still sealed after all %zu shares of %s", pod_of(m)->name, m->n_shares, m->shares_from);
	err_hint(e, "are they this Vault's? kubectl vault-check vault says what it waits for");
	return HEARD_REFUSED;
}

/* What stays of an attempt that was refused would be counted with the next one's. */
ASK(ask_reset)
{
	(void)item;
	return boot_ask_bytes(world, rq, "PUT", "/v1/sys/unseal", view_text("{\"reset\":true}"), e);
}

HEAR(hear_reset)
{
	struct vault_answer answer;

	(void)item;
	return boot_hear(world, reply, &answer, e, "beginning the unsealing anew");
}

const struct step seal_unseal_rows[] = {
	{ .name = "unseal.begin", .title = "begin unsealing a server", .before = before_shares, .ask = ask_reset, .hear = hear_reset },
	{ .name = "unseal.shares", .change = "give the shares to a server", .needs = NEEDS("unseal.begin"), .ask = ask_share,
	  .hear = hear_share },
};
const size_t n_seal_unseal_rows = COUNT_OF(seal_unseal_rows);

/* ---- the active one goes back into the row ---- */

ASK(ask_down)
{
	(void)item;
	return boot_ask(world, rq, "PUT", "/v1/sys/step-down", NULL, e);
}

/* A token that may not is no reason to stop: its pod is ended all the same, and gives up the lock as it goes. */
HEAR(hear_down)
{
	struct seal_migrate *m = world;
	struct vault_answer answer;
	enum heard heard = boot_hear(&m->boot, reply, &answer, e, "having '%s' step down", pod_of(m)->name);

	(void)item;
	if (heard == HEARD_REFUSED) {
		err_release(e);
		return HEARD_DONE;
	}
	return heard;
}

const struct step seal_down_rows[] = {
	{ .name = "vault.step-down", .change = "have the active server step down", .before = before_pod, .ask = ask_down,
	  .hear = hear_down },
};
const size_t n_seal_down_rows = COUNT_OF(seal_down_rows);

/* ---- what takes its time ---- */

/* All pods there and running. */
HEAR(hear_settled)
{
	struct seal_migrate *m = world;
	enum heard heard = seal_hear_pods(world, item, reply, e);
	size_t running = 0;

	if (heard != HEARD_DONE)
		return heard;
	for (size_t i = 0; i < m->boot.pods.n; i++)
		running += m->pods[i].runs || !m->pods[i].current;
	if ((int64_t)running >= m->replicas && (int64_t)m->boot.pods.n >= m->replicas)
		return HEARD_DONE;
	err_set(e, ERR_LATE, 0, "%zu of %lld pods are running", running, (long long)m->replicas);
	for (size_t i = 0; i < m->boot.pods.n; i++) {
		const char *reason = pod_reason(m->boot.mem, &m->boot.pods.at[i], NULL);

		if (reason)
			err_also(e, ERR_LATE, "the pod '%s' does not run: %s", m->boot.pods.at[i].name, reason);
	}
	return HEARD_NOT_YET;
}

DUE(pod_due)
{
	return ((const struct seal_migrate *)world)->pods[item].runs;
}

HEAR(hear_each)
{
	struct seal_migrate *m = world;
	struct seal_pod *p = &m->pods[item];
	AUTO(err) struct err why = {0};

	p->answers = vault_seal_status_read(m->boot.mem, reply, &p->status, &why) == 0;
	return p->current ? hear_one(m, item, reply, e) : HEARD_DONE;
}

/* Where one is shut, the next round says what opens it. */
DUE(leader_due)
{
	const struct seal_migrate *m = world;

	(void)item;
	for (size_t i = 0; i < m->boot.pods.n; i++)
		if (!m->pods[i].answers || m->pods[i].status.sealed)
			return false;
	return m->boot.pods.n > 0;
}

/* One pod after the other is asked, until one says that it is the one. */
ASK(ask_leader)
{
	const struct seal_migrate *m = world;

	(void)item;
	return seal_ask_leader(world, m->at % m->boot.pods.n, rq, e);
}

HEAR(hear_leader)
{
	struct seal_migrate *m = world;
	struct vault_leader leader;
	AUTO(err) struct err why = {0};

	(void)item;
	if (vault_leader_read(m->boot.mem, reply, &leader, &why) == 0 && (leader.is_self || !leader.ha_enabled))
		return HEARD_DONE;
	m->at++;
	err_set(e, ERR_LATE, 0, "no server is active yet");
	return HEARD_NOT_YET;
}

DUE(stored_due)
{
	const struct seal_migrate *m = world;

	for (size_t i = 0; i < m->boot.pods.n; i++)
		if (!m->pods[i].current)
			return false;
	return leader_due(world, item);
}

HEAR(hear_stored)
{
	struct seal_migrate *m = world;
	enum heard heard = seal_hear_stored(world, item, reply, e);

	if (heard != HEARD_DONE || seal_stored_as_wanted(m))
		return heard;
	err_set(e, ERR_LATE, 0, "the table '%s' does not have the root key under the new seal yet (seal '%s', key '%s')", m->facts.table,
	        m->stored.type ? m->stored.type : "?", m->stored.root_key ? m->stored.root_key : "none");
	return HEARD_NOT_YET;
}

const struct step seal_await_rows[] = {
	{ .name = "pods.settle", .title = "wait until every pod runs", .patience_s = POD_S, .ask = seal_ask_pods,
	  .hear = hear_settled },
	{ .name = "pods.answer", .title = "wait until every server is unsealed", .needs = NEEDS("pods.settle"),
	  .count = seal_count_pods, .due = pod_due, .patience_s = UNSEAL_S, .ask = seal_ask_status, .hear = hear_each },
	{ .name = "vault.leader", .title = "wait until one is active", .needs = NEEDS("pods.answer"), .due = leader_due,
	  .patience_s = LEADER_S, .ask = ask_leader, .hear = hear_leader },
	{ .name = "table.await", .title = "wait until the root key is wrapped anew", .needs = NEEDS("vault.leader"),
	  .count = seal_count_stored, .due = stored_due, .patience_s = LEADER_S, .ask = seal_ask_stored, .hear = hear_stored },
};
const size_t n_seal_await_rows = COUNT_OF(seal_await_rows);
