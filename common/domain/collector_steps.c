/* What the collector of audit lines needs in AWS: a role of its own, and the log group that it writes to. */
#include "domain/steps.h"

#include "aws/policy_document.h"
#include "core/text.h"

#define COLLECTOR_POLICY "vault-audit-policy"

bool collector_wanted(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->want.audit_to != NULL;
}

bool log_group_wanted(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return text_same(w->want.audit_to, "cloudwatch");
}

int ask_collector_role(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return role_ask(w, rq, w->want.names.collector_role, e);
}

enum heard hear_collector_role(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;

	(void)item;
	return role_hear(w, &w->collector, w->want.names.collector_role, reply, e);
}

int ask_collector_policy(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return role_ask_policy(w, rq, w->want.names.collector_role, COLLECTOR_POLICY, e);
}

enum heard hear_collector_policy(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;

	(void)item;
	return role_hear_policy(w, &w->collector, w->want.names.collector_role, reply, e);
}

bool collector_role_due(const void *world, size_t item)
{
	const struct world *w = world;

	return collector_wanted(world, item) && w->collector.presence == ABSENT && !provision_held(w);
}

int ask_create_collector_role(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return role_ask_create(w, rq, w->want.names.collector_role, "Audit lines of Vault", world_collector_trust(w), e);
}

enum heard hear_created_collector_role(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;

	(void)item;
	return role_hear_created(w, &w->collector, w->want.names.collector_role, world_collector_trust(w), reply, e);
}

bool collector_trust_differs(const struct world *w)
{
	return w->want.audit_to && w->collector.presence == PRESENT && w->cluster.issuer && w->caller_account &&
	       !policy_document_same(w->collector.trust, world_collector_trust(w));
}

bool collector_trust_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return collector_trust_differs(w) && (w->collector.made || provision_may_change(w));
}

int ask_set_collector_trust(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return role_ask_set_trust(w, rq, w->want.names.collector_role, world_collector_trust(w), e);
}

enum heard hear_set_collector_trust(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;

	(void)item;
	return role_hear_set_trust(w, &w->collector, w->want.names.collector_role, world_collector_trust(w), reply, e);
}

bool collector_policy_differs(const struct world *w)
{
	return w->want.audit_to && w->collector.presence == PRESENT && w->collector.policy_presence == PRESENT &&
	       w->caller_account && !policy_document_same(w->collector.policy, world_collector_policy(w));
}

bool collector_policy_due(const void *world, size_t item)
{
	const struct world *w = world;

	if (!collector_wanted(world, item) || provision_held(w))
		return false;
	if (w->collector.policy_presence != PRESENT)
		return true;
	return collector_policy_differs(w) && (w->collector.made || provision_may_change(w));
}

int ask_put_collector_policy(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return role_ask_put_policy(w, rq, w->want.names.collector_role, COLLECTOR_POLICY, world_collector_policy(w), e);
}

enum heard hear_put_collector_policy(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;

	(void)item;
	return role_hear_put_policy(w, &w->collector, w->want.names.collector_role, world_collector_policy(w), reply, e);
}

int ask_log_group(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return aws_ask(w->aws, rq, &logs_describe_log_groups, params_of(&rq->mem, "logGroupNamePrefix", w->want.names.log_group,
	                                                                NULL), e);
}

/* The answer comes in the order of names, so the one that is the prefix itself is the first. */
enum heard hear_log_group(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &logs_describe_log_groups, reply, NULL, &answer, e, "looking for the log group '%s'",
	                            w->want.names.log_group);

	(void)item;
	if (heard == HEARD_DONE)
		w->log_group = text_same(value_text_or(answer.body, "logGroups.0.logGroupName", ""), w->want.names.log_group) ?
		    PRESENT : ABSENT;
	return heard;
}

bool log_group_due(const void *world, size_t item)
{
	const struct world *w = world;

	return log_group_wanted(world, item) && w->log_group == ABSENT && !provision_held(w);
}

int ask_create_log_group(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct value *params = params_of(&rq->mem, "logGroupName", w->want.names.log_group, NULL);

	(void)item;
	value_set(&rq->mem, params, "tags", value_copy(&rq->mem, w->want.names.tags));
	return aws_ask(w->aws, rq, &logs_create_log_group, params, e);
}

/* Whose it is does not matter, and neither do its retention and key: one that is there is used as it is. */
enum heard hear_created_log_group(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &logs_create_log_group, reply, "ResourceAlreadyExistsException", &answer, e,
	                            "creating the log group '%s'", w->want.names.log_group);

	(void)item;
	if (heard == HEARD_REFUSED && aws_code_is(&answer, "OperationAbortedException"))
		return HEARD_NOT_YET;     /* another run is at it */
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_CONFLICT, answer.status, "the log group '%s' exists", w->want.names.log_group);
		return HEARD_UNSURE;
	}
	w->log_group = PRESENT;
	return HEARD_DONE;
}
