/* Parameter Store of the fake cloud. Codes and texts: the service's API reference and tests/aws/ssm.py. */
#include "fake/cloud_service.h"

#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct cloud_kept *find(struct cloud_ask *ask)
{
	struct fake_cloud *c = ask->cloud;

	for (unsigned i = 0; i < c->n_parameters; i++)
		if (text_same(c->parameters[i].name, cloud_text(ask, "Name")))
			return &c->parameters[i];
	return NULL;
}

static void put(struct cloud_ask *ask)
{
	struct fake_cloud *c = ask->cloud;
	struct cloud_kept *p = find(ask);
	bool over = value_bool_or(ask->in, "Overwrite", false);
	struct value *body = value_new_map(ask->mem);

	if (p && !over) {
		cloud_refuse(ask, 400, "ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite "
		             "option in the request to true.");
		return;
	}
	if (over && value_get(ask->in, "Tags")) {
		cloud_refuse(ask, 400, "ValidationException", "Invalid request: tags and overwrite can't be used together.");
		return;
	}
	if (strcmp(cloud_text(ask, "Type"), "SecureString") != 0 || cloud_text(ask, "Name")[0] != '/')
		fail_msg("a parameter in clear, or without a path: '%s'", cloud_text(ask, "Name"));
	if (!p) {
		p = &c->parameters[cloud_room(&c->n_parameters)];
		*p = (struct cloud_kept){ .made_ms = fake_cloud_now_ms(c),
		                          .tags = cloud_new_tags(ask, cloud_tag_list(ask, "Tags", "Key", "Value")) };
	}
	p->name = cloud_text(ask, "Name");
	p->key = cloud_text(ask, "KeyId");
	p->value = cloud_text(ask, "Value");
	p->says = cloud_text(ask, "Description");
	value_set_int(ask->mem, body, "Version", ++p->version);
	cloud_answer(ask, body);
}

static struct cloud_kept *named(struct cloud_ask *ask)
{
	struct cloud_kept *p = find(ask);

	if (!p)
		cloud_refuse(ask, 400, "ParameterNotFound", "%s", "");
	return p;
}

static void get(struct cloud_ask *ask)
{
	struct cloud_kept *p = named(ask);
	struct value *body = value_new_map(ask->mem), *one;

	if (!p)
		return;
	assert_true(value_bool_or(ask->in, "WithDecryption", false));
	one = value_set(ask->mem, body, "Parameter", value_new_map(ask->mem));
	value_set_text(ask->mem, one, "Name", p->name);
	value_set_text(ask->mem, one, "Value", p->value);
	cloud_answer(ask, body);
}

/* Every version, the last at the end; values only as they are encrypted. */
static void history(struct cloud_ask *ask)
{
	struct cloud_kept *p = named(ask);
	struct value *body = value_new_map(ask->mem), *list;

	if (!p)
		return;
	list = value_set(ask->mem, body, "Parameters", value_new_list(ask->mem));
	for (unsigned i = 1; i <= p->version; i++) {
		struct value *one = value_push(ask->mem, list, value_new_map(ask->mem));

		value_set_text(ask->mem, one, "Name", p->name);
		value_set_text(ask->mem, one, "KeyId", p->key);
		value_set_text(ask->mem, one, "Description", i == p->version ? p->says : "before");
		value_set_int(ask->mem, one, "Version", i);
		value_set(ask->mem, one, "LastModifiedDate", value_new_real(ask->mem, (double)p->made_ms / 1000));
	}
	cloud_answer(ask, body);
}

static const struct cloud_op ops[] = {
	{ "PutParameter", true, put },
	{ "GetParameter", false, get },
	{ "GetParameterHistory", false, history },
};

const struct cloud_service cloud_ssm = {
	.id = "ssm",
	.protocol = CLOUD_JSON,
	.mark = "AmazonSSM",
	.errors = "",
	.throttled = "ThrottlingException",
	.throttled_status = 400,
	.failed = "InternalServerError",
	.ops = ops,
	.n_ops = COUNT_OF(ops),
};
