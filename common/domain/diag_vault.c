/* vault: what is asked of each server, of the active one's Service, and of the nodes. */
#include "domain/diag_vault.h"

#include "core/text.h"
#include "formats/uri.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)

enum { VAULT_PORT = 8200, ANSWER_MS = 5000 };  /* a server that hangs is told from one that is slow */

const struct diag_vault *diag_vault(const struct diag *d)
{
	return d->part[DIAG_VAULT];
}

size_t vault_servers(const struct diag *d)
{
	if (d->release.replicas < 0)
		return 0;
	return d->release.replicas > VAULT_SERVERS_MAX ? VAULT_SERVERS_MAX : (size_t)d->release.replicas;
}

static void read_address(const struct diag *d, struct uri *out)
{
	const char *text = diag_setting(d, "VAULT_ADDR");
	AUTO(err) struct err e = { 0 };

	if (!text || uri_parse(d->mem, text, out, &e) < 0)
		*out = (struct uri){ .scheme = "http", .port = VAULT_PORT };
}

bool vault_by_tls(const struct diag *d)
{
	struct uri u;

	read_address(d, &u);
	return text_same(u.scheme, "https");
}

struct vault_server *vault_server_at(struct diag *d, size_t item)
{
	struct diag_vault *v = diag_part(d, DIAG_VAULT, sizeof(*v));
	long long first = value_int_or(d->release.statefulset, "spec.ordinals.start", 0);
	struct uri u;

	if (v->n > 0)
		return &v->at[item];
	read_address(d, &u);
	for (v->n = 0; v->n < vault_servers(d); v->n++) {
		struct vault_server *s = &v->at[v->n];

		s->name = arena_printf(d->mem, "%s-%lld", d->release.fullname, first + (long long)v->n);
		kube_pod_port_init(&s->port, d->mem, d->kube, d->release.namespace_, s->name, u.port);
		if (d->crowd)
			s->port.abreast = 1;
	}
	return &v->at[item];
}

static const struct vault_server *server(const struct diag *d, size_t item)
{
	return &diag_vault(d)->at[item];
}

/* ---- one question a server ---- */

static size_t count_servers(const void *world)
{
	return vault_servers(world);
}

static int make_servers(void *world, size_t item, struct err *e)
{
	(void)e;
	vault_server_at(world, item);
	return 0;
}

static int ask_server(const struct diag *d, size_t item, struct request *rq, const char *path, struct err *e)
{
	static const struct tls look = { .inspect = true };
	bool tls = vault_by_tls(d);

	return kube_ask_pod(&server(d, item)->port, rq, "GET", tls ? "https" : "http", path, tls ? &look : NULL, e);
}

static void note_why(struct diag *d, struct vault_server *s, const struct err *why)
{
	if (s->why)
		return;
	s->why = arena_text(d->mem, why->text);
	s->why_kind = why->kind;
}

/* One server's silence does not hide what the others say. */
static bool missed_server(void *world, size_t item, const struct err *why)
{
	note_why(world, vault_server_at(world, item), why);
	return true;
}

static struct vault_server *heard_server(struct diag *d, size_t item, const struct reply *reply)
{
	struct vault_server *s = vault_server_at(d, item);

	if (reply->talk.n > 0 && !s->chain)
		s->chain = arena_text(d->mem, buf_str(&reply->talk));
	s->wants_tls |= vault_wants_tls(reply);
	return s;
}

ASK(ask_seal)
{
	return ask_server(world, item, rq, VAULT_SEAL_STATUS, e);
}

HEAR(hear_seal)
{
	struct diag *d = world;
	struct vault_server *s = heard_server(d, item, reply);

	if (vault_seal_status_read(d->mem, reply, &s->seal, e) < 0) {
		note_why(d, s, e);
		return HEARD_DONE;
	}
	s->seal_read = true;
	return HEARD_DONE;
}

ASK(ask_health)
{
	return ask_server(world, item, rq, VAULT_HEALTH, e);
}

HEAR(hear_health)
{
	struct diag *d = world;
	struct vault_server *s = heard_server(d, item, reply);

	if (vault_health_read(d->mem, reply, &s->health, e) < 0) {
		note_why(d, s, e);
		return HEARD_DONE;
	}
	s->health_read = true;
	s->asked_ms = host_wall_ms(d->host);
	return HEARD_DONE;
}

ASK(ask_leader)
{
	return ask_server(world, item, rq, VAULT_LEADER, e);
}

