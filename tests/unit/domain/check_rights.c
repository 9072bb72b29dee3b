#include "unit/unit.h"

#include "core/text.h"
#include "domain/bundle.h"
#include "domain/check_rights.h"


static bool has_rows(const char *step)
{
	for (size_t i = 0; i < n_check_rights; i++)
		if (text_same(check_rights[i].step, step))
			return true;
	return false;
}

static bool is_step(const char *name)
{
	for (size_t f = 0; f < n_check_families; f++)
		for (size_t i = 0; i < check_families[f]->n_steps; i++)
			if (text_same(check_families[f]->steps[i].name, name))
				return true;
	for (size_t i = 0; i < n_bundle_steps; i++)
		if (text_same(bundle_steps[i].name, name))
			return true;
	return false;
}

static void every_step_says_what_it_takes(void **state)
{
	size_t missing = 0;

	(void)state;
	for (size_t f = 0; f < n_check_families; f++)
		for (size_t i = 0; i < check_families[f]->n_steps; i++) {
			const char *name = check_families[f]->steps[i].name;

			if (!has_rows(name)) {
				print_error("the step '%s' has no row in check_rights.c\n", name);
				missing++;
			}
		}
	for (size_t i = 0; i < n_bundle_steps; i++)
		missing += !has_rows(bundle_steps[i].name);
	assert_int_equal(missing, 0);
}

static void every_row_is_of_a_step_and_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_check_rights; i++) {
		const struct right *r = &check_rights[i];

		if (!is_step(r->step))
			fail_msg("there is no step '%s'", r->step);
		if (r->kind == RIGHT_KUBE) {
			assert_non_null(r->resource);
			assert_true(text_same(r->verb, "get") || text_same(r->verb, "list") || r->strong);
			assert_int_equal(r->resource[0] == '/', r->group == NULL);
		} else if (r->kind == RIGHT_AWS) {
			assert_non_null(strchr(r->action, ':'));
			assert_true(!r->on || strstr(r->on, "%s"));
			assert_false(r->strong);
		}
	}
}

/* What changes something would show here: only the trials' rights are more than reads. */
static void aws_is_only_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_check_rights; i++) {
		const char *action = check_rights[i].action, *verb;

		if (!action)
			continue;
		verb = strchr(action, ':') + 1;
		if (!text_starts(verb, "Get") && !text_starts(verb, "List") && !text_starts(verb, "Describe") &&
		    !text_starts(verb, "Simulate") && !text_starts(verb, "BatchGet"))
			fail_msg("'%s' does more than read", action);
	}
}

static const struct policy_choice choice = {
	.namespace_ = "ns", .service_account = "account", .operator_namespace = "eso", .group = "people",
	.partition = "aws-cn", .account = "111122223333", .strong = true,
};

static void roles_have_bindings_and_no_rule_twice(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (int strong = 0; strong < 2; strong++) {
		const struct value *list = policy_kubernetes(&a, &choice, strong);

		assert_true(list->n >= 2 && list->n % 2 == 0);
		for (size_t i = 0; i < list->n; i += 2) {
			const struct value *role = list->items[i], *binding = list->items[i + 1];

			assert_text(value_text_or(binding, "roleRef.name", NULL), value_text_or(role, "metadata.name", ""));
			assert_text(value_text_or(binding, "roleRef.kind", NULL), value_text_or(role, "kind", ""));
			assert_text(value_text_or(binding, "subjects.0.name", NULL), "people");
			assert_true(text_same(value_text_or(role, "metadata.namespace", NULL),
			                      value_text_or(binding, "metadata.namespace", NULL)));
			assert_true(value_count(role, "rules") > 0);
		}
	}
}

/* The verb that lets its holder become Vault stands in no role that only reads. */
static void strong_rights_stand_apart(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *list = policy_kubernetes(&a, &choice, false);

	(void)state;
	for (size_t i = 0; i < list->n; i += 2) {
		const struct value *rules = value_get(list->items[i], "rules");

		for (size_t k = 0; k < rules->n; k++) {
			const char *verb = value_text_or(rules->items[k], "verbs.0", "");
			const struct value *resources = value_get(rules->items[k], "resources");

			assert_true(text_same(verb, "get") || text_same(verb, "list"));
			for (size_t n = 0; resources && n < resources->n; n++) {
				assert_null(strstr(resources->items[n]->text, "/proxy"));
				assert_null(strstr(resources->items[n]->text, "portforward"));
				assert_string_not_equal(resources->items[n]->text, "secrets");
			}
		}
	}
}

static void arns_name_partition_and_account(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *list = value_get(policy_aws(&a, &choice), "Statement");
	bool key = false;

	(void)state;
	for (size_t i = 0; i < list->n; i++)
		key = key || text_same(value_text_or(list->items[i], "Resource", ""), "arn:aws-cn:kms:*:111122223333:key/*");
	assert_true(key);
}

/* A token of any account, or an item of any table, would be more than what is looked at. */
static void tokens_and_items_are_those_of_the_release(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *list = policy_kubernetes(&a, &choice, true), *statements = value_get(policy_aws(&a, &choice), "Statement");
	size_t tokens = 0, items = 0;

	(void)state;
	for (size_t i = 0; i < list->n; i += 2) {
		const char *namespace_ = value_text_or(list->items[i], "metadata.namespace", NULL);
		const struct value *rules = value_get(list->items[i], "rules");

		for (size_t k = 0; k < rules->n; k++) {
			if (!text_same(value_text_or(rules->items[k], "resources.0", NULL), "serviceaccounts/token"))
				continue;
			assert_non_null(namespace_);
			assert_int_equal(value_count(rules->items[k], "resources"), 1);
			assert_text(value_text_or(rules->items[k], "resourceNames.0", NULL),
			            text_same(namespace_, "ns") ? "account" : "external-secrets");
			tokens++;
		}
	}
	for (size_t i = 0; i < statements->n; i++)
		if (text_same(value_text_or(statements->items[i], "Action.0", NULL), "dynamodb:GetItem")) {
			const struct value *condition = value_get(statements->items[i], "Condition");

			assert_int_equal(value_count(statements->items[i], "Action"), 1);
			assert_int_equal(value_count(value_get(condition, "ForAllValues:StringEquals"), NULL), 1);
			items++;
		}
	assert_int_equal(tokens, 2);
	assert_int_equal(items, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_step_says_what_it_takes),
		cmocka_unit_test(every_row_is_of_a_step_and_whole),
		cmocka_unit_test(aws_is_only_read),
		cmocka_unit_test(roles_have_bindings_and_no_rule_twice),
		cmocka_unit_test(strong_rights_stand_apart),
		cmocka_unit_test(arns_name_partition_and_account),
		cmocka_unit_test(tokens_and_items_are_those_of_the_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
