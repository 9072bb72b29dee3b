/*
 * Policies in HCL, read before they are sent: what Vault would refuse, and what it
 * would take though it grants nothing.
 *
 * The subset is that of ParseACLPolicy (Vault 1.14, vault/policy.go, over HCL 1):
 * path "PREFIX" { ... } stanzas and a top-level name; in a stanza the keys that
 * Vault knows, with texts, numbers, booleans, lists and objects as values. Comments
 * #, // and block comments. No heredocs, no policies written as JSON.
 *
 *	struct policy policy;
 *
 *	if (policy_hcl_parse(a, view_text(text), "app.hcl", &policy, e) < 0)
 *		...                                  every problem, each with its place
 */
#ifndef VAULT_POLICY_HCL_H
#define VAULT_POLICY_HCL_H

#include "core/value.h"

enum {
	POLICY_DENY = 1 << 0, POLICY_CREATE = 1 << 1, POLICY_READ = 1 << 2, POLICY_UPDATE = 1 << 3,
	POLICY_DELETE = 1 << 4, POLICY_LIST = 1 << 5, POLICY_SUDO = 1 << 6, POLICY_PATCH = 1 << 7,
	POLICY_SUBSCRIBE = 1 << 8, POLICY_RECOVER = 1 << 9
};

enum { POLICY_TEXT_MAX = 1 << 20, POLICY_DEPTH_MAX = 20 };

struct policy_rule {
	const char *path;            /* without a leading '/', as Vault keeps it */
	struct mark mark;            /* of the path */
	unsigned capabilities;       /* of the enum above; the old policy = "read" counted in */
};

struct policy {
	struct policy_rule *rules;
	size_t n;
};

/*
 * In the arena. file is for marks and errors. ERR_CONFIG: the first fault of syntax, or else all that Vault would
 * refuse: an unknown key or capability (with the nearest one), a stanza without capabilities, '+*'; and what is never meant:
 * a '*' that is not at the end, which Vault takes as it stands, and a path that has two stanzas.
 */
MUST_CHECK int policy_hcl_parse(struct arena *a, struct view text, const char *file, struct policy *out, struct err *e);

/* Where secrets of the key-value engine are. */
struct policy_kv {
	const char *path;            /* "secret", without slashes at its ends */
	int64_t version;             /* 1 or 2 */
};

/*
 * Where a rule of KV version 1 meets a mount of version 2: `wrong` (ERR_CONFIG) gets the rules that grant nothing at all
 * (secret/app/x is secret/data/app/x), `doubtful` those of which a part has no effect (list on secret/data/...).
 */
void policy_kv_traps(struct arena *a, const struct policy *policy, const struct policy_kv *mounts, size_t n,
                     struct err *wrong, struct err *doubtful);

#endif