/* A sealed server does not answer this, which its seal status tells better. */
HEAR(hear_leader)
{
	struct diag *d = world;
	struct vault_server *s = heard_server(d, item, reply);

	s->leader_read = vault_leader_read(d->mem, reply, &s->leader, e) == 0;
	return HEARD_DONE;
}

/* ---- the active one's Service ---- */

ASK(ask_service)
{
	const struct diag *d = world;
	const char *name = arena_printf(&rq->mem, "%s-active", d->release.fullname);

	(void)item;
	return diag_ask_kube(d, rq, "GET", kube_path(&rq->mem, "/api/v1/namespaces/%s/services/%s", d->release.namespace_, name),
	                     NULL, e);
}

HEAR(hear_service)
{
	struct diag *d = world;
	struct diag_vault *v = diag_part(d, DIAG_VAULT, sizeof(*v));
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "reading the Service '%s-active'", d->release.fullname);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	v->service_read = true;
	v->service = answer.ok ? answer.body : NULL;
	return HEARD_DONE;
}

ASK(ask_slices)
{
	const struct diag *d = world;
	const char *selector = arena_printf(&rq->mem, "kubernetes.io/service-name=%s-active", d->release.fullname);

	(void)item;
	return diag_ask_kube(d, rq, "GET", kube_path(&rq->mem, "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices"
	                                             "?labelSelector=%s&limit=100", d->release.namespace_, selector), NULL, e);
}

HEAR(hear_slices)
{
	struct diag *d = world;
	struct diag_vault *v = diag_part(d, DIAG_VAULT, sizeof(*v));
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "reading the EndpointSlices of '%s-active'", d->release.fullname);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	return value_list(answer.body, "items", &v->slices, e) < 0 ? HEARD_UNSURE : HEARD_DONE;
}

/* ---- how full the disks are, as kubelets count ---- */

static const struct pod *pod_of(const struct diag *d, size_t item)
{
	return pod_list_find(&d->pods, server(d, item)->name);
}

static bool stats_due(const void *world, size_t item)
{
	const struct diag *d = world;
	const struct pod *p = diag_vault(d) && diag_vault(d)->n > item ? pod_of(d, item) : NULL;

	return value_count(d->release.statefulset, "spec.volumeClaimTemplates") > 0 && p && p->node;
}

ASK(ask_stats)
{
	const struct diag *d = world;

	return diag_ask_kube(d, rq, "GET", kube_path(&rq->mem, "/api/v1/nodes/%s/proxy/stats/summary", pod_of(d, item)->node), NULL,
	                     e);
}

HEAR(hear_stats)
{
	struct diag *d = world;
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "reading how full the disks of '%s' are",
	                                  server(d, item)->name);

	if (heard == HEARD_DONE && answer.ok)
		vault_server_at(d, item)->stats = answer.body;
	return heard;
}

#define ONE_A_SERVER .may_fail = true, .count = count_servers, .before = make_servers
#define ASKS_VAULT   ONE_A_SERVER, .missed = missed_server, .timeout_ms = ANSWER_MS

const struct step diag_vault_steps[DIAG_VAULT_STEPS] = {
	{ .name = "vault.seal", .needs = NEEDS("release.find"), ASKS_VAULT, .ask = ask_seal,
	  .hear = hear_seal },
	{ .name = "vault.health", .needs = NEEDS("release.find"), ASKS_VAULT, .ask = ask_health,
	  .hear = hear_health },
	{ .name = "vault.leader", .needs = NEEDS("release.find"), ASKS_VAULT, .ask = ask_leader,
	  .hear = hear_leader },
	{ .name = "vault.log", .needs = NEEDS("release.find"), ONE_A_SERVER, .missed = vault_missed_log, .ask = vault_ask_log,
	  .hear = vault_hear_log },
	{ .name = "vault.log-before", .needs = NEEDS("release.find"), ONE_A_SERVER, .missed = vault_missed_log,
	  .ask = vault_ask_log_before, .hear = vault_hear_log_before },
	{ .name = "vault.service", .may_fail = true, .needs = NEEDS("release.find"), .ask = ask_service, .hear = hear_service },
	{ .name = "vault.slices", .may_fail = true, .needs = NEEDS("release.find"), .ask = ask_slices, .hear = hear_slices },
	{ .name = "vault.stats", .needs = NEEDS("pods.read", "vault.health"), ONE_A_SERVER, .due = stats_due, .ask = ask_stats,
	  .hear = hear_stats },
	{ .name = "vault.audit", .may_fail = true, .needs = NEEDS("vault.health"), .due = vault_audit_due, .ask = vault_ask_audit,
	  .hear = vault_hear_audit },
};
