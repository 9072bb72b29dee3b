/*
 * Network policies from anywhere: JSON, as the API server would hand on. One more policy never takes away what the others
 * allow, and an address is in a block or it is not, whatever the texts are.
 */
#include "fuzz/fuzz.h"

#include "core/text.h"
#include "domain/netpol.h"
#include "formats/json.h"

static const struct net_flow flows[] = {
	{ NET_EGRESS, "UDP", 53 }, { NET_EGRESS, "TCP", 443 }, { NET_INGRESS, "TCP", 8200 }, { NET_INGRESS, "TCP", 8201 },
};

static void look(struct arena *a, struct value *policies, const struct net_end *other)
{
	struct net_end pod = { .namespace_ = "vault" };
	struct value *more = value_new_list(a);

	for (size_t i = 0; i < policies->n; i++)
		value_push(a, more, policies->items[i]);
	value_push(a, more, value_new_map(a));
	for (size_t i = 0; i < COUNT_OF(flows); i++) {
		struct netpol_reason why;
		enum netpol_answer answer = netpol_may(a, policies, &pod, &flows[i], other, &why);

		must((answer == NETPOL_OPEN) == !why.selecting);
		if (answer != NETPOL_OPEN)
			must(netpol_may(a, more, &pod, &flows[i], other, NULL) == answer);
		for (size_t k = 0; answer != NETPOL_OPEN && k < policies->n; k++)
			value_push(a, more, policies->items[k]);
		if (answer != NETPOL_OPEN)
			must(netpol_may(a, more, &pod, &flows[i], other, NULL) == answer);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct net_end others[] = {
		{ .outside = true }, { .outside = true, .ip = "10.1.2.3" }, { .outside = true, .ip = "fd00::1" },
		{ .namespace_ = "vault" }, { .namespace_ = "kube-system" },
	};
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	AUTO(text) char *text = xstrndup((const char *)data, n);
	struct value *v;

	(void)cidr_holds(text, "10.1.2.3");
	(void)cidr_holds("10.0.0.0/8", text);
	if (!taken(va_json_parse(&a, view_of(data, n), NULL, &v, &e), &e) || v->type != VALUE_LIST || v->n > 64)
		return 0;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		look(&a, v, &others[i]);
	return 0;
}
