/* Who may reach the servers, and whom they may reach: the chart's NetworkPolicy. */
#include "domain/values.h"

enum { DNS_PORT = 53, HTTPS_PORT = 443, KUBE_PORT = 6443, API_PORT = 8200, PEER_PORT = 8201 };

static struct value *peer_namespace(struct arena *a, const char *name)
{
	struct value *peer = value_new_map(a), *labels = value_new_map(a);

	/* Set by the API server on every namespace. */
	value_set_text(a, labels, "kubernetes.io/metadata.name", name);
	value_put(a, peer, "namespaceSelector.matchLabels", labels);
	return peer;
}

/* The servers of the release, in the policy's own namespace. */
static struct value *peer_servers(struct arena *a, const struct want *want)
{
	struct value *peer = value_new_map(a), *labels = value_new_map(a);

	value_set_text(a, labels, "app.kubernetes.io/instance", want->release);
	value_set_text(a, labels, "component", "server");
	value_put(a, peer, "podSelector.matchLabels", labels);
	return peer;
}

static struct value *peer_block(struct arena *a, const char *cidr, const char *except)
{
	struct value *peer = value_new_map(a), *block = value_set(a, peer, "ipBlock", value_new_map(a));

	value_set_text(a, block, "cidr", cidr);
	if (except)
		value_push(a, value_set(a, block, "except", value_new_list(a)), value_new_text(a, except));
	return peer;
}

static void add_port(struct arena *a, struct value *rule, const char *protocol, int64_t port)
{
	struct value *ports = (struct value *)value_get(rule, "ports"), *one = value_new_map(a);

	if (!ports)
		ports = value_set(a, rule, "ports", value_new_list(a));
	value_push(a, ports, one);
	value_set_text(a, one, "protocol", protocol);
	value_set_int(a, one, "port", port);
}

/* A rule with an empty list of peers under "from" or "to". */
static struct value *add_rule(struct arena *a, struct value *rules, const char *direction, struct value **peers)
{
	struct value *rule = value_push(a, rules, value_new_map(a));

	*peers = value_set(a, rule, direction, value_new_list(a));
	return rule;
}

static void add_ingress(struct arena *a, const struct want *want, struct value *rules)
{
	struct value *peers, *rule = add_rule(a, rules, "from", &peers);

	value_push(a, peers, peer_servers(a, want));
	add_port(a, rule, "TCP", API_PORT);
	add_port(a, rule, "TCP", PEER_PORT);
	rule = add_rule(a, rules, "from", &peers);
	for (size_t i = 0; i < want->network_policy->n; i++)
		value_push(a, peers, peer_namespace(a, want->network_policy->items[i]->text));
	/* What goes through its proxy (pods/proxy) comes from there; a port-forward does not, it begins in the pod. */
	for (size_t i = 0; want->api_addresses && i < want->api_addresses->n; i++) {
		const char *ip = want->api_addresses->items[i]->text;

		value_push(a, peers, peer_block(a, arena_printf(a, "%s/%d", ip, strchr(ip, ':') ? 128 : 32), NULL));
	}
	add_port(a, rule, "TCP", API_PORT);
}

static void add_egress(struct arena *a, const struct want *want, struct value *rules)
{
	struct value *peers, *rule = add_rule(a, rules, "to", &peers);

	value_push(a, peers, peer_namespace(a, "kube-system"));
	/* NodeLocal DNSCache, where it runs, listens there on each node. */
	value_push(a, peers, peer_block(a, "169.254.20.10/32", NULL));
	add_port(a, rule, "UDP", DNS_PORT);
	add_port(a, rule, "TCP", DNS_PORT);
	rule = add_rule(a, rules, "to", &peers);
	value_push(a, peers, peer_servers(a, want));
	add_port(a, rule, "TCP", API_PORT);
	add_port(a, rule, "TCP", PEER_PORT);
	/* STS, KMS, DynamoDB, wherever they resolve to; and the API server, for TokenReviews and the pods' labels. */
	rule = add_rule(a, rules, "to", &peers);
	value_push(a, peers, peer_block(a, "0.0.0.0/0", "169.254.169.254/32"));
	value_push(a, peers, peer_block(a, "::/0", "fd00:ec2::254/128"));
	add_port(a, rule, "TCP", HTTPS_PORT);
	add_port(a, rule, "TCP", KUBE_PORT);
}

struct value *values_network_policy(struct arena *a, const struct want *want)
{
	struct value *policy = value_new_map(a);

	value_set_bool(a, policy, "enabled", true);
	add_ingress(a, want, value_set(a, policy, "ingress", value_new_list(a)));
	add_egress(a, want, value_set(a, policy, "egress", value_new_list(a)));
	return policy;
}
