/* The table of the workflow is sound: what the loop checks at each start, and what it cannot know. */
#include "domain/workflow.h"

#include "core/text.h"
#include "unit/unit.h"

static void the_table_is_sound(void **state)
{
	AUTO(err) struct err e = { 0 };

	(void)state;
	if (graph_check(workflow_steps, n_workflow_steps, &e) < 0)
		fail_msg("%s", e.text);
}

static const struct step *step(const char *name)
{
	for (size_t i = 0; i < n_workflow_steps; i++)
		if (text_same(workflow_steps[i].name, name))
			return &workflow_steps[i];
	fail_msg("no step '%s'", name);
	return NULL;
}

static bool leads_to(const struct step *from, const char *name)
{
	for (const char *const *need = from->needs; need && *need; need++)
		if (text_same(*need, name) || leads_to(step(*need), name))
			return true;
	return false;
}

/* So no change is made before all that speaks against it was heard. */
static void changes_come_after_the_reads(void **state)
{
	static const char *const reads[] = {
		"caller.read", "cluster.read", "key.by-alias", "tagged.read", "table.read", "pitr.read", "backups.read", "role.read",
		"policy.read", "table.tags", "key.found", "key.tags", "rotation.read", "table.items", "chart.render", "binding.read",
	};

	(void)state;
	for (size_t i = 0; i < n_workflow_steps; i++)
		for (size_t k = 0; workflow_steps[i].change && k < COUNT_OF(reads); k++)
			if (!leads_to(&workflow_steps[i], reads[k]))
				fail_msg("'%s' does not wait for '%s'", workflow_steps[i].name, reads[k]);
}

/* What doubles or says "exists" when repeated: its row must settle and not repeat. */
static void creations_settle(void **state)
{
	static const char *const creations[] = {
		"table.create", "role.create", "provider.create", "key.create", "alias.create", "namespace.create",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(creations); i++)
		assert_non_null(step(creations[i])->settle);
	assert_non_null(step("key.create")->before);
	assert_true(leads_to(step("key.create"), "table.create"));
	assert_true(leads_to(step("key.create"), "claim.held"));
}

/* Who waits for something has patience. */
static void waits_end(void **state)
{
	static const char *const waits[] = {
		"key.settled", "claim.take", "claim.held", "key.awaited", "alias.create", "rotation.set", "table.wait", "pitr.set",
		"policy.put", "table.mark", "role.trial", "pods.running",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(waits); i++)
		assert_true(step(waits[i])->patience_s > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(changes_come_after_the_reads),
		cmocka_unit_test(creations_settle),
		cmocka_unit_test(waits_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
