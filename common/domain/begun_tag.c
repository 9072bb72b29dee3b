#include "domain/begun_tag.h"

#include "core/text.h"
#include "formats/iso8601.h"

enum { ID_DIGITS = 32 };

static const char *const words[] = { [BEGUN_BEGUN] = "begun", [BEGUN_LOST] = "lost", [BEGUN_KEYS] = "keys" };

static enum begun_stage stage_of(struct view word)
{
	for (size_t i = BEGUN_BEGUN; i < COUNT_OF(words); i++)
		if (view_is(word, words[i]))
			return (enum begun_stage)i;
	return BEGUN_NONE;
}

static bool is_id(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!strchr("0123456789abcdef", v.p[i]) || !v.p[i])
			return false;
	return v.n == ID_DIGITS;
}

int begun_tag_read(struct begun_tag *out, struct arena *a, const struct value *tags, struct err *e)
{
	const char *text = value_text_or(value_get(tags, TAG_BEGUN), "", NULL);
	struct view rest = view_text(text), word, since;
	AUTO(err) struct err why = {0};

	*out = (struct begun_tag){0};
	if (!text)
		return 0;
	word = view_cut(&rest, ' ');
	since = view_cut(&rest, ' ');
	if (!stage_of(word) || !is_id(rest) || iso8601_parse(since, &out->since_ms, &why) < 0) {
		err_set(e, ERR_GUARD, 0, "the table's tag '%s' is '%s', which no init of ours writes", TAG_BEGUN, text);
		err_hint(e, "look who set it; where it means nothing, take it off");
		return -1;
	}
	out->stage = stage_of(word);
	out->since = arena_view(a, since);
	out->id = arena_view(a, rest);
	return 0;
}

const char *begun_tag_print(struct arena *a, const struct begun_tag *t)
{
	return arena_printf(a, "%s %s %s", words[t->stage], t->since, t->id);
}
