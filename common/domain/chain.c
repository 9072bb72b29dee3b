#include "domain/chain.h"

#include "core/text.h"

static const struct chain_node rows[CHAIN_NODES] = {
	{ .link = LINK_POD, .id = "pods", .title = "pods" },
	{ .link = LINK_ACCOUNT, .id = "account", .title = "service account" },
	{ .link = LINK_ROLE, .id = "role", .title = "role" },
	{ .link = LINK_KEY, .id = "key", .title = "seal key" },
	{ .link = LINK_TABLE, .id = "table", .title = "table" },
	{ .link = LINK_VAULT, .id = "vault", .title = "Vault" },
	{ .link = LINK_CLUSTER, .id = "cluster", .title = "cluster" },
	{ .link = LINK_ESO, .id = "eso", .title = "External Secrets" },
};

/* What does not apply says nothing about its link; what stands behind a failure was not reached. */
static int rank(const struct finding *f)
{
	switch (f->verdict) {
	case VERDICT_FAIL:    return 6;
	case VERDICT_UNKNOWN: return 5;
	case VERDICT_WARN:    return 4;
	case VERDICT_SKIP:    return f->blocked_by ? 3 : 0;
	case VERDICT_PASS:
	case VERDICT_INFO:    break;
	}
	return 2;
}

static enum verdict verdict_of_rank(int rank)
{
	static const enum verdict verdicts[] = {
		VERDICT_SKIP, VERDICT_SKIP, VERDICT_PASS, VERDICT_SKIP, VERDICT_WARN, VERDICT_UNKNOWN, VERDICT_FAIL,
	};

	return verdicts[rank];
}

static void read_state(struct chain_node *node, const struct findings *f)
{
	int worst = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (f->at[i].check->link != node->link)
			continue;
		node->checks++;
		if (rank(&f->at[i]) > worst)
			worst = rank(&f->at[i]);
	}
	node->state = verdict_of_rank(worst);
	node->broken = f->root && f->root->check->link == node->link;
}

/* "alias/x" stays; of an ARN what follows "key/". */
static const char *key_name(const char *id)
{
	const char *key = id ? strstr(id, ":key/") : NULL;

	return key ? key + strlen(":key/") : id;
}

static const char *name_of(struct arena *a, const struct diag *d, enum chain_link link)
{
	bool found = d->release.name && !d->assumed, configured = diag_configured(d);

	switch (link) {
	case LINK_POD:
		return found ? arena_printf(a, "%zu of %lld", d->pods.n, (long long)d->release.replicas) : NULL;
	case LINK_ACCOUNT: return found ? d->release.service_account : NULL;
	case LINK_ROLE:    return d->role_name;
	case LINK_KEY:     return configured ? key_name(diag_key_id(d)) : NULL;
	case LINK_TABLE:   return configured ? diag_table_name(d) : NULL;
	default:           return NULL;
	}
}

void chain_read(struct chain *out, struct arena *a, const struct diag *d, const struct findings *f)
{
	for (size_t i = 0; i < CHAIN_NODES; i++) {
		struct chain_node *node = &out->nodes[i];

		*node = rows[i];
		node->name = arena_text(a, name_of(a, d, node->link));
		read_state(node, f);
	}
}
