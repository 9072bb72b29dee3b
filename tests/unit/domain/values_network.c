/* What `network_policy` renders, evaluated as a cluster's network would: who comes in, where the servers get to, and who does not. */
#include "unit/unit.h"

#include "domain/netpol.h"
#include "domain/values.h"
#include "unit/domain/quoted.h"

#define SERVER "{'app.kubernetes.io/name':'vault','app.kubernetes.io/instance':'vault','component':'server'}"
#define OF_ANOTHER "{'app.kubernetes.io/name':'vault','app.kubernetes.io/instance':'other','component':'server'}"
#define WEB "{'app':'web'}"

/* As the chart renders it (vault-helm 0.34.1, templates/server-network-policy.yaml). */
static const struct value *rendered(struct arena *a, const struct want *want)
{
	struct value *values = values_network_policy(a, want);
	struct value *policy = quoted(a, "{'metadata':{'name':'vault','namespace':'vault'},'spec':{'podSelector':{'matchLabels':"
	                              "{'app.kubernetes.io/name':'vault','app.kubernetes.io/instance':'vault'}}}}");
	struct value *list = value_new_list(a);

	assert_true(value_bool_or(values, "enabled", false));
	value_put(a, policy, "spec.ingress", value_copy(a, value_get(values, "ingress")));
	value_put(a, policy, "spec.egress", value_copy(a, value_get(values, "egress")));
	value_push(a, list, policy);
	return list;
}

static const struct {
	enum net_direction direction;
	const char *protocol;
	unsigned port;
	const char *namespace_, *labels;  /* of a pod; or */
	const char *ip;                   /* an address outside */
	enum netpol_answer answer;
} flows[] = {
	/* who comes in */
	{ NET_INGRESS, "TCP", 8200, "apps", WEB, NULL, NETPOL_ALLOWED },
	{ NET_INGRESS, "TCP", 8200, "shop", WEB, NULL, NETPOL_ALLOWED },
	{ NET_INGRESS, "TCP", 8200, "default", WEB, NULL, NETPOL_DENIED },
	{ NET_INGRESS, "TCP", 8200, "vault", WEB, NULL, NETPOL_DENIED },
	{ NET_INGRESS, "TCP", 8200, "vault", OF_ANOTHER, NULL, NETPOL_DENIED },
	{ NET_INGRESS, "TCP", 8201, "apps", WEB, NULL, NETPOL_DENIED },
	{ NET_INGRESS, "UDP", 8200, "apps", WEB, NULL, NETPOL_DENIED },
	{ NET_INGRESS, "TCP", 8200, "vault", SERVER, NULL, NETPOL_ALLOWED },
	{ NET_INGRESS, "TCP", 8201, "vault", SERVER, NULL, NETPOL_ALLOWED },
	{ NET_INGRESS, "TCP", 8201, "other", SERVER, NULL, NETPOL_DENIED },
	{ NET_INGRESS, "TCP", 8200, NULL, NULL, "10.0.0.1", NETPOL_ALLOWED },      /* the API server, whose proxy comes from there */
	{ NET_INGRESS, "TCP", 8201, NULL, NULL, "10.0.0.1", NETPOL_DENIED },
	{ NET_INGRESS, "TCP", 8200, NULL, NULL, "10.0.0.2", NETPOL_DENIED },
	/* where they get to: DNS, each other, HTTPS */
	{ NET_EGRESS, "UDP", 53, "kube-system", "{'k8s-app':'kube-dns'}", NULL, NETPOL_ALLOWED },
	{ NET_EGRESS, "TCP", 53, "kube-system", "{'k8s-app':'kube-dns'}", NULL, NETPOL_ALLOWED },
	{ NET_EGRESS, "UDP", 53, NULL, NULL, "169.254.20.10", NETPOL_ALLOWED },
	{ NET_EGRESS, "UDP", 53, NULL, NULL, "8.8.8.8", NETPOL_DENIED },
	{ NET_EGRESS, "TCP", 8201, "vault", SERVER, NULL, NETPOL_ALLOWED },
	{ NET_EGRESS, "TCP", 8201, "apps", WEB, NULL, NETPOL_DENIED },
	{ NET_EGRESS, "TCP", 443, NULL, NULL, "52.94.5.1", NETPOL_ALLOWED },
	{ NET_EGRESS, "TCP", 443, NULL, NULL, "10.0.7.9", NETPOL_ALLOWED },         /* an endpoint in the VPC */
	{ NET_EGRESS, "TCP", 443, NULL, NULL, "2600:1f18::1", NETPOL_ALLOWED },
	{ NET_EGRESS, "TCP", 6443, NULL, NULL, "10.0.0.1", NETPOL_ALLOWED },
	{ NET_EGRESS, "TCP", 443, NULL, NULL, "169.254.169.254", NETPOL_DENIED },   /* the node's credentials */
	{ NET_EGRESS, "TCP", 80, NULL, NULL, "169.254.169.254", NETPOL_DENIED },
	{ NET_EGRESS, "TCP", 443, NULL, NULL, "fd00:ec2::254", NETPOL_DENIED },
	{ NET_EGRESS, "TCP", 80, NULL, NULL, "52.94.5.1", NETPOL_DENIED },
	{ NET_EGRESS, "TCP", 5432, "apps", WEB, NULL, NETPOL_DENIED },
};

static void only_who_must_gets_through(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct want want = { .release = "vault", .namespace_ = "vault", .network_policy = quoted(&a, "['apps','shop']"),
	                     .api_addresses = quoted(&a, "['10.0.0.1']") };
	const struct value *policies = rendered(&a, &want);
	struct net_end server = { .namespace_ = "vault", .labels = quoted(&a, SERVER) };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(flows); i++) {
		struct net_flow flow = { flows[i].direction, flows[i].protocol, flows[i].port };
		struct net_end other = { .namespace_ = flows[i].namespace_, .outside = flows[i].ip != NULL,
		                         .ip = flows[i].ip ? flows[i].ip : "10.0.99.1" };
		enum netpol_answer answer;

		other.labels = flows[i].labels ? quoted(&a, flows[i].labels) : NULL;
		answer = netpol_may(&a, policies, &server, &flow, &other, NULL);
		if (answer != flows[i].answer)
			fail_msg("flow %zu: %d, not %d", i, answer, flows[i].answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_must_gets_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
