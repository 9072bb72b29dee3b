/*
 * May this pod send there, or be sent to? NetworkPolicies evaluated here, as
 * networking.k8s.io/v1 says and not as one network plug-in does:
 *
 * - A pod that no policy selects for a direction is open in it. One that is
 *   selected may do what any of the selecting policies allows: they only add.
 * - policyTypes absent: Ingress always, Egress where there is an egress list.
 * - A rule allows when one of its peers (none given: everybody) and one of its
 *   ports (none given: all) match. podSelector and namespaceSelector in one
 *   peer must both hold; podSelector alone means the policy's own namespace.
 *
 * Where the other end is not known in full (the addresses of AWS behind a VPC
 * endpoint), a rule that may or may not mean it gives NETPOL_UNSURE.
 *
 *	struct net_end vault = { .namespace_ = "vault", .labels = labels }, aws = { .outside = true };
 *
 *	switch (netpol_may(mem, policies, &vault, &(struct net_flow){ NET_EGRESS, "TCP", 443 }, &aws, &why)) ...
 */
#ifndef DOMAIN_NETPOL_H
#define DOMAIN_NETPOL_H

#include "core/value.h"

enum net_direction { NET_INGRESS, NET_EGRESS };

/* One end of a connection. */
struct net_end {
	const struct value *labels;             /* of a pod; NULL: no pod, or not known */
	const char *namespace_;                 /* of a pod */
	const struct value *namespace_labels;   /* NULL: only kubernetes.io/metadata.name is known */
	const struct value *pod;                /* the object, whose container ports give named ports their numbers; NULL: unknown */
	const char *ip;                         /* NULL: unknown */
	bool outside;                           /* no pod: only ipBlock can mean it */
};

struct net_flow {
	enum net_direction direction;           /* of the pod whose policies these are */
	const char *protocol;                   /* "TCP", "UDP", "SCTP" */
	unsigned port;                          /* where the connection is accepted */
};

enum netpol_answer {
	NETPOL_OPEN,      /* no policy selects the pod in this direction */
	NETPOL_ALLOWED,
	NETPOL_UNSURE,    /* a rule may mean the other end: why->policy and why->cidr */
	NETPOL_DENIED
};

struct netpol_reason {
	const char *policy;                     /* ALLOWED, UNSURE: the one whose rule it is */
	const char *cidr;                       /* UNSURE: its block */
	const char *selecting;                  /* names of all that select the pod, with commas; NULL: none. In the arena */
};

/*
 * policies: a list of NetworkPolicy objects; those of other namespaces than the pod's are passed over. why may be NULL.
 */
enum netpol_answer netpol_may(struct arena *a, const struct value *policies, const struct net_end *pod,
                              const struct net_flow *flow, const struct net_end *other, struct netpol_reason *why);

/* Is the address in "10.0.0.0/8" or "fd00::/8"? false for what is no address or no block. */
bool cidr_holds(const char *cidr, const char *ip);

#endif
