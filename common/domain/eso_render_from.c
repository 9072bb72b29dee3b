/* spec.dataFrom: extract, find and rewrite (externalsecret_controller_secret.go, esutils/utils.go). */
#include "domain/eso_render_part.h"

#include "core/text.h"
#include "formats/goregexp.h"
#include "formats/json.h"

#include <ctype.h>

enum { NAME_MAX_BYTES = 64 << 10 };

static const char *const item_names[] = { "extract", "find", "rewrite", "sourceRef", NULL };
static const char *const extract_names[] = {
	"key", "property", "version", "metadataPolicy", "conversionStrategy", "decodingStrategy", NULL
};
static const char *const find_names[] = { "path", "name", "tags", "conversionStrategy", "decodingStrategy", NULL };
static const char *const rewrite_names[] = { "regexp", "transform", "merge", NULL };

/* ---- names ---- */

/* Two names that become one: in the operator chance decides which value stays. false with the error. */
static bool put(struct eso_one *one, const struct value *at, struct value *all, const char *name, const struct value *v)
{
	if (value_get(all, name)) {
		eso_wrong(one, at, "two keys become '%s'", name);
		return false;
	}
	value_set(one->r->mem, all, name, (struct value *)v);
	return true;
}

/* esutils.convert, for ASCII: of other letters the tables are not known here. */
static const char *convert(struct arena *mem, const char *name, bool unicode)
{
	AUTO(buf) struct buf out = BUF_MAX(8 * NAME_MAX_BYTES);

	for (; *name; name++) {
		if (isalnum((unsigned char)*name) || strchr("-._", *name))
			buf_char(&out, *name);
		else if (unicode)
			buf_printf(&out, "_U%04x_", (unsigned)*name);
		else
			buf_char(&out, '_');
	}
	return arena_text(mem, buf_str(&out));
}

static struct value *convert_all(struct eso_one *one, const struct value *ref, const struct value *all)
{
	static const char *const words[] = { "Default", "Unicode", NULL };
	bool unicode = text_same(eso_choice(one, ref, "conversionStrategy", words), "Unicode");
	struct value *out = value_new_map(one->r->mem);

	for (size_t i = 0; i < all->n; i++) {
		if (goregexp_takes(all->names[i]))
			put(one, ref, out, convert(one->r->mem, all->names[i], unicode), all->items[i]);
		else
			eso_wrong(one, ref, "the name '%s' is not converted here: it has characters beyond ASCII, or too many", all->names[i]);
	}
	return out;
}

/* ---- rewrite ---- */

static const struct goregexp *compile(struct eso_one *one, const struct value *source)
{
	const struct goregexp *re;
	const char *flaw;
	size_t at;

	if (!source)
		return NULL;
	re = goregexp_compile(one->r->mem, source->text, &at, &flaw);
	if (!re)
		eso_wrong(one, source, "'%s', from character %zu on: %s", source->text, at + 1, flaw);
	return re;
}

/* All names that an expression is held against. */
static bool takes_all(struct eso_one *one, const struct value *at, const struct value *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (!goregexp_takes(all->names[i])) {
			eso_wrong(one, at, "'%s' is not matched here: it has characters beyond ASCII, or too many", all->names[i]);
			return false;
		}
	return true;
}

static struct value *rewrite_regexp(struct eso_one *one, const struct value *op, struct value *all)
{
	static const char *const names[] = { "source", "target", NULL };
	const struct value *source = eso_text(one, op, "source", true), *target = value_get(op, "target");
	const struct goregexp *re = compile(one, source);
	struct value *out = value_new_map(one->r->mem);

	eso_names(one, op, names);
	if (target && target->type != VALUE_TEXT)
		eso_wrong(one, target, "'target' must be a text, and is %s", value_type_name(target->type));
	else if (!target)
		eso_wrong(one, op, "'target' is missing");
	else if (re && takes_all(one, source, all))
		for (size_t i = 0; i < all->n; i++) {
			AUTO(buf) struct buf name = BUF_MAX(NAME_MAX_BYTES);

			goregexp_replace(re, all->names[i], target->text, &name);
			if (!put(one, op, out, buf_str(&name), all->items[i]))
				break;
		}
	return out;
}

static struct value *rewrite_transform(struct eso_one *one, const struct value *op, struct value *all)
{
	static const char *const names[] = { "template", NULL };
	const struct value *text = eso_text(one, op, "template", true);
	struct value *out = value_new_map(one->r->mem);
	size_t before = err_count(one->e);

	eso_names(one, op, names);
	for (size_t i = 0; text && i < all->n && err_count(one->e) == before; i++) {
		struct value *dot = value_new_map(one->r->mem);
		const struct value *name;

		value_set_text(one->r->mem, dot, "value", all->names[i]);
		name = eso_template(one, text, dot, "the template of 'transform'");
		if (name)
			put(one, op, out, name->text, all->items[i]);
	}
	return out;
}

static struct value *rewrite(struct eso_one *one, const struct value *list, struct value *all)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct value *op = list->items[i], *regexp, *transform;

		if (op->type != VALUE_MAP || op->n != 1) {
			eso_wrong(one, op, "a rewrite is a map of one key");
			continue;
		}
		eso_names(one, op, rewrite_names);
		regexp = eso_map(one, op, "regexp");
		transform = eso_map(one, op, "transform");
		if (value_get(op, "merge"))
			eso_wrong(one, op, "'merge' is not rendered here");
		else if (regexp)
			all = rewrite_regexp(one, regexp, all);
		else if (transform)
			all = rewrite_transform(one, transform, all);
	}
	return all;
}

