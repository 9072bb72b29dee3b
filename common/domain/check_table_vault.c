/* dynamodb: what Vault itself keeps in the table: initialised or not, by which seal, and who holds the lock. */
#include "domain/check_kms.h"

#include "core/text.h"

#include <inttypes.h>

enum {
	LOCK_TTL_MS = 15000,                 /* vault, physical/dynamodb/dynamodb.go: DynamoDBLockTTL */
	SKEW_MS = 5000,                      /* two clocks and a round trip: less is none */
};

JUDGE(judge_initialised)
{
	const struct stored *s = diag_stored(d);

	if (!s->read)
		return not_applicable(f, "the table is not there");
	evidence(f, "core/seal-config", "%s", s->sealed_config ? "there" : "not there");
	evidence(f, "core/hsm/barrier-unseal-keys", "%s", s->root_key ? "there" : "not there");
	if (s->sealed_config && s->root_key) {
		found(f, "Vault is initialised");
		return VERDICT_PASS;
	}
	if (!s->sealed_config && !s->root_key) {
		found(f, "Vault is not initialised yet: until then no pod is ready, which is no fault");
		fix(f, "kubectl exec -n %s %s-0 -c vault -- vault operator init -recovery-shares=5 -recovery-threshold=3",
		    d->release.namespace_, d->release.fullname);
		return VERDICT_WARN;
	}
	found(f, "an initialisation was begun and not ended: %s is there, %s is not, so nothing can ever unseal this table",
	      s->sealed_config ? "core/seal-config" : "core/hsm/barrier-unseal-keys",
	      s->sealed_config ? "core/hsm/barrier-unseal-keys" : "core/seal-config");
	return VERDICT_FAIL;
}

JUDGE(judge_seal_type)
{
	const struct stored *s = diag_stored(d);

	if (!s->sealed_config)
		return not_applicable(f, "the table records no seal yet");
	evidence(f, "recorded in the table", "%s", s->seal_type ? s->seal_type : "?");
	evidence(f, "configured", "%s", d->facts.seal ? d->facts.seal : "none");
	if (text_same(s->seal_type, d->facts.seal)) {
		found(f, "the table was sealed with %s, as configured", s->seal_type);
		return VERDICT_PASS;
	}
	found(f, "the table was sealed with '%s', and the configuration has '%s': Vault needs a seal migration",
	      s->seal_type ? s->seal_type : "?", d->facts.seal ? d->facts.seal : "none");
	return VERDICT_FAIL;
}

/* The pods that say of themselves that they are active, by the label that Vault sets. */
static const struct pod *active_pod(const struct diag *d, size_t *running)
{
	const struct pod *active = NULL;

	*running = 0;
	for (size_t i = 0; i < d->pods.n; i++) {
		const struct pod *p = &d->pods.at[i];

		if (p->deleting || !text_same(p->phase, "Running"))
			continue;
		*running += 1;
		if (text_same(object_label(p->object, "vault-active"), "true"))
			active = p;
	}
	return active;
}

/* Only this very lock: a node that has taken it since is left alone. */
static void fix_lock(const struct diag *d, struct finding *f, const struct stored *s)
{
	fix(f, "aws dynamodb delete-item --region %s --table-name %s --key '{\"Path\":{\"S\":\"core\"},\"Key\":{\"S\":\"_lock\"}}' "
	       "--condition-expression 'Expires = :e' --expression-attribute-values '{\":e\":{\"N\":\"%" PRId64 "%s\"}}'",
	    shell_word(f->mem, diag_table_region(d)), shell_word(f->mem, diag_table_name(d)), s->lock_expires_ms,
	    strlen(s->lock_expires_text) > 6 ? s->lock_expires_text + strlen(s->lock_expires_text) - 6 : "");
}

static bool is_number(const char *text)
{
	return text && *text && !text[strspn(text, "0123456789")] && strlen(text) < 20;
}

