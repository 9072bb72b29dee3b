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

struct value *findings_value(struct arena *a, const struct diag *d, const struct findings *f)
{
	struct value *root = value_new_map(a), *checks, *summary;

	value_set_int(a, root, "schema", 1);
	value_set_text(a, root, "context", d->kube ? d->kube->context : "");
	value_set_text(a, root, "namespace", d->release.namespace_);
	value_set_text(a, root, "release", d->release.name);
	checks = value_set(a, root, "checks", value_new_list(a));
	for (size_t i = 0; i < f->n; i++)
		value_push(a, checks, finding_value(a, &f->at[i]));
	summary = value_set(a, root, "summary", value_new_map(a));
	for (size_t v = 0; v <= VERDICT_UNKNOWN; v++)
		value_set_int(a, summary, verdict_name((enum verdict)v), (int64_t)f->count[v]);
	value_set(a, summary, "root", value_new_text(a, f->root ? f->root->check->id : NULL));
	return root;
}
