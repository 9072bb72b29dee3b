/* The steps of the hardening family: which entries of custody are there. Metadata alone is read. */
#include "domain/diag_custody.h"

#include "core/text.h"
#include "domain/custody.h"
#include "domain/diag_irsa_part.h"

const struct custody_seen_kind diag_custody_kinds[CUSTODY_SEEN] = {
	{ "secretsmanager", "Secrets Manager", "secretsmanager:DescribeSecret" },
	{ "ssm", "Parameter Store", "ssm:GetParameterHistory" },
};

static const struct custody_entry entries[CUSTODY_SEEN_ENTRIES] = {
	{ .word = "recovery-keys" }, { .word = "recovery-key-1", .share = 1 },
};

static struct diag_custody *part(struct diag *d)
{
	return diag_part(d, DIAG_HARDENING, sizeof(struct diag_custody));
}

const struct diag_custody *diag_custody(const struct diag *d)
{
	static const struct diag_custody none;

	return d->part[DIAG_HARDENING] ? d->part[DIAG_HARDENING] : &none;
}

bool diag_custody_named(const struct diag *d)
{
	return !text_empty(diag_cluster_name(d)) && !text_empty(diag_cluster_region(d)) && d->release.name && d->release.namespace_;
}

static struct want want_of(const struct diag *d)
{
	return (struct want){
		.cluster = diag_cluster_name(d), .region = diag_cluster_region(d), .namespace_ = d->release.namespace_,
		.release = d->release.name,
	};
}

static size_t count_entries(const void *world)
{
	(void)world;
	return CUSTODY_SEEN_ENTRIES;
}

static bool named(const void *world, size_t item)
{
	(void)item;
	return diag_custody_named(world);
}

static int ask(const struct diag *d, size_t kind, size_t item, struct request *rq, struct err *e)
{
	struct want want = want_of(d);
	struct custody_store store = { .kind = custody_kind_of(diag_custody_kinds[kind].word), .want = &want, .aws = d->aws };

	return diag_ask_aws(d, rq, want.region, store.kind->find, store.kind->find_params(&rq->mem, &store, &entries[item]), e);
}

static enum heard hear(struct diag *d, size_t kind, size_t item, const struct reply *reply, struct err *e)
{
	struct world w = { .mem = d->mem, .want = want_of(d) };
	struct custody_store store = { .kind = custody_kind_of(diag_custody_kinds[kind].word), .want = &w.want, .aws = d->aws };
	struct custody_seen *seen = &part(d)->seen[kind];
	const char *name = custody_name(d->mem, &w.want, entries[item].word);
	struct custody_have have = {0};
	struct aws_answer answer;
	enum heard heard = diag_hear_aws(d, store.kind->find, reply, store.kind->absent, &answer, e, "looking for '%s'", name);

	if (heard != HEARD_DONE)
		return heard;
	if (answer.ok && store.kind->found(d->mem, &store, &w, &entries[item], answer.body, &have, e) < 0)
		return HEARD_UNSURE;
	seen->read++;
	if (have.state == CUSTODY_HOLDS)
		seen->entry = name;
	return HEARD_DONE;
}

static int ask_secret(const void *world, size_t item, struct request *rq, struct err *e)
{
	return ask(world, CUSTODY_SEEN_SECRETS, item, rq, e);
}

static enum heard hear_secret(void *world, size_t item, const struct reply *reply, struct err *e)
{
	return hear(world, CUSTODY_SEEN_SECRETS, item, reply, e);
}

static int ask_parameter(const void *world, size_t item, struct request *rq, struct err *e)
{
	return ask(world, CUSTODY_SEEN_PARAMETERS, item, rq, e);
}

static enum heard hear_parameter(void *world, size_t item, const struct reply *reply, struct err *e)
{
	return hear(world, CUSTODY_SEEN_PARAMETERS, item, reply, e);
}

const struct step diag_custody_steps[DIAG_CUSTODY_STEPS] = {
	{ .name = "custody.secret", .may_fail = true, .needs = NEEDS("config.read", "pods.read"), .count = count_entries, .due = named,
	  .ask = ask_secret, .hear = hear_secret },
	{ .name = "custody.parameter", .may_fail = true, .needs = NEEDS("config.read", "pods.read"), .count = count_entries,
	  .due = named, .ask = ask_parameter, .hear = hear_parameter },
};
