#include "domain/selector.h"

#include "core/text.h"

static const char *label(const struct value *labels, const char *name)
{
	const struct value *v = value_get(labels, name);

	return v && v->type == VALUE_TEXT ? v->text : NULL;
}

static bool has_all(const struct value *wanted, const struct value *labels)
{
	for (size_t i = 0; wanted && wanted->type == VALUE_MAP && i < wanted->n; i++)
		if (wanted->items[i]->type != VALUE_TEXT || !text_same(label(labels, wanted->names[i]), wanted->items[i]->text))
			return false;
	return true;
}

static bool is_listed(const struct value *values, const char *text)
{
	for (size_t i = 0; text && values && values->type == VALUE_LIST && i < values->n; i++)
		if (values->items[i]->type == VALUE_TEXT && text_same(values->items[i]->text, text))
			return true;
	return false;
}

static bool expression_holds(const struct value *expression, const struct value *labels)
{
	const char *operator = value_text_or(expression, "operator", "");
	const char *has = label(labels, value_text_or(expression, "key", ""));
	const struct value *values = value_get(expression, "values");

	if (text_same(operator, "In"))
		return is_listed(values, has);
	if (text_same(operator, "NotIn"))
		return !is_listed(values, has);
	if (text_same(operator, "Exists"))
		return has != NULL;
	return text_same(operator, "DoesNotExist") && !has;
}

bool selector_matches(const struct value *selector, const struct value *labels)
{
	const struct value *expressions = value_get(selector, "matchExpressions");

	if (!has_all(value_get(selector, "matchLabels"), labels))
		return false;
	for (size_t i = 0; expressions && expressions->type == VALUE_LIST && i < expressions->n; i++)
		if (!expression_holds(expressions->items[i], labels))
			return false;
	return true;
}

bool labels_match(const struct value *wanted, const struct value *labels)
{
	return wanted && wanted->type == VALUE_MAP && wanted->n && has_all(wanted, labels);
}

static const char *joined(struct arena *a, const char *so_far, const char *more)
{
	return so_far ? arena_printf(a, "%s, %s", so_far, more) : more;
}

const char *selector_text(struct arena *a, const struct value *selector)
{
	const struct value *labels = value_get(selector, "matchLabels"), *expressions = value_get(selector, "matchExpressions");
	const char *text = NULL;

	for (size_t i = 0; labels && labels->type == VALUE_MAP && i < labels->n; i++)
		text = joined(a, text, arena_printf(a, "%s=%s", labels->names[i], value_text_or(labels->items[i], "", "")));
	for (size_t i = 0; expressions && expressions->type == VALUE_LIST && i < expressions->n; i++) {
		const struct value *one = expressions->items[i], *values = value_get(one, "values");
		const char *list = NULL;

		for (size_t k = 0; values && values->type == VALUE_LIST && k < values->n; k++)
			list = joined(a, list, value_text_or(values->items[k], "", ""));
		text = joined(a, text, arena_printf(a, "%s %s%s%s%s", value_text_or(one, "key", ""), value_text_or(one, "operator", ""),
		                                    list ? " (" : "", list ? list : "", list ? ")" : ""));
	}
	return text ? text : "everything";
}
