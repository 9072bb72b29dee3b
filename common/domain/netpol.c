#include "domain/netpol.h"

#include "core/text.h"
#include "domain/selector.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define NAMESPACE_NAME "kubernetes.io/metadata.name"

enum match { MATCH_NOT, MATCH_UNSURE, MATCH };

/* ---- addresses ---- */

struct address {
	unsigned char bytes[16];
	size_t n;                  /* 4 or 16 */
};

static bool address_parse(const char *text, struct address *out)
{
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->n = 4;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->n = 16;
	else
		return false;
	return true;
}

static bool cidr_parse(const char *cidr, struct address *net, unsigned *bits)
{
	char text[INET6_ADDRSTRLEN];
	const char *slash = strchr(cidr, '/');
	size_t n = slash ? (size_t)(slash - cidr) : strlen(cidr);
	char *end;

	if (!slash || n >= sizeof(text))
		return false;
	memcpy(text, cidr, n);
	text[n] = '\0';
	if (!address_parse(text, net))
		return false;
	*bits = (unsigned)strtoul(slash + 1, &end, 10);
	return end != slash + 1 && !*end && *bits <= net->n * 8;
}

bool cidr_holds(const char *cidr, const char *ip)
{
	struct address net, at;
	unsigned bits;

	if (!cidr_parse(cidr, &net, &bits) || !address_parse(ip, &at) || at.n != net.n)
		return false;
	for (size_t i = 0; i < net.n && bits; i++) {
		unsigned take = bits < 8 ? bits : 8;
		unsigned mask = 0xff00u >> take & 0xffu;

		if ((net.bytes[i] ^ at.bytes[i]) & mask)
			return false;
		bits -= take;
	}
	return true;
}

static bool is_everything(const char *cidr)
{
	struct address net;
	unsigned bits;

	return cidr_parse(cidr, &net, &bits) && !bits;
}

/* ---- one rule ---- */

/* Of a node itself, and so of nothing outside the cluster: link-local addresses, and EC2's metadata service in IPv6. */
static const struct {
	const char *cidr;
	unsigned bits;
} node_blocks[] = { { "169.254.0.0/16", 16 }, { "fe80::/10", 10 }, { "fd00:ec2::/32", 32 } };

static bool is_of_node(const char *cidr)
{
	struct address net;
	unsigned bits;
	AUTO(text) char *ip = xstrndup(cidr, strcspn(cidr, "/"));

	for (size_t i = 0; i < COUNT_OF(node_blocks); i++)
		if (cidr_parse(cidr, &net, &bits) && bits >= node_blocks[i].bits && cidr_holds(node_blocks[i].cidr, ip))
			return true;
	return false;
}

static bool excepts_outside(const struct value *except)
{
	for (size_t i = 0; except && except->type == VALUE_LIST && i < except->n; i++)
		if (!is_of_node(value_text_or(except->items[i], "", "")))
			return true;
	return false;
}

static enum match block_matches(const struct value *block, const struct net_end *other)
{
	const char *cidr = value_text_or(block, "cidr", "");
	const struct value *except = value_get(block, "except");

	if (!other->ip)
		return is_everything(cidr) && !excepts_outside(except) ? MATCH : MATCH_UNSURE;
	if (!cidr_holds(cidr, other->ip))
		return MATCH_NOT;
	for (size_t i = 0; except && except->type == VALUE_LIST && i < except->n; i++)
		if (cidr_holds(value_text_or(except->items[i], "", ""), other->ip))
			return MATCH_NOT;
	return MATCH;
}

/* Every namespace carries its name as a label, set by the API server. */
static bool namespace_matches(const struct value *selector, const struct net_end *other)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct value *only_name;

	if (other->namespace_labels)
		return selector_matches(selector, other->namespace_labels);
	only_name = value_new_map(&mem);
	value_set_text(&mem, only_name, NAMESPACE_NAME, other->namespace_);
	return selector_matches(selector, only_name);
}

static enum match peer_matches(const struct value *peer, const char *own_namespace, const struct net_end *other)
{
	const struct value *pods = value_get(peer, "podSelector"), *namespaces = value_get(peer, "namespaceSelector");

	if (value_get(peer, "ipBlock"))
		return block_matches(value_get(peer, "ipBlock"), other);
	if (other->outside || !other->namespace_)
		return MATCH_NOT;
	if (namespaces ? !namespace_matches(namespaces, other) : !text_same(own_namespace, other->namespace_))
		return MATCH_NOT;
	if (!pods)
		return MATCH;
	if (!other->labels && (value_count(pods, "matchLabels") || value_count(pods, "matchExpressions")))
		return MATCH_UNSURE;
	return selector_matches(pods, other->labels) ? MATCH : MATCH_NOT;
}

