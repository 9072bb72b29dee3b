/* A policy from anywhere: rules with a path, or a reason; and its traps with a place each. */
#include "fuzz/fuzz.h"

#include "vault/policy_hcl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct policy_kv mounts[] = { { "secret", 2 }, { "kv", 1 } };
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = { 0 }, wrong = { 0 }, doubtful = { 0 };
	struct policy p;

	if (!taken(policy_hcl_parse(&a, view_of(data, n), "fuzz", &p, &e), &e))
		return 0;
	must(p.n > 0);
	for (size_t i = 0; i < p.n; i++)
		must(*p.rules[i].path && p.rules[i].mark.line > 0);
	policy_kv_traps(&a, &p, mounts, 2, &wrong, &doubtful);
	must(err_count(&wrong) + err_count(&doubtful) <= p.n);
	return 0;
}
