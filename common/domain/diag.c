#include "domain/diag.h"

#include "core/text.h"
#include "domain/diag_eso.h"
#include "domain/diag_irsa.h"
#include "domain/diag_kms.h"
#include "domain/hear.h"

#include <stdarg.h>

void *diag_part(struct diag *d, enum diag_family family, size_t n)
{
	if (!d->part[family])
		d->part[family] = arena_alloc(d->mem, n);
	return d->part[family];
}

int diag_ask_kube(const struct diag *d, struct request *rq, const char *method, const char *path,
                  const struct value *body, struct err *e)
{
	if (!d->kube) {
		err_copy(e, &d->kube_why);
		return -1;
	}
	return kube_ask(d->kube, rq, method, path, body, e);
}

int diag_ask_token(const struct diag *d, struct request *rq, const char *namespace_, const char *account,
                   const struct value *audiences, struct err *e)
{
	if (!d->kube) {
		err_copy(e, &d->kube_why);
		return -1;
	}
	return kube_ask_token(d->kube, rq, namespace_, account, audiences, e);
}

int diag_ask_aws(const struct diag *d, struct request *rq, const char *region, const struct aws_op *op,
                 const struct value *params, struct err *e)
{
	struct aws elsewhere;

	if (!d->aws) {
		err_copy(e, &d->aws_why);
		return -1;
	}
	if (!region || text_same(region, d->aws->region))
		return aws_ask(d->aws, rq, op, params, e);
	elsewhere = aws_in_region(d->aws, region);
	return aws_ask(&elsewhere, rq, op, params, e);
}

/* The piece between two marks; n is 0 where one is missing. */
static struct view between(const char *text, const char *before, const char *after)
{
	const char *start = strstr(text, before), *end = start ? strstr(start + strlen(before), after) : NULL;

	return end ? view_of(start + strlen(before), (size_t)(end - start) - strlen(before)) : (struct view){0};
}

/* "cannot get resource "pods" in API group "" in the namespace "vault"" is how every refusal of RBAC's goes on. */
static void hint_right(const char *message, struct err *e)
{
	struct view verb = between(message, "cannot ", " "), what = between(message, "resource \"", "\"");
	struct view group = between(message, "API group \"", "\""), path = between(message, "path \"", "\"");

	if (!verb.n || (!what.n && !path.n))
		return;
	free(e->hint);
	e->hint = NULL;
	if (what.n)
		err_hint(e, "%.*s %.*s%s%.*s", (int)verb.n, verb.p, (int)what.n, what.p, group.n ? "." : "", (int)group.n, group.p);
	else
		err_hint(e, "%.*s %.*s", (int)verb.n, verb.p, (int)path.n, path.p);
}

enum heard diag_hear_kube(struct diag *d, const struct reply *reply, struct kube_answer *answer, struct err *e,
                          const char *doing, ...)
{
	AUTO(text) char *text = NULL;
	enum heard heard;
	va_list ap;

	va_start(ap, doing);
	text = xvasprintf(doing, ap);
	va_end(ap);
	*answer = (struct kube_answer){0};
	if (kube_read(d->mem, reply, answer, e) < 0) {
		err_while(e, "%s", text);
		return HEARD_UNSURE;
	}
	if (answer->status == 404)
		return HEARD_DONE;
	heard = kube_heard(answer, text, e);
	if (e->kind == ERR_DENIED)
		hint_right(answer->message, e);
	return heard;
}

enum heard diag_hear_aws(struct diag *d, const struct aws_op *op, const struct reply *reply, const char *absent,
                         struct aws_answer *answer, struct err *e, const char *doing, ...)
{
	enum heard heard = HEARD_UNSURE;
	AUTO(text) char *text = NULL;
	va_list ap;

	*answer = (struct aws_answer){0};
	if (aws_read(d->mem, op, reply, answer, e) == 0) {
		if (absent && aws_code_is(answer, absent))
			return HEARD_DONE;
		heard = aws_heard(op, answer, e);
	}
	if (heard == HEARD_DONE)
		return heard;
	va_start(ap, doing);
	text = xvasprintf(doing, ap);
	va_end(ap);
	if (e->kind == ERR_DENIED)
		err_hint(e, "%s:%s", op->service->id, op->name);
	err_while(e, "%s", text);
	return heard;
}

bool diag_configured(const struct diag *d)
{
	return d->config_presence == DIAG_PRESENT || d->assumed;
}

const char *diag_setting(const struct diag *d, const char *name)
{
	const struct value *env;

	for (size_t i = 0; i < d->pods.n; i++)
		if (!d->pods.at[i].deleting)
			return pod_env(&d->pods.at[i], "vault", name);
	env = value_at(d->release.statefulset, "spec.template.spec.containers.0.env");
	for (size_t i = 0; env && env->type == VALUE_LIST && i < env->n; i++)
		if (text_same(value_text_or(env->items[i], "name", ""), name))
			return value_text_or(env->items[i], "value", NULL);
	return NULL;
}

static const char *first_setting(const struct diag *d, const char *const *names)
{
	for (; *names; names++) {
		const char *text = diag_setting(d, *names);

		if (!text_empty(text))
			return text;
	}
	return NULL;
}

/* vault, physical/dynamodb/dynamodb.go: the environment wins over the stanza. */
const char *diag_table_name(const struct diag *d)
{
	const char *text = first_setting(d, (const char *const[]){ "AWS_DYNAMODB_TABLE", NULL });

	if (text)
		return text;
	return d->facts.table ? d->facts.table : "vault-dynamodb-backend";
}

const char *diag_table_region(const struct diag *d)
{
	const char *text = first_setting(d, (const char *const[]){ "AWS_DYNAMODB_REGION", "AWS_REGION", "AWS_DEFAULT_REGION", NULL });

	if (text)
		return text;
	return d->facts.storage_region ? d->facts.storage_region : "us-east-1";
}

/* vault from 1.15, internalshared/configutil/kms.go: these variables are copied over the stanza. */
const char *diag_key_id(const struct diag *d)
{
	const char *text = first_setting(d, (const char *const[]){ "VAULT_AWSKMS_SEAL_KEY_ID", "AWSKMS_WRAPPER_KEY_ID", NULL });

	return text ? text : d->facts.key_id;
}

const char *diag_key_region(const struct diag *d)
{
	const char *text = first_setting(d, (const char *const[]){ "AWS_REGION", "AWS_DEFAULT_REGION", NULL });

	return text ? text : d->facts.seal_region;
}

void diag_release(struct diag *d)
{
	diag_irsa_release(d);
	diag_eso_release(d);
	diag_kms_release(d);
	err_release(&d->release_why);
	err_release(&d->kube_why);
	err_release(&d->aws_why);
}
