/* CloudWatch Logs of the fake cloud. Codes and texts: the service's API reference. */
#include "fake/cloud_service.h"

#include "core/text.h"

static void describe_groups(struct cloud_ask *ask)
{
	const char *prefix = value_text_or(ask->in, "logGroupNamePrefix", "");
	struct value *body = value_new_map(ask->mem), *list = value_set(ask->mem, body, "logGroups", value_new_list(ask->mem));
	struct fake_cloud *c = ask->cloud;

	for (unsigned i = 0; i < c->n_groups; i++) {
		if (!text_starts(c->groups[i].name, prefix))
			continue;
		value_set_text(ask->mem, value_push(ask->mem, list, value_new_map(ask->mem)), "logGroupName", c->groups[i].name);
	}
	cloud_answer(ask, body);
}

static void create_group(struct cloud_ask *ask)
{
	const char *name = cloud_text(ask, "logGroupName");
	struct fake_cloud *c = ask->cloud;

	for (unsigned i = 0; i < c->n_groups; i++)
		if (text_same(c->groups[i].name, name)) {
			cloud_refuse(ask, 400, "ResourceAlreadyExistsException", "The specified log group already exists");
			return;
		}
	c->groups[cloud_room(&c->n_groups)] = (struct cloud_group){ name, value_copy(ask->mem, value_get(ask->in, "tags")) };
	cloud_answer(ask, value_new_map(ask->mem));
}

static const struct cloud_op ops[] = {
	{ "DescribeLogGroups", false, describe_groups },
	{ "CreateLogGroup", true, create_group },
};

const struct cloud_service cloud_logs = {
	.id = "logs",
	.protocol = CLOUD_JSON,
	.mark = "Logs_20140328",
	.errors = "",
	.throttled = "ThrottlingException",
	.throttled_status = 400,
	.failed = "ServiceUnavailableException",
	.ops = ops,
	.n_ops = COUNT_OF(ops),
};
