#include "domain/eso_object.h"

#include "core/text.h"
#include "formats/iso8601.h"
#include "kube/objects.h"

#include <string.h>

enum { INTERVAL_MS = 3600000 };

static const struct value *ready_condition(const struct value *object)
{
	const struct value *list = value_at(object, "status.conditions");

	for (size_t i = 0; list && list->type == VALUE_LIST && i < list->n; i++)
		if (text_same(value_text_or(list->items[i], "type", ""), "Ready"))
			return list->items[i];
	return NULL;
}

const char *eso_ready(const struct value *object)
{
	return value_text_or(ready_condition(object), "status", NULL);
}

const char *eso_reason(const struct value *object)
{
	return value_text_or(ready_condition(object), "reason", "");
}

const char *eso_message(const struct value *object)
{
	return value_text_or(ready_condition(object), "message", "");
}

static bool is_old(const struct value *entry)
{
	return text_same(value_text_or(entry, "apiVersion", ""), ESO_GROUP "/v1beta1");
}

/* The same writer has written it in another version since. Times of one form stand in their own order as texts. */
static bool rewritten(const struct value *entries, const struct value *old)
{
	for (size_t i = 0; i < entries->n; i++) {
		const struct value *one = entries->items[i];

		if (!is_old(one) && text_same(value_text_or(one, "manager", ""), value_text_or(old, "manager", "")) &&
		    !value_get(one, "subresource") && strcmp(value_text_or(one, "time", ""), value_text_or(old, "time", "")) >= 0)
			return true;
	}
	return false;
}

/* Who last wrote it as v1beta1: managedFields keep the version; NULL: nobody. */
const char *eso_old_writer(const struct value *object)
{
	const struct value *entries = value_at(object, "metadata.managedFields");
	const char *applied = object_annotation(object, "kubectl.kubernetes.io/last-applied-configuration");

	for (size_t i = 0; entries && entries->type == VALUE_LIST && i < entries->n; i++)
		if (is_old(entries->items[i]) && !rewritten(entries, entries->items[i]))
			return value_text_or(entries->items[i], "manager", "somebody");
	return applied && strstr(applied, ESO_GROUP "/v1beta1") ? "kubectl apply" : NULL;
}

int64_t eso_interval_ms(const struct value *secret)
{
	const char *text = value_text_or(secret, "spec.refreshInterval", NULL);
	AUTO(err) struct err e = {0};
	int64_t ms;

	return text && duration_parse(view_text(text), &ms, &e) == 0 ? ms : INTERVAL_MS;
}

bool eso_caches_tokens(const struct value *operator)
{
	const struct value *args = value_at(operator, "spec.template.spec.containers.0.args");

	for (size_t i = 0; args && args->type == VALUE_LIST && i < args->n; i++)
		if (strstr(value_text_or(args->items[i], "", ""), "enable-vault-token-cache"))
			return true;
	return false;
}
