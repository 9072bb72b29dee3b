#include "domain/eso_render_part.h"

#include "core/text.h"
#include "formats/gotemplate.h"

#include <ctype.h>

enum { KEY_MAX = 253, TEMPLATE_OUT_MAX = 4 << 20 };

int eso_wrong(struct eso_one *one, const struct value *v, const char *fmt, ...)
{
	AUTO(text) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return mark_err_also(one->e, ERR_CONFIG, &v->mark, "%s", text);
}

static size_t count(const char *const *names)
{
	size_t n = 0;

	while (names[n])
		n++;
	return n;
}

static bool is_one_of(const char *word, const char *const *names)
{
	while (*names && !text_same(*names, word))
		names++;
	return *names != NULL;
}

void eso_names(struct eso_one *one, const struct value *map, const char *const *names)
{
	for (size_t i = 0; map && map->type == VALUE_MAP && i < map->n; i++) {
		const char *near;

		if (is_one_of(map->names[i], names))
			continue;
		mark_err_also(one->e, ERR_CONFIG, map->name_marks ? &map->name_marks[i] : &map->mark, "unknown key '%s'", map->names[i]);
		near = text_nearest(map->names[i], names, count(names));
		if (near)
			err_hint(one->e, "did you mean '%s'?", near);
	}
}

static const struct value *of_type(struct eso_one *one, const struct value *map, const char *name, enum value_type type)
{
	const struct value *v = value_get(map, name);

	if (!v || v->type == VALUE_NULL)
		return NULL;
	if (v->type == type)
		return v;
	eso_wrong(one, v, "'%s' must be %s, and is %s", name, value_type_name(type), value_type_name(v->type));
	return NULL;
}

const struct value *eso_map(struct eso_one *one, const struct value *map, const char *name)
{
	return of_type(one, map, name, VALUE_MAP);
}

const struct value *eso_list(struct eso_one *one, const struct value *map, const char *name)
{
	return of_type(one, map, name, VALUE_LIST);
}

const struct value *eso_text(struct eso_one *one, const struct value *map, const char *name, bool needed)
{
	const struct value *there = value_get(map, name), *v = of_type(one, map, name, VALUE_TEXT);

	if (v && strlen(v->text) != v->n) {
		eso_wrong(one, v, "'%s' holds a zero byte", name);
		return NULL;
	}
	if (needed && map && (!there || there->type == VALUE_NULL || (v && !v->n))) {
		eso_wrong(one, there ? there : map, "'%s' is missing", name);
		return NULL;
	}
	return v;
}

const char *eso_choice(struct eso_one *one, const struct value *map, const char *name, const char *const *words)
{
	const struct value *v = eso_text(one, map, name, false);
	const char *near;

	if (!v)
		return words[0];
	if (is_one_of(v->text, words))
		return v->text;
	eso_wrong(one, v, "'%s' cannot be '%s'", name, v->text);
	near = text_nearest(v->text, words, count(words));
	if (near)
		err_hint(one->e, "did you mean '%s'?", near);
	return words[0];
}

const char *eso_key_flaw(const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)key[i]) && !strchr("-._", key[i]))
			return "a key of a Secret has letters, digits, '-', '_' and '.' alone";
	return n && n <= KEY_MAX ? NULL : "a key of a Secret has 1 to 253 characters";
}

bool eso_key_fits(struct eso_one *one, const struct value *at, const char *key)
{
	const char *flaw = eso_key_flaw(key);

	if (flaw)
		eso_wrong(one, at, "'%s': %s", key, flaw);
	return !flaw;
}

/* ---- templates ---- */

static struct mark place_of(const struct eso_render *r, const struct value *text, size_t at)
{
	for (size_t i = 0; i < r->n_files; i++)
		if (text_same(r->files[i].file, text->mark.file))
			return manifest_inside(&r->files[i], &text->mark, view_of(text->text, text->n), at);
	return text->mark;
}

const struct value *eso_template(struct eso_one *one, const struct value *text, const struct value *dot, const char *what)
{
	AUTO(wiped) struct buf out = BUF_MAX(TEMPLATE_OUT_MAX);
	struct template_flaws flaws = { .n = 0 };
	bool good = gotemplate_render(one->r->mem, view_of(text->text, text->n), dot, &out, &flaws);

	for (size_t i = 0; i < flaws.n; i++) {
		struct mark place = place_of(one->r, text, flaws.at[i].at);

		mark_err_also(one->e, ERR_CONFIG, &place, "%s: %s", what, flaws.at[i].text);
		if (flaws.at[i].hint)
			err_hint(one->e, "%s", flaws.at[i].hint);
	}
	if (good && out.full)
		eso_wrong(one, text, "%s: more than %d bytes come of it", what, TEMPLATE_OUT_MAX);
	return good && dot && !out.full ? value_new_view(one->r->mem, buf_bytes(&out)) : NULL;
}