/* ---- extract and find ---- */

/* json.Unmarshal makes a float64 of each number: then large ones are other ones. */
static bool is_exact(const struct value *v)
{
	const int64_t exact = INT64_C(1) << 53;
	bool all = v->type != VALUE_REAL && !(v->type == VALUE_INT && (v->integer > exact || v->integer < -exact));

	for (size_t i = 0; (v->type == VALUE_LIST || v->type == VALUE_MAP) && i < v->n; i++)
		all &= is_exact(v->items[i]);
	return all;
}

static void put_properties(struct eso_one *one, const struct value *at, struct value *all, const struct value *map)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct value *v = map->items[i];

		if (!is_exact(v))
			eso_wrong(one, at, "'%s' has a number that the operator would write otherwise: keep it as a text", map->names[i]);
		else
			value_set(one->r->mem, all, map->names[i], (struct value *)eso_kv_bytes(one->r->mem, v));
	}
}

static struct value *extract(struct eso_one *one, const struct value *item, const struct value *ref)
{
	const struct value *key = eso_text(one, ref, "key", true), *property = eso_text(one, ref, "property", false);
	const char *path = key ? eso_kv_path(one, item, key) : NULL;
	const struct value *secret = path ? eso_kv_read(one, path, key) : NULL, *text;
	struct value *all = value_new_map(one->r->mem), *parsed = NULL;
	AUTO(err) struct err why = {0};

	eso_names(one, ref, extract_names);
	eso_ref_outside(one, ref);
	if (!secret)
		return all;
	if (!property) {
		put_properties(one, key, all, secret);
		return all;
	}
	text = eso_kv_value(one, secret, property);
	if (!text)
		return all;
	if (va_json_parse(one->r->mem, view_of(text->text, text->n), NULL, &parsed, &why) < 0 || parsed->type != VALUE_MAP)
		eso_wrong(one, property, "the value of '%s' is no map in JSON, which extract takes apart", property->text);
	else
		put_properties(one, property, all, parsed);
	return all;
}

static void find_name(struct eso_one *one, const struct value *name, const char *start, const char *engine, struct value *all)
{
	static const char *const names[] = { "regexp", NULL };
	const struct value *data = one->r->data, *source = eso_text(one, name, "regexp", true);
	const struct goregexp *re = compile(one, source);

	eso_names(one, name, names);
	for (size_t i = 0; re && i < data->n; i++) {
		const char *key = data->names[i] + strlen(engine);

		if (!text_starts(data->names[i], start))
			continue;
		if (!goregexp_takes(key))
			eso_wrong(one, source, "'%s' is not matched here: it has characters beyond ASCII, or too many", key);
		else if (goregexp_match(re, key))
			value_set(one->r->mem, all, key, (struct value *)eso_kv_bytes(one->r->mem, data->items[i]));
	}
}

/* Names are those within the engine, path and all. */
static struct value *find(struct eso_one *one, const struct value *item, const struct value *ref)
{
	const struct value *path = eso_text(one, ref, "path", false), *name = eso_map(one, ref, "name");
	const char *engine = eso_kv_engine(one, item, ref);
	struct value *all = value_new_map(one->r->mem);

	eso_names(one, ref, find_names);
	if (!engine)
		return all;
	if (name)
		find_name(one, name, arena_printf(one->r->mem, "%s%s%s", engine, path ? path->text : "", path ? "/" : ""), engine, all);
	else
		eso_wrong(one, ref, value_get(ref, "tags") ? "tags are not searched for here: the data has none" : "'name' is missing");
	return all;
}

/* ---- all ---- */

static void put_all(struct eso_one *one, const struct value *ref, const struct value *list, struct value *all)
{
	all = list && list->n ? rewrite(one, list, all) : convert_all(one, ref, all);
	for (size_t i = 0; i < all->n; i++) {
		const struct value *v;

		/* ValidateKeys drops a name that a rewrite has left nothing of. */
		if (!all->names[i][0] || !eso_key_fits(one, ref, all->names[i]))
			continue;
		v = eso_decode(one, all->items[i], ref);
		if (v)
			value_set(one->r->mem, one->values, all->names[i], (struct value *)v);
	}
}

void eso_data_from(struct eso_one *one)
{
	const struct value *list = eso_list(one, one->spec, "dataFrom");

	for (size_t i = 0; list && i < list->n; i++) {
		const struct value *item = list->items[i], *from, *found, *rewrites;

		if (item->type != VALUE_MAP) {
			eso_wrong(one, item, "an item of 'dataFrom' must be a map, and is %s", value_type_name(item->type));
			continue;
		}
		eso_names(one, item, item_names);
		from = eso_map(one, item, "extract");
		found = eso_map(one, item, "find");
		rewrites = eso_list(one, item, "rewrite");
		if (found)
			put_all(one, found, rewrites, find(one, item, found));
		else if (from)
			put_all(one, from, rewrites, extract(one, item, from));
		else
			eso_wrong(one, item, value_at(item, "sourceRef.generatorRef") ? "a generator makes values only in the cluster" :
			          "'extract' or 'find' is missing");
	}
}
