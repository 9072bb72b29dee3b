#include "aws/policy_document.h"

#include "core/buf.h"
#include "core/text.h"
#include "formats/json.h"
#include "formats/uri.h"

enum { POLICY_MAX = 512 << 10 };

int policy_document_parse(struct arena *a, const char *text, struct value **out, struct err *e)
{
	AUTO(buf) struct buf plain = BUF_MAX(POLICY_MAX);
	struct view json = view_trim(view_text(text));

	/* IAM's answers are percent-encoded, KMS's are not; JSON itself starts with a brace. */
	if (!view_starts(json, "{")) {
		if (uri_decode(&plain, json, false, e) < 0 || buf_whole(&plain, "the policy", e) < 0)
			return err_while(e, "a policy document");
		json = buf_bytes(&plain);
	}
	if (va_json_parse(a, json, "policy", out, e) < 0)
		return err_while(e, "a policy document");
	if ((*out)->type != VALUE_MAP)
		return err_set(e, ERR_CONFIG, 0, "a policy document that is %s",
					   value_type_name((*out)->type));
	return 0;
}

/* One item where a list may stand is a list of one. */
static size_t list_n(const struct value *v)
{
	return v->type == VALUE_LIST ? v->n : 1;
}

static const struct value *list_item(const struct value *v, size_t i)
{
	return v->type == VALUE_LIST ? v->items[i] : v;
}

/* A condition's values may be written as texts or as what they are: "true" and true, "3" and 3. */
static bool scalar_same(const struct value *a, const struct value *b)
{
	AUTO(buf) struct buf left = BUF_MAX(POLICY_MAX), right = BUF_MAX(POLICY_MAX);

	if (value_same(a, b))
		return true;
	if (a->type == VALUE_TEXT)
		buf_view(&left, view_of(a->text, a->n));
	else
		va_json_print(&left, a, false);
	if (b->type == VALUE_TEXT)
		buf_view(&right, view_of(b->text, b->n));
	else
		va_json_print(&right, b, false);
	return view_same(buf_bytes(&left), buf_bytes(&right));
}

static bool action_same(const struct value *a, const struct value *b)
{
	if (a->type != VALUE_TEXT || b->type != VALUE_TEXT)
		return value_same(a, b);
	return text_same_nocase(a->text, b->text); /* IAM: actions are not case-sensitive */
}

typedef bool same_fn(const struct value *, const struct value *);

static bool has_each(const struct value *all, const struct value *of, same_fn *same)
{
	for (size_t i = 0; i < list_n(of); i++) {
		bool found = false;

		for (size_t k = 0; k < list_n(all) && !found; k++)
			found = same(list_item(all, k), list_item(of, i));
		if (!found)
			return false;
	}
	return true;
}

/* As sets: neither order nor repetition matters. */
static bool set_same(const struct value *a, const struct value *b, same_fn *same)
{
	if (!a || !b)
		return a == b;
	return has_each(a, b, same) && has_each(b, a, same);
}

static bool text_list_same(const struct value *a, const struct value *b)
{
	return set_same(a, b, value_same);
}

/* Is each name of `of` in all, with the same set of values? */
static bool has_each_name(const struct value *all, const struct value *of, same_fn *same,
						  bool any_case)
{
	for (size_t i = 0; i < of->n; i++) {
		bool found = false;

		for (size_t k = 0; k < all->n && !found; k++)
			found = (any_case ? text_same_nocase(of->names[i], all->names[k])
							  : text_same(of->names[i], all->names[k])) &&
					set_same(of->items[i], all->items[k], same);
		if (!found)
			return false;
	}
	return true;
}

/* The map of a condition operator or of a principal: {name: text or list}. */
static bool map_of_sets_same(const struct value *a, const struct value *b, same_fn *same,
							 bool any_case)
{
	if (a->type != VALUE_MAP || b->type != VALUE_MAP)
		return value_same(a, b);
	return has_each_name(a, b, same, any_case) && has_each_name(b, a, same, any_case);
}

/* "111122223333" as an AWS principal is arn:...:iam::111122223333:root. */
static bool principal_item_same(const struct value *a, const struct value *b)
{
	const struct value *id = a, *arn = b;

	if (value_same(a, b))
		return true;
	if (a->type != VALUE_TEXT || b->type != VALUE_TEXT)
		return false;
	if (strncmp(id->text, "arn:", 4) == 0) {
		id = b;
		arn = a;
	}
	if (id->n != 12 || strspn(id->text, "0123456789") != 12 || arn->n < 12 + 5)
		return false;
	return text_starts(arn->text, "arn:") && text_ends(arn->text, ":root") &&
		   strncmp(arn->text + arn->n - 17, id->text, 12) == 0;
}

/* "*" and {"AWS": "*"} mean the same. */
static bool principal_same(const struct value *a, const struct value *b)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	const struct value *sides[] = { a, b };

	if (!a || !b)
		return a == b;
	for (size_t i = 0; i < COUNT_OF(sides); i++) {
		struct value *map;

		if (sides[i]->type != VALUE_TEXT || !text_same(sides[i]->text, "*"))
			continue;
		map = value_new_map(&mem);
		value_set_text(&mem, map, "AWS", "*");
		sides[i] = map;
	}
	return map_of_sets_same(sides[0], sides[1], principal_item_same, false);
}

/* {operator: {key: text or list}}; condition keys are not case-sensitive. */
static bool condition_same(const struct value *a, const struct value *b)
{
	if (!a || !b) /* an empty condition is none */
		return (!a || a->n == 0) && (!b || b->n == 0);
	if (a->type != VALUE_MAP || b->type != VALUE_MAP)
		return value_same(a, b);
	for (size_t i = 0; i < a->n; i++) {
		const struct value *other = value_get(b, a->names[i]);

		if (!other || !map_of_sets_same(a->items[i], other, scalar_same, true))
			return false;
	}
	return a->n == b->n;
}

static bool action_list_same(const struct value *a, const struct value *b)
{
	return set_same(a, b, action_same);
}

static const struct {
	const char *name;
	same_fn *same;
} parts[] = {
	{ "Effect", text_list_same },       { "Action", action_list_same },
	{ "NotAction", action_list_same },  { "Resource", text_list_same },
	{ "NotResource", text_list_same },  { "Principal", principal_same },
	{ "NotPrincipal", principal_same }, { "Condition", condition_same },
};

/* Elements that we do not know must be equal; the Sid is only a name. */
static bool unknown_same(const struct value *a, const struct value *b)
{
	for (size_t i = 0; i < a->n; i++) {
		bool known = text_same(a->names[i], "Sid");

		for (size_t k = 0; k < COUNT_OF(parts); k++)
			known = known || text_same(a->names[i], parts[k].name);
		if (!known && !value_same(a->items[i], value_get(b, a->names[i])))
			return false;
	}
	return true;
}

static bool statement_same(const struct value *a, const struct value *b)
{
	if (a->type != VALUE_MAP || b->type != VALUE_MAP)
		return value_same(a, b);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (!parts[i].same(value_get(a, parts[i].name), value_get(b, parts[i].name)))
			return false;
	return unknown_same(a, b) && unknown_same(b, a);
}

/* IAM Reference, Version: without one it is the old language. */
static const char *version_of(const struct value *policy)
{
	return value_text_or(policy, "Version", "2008-10-17");
}

bool policy_document_same(const struct value *a, const struct value *b)
{
	if (!a || !b)
		return a == b;
	return text_same(version_of(a), version_of(b)) &&
		   set_same(value_get(a, "Statement"), value_get(b, "Statement"), statement_same);
}
