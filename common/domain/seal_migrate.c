/* What seal-migrate decides, from what was read alone. */
#include "domain/seal_migrate.h"

#include "aws/creds.h"
#include "core/text.h"
#include "domain/hear.h"

static const char *const seals[] = { "awskms", "shamir" };

/* ---- what was asked for ---- */

/* Where an ARN says it too, both say the same. */
static void check_region(const struct seal_options *o, bool shamir, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *own = arn_region(&a, o->to_key);

	if (shamir)
		err_also(e, ERR_USAGE, "--to-region goes with --to awskms: Shamir's seal has no region");
	if (!aws_is_region(o->to_region)) {
		err_also(e, ERR_USAGE, "--to-region: '%s' is no AWS region (such as eu-central-1)", o->to_region);
	} else if (own && !text_same(own, o->to_region)) {
		err_also(e, ERR_USAGE, "--to-region is '%s', but --to-key is of '%s'", o->to_region, own);
		err_hint(e, "an ARN says its region: leave --to-region out");
	}
}

int seal_check_options(const struct seal_options *o, struct err *e)
{
	bool shamir = text_same(o->to, "shamir"), known = !o->to || shamir || text_same(o->to, "awskms");

	if (!known) {
		const char *nearest = text_nearest(o->to, seals, COUNT_OF(seals));

		err_also(e, ERR_USAGE, "--to: there is no seal '%s' here", o->to);
		err_hint(e, nearest ? "did you mean '%s'?" : "--to awskms with --to-key KEY, or --to shamir", nearest);
	}
	if (shamir && o->to_key)
		err_also(e, ERR_USAGE, "--to-key goes with --to awskms: Shamir's seal has no KMS key");
	if (known && !shamir && text_empty(o->to_key)) {
		err_also(e, ERR_USAGE, "where to is not said");
		err_hint(e, "--to-key KEY (id, ARN or alias of a KMS key), or --to shamir");
	}
	if (o->to_region)
		check_region(o, shamir, e);
	return e->kind ? -1 : 0;
}

/* ---- its pods ---- */

static bool is_current(const struct roll *r, const struct pod *p)
{
	const struct seal_migrate *m = (const struct seal_migrate *)r;

	return text_same(object_annotation(p->object, SEAL_MARK), seal_mark(m, r->boot.mem));
}

/* One that was started on the way from Shamir may have missed the end of it. */
static bool opens(const struct roll *r, const struct roll_pod *p)
{
	return !seal_takes_shares(p) && !text_same(((const struct seal_migrate *)r)->stored.type, "shamir");
}

static bool is_waited_for(const struct roll *r, const struct roll_pod *p)
{
	(void)r;
	return p->current;
}

static const struct roll_rules rules = { .is_current = is_current, .opens = opens, .is_awaited = is_waited_for };

int seal_prepare(struct seal_migrate *m, struct world *w, const struct boot_options *boot, const struct seal_options *o,
                 const struct seal_release *release, struct err *e)
{
	const char *region = o->to_region ? o->to_region : arn_region(w->mem, o->to_key);

	*m = (struct seal_migrate){ .options = *o, .release = *release, .region_given = region,
	                            .role = { .session = "helm-vault-aws-seal-migrate", .undone = "nothing was changed" } };
	if (roll_init(&m->roll, w, boot, &rules, e) < 0)
		return -1;
	m->table_aws = aws_in_region(m->roll.boot.aws, m->roll.boot.want->region);
	m->key_aws = region ? aws_in_region(m->roll.boot.aws, region) : m->table_aws;
	return 0;
}

void seal_release_all(struct seal_migrate *m)
{
	secret_release(&m->probe);
	vault_role_release(&m->role);
	boot_release(&m->roll.boot);
}

void seal_forget(struct seal_migrate *m)
{
	m->facts = (struct vault_facts){0};
	m->config = m->mark = m->strategy = m->chart_label = m->region = m->default_region = NULL;
	m->annotations_text = m->table_region = false;
	m->stored = (struct seal_stored){0};
	roll_forget(&m->roll);
}

/* ---- what is wanted ---- */

bool seal_wants_shamir(const struct seal_migrate *m)
{
	return text_same(m->options.to, "shamir");
}

bool seal_to_shamir(const struct seal_migrate *m)
{
	return seal_wants_shamir(m) || m->by_shamir;
}

static const char *key_word(const char *key)
{
	const char *slash = key ? strrchr(key, '/') : NULL;

	return slash ? slash + 1 : key;
}

bool seal_same_key(const char *a, const char *b)
{
	if (a && b && text_starts(a, "arn:") && text_starts(b, "arn:"))
		return text_same(a, b);
	return a && b && text_same(key_word(a), key_word(b));
}

