/* The moves of seal-migrate. Each may be repeated: what it does a second time is nothing. */
#include "core/text.h"
#include "domain/hear.h"
#include "domain/seal_migrate.h"
#include "domain/values.h"
#include "formats/yaml.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)
#define DUE(name)  static bool name(const void *world, size_t item)

enum { HELM_MS = 10 * 60 * 1000, HELM_WORDS = 256, TALK_SHOWN = 2000, VALUES_MAX = 1 << 20, SHARE_BODY_MAX = 512 };

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
	static const char *const unset[] = { "HELM_DEBUG", "HELM_NAMESPACE", "HELM_KUBECONTEXT", REQUEST_ENV_OURS, NULL };
	const struct seal_migrate *m = world;
	const char *const pairs[] = {
		"--namespace", m->roll.boot.want->namespace_, "--values", "/dev/fd/3", "--version", chart_version(m), "--repo",
		m->release.repo, "--kube-context", text_empty(m->roll.boot.kube->context) ? NULL : m->roll.boot.kube->context,
	};
	const char *argv[HELM_WORDS] = {
		m->release.helm_bin, "upgrade", m->roll.boot.want->release, m->release.chart, "--reuse-values", "-o", "json",
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

/* ---- shares into one server ---- */

static int before_shares(void *world, size_t item, struct err *e)
{
	struct seal_migrate *m = world;

	if (m->n_shares == 0)
		return err_set(e, ERR_BUG, 0, "shares are to be given, and there are none");
	m->share = 0;
	return roll_before_pod(world, item, e);
}

/* migrate as the server says now: without need it is an error, and so is its absence (vault, core.go: unsealFragment). */
ASK(ask_share)
{
	const struct seal_migrate *m = world;
	AUTO(wiped) struct buf body = BUF_MAX(SHARE_BODY_MAX);
	struct view share = secret_expose(&m->shares[m->share]);

	(void)item;
	buf_printf(&body, "{\"key\":\"%.*s\"%s}", (int)share.n, share.p,
	           m->roll.pods[m->roll.at].status.migration ? ",\"migrate\":true" : "");
	if (buf_whole(&body, "the request to Vault", e) < 0)
		return -1;
	return boot_ask_bytes(&m->roll.boot, rq, "PUT", "/v1/sys/unseal", buf_bytes(&body), e);
}

HEAR(hear_share)
{
	struct seal_migrate *m = world;
	struct vault_answer answer;
	bool sealed;
	enum heard heard = boot_hear(&m->roll.boot, reply, &answer, e, "giving share %zu of %zu (%s) to '%s'", m->share + 1, m->n_shares,
	                             m->shares_from, roll_pod_at(&m->roll)->name);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (value_bool(answer.body, "sealed", &sealed, e) < 0)
		return HEARD_UNSURE;
	if (!sealed)
		return HEARD_DONE;
	if (++m->share < m->n_shares)
		return HEARD_MORE;
	err_set(e, ERR_GUARD, 0, "'%s' is still sealed after all %zu shares of %s", roll_pod_at(&m->roll)->name, m->n_shares, m->shares_from);
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

/* ---- what takes its time ---- */

DUE(stored_due)
{
	const struct seal_migrate *m = world;

	(void)item;
	for (size_t i = 0; i < m->roll.boot.pods.n; i++)
		if (!m->roll.pods[i].current)
			return false;
	return roll_all_open(&m->roll);
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

const struct step seal_stored_rows[SEAL_STORED_ROWS] = {
	{ .name = "table.await", .title = "wait until the root key is wrapped anew", .needs = NEEDS("vault.leader"),
	  .count = seal_count_stored, .due = stored_due, .patience_s = ROLL_LEADER_S, .ask = seal_ask_stored, .hear = hear_stored },
};