static enum verdict judge_held(const struct diag *d, struct finding *f, const struct stored *s, const struct pod *active)
{
	int64_t left_ms = s->lock_expires_ms - s->aws_ms;

	if (left_ms > LOCK_TTL_MS + SKEW_MS) {
		found(f, "the lock lasts %s more, and Vault takes it for 15 s at most: its holder's clock was ahead, and %s",
		      span(f->mem, left_ms), active ? "its pod may still renew it" : "no pod can lead until then");
		if (!active)
			fix_lock(d, f, s);
		return active ? VERDICT_WARN : VERDICT_FAIL;
	}
	if (active) {
		found(f, "held, and '%s' is active", active->name);
		return VERDICT_PASS;
	}
	found(f, "the lock is held for %s more, but no pod of this release is active: its holder is gone, or another Vault uses "
	         "this table", span(f->mem, left_ms));
	fix_lock(d, f, s);
	return VERDICT_FAIL;
}

static enum verdict judge_lapsed(const struct diag *d, struct finding *f, const struct stored *s, const struct pod *active)
{
	const char *when = ago(f->mem, s->lock_expires_ms, s->aws_ms);

	if (active) {
		found(f, "the lock ran out %s, but '%s' says it is active: it has lost the table, or its clock is behind", when,
		      active->name);
		fix(f, "kubectl delete pod --wait=false -n %s %s", d->release.namespace_, active->name);
		return VERDICT_FAIL;
	}
	found(f, "the lock ran out %s and no pod took it: no pod is unsealed, or none may write", when);
	return VERDICT_FAIL;
}

JUDGE(judge_lock)
{
	const struct stored *s = diag_stored(d);
	size_t running;
	const struct pod *active = active_pod(d, &running);

	evidence(f, "running pods", "%zu, active by label: %s", running, active ? active->name : "none");
	if (!s->root_key)
		return not_applicable(f, "no pod leads a Vault that is not initialised");
	if (!s->lock) {
		if (active) {
			found(f, "there is no lock, but '%s' says it is active", active->name);
			return VERDICT_WARN;
		}
		found(f, "nobody holds the lock: no pod leads");
		return running ? VERDICT_WARN : VERDICT_INFO;
	}
	evidence(f, "lock", "holder %s, expires %s", s->lock_holder ? s->lock_holder : "?",
	         s->lock_expires_text ? s->lock_expires_text : "?");
	if (!s->aws_ms || !is_number(s->lock_expires_text))
		return unknown(f, NULL, "the lock says no time that can be compared");
	if (s->lock_expires_ms > s->aws_ms)
		return judge_held(d, f, s, active);
	return judge_lapsed(d, f, s, active);
}

JUDGE(judge_clock)
{
	const struct stored *s = diag_stored(d);
	int64_t ours_ms = s->our_ms - s->aws_ms;

	if (!s->aws_ms)
		return unknown(f, NULL, "AWS's answer had no date");
	evidence(f, "this machine against AWS", "%+" PRId64 " ms", ours_ms);
	if (s->lock && is_number(s->lock_expires_text) && s->lock_expires_ms > s->aws_ms) {
		int64_t ahead_ms = s->lock_expires_ms - s->aws_ms - LOCK_TTL_MS;

		if (ahead_ms > SKEW_MS) {
			evidence(f, "the lock's holder against AWS", "at least %+" PRId64 " ms", ahead_ms);
			found(f, "the clock of the lock's holder is %s ahead of AWS's: Vault's lock rests on the nodes' clocks",
			      span(f->mem, ahead_ms));
			return VERDICT_WARN;
		}
	}
	if (ours_ms > SKEW_MS || ours_ms < -SKEW_MS) {
		found(f, "this machine's clock is %s %s AWS's; what is said of times here is by AWS's", span(f->mem, ours_ms),
		      ours_ms > 0 ? "ahead of" : "behind");
		return VERDICT_INFO;
	}
	found(f, "clocks agree within %d s", SKEW_MS / 1000);
	return VERDICT_PASS;
}
