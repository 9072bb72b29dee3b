/* How init ends: every server unsealed, one of them active, and the Service of the active one leads to it. */
#include "core/text.h"
#include "domain/hear.h"
#include "domain/init.h"

#define ASK(name)  static int name(const void *world, size_t item, struct request *rq, struct err *e)
#define HEAR(name) static enum heard name(void *world, size_t item, const struct reply *reply, struct err *e)

enum { READY_S = 120, VAULT_PORT = 8200 };

/* The keys are in custody: before that nobody is waited for. */
static bool ready_due(const void *world, size_t item)
{
	const struct init_world *in = world;

	(void)item;
	return in->plan == INIT_DONE || init_all_verified(in);
}

size_t init_count_servers(const void *world)
{
	const struct init_world *in = world;

	return in->boot.options.vault_addr ? 1 : in->boot.pods.n;
}

static const char *server_name(const struct init_world *in, size_t item)
{
	return in->boot.options.vault_addr ? in->boot.options.vault_addr : in->boot.pods.at[item].name;
}

/* No secret is in it, so it may go through the API server's proxy. */
int init_ask_health(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct init_world *in = world;

	if (in->boot.options.vault_addr)
		return boot_ask(&in->boot, rq, "GET", VAULT_HEALTH, NULL, e);
	return kube_ask_pod_proxy(in->boot.kube, rq, in->boot.want->namespace_, server_name(in, item),
	                          in->boot.tls_on ? "https" : "http", VAULT_PORT, VAULT_HEALTH, e);
}

HEAR(hear_health)
{
	struct init_world *in = world;
	struct vault_health health;
	AUTO(err) struct err why = {0};

	if (vault_health_read(in->boot.mem, reply, &health, &why) == 0 && health.initialized && !health.sealed) {
		in->unsealed++;
		return HEARD_DONE;
	}
	if (why.kind)
		err_set(e, ERR_LATE, reply->status, "'%s' does not answer yet", server_name(in, item));
	else
		err_set(e, ERR_LATE, reply->status, "%zu of %zu servers are unsealed", in->unsealed, init_count_servers(in));
	err_hint(e, "kubectl vault-check vault says why; the keys are in custody");
	return HEARD_NOT_YET;
}

ASK(ask_leader)
{
	(void)item;
	return boot_ask(world, rq, "GET", VAULT_LEADER, NULL, e);
}

HEAR(hear_leader)
{
	struct init_world *in = world;
	struct vault_leader leader;
	AUTO(err) struct err why = {0};

	(void)item;
	if (vault_leader_read(in->boot.mem, reply, &leader, &why) == 0 && (leader.address || !leader.ha_enabled)) {
		in->leader = leader.address ? leader.address : "";
		return HEARD_DONE;
	}
	err_set(e, ERR_LATE, reply->status, "no server is active yet");
	err_hint(e, "kubectl vault-check vault says why; the keys are in custody");
	return HEARD_NOT_YET;
}

static bool endpoint_due(const void *world, size_t item)
{
	const struct init_world *in = world;

	return ready_due(world, item) && !in->boot.options.vault_addr;
}

ASK(ask_endpoint)
{
	const struct init_world *in = world;
	const char *selector = arena_printf(&rq->mem, "kubernetes.io/service-name=%s-active", in->boot.fullname);

	(void)item;
	return kube_ask(in->boot.kube, rq, "GET", kube_path(&rq->mem, "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices"
	                                                    "?labelSelector=%s&limit=100", in->boot.want->namespace_, selector),
	                NULL, e);
}

HEAR(hear_endpoint)
{
	struct init_world *in = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(in->world, reply, &answer, e, "reading the endpoints of '%s-active'", in->boot.fullname);
	const struct value *slices;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	slices = answer.ok ? value_get(answer.body, "items") : NULL;
	for (size_t i = 0; i < value_count(slices, NULL); i++)
		if (value_count(slices->items[i], "endpoints.0.addresses") > 0)
			return HEARD_DONE;
	err_set(e, ERR_LATE, 0, "the Service '%s-active' leads to no pod yet", in->boot.fullname);
	return HEARD_NOT_YET;
}

const struct step init_ready_rows[INIT_READY_ROWS] = {
	{ .name = "vault.ready", .title = "wait until every server is unsealed", .needs = NEEDS("custody.copies"),
	  .count = init_count_servers, .due = ready_due, .patience_s = READY_S, .ask = init_ask_health, .hear = hear_health },
	{ .name = "vault.leader", .title = "wait until one is active", .needs = NEEDS("vault.ready"), .due = ready_due,
	  .patience_s = READY_S, .ask = ask_leader, .hear = hear_leader },
	{ .name = "service.endpoint", .title = "wait for the active one's Service", .needs = NEEDS("vault.leader"),
	  .due = endpoint_due, .patience_s = READY_S, .ask = ask_endpoint, .hear = hear_endpoint },
};