/* The number that a named port has in the pod that accepts; 0: it has no such port. */
static int64_t named_port(const struct value *pod, const char *name, const char *protocol)
{
	const struct value *containers = value_at(pod, "spec.containers");

	for (size_t i = 0; containers && containers->type == VALUE_LIST && i < containers->n; i++) {
		const struct value *ports = value_get(containers->items[i], "ports");

		for (size_t k = 0; ports && ports->type == VALUE_LIST && k < ports->n; k++)
			if (text_same(value_text_or(ports->items[k], "name", NULL), name) &&
			    text_same(value_text_or(ports->items[k], "protocol", "TCP"), protocol))
				return value_int_or(ports->items[k], "containerPort", 0);
	}
	return 0;
}

static enum match port_matches(const struct value *port, const struct net_flow *flow, const struct value *acceptor)
{
	const struct value *number = value_get(port, "port");
	int64_t first, last;

	if (!text_same(value_text_or(port, "protocol", "TCP"), flow->protocol))
		return MATCH_NOT;
	if (!number || number->type == VALUE_NULL)
		return MATCH;
	if (number->type == VALUE_TEXT) {
		if (!acceptor)
			return MATCH_UNSURE;
		return named_port(acceptor, number->text, flow->protocol) == (int64_t)flow->port ? MATCH : MATCH_NOT;
	}
	first = value_int_or(number, "", 0);
	last = value_int_or(port, "endPort", first);
	return flow->port >= first && flow->port <= last ? MATCH : MATCH_NOT;
}

static enum match ports_match(const struct value *ports, const struct net_flow *flow, const struct value *acceptor)
{
	enum match best = MATCH_NOT;

	if (!value_count(ports, NULL))
		return MATCH;
	for (size_t i = 0; ports->type == VALUE_LIST && i < ports->n && best != MATCH; i++) {
		enum match one = port_matches(ports->items[i], flow, acceptor);

		best = one > best ? one : best;
	}
	return best;
}

static enum match rule_matches(const struct value *rule, const char *own_namespace, const struct net_flow *flow,
                               const struct net_end *pod, const struct net_end *other, const char **cidr)
{
	bool egress = flow->direction == NET_EGRESS;
	enum match port = ports_match(value_get(rule, "ports"), flow, egress ? other->pod : pod->pod), best = MATCH_NOT;
	const struct value *peers = value_get(rule, egress ? "to" : "from");

	if (!value_count(peers, NULL) || port == MATCH_NOT)
		return port;
	for (size_t i = 0; peers->type == VALUE_LIST && i < peers->n && best != MATCH; i++) {
		enum match one = peer_matches(peers->items[i], own_namespace, other);

		if (one > best) {
			best = one;
			*cidr = value_text_or(peers->items[i], "ipBlock.cidr", NULL);
		}
	}
	return best < port ? best : port;
}

/* ---- all policies ---- */

static bool has_direction(const struct value *policy, enum net_direction direction)
{
	const struct value *types = value_at(policy, "spec.policyTypes");

	if (!value_count(types, NULL))
		return direction == NET_INGRESS || value_count(policy, "spec.egress");
	for (size_t i = 0; types->type == VALUE_LIST && i < types->n; i++)
		if (text_same(value_text_or(types->items[i], "", ""), direction == NET_EGRESS ? "Egress" : "Ingress"))
			return true;
	return false;
}

static bool selects(const struct value *policy, const struct net_end *pod, enum net_direction direction)
{
	return text_same(value_text_or(policy, "metadata.namespace", ""), pod->namespace_) && has_direction(policy, direction) &&
	       selector_matches(value_at(policy, "spec.podSelector"), pod->labels);
}

enum netpol_answer netpol_may(struct arena *a, const struct value *policies, const struct net_end *pod,
                              const struct net_flow *flow, const struct net_end *other, struct netpol_reason *why)
{
	struct netpol_reason reason = {0};
	enum match best = MATCH_NOT;

	for (size_t i = 0; policies && policies->type == VALUE_LIST && i < policies->n; i++) {
		const struct value *policy = policies->items[i];
		const struct value *rules = value_at(policy, flow->direction == NET_EGRESS ? "spec.egress" : "spec.ingress");
		const char *name = value_text_or(policy, "metadata.name", "");

		if (!selects(policy, pod, flow->direction))
			continue;
		reason.selecting = reason.selecting ? arena_printf(a, "%s, %s", reason.selecting, name) : name;
		for (size_t k = 0; rules && rules->type == VALUE_LIST && k < rules->n; k++) {
			const char *cidr = NULL;
			enum match one = rule_matches(rules->items[k], pod->namespace_, flow, pod, other, &cidr);

			if (one > best) {
				best = one;
				reason.policy = name;
				reason.cidr = cidr;
			}
		}
	}
	if (why)
		*why = reason;
	if (!reason.selecting)
		return NETPOL_OPEN;
	return best == MATCH ? NETPOL_ALLOWED : best == MATCH_UNSURE ? NETPOL_UNSURE : NETPOL_DENIED;
}
