#include "unit/unit.h"

#include "core/text.h"
#include "domain/chain.h"

enum { ROLE = 2, KEY = 3, TABLE = 4 };

struct rig {
	struct arena a;
	struct diag diag;
	struct finding rows[8];
	struct findings findings;
};

static void add(struct rig *r, const char *id, enum verdict v, const char *blocked_by)
{
	struct finding *f = &r->rows[r->findings.n++];

	*f = (struct finding){
		.check = check_find(id), .mem = &r->a, .verdict = v, .cause = "", .blocked_by = blocked_by ? check_find(blocked_by) : NULL,
	};
	assert_non_null(f->check);
	r->findings.at = r->rows;
	r->findings.count[v]++;
	if (v == VERDICT_FAIL && !r->findings.root)
		r->findings.root = f;
}

static struct chain chain_of(struct rig *r)
{
	struct chain chain;

	r->diag.mem = &r->a;
	chain_read(&chain, &r->a, &r->diag, &r->findings);
	return chain;
}

static void the_worst_check_is_the_state(void **state)
{
	struct rig r = { .a = ARENA_INIT };
	struct chain chain;

	(void)state;
	add(&r, "kms-key", VERDICT_PASS, NULL);
	add(&r, "dynamodb-table", VERDICT_SKIP, "kms-key");
	chain = chain_of(&r);
	assert_int_equal(chain.nodes[KEY].state, VERDICT_PASS);
	assert_int_equal(chain.nodes[KEY].checks, 1);
	assert_int_equal(chain.nodes[TABLE].state, VERDICT_SKIP);
	assert_int_equal(chain.nodes[ROLE].checks, 0);
	add(&r, "kms-key", VERDICT_WARN, NULL);
	assert_int_equal(chain_of(&r).nodes[KEY].state, VERDICT_WARN);
	add(&r, "kms-key", VERDICT_UNKNOWN, NULL);
	assert_int_equal(chain_of(&r).nodes[KEY].state, VERDICT_UNKNOWN);
	add(&r, "kms-key", VERDICT_FAIL, NULL);
	assert_int_equal(chain_of(&r).nodes[KEY].state, VERDICT_FAIL);
	arena_release(&r.a);
}

/* A pass beside a check that does not apply is a pass; beside one that was not reached it is not. */
static void skipping_is_of_two_kinds(void **state)
{
	struct rig r = { .a = ARENA_INIT };

	(void)state;
	add(&r, "kms-key", VERDICT_PASS, NULL);
	add(&r, "kms-key", VERDICT_SKIP, NULL);
	assert_int_equal(chain_of(&r).nodes[KEY].state, VERDICT_PASS);
	add(&r, "kms-key", VERDICT_SKIP, "config");
	assert_int_equal(chain_of(&r).nodes[KEY].state, VERDICT_SKIP);
	arena_release(&r.a);
}

static void one_link_is_broken(void **state)
{
	struct rig r = { .a = ARENA_INIT };
	struct chain chain;

	(void)state;
	add(&r, "irsa-role", VERDICT_FAIL, NULL);
	add(&r, "kms-key", VERDICT_FAIL, NULL);
	chain = chain_of(&r);
	for (size_t i = 0; i < CHAIN_NODES; i++)
		assert_int_equal(chain.nodes[i].broken, i == ROLE);
	arena_release(&r.a);
}

static void names_are_short_and_known_ones(void **state)
{
	struct rig r = { .a = ARENA_INIT };
	struct chain chain;

	(void)state;
	chain = chain_of(&r);
	for (size_t i = 0; i < CHAIN_NODES; i++)
		assert_null(chain.nodes[i].name);
	r.diag.release = (struct release){ .name = "v", .namespace_ = "n", .fullname = "v", .service_account = "sa", .replicas = 5 };
	r.diag.role_name = "a-role";
	r.diag.config_presence = DIAG_PRESENT;
	r.diag.facts.key_id = "arn:aws:kms:us-east-1:111122223333:key/1234";
	r.diag.facts.table = "t";
	chain = chain_of(&r);
	assert_text(chain.nodes[0].name, "0 of 5");
	assert_text(chain.nodes[1].name, "sa");
	assert_text(chain.nodes[ROLE].name, "a-role");
	assert_text(chain.nodes[KEY].name, "1234");
	assert_text(chain.nodes[TABLE].name, "t");
	r.diag.facts.key_id = "alias/x";
	assert_text(chain_of(&r).nodes[KEY].name, "alias/x");
	arena_release(&r.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_check_is_the_state),
		cmocka_unit_test(skipping_is_of_two_kinds),
		cmocka_unit_test(one_link_is_broken),
		cmocka_unit_test(names_are_short_and_known_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
