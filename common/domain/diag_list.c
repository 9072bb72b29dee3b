#include "domain/diag_list.h"

#include "core/text.h"

enum { PAGE = 500 };

int diag_ask_list(const struct diag *d, const struct diag_list *list, struct request *rq, const char *path,
                  const char *query, struct err *e)
{
	const char *full = arena_printf(&rq->mem, "%s?limit=%d%s%s", path, PAGE, *query ? "&" : "", query);

	if (list->more)
		full = arena_printf(&rq->mem, "%s%s", full, kube_path(&rq->mem, "&continue=%s", list->more));
	return diag_ask_kube(d, rq, "GET", full, NULL, e);
}

enum heard diag_hear_list(struct diag *d, struct diag_list *list, const struct reply *reply, struct err *e, const char *doing)
{
	struct kube_answer answer;
	enum heard heard = diag_hear_kube(d, reply, &answer, e, "%s", doing);
	const struct value *items;
	const char *more;

	if (heard != HEARD_DONE)
		return heard;
	if (!list->items)
		list->items = value_new_list(d->mem);
	if (!answer.ok) {
		list->absent = list->read = true;
		return HEARD_DONE;
	}
	if (value_list(answer.body, "items", &items, e) < 0)
		return HEARD_UNSURE;
	for (size_t i = 0; i < items->n; i++)
		value_push(d->mem, list->items, items->items[i]);
	more = value_text_or(answer.body, "metadata.continue", "");
	list->cut = *more && list->items->n >= DIAG_LIST_MAX;
	list->more = *more && !list->cut ? more : NULL;
	list->read = !list->more;
	return list->more ? HEARD_MORE : HEARD_DONE;
}

size_t diag_list_n(const struct diag_list *list)
{
	return list->items ? list->items->n : 0;
}

const struct value *diag_list_at(const struct diag_list *list, size_t i)
{
	return list->items->items[i];
}

const struct value *diag_list_find(const struct diag_list *list, const char *namespace_, const char *name)
{
	for (size_t i = 0; i < diag_list_n(list); i++) {
		const struct value *one = diag_list_at(list, i);

		if (text_same(value_text_or(one, "metadata.name", NULL), name) &&
		    (!namespace_ || text_same(value_text_or(one, "metadata.namespace", NULL), namespace_)))
			return one;
	}
	return NULL;
}
