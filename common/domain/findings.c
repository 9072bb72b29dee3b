#include "domain/diag.h"

static struct value *finding_value(struct arena *a, const struct finding *f)
{
	struct value *v = value_new_map(a), *list;

	value_set_text(a, v, "id", f->check->id);
	value_set_text(a, v, "family", check_family_of(f->check)->name);
	value_set_text(a, v, "title", f->check->title);
	value_set_text(a, v, "verdict", verdict_name(f->verdict));
	value_set_text(a, v, "cause", f->cause);
	list = value_set(a, v, "evidence", value_new_list(a));
	for (const struct evidence *one = f->evidence; one; one = one->next) {
		struct value *item = value_push(a, list, value_new_map(a));

		value_set_text(a, item, "name", one->name);
		value_set_text(a, item, "value", one->text);
	}
	if (f->fix)
		value_set_text(a, v, "fix", f->fix);
	if (f->blocked_by)
		value_set_text(a, v, "blocked_by", f->blocked_by->id);
	if (f->right)
		value_set_text(a, v, "right", f->right);
	if (f->verdict == VERDICT_FAIL || f->verdict == VERDICT_WARN)
		value_set_text(a, v, "remedy", f->check->remedy);
	value_set_text(a, v, "reference", f->check->reference);
	return v;
}

void findings_put(struct arena *a, struct value *root, const struct findings *f)
{
	struct value *checks = value_set(a, root, "checks", value_new_list(a)), *summary;

	for (size_t i = 0; i < f->n; i++)
		value_push(a, checks, finding_value(a, &f->at[i]));
	summary = value_set(a, root, "summary", value_new_map(a));
	for (size_t v = 0; v <= VERDICT_UNKNOWN; v++)
		value_set_int(a, summary, verdict_name((enum verdict)v), (int64_t)f->count[v]);
	value_set(a, summary, "root", value_new_text(a, f->root ? f->root->check->id : NULL));
}

static void copy_evidence(struct arena *a, const struct finding *from, struct finding *to)
{
	struct evidence **end = &to->evidence;

	to->evidence = to->last_evidence = NULL;
	for (const struct evidence *one = from->evidence; one; one = one->next) {
		struct evidence *copy = ARENA_NEW(a, struct evidence);

		copy->name = arena_text(a, one->name);
		copy->text = arena_text(a, one->text);
		*end = to->last_evidence = copy;
		end = &copy->next;
	}
}

void findings_copy(struct arena *a, const struct findings *from, struct findings *to)
{
	*to = *from;
	to->at = ARENA_ARRAY(a, struct finding, from->n + 1);
	for (size_t i = 0; i < from->n; i++) {
		struct finding *f = &to->at[i];

		*f = from->at[i];
		f->mem = a;
		f->cause = arena_text(a, f->cause);
		f->fix = arena_text(a, f->fix);
		f->right = arena_text(a, f->right);
		copy_evidence(a, &from->at[i], f);
	}
	to->root = from->root ? &to->at[from->root - from->at] : NULL;
}