/* Keys of one id in two regions are one multi-Region key (KMS Developer Guide, Multi-Region keys). */
static bool is_replica(const char *a, const char *b)
{
	return a && b && text_starts(key_word(a), "mrk-") && text_same(key_word(a), key_word(b));
}

bool seal_takes_shares(const struct roll_pod *p)
{
	return p->answers && p->status.sealed && (p->status.migration || text_same(p->status.type, "shamir"));
}

const char *seal_mark(const struct seal_migrate *m, struct arena *a)
{
	if (seal_to_shamir(m))
		return "shamir";
	if (text_same(m->key_aws.region, m->table_aws.region))
		return arena_printf(a, "awskms %s", m->key.id);
	return arena_printf(a, "awskms %s %s", m->key.id, m->key_aws.region);
}

/* Once the table is Shamir's, no stanza is needed any more. */
static bool over_in_table(const struct seal_migrate *m)
{
	return text_same(m->stored.type, "shamir");
}

bool seal_stored_as_wanted(const struct seal_migrate *m)
{
	if (seal_to_shamir(m))
		return over_in_table(m);
	return text_same(m->stored.type, "awskms") && seal_same_key(m->stored.root_key, m->key.arn) &&
	       seal_same_key(m->stored.recovery_key, m->key.arn);
}

/* Where the template says nothing, EKS puts the cluster's region into the pods; without it that is most likely the table's. */
static bool region_is_left(const struct seal_migrate *m)
{
	const struct pod *p = m->roll.boot.server;
	const char *have = p ? pod_env(p, "vault", "AWS_REGION") : NULL;

	if (m->region || m->default_region)
		return false;
	return text_same(have ? have : m->table_aws.region, m->key_aws.region);
}

bool seal_sets_region(const struct seal_migrate *m)
{
	return !seal_to_shamir(m) && !region_is_left(m);
}

/* Where both are there they agree: Vault takes either. */
static bool region_is_right(const struct seal_migrate *m)
{
	return region_is_left(m) || (text_same(m->region, m->key_aws.region) &&
	                             (!m->default_region || text_same(m->default_region, m->key_aws.region)));
}

/* A key in the stanza, and a disabled one on the way to Shamir. */
static bool configured(const struct seal_migrate *m)
{
	const struct vault_facts *f = &m->facts;
	bool kms = text_same(f->seal, "awskms"), disabled = text_same(f->seal_disabled, "true");

	if (!text_same(m->mark, seal_mark(m, m->roll.boot.mem)))
		return false;
	if (!seal_to_shamir(m))
		return kms && !disabled && seal_same_key(f->key_id, m->key.arn) && region_is_right(m);
	return over_in_table(m) ? !kms : kms && disabled;
}

int seal_config(const struct seal_migrate *m, struct arena *a, char **out, struct err *e)
{
	struct value *settings = NULL;

	if (!seal_to_shamir(m)) {
		settings = params_of(a, "region", m->key_aws.region, "kms_key_id", m->key.arn, NULL);
		value_set(a, settings, "disabled", value_new_null(a));
		if (m->facts.seal_region && !text_same(m->facts.seal_region, m->key_aws.region))
			value_set(a, settings, "endpoint", value_new_null(a));      /* of the other region */
	} else if (!over_in_table(m)) {
		settings = params_of(a, "disabled", "true", NULL);
	}
	return vault_config_set_seal(a, m->config, settings, out, e);
}

/* ---- why not ---- */

static void judge_release(const struct seal_migrate *m, struct err *e)
{
	if (!text_same(m->facts.storage, "dynamodb") || !m->facts.table)
		err_also(e, ERR_GUARD, "the running Vault keeps its data in '%s', not in DynamoDB",
		         m->facts.storage ? m->facts.storage : "?");
	if (m->strategy && !text_same(m->strategy, "OnDelete")) {
		err_also(e, ERR_GUARD, "the StatefulSet's update strategy is '%s': Kubernetes would restart the pods in its own order",
		         m->strategy);
		err_hint(e, "set server.updateStrategyType to OnDelete first");
	}
	if (!m->config)
		err_also(e, ERR_GUARD, "the release's values have no text in server.ha.config, so its seal cannot be changed there");
	else if (m->config[strspn(m->config, " \t\r\n")] == '{')
		err_also(e, ERR_GUARD, "server.ha.config of the release's values is JSON: make it HCL, so that its seal can be changed");
	if (m->annotations_text)
		err_also(e, ERR_GUARD, "server.annotations of the release's values is a text: make it a map, so that a mark can be added");
}

/* What beats the stanza in every pod. */
static void judge_environment(const struct seal_migrate *m, struct err *e)
{
	static const char *const names[] = { "VAULT_AWSKMS_SEAL_KEY_ID", "VAULT_SEAL_TYPE" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (m->roll.boot.server && pod_env(m->roll.boot.server, "vault", names[i]))
			err_also(e, ERR_GUARD, "the pods have %s in their environment, which beats the seal stanza", names[i]);
}

static void judge_key(const struct seal_migrate *m, struct err *e)
{
	const struct seal_key *key = &m->key;

	if (seal_wants_shamir(m))
		return;
	if (!text_same(key->state, "Enabled") || !text_same(key->usage, "ENCRYPT_DECRYPT") ||
	    !text_same(key->spec, "SYMMETRIC_DEFAULT"))
		err_also(e, ERR_GUARD, "the key '%s' is %s, for %s, of the kind %s: a seal takes a symmetric key that is enabled",
		         key->arn, key->state, key->usage, key->spec);
}

/* The first leg is over when every server was started for it, and one of them is active. */
static bool first_leg_ends(const struct seal_migrate *m)
{
	for (size_t i = 0; i < m->roll.boot.pods.n; i++)
		if (!text_same(object_annotation(m->roll.boot.pods.at[i].object, SEAL_MARK), "shamir"))
			return false;
	return roll_count_active(&m->roll) > 0;
}

static bool goes_by_shamir(const struct seal_migrate *m)
{
	const char *here = arn_region(m->roll.boot.mem, m->stored.root_key);

	if (seal_wants_shamir(m))
		return false;
	if (over_in_table(m))
		return text_same(m->mark, "shamir") && !first_leg_ends(m);
	return here && !text_same(here, m->key_aws.region) && !is_replica(m->stored.root_key, m->key.arn);
}

void seal_settle(struct seal_migrate *m)
{
	m->by_shamir = goes_by_shamir(m);
	roll_mark(&m->roll);
}

/* A Vault that is not open is opened first; what is under way here goes on, also where nobody is active for a moment. */
static void judge_state(const struct seal_migrate *m, struct err *e)
{
	if (!m->stored.type) {
		err_also(e, ERR_GUARD, "the table '%s' has no seal: Vault is not initialised", m->facts.table);
		err_hint(e, "helm vault-aws init");
	} else if (!text_same(m->mark, seal_mark(m, m->roll.boot.mem)) && roll_count_active(&m->roll) == 0) {
		err_also(e, ERR_GUARD, "no server of the release '%s' is active", m->roll.boot.want->release);
		err_hint(e, "Vault must be unsealed before its seal is changed: kubectl vault-check vault says why it is not");
	}
}

int seal_judge(const struct seal_migrate *m, struct err *e)
{
	judge_release(m, e);
	judge_environment(m, e);
	judge_key(m, e);
	judge_state(m, e);
	return e->kind ? -1 : 0;
}

/* ---- what is next ---- */

/* It surely serves nobody. One that only does not answer may be the active one. */
static bool is_old_and_useless(const struct roll_pod *p)
{
	return !p->current && (!p->runs || (p->answers && p->status.sealed));
}

static bool is_shut(const struct roll_pod *p)
{
	return p->current && seal_takes_shares(p);
}

static bool is_awaited(const struct roll_pod *p)
{
	return p->current && !p->answers;
}

/*
 * Started while the table was still Shamir's, and shut when that was over: it does not unseal by itself any more, though it
 * waits for no migration either. A restart opens it, and shares do.
 */
static bool is_stale(const struct roll_pod *p)
{
	return p->current && p->answers && p->status.sealed && !seal_takes_shares(p);
}

static bool is_old_standby(const struct roll_pod *p)
{
	return !p->current && !p->active;
}

static bool is_old(const struct roll_pod *p)
{
	return !p->current;
}

/* One pod at a time is away; who is active goes last. */
static struct seal_move next_of_pods(const struct seal_migrate *m)
{
	size_t n = m->roll.boot.pods.n, i;

	if ((int64_t)n < m->roll.replicas || roll_any_deleting(&m->roll))
		return (struct seal_move){ SEAL_AWAIT, 0 };
	if ((i = roll_find(&m->roll, is_shut)) < n)
		return (struct seal_move){ SEAL_UNSEAL, i };
	if (roll_find(&m->roll, is_awaited) < n)
		return (struct seal_move){ SEAL_AWAIT, 0 };
	if ((i = roll_find(&m->roll, is_stale)) < n)
		return (struct seal_move){ m->n_shares ? SEAL_UNSEAL : SEAL_RESTART, i };
	if ((i = roll_find(&m->roll, is_old_and_useless)) < n)
		return (struct seal_move){ SEAL_RESTART, i };
	if (roll_count_active(&m->roll) == 0)
		return (struct seal_move){ SEAL_AWAIT, 0 };
	if ((i = roll_find(&m->roll, is_old_standby)) < n)
		return (struct seal_move){ SEAL_RESTART, i };
	if ((i = roll_find(&m->roll, is_old)) == n)
		return (struct seal_move){ seal_stored_as_wanted(m) ? SEAL_DONE : SEAL_AWAIT, 0 };
	return (struct seal_move){ n > 1 && secret_held(&m->roll.boot.token) && !m->stepped_down ? SEAL_STEP_DOWN : SEAL_RESTART, i };
}

struct seal_move seal_next(const struct seal_migrate *m)
{
	if (configured(m))
		return next_of_pods(m);
	for (size_t i = 0; i < SEAL_KEYS; i++)
		if (m->role.open && m->trials[i].said)
			return (struct seal_move){ SEAL_GRANT, 0 };
	return (struct seal_move){ SEAL_CONFIGURE, 0 };
}

static const struct step *await_rows(const struct seal_migrate *m, size_t *n)
{
	struct step *all = ARENA_ARRAY(m->roll.boot.mem, struct step, ROLL_AWAIT_ROWS + SEAL_STORED_ROWS);

	memcpy(all, roll_await_rows, sizeof(roll_await_rows));
	memcpy(all + ROLL_AWAIT_ROWS, seal_stored_rows, sizeof(seal_stored_rows));
	*n = ROLL_AWAIT_ROWS + SEAL_STORED_ROWS;
	return all;
}

const struct step *seal_table(struct seal_migrate *m, struct seal_move move, size_t *n)
{
	m->roll.at = move.pod;
	switch (move.step) {
	case SEAL_GRANT:
		*n = n_seal_grant_rows;
		return seal_grant_rows;
	case SEAL_CONFIGURE:
		m->stepped_down = false;
		*n = n_seal_configure_rows;
		return seal_configure_rows;
	case SEAL_RESTART:
		*n = ROLL_RESTART_ROWS;
		return roll_restart_rows;
	case SEAL_UNSEAL:
		*n = n_seal_unseal_rows;
		return seal_unseal_rows;
	case SEAL_STEP_DOWN:
		m->stepped_down = true;
		*n = ROLL_DOWN_ROWS;
		return roll_down_rows;
	default:
		return await_rows(m, n);
	}
}

/* ---- what is told before ---- */

static const char *then_word(const struct seal_migrate *m, const struct roll_pod *p, bool shares)
{
	if (p->current)
		return seal_takes_shares(p) ? "unsealed with shares" : "nothing: it has the new seal";
	if (!shares)
		return p->active && m->roll.boot.pods.n > 1 ? "steps down, restarted last" : "restarted";
	return p->active && m->roll.boot.pods.n > 1 ? "steps down, restarted last, opened" : "restarted, unsealed with shares";
}

/* Standbys from the last one down, then who is active: the order of seal_next. */
static void plan_pods(const struct seal_migrate *m, struct arena *a, struct value *list)
{
	for (int active = 0; active < 2; active++)
		for (size_t i = m->roll.boot.pods.n; i-- > 0;)
			if (m->roll.pods[i].active == (active == 1))
				value_push(a, list, params_of(a, "name", m->roll.boot.pods.at[i].name, "state", roll_state(&m->roll.pods[i]), "then",
				                              then_word(m, &m->roll.pods[i], seal_needs_shares(m)), NULL));
}

bool seal_needs_shares(const struct seal_migrate *m)
{
	return seal_to_shamir(m) || over_in_table(m);
}

struct value *seal_plan(const struct seal_migrate *m, struct arena *a)
{
	struct seal_move move = seal_next(m);
	struct value *out = params_of(a, "seal", m->stored.type, "wrapped_by", m->stored.root_key, "to",
	                              seal_wants_shamir(m) ? "shamir" : "awskms", "to_key", seal_wants_shamir(m) ? NULL : m->key.arn,
	                              "role", m->role.arn, NULL);
	bool grants = false;

	for (size_t i = 0; i < SEAL_KEYS; i++)
		grants |= m->trials[i].said != NULL;
	if (m->by_shamir)
		value_set_text(a, out, "by_way_of", "shamir");
	if (!seal_wants_shamir(m) && !region_is_right(m))
		value_set_text(a, out, "to_region", m->key_aws.region);
	value_set_bool(a, out, "done", move.step == SEAL_DONE);
	value_set_bool(a, out, "grants", grants && move.step == SEAL_GRANT);
	value_set_bool(a, out, "configures", move.step == SEAL_GRANT || move.step == SEAL_CONFIGURE);
	value_set_bool(a, out, "shares", seal_needs_shares(m) && move.step != SEAL_DONE);
	plan_pods(m, a, value_set(a, out, "pods", value_new_list(a)));
	return out;
}
