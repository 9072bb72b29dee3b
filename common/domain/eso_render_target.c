/* spec.target: the Secret (externalsecret_controller_template.go, controllers/templating/parser.go). */
#include "domain/eso_render_part.h"

#include "core/digest.h"
#include "core/text.h"
#include "core/utf8.h"
#include "formats/yaml.h"

enum { ENCODED_MAX = 16 << 20 };

static const char *const template_names[] = {
	"type", "engineVersion", "metadata", "mergePolicy", "data", "templateFrom", NULL
};
static const char *const metadata_names[] = { "annotations", "labels", "finalizers", NULL };
static const char *const from_names[] = { "configMap", "secret", "target", "literal", NULL };
static const char *const ref_names[] = { "name", "items", NULL };
static const char *const ref_item_names[] = { "key", "templateAs", NULL };

/* What comes of it, all of it secret: a label may hold a value too. */
struct made {
	struct value *data, *labels, *annotations;
};

/* ---- templates ---- */

static void put(struct eso_one *one, struct value *into, const struct made *made, const struct value *at, const char *name,
                const struct value *v)
{
	if (into != made->data || eso_key_fits(one, at, name))
		value_set(one->r->mem, into, name, (struct value *)v);
}

static void render_map(struct eso_one *one, const struct made *made, struct value *into, const struct value *map)
{
	for (size_t i = 0; map && i < map->n; i++) {
		AUTO(text) char *what = xasprintf("the template of '%s'", map->names[i]);
		const struct value *text = eso_text(one, map, map->names[i], false), *v;

		v = text ? eso_template(one, text, one->values, what) : NULL;
		if (v)
			put(one, into, made, text, map->names[i], v);
	}
}

/* What is rendered must be a map of texts in YAML. The reader's error might hold a value: it is not told. */
static void render_whole(struct eso_one *one, const struct made *made, struct value *into, const struct value *text)
{
	const struct value *v = eso_template(one, text, one->values, "the template");
	AUTO(err) struct err why = {0};
	struct value *map;

	if (!v)
		return;
	if (va_yaml_parse(one->r->mem, view_of(v->text, v->n), NULL, &map, &why) < 0) {
		eso_wrong(one, text, "what is rendered is no YAML");
		return;
	}
	if (map->type != VALUE_MAP && map->type != VALUE_NULL)
		eso_wrong(one, text, "what is rendered must be a map of texts, and is %s", value_type_name(map->type));
	for (size_t i = 0; map->type == VALUE_MAP && i < map->n; i++) {
		const char *flaw = into == made->data ? eso_key_flaw(map->names[i]) : NULL;

		/* A name was rendered as well: it may be a value. */
		if (flaw)
			eso_wrong(one, text, "item %zu of what is rendered: %s", i + 1, flaw);
		else if (map->items[i]->type != VALUE_TEXT)
			eso_wrong(one, text, "item %zu of what is rendered must be a text, and is %s", i + 1,
			          value_type_name(map->items[i]->type));
		else
			value_set(one->r->mem, into, map->names[i], map->items[i]);
	}
}

static const struct value *config_map(struct eso_one *one, const struct value *name)
{
	const struct value *objects = one->r->objects;

	for (size_t i = 0; i < objects->n; i++) {
		const struct value *v = objects->items[i];

		if (text_same(value_text_or(v, "kind", ""), "ConfigMap") &&
		    text_same(value_text_or(v, "metadata.name", ""), name->text) &&
		    text_same(value_text_or(v, "metadata.namespace", ""), one->namespace_))
			return v;
	}
	eso_wrong(one, name, "the ConfigMap '%s' is not among the objects", name->text);
	err_hint(one->e, "name its file as well, with the same namespace");
	return NULL;
}

static void render_item(struct eso_one *one, const struct made *made, struct value *into, const struct value *holder,
                        const struct value *item)
{
	static const char *const scopes[] = { "Values", "KeysAndValues", NULL };
	const struct value *key = eso_text(one, item, "key", true), *text;
	const char *scope = eso_choice(one, item, "templateAs", scopes);
	AUTO(text) char *what = NULL;

	eso_names(one, item, ref_item_names);
	if (!key)
		return;
	text = eso_text(one, eso_map(one, holder, "data"), key->text, false);
	if (!text) {
		eso_wrong(one, key, "the ConfigMap has no key '%s'", key->text);
	} else if (text_same(scope, "KeysAndValues")) {
		render_whole(one, made, into, text);
	} else {
		const struct value *v;

		what = xasprintf("the template of '%s'", key->text);
		v = eso_template(one, text, one->values, what);
		if (v)
			put(one, into, made, text, key->text, v);
	}
}

static void render_config_map(struct eso_one *one, const struct made *made, struct value *into, const struct value *ref)
{
	const struct value *name = eso_text(one, ref, "name", true), *items = eso_list(one, ref, "items");
	const struct value *holder = name ? config_map(one, name) : NULL;

	eso_names(one, ref, ref_names);
	for (size_t i = 0; holder && items && i < items->n; i++)
		render_item(one, made, into, holder, items->items[i]);
}

static void render_from(struct eso_one *one, const struct made *made, const struct value *from)
{
	static const char *const targets[] = { "Data", "Annotations", "Labels", NULL };
	const char *target = eso_choice(one, from, "target", targets);
	struct value *into = text_same(target, "Data") ? made->data : text_same(target, "Labels") ? made->labels : made->annotations;
	const struct value *ref = eso_map(one, from, "configMap"), *literal = eso_text(one, from, "literal", false);

	if (from->type != VALUE_MAP) {
		eso_wrong(one, from, "an item of 'templateFrom' must be a map, and is %s", value_type_name(from->type));
		return;
	}
	eso_names(one, from, from_names);
	if (ref)
		render_config_map(one, made, into, ref);
	if (value_get(from, "secret"))
		eso_wrong(one, from, "a template in a Secret is not rendered here");
	if (literal)
		render_whole(one, made, into, literal);
}

/* ---- the template as a whole ---- */

static void copy(struct eso_one *one, struct value *to, const struct value *from)
{
	for (size_t i = 0; from && i < from->n; i++)
		value_set(one->r->mem, to, from->names[i], from->items[i]);
}

/* Later ones win: values, templateFrom, data. */
static void render_template(struct eso_one *one, const struct made *made, const struct value *template)
{
	static const char *const engines[] = { "v2", NULL }, *const merges[] = { "Replace", "Merge", NULL };
	const struct value *data = eso_map(one, template, "data"), *from = eso_list(one, template, "templateFrom");
	const struct value *metadata = eso_map(one, template, "metadata");
	bool merge = text_same(eso_choice(one, template, "mergePolicy", merges), "Merge");

	eso_names(one, template, template_names);
	eso_names(one, metadata, metadata_names);
	eso_choice(one, template, "engineVersion", engines);
	if (merge || (!(data && data->n) && !(from && from->n)))
		copy(one, made->data, one->values);
	for (size_t i = 0; from && i < from->n; i++)
		render_from(one, made, from->items[i]);
	render_map(one, made, made->data, data);
	render_map(one, made, made->labels, eso_map(one, metadata, "labels"));
	render_map(one, made, made->annotations, eso_map(one, metadata, "annotations"));
}

/* ---- showing ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **sorted(struct arena *mem, const struct value *map)
{
	const char **names = ARENA_ARRAY(mem, const char *, map->n + 1);

	for (size_t i = 0; i < map->n; i++)
		names[i] = map->names[i];
	if (map->n)
		qsort(names, map->n, sizeof(*names), by_name);
	return names;
}

static struct value *masked(struct arena *mem, const struct value *v)
{
	return value_new_text(mem, arena_printf(mem, "<%zu byte%s>", v->n, v->n == 1 ? "" : "s"));
}

static bool is_text(const struct value *v)
{
	return utf8_fault(view_of(v->text, v->n)) == v->n && strlen(v->text) == v->n;
}

static struct value *encoded(struct arena *mem, const struct value *v)
{
	AUTO(wiped) struct buf out = BUF_MAX(ENCODED_MAX);

	base64_print(&out, view_of(v->text, v->n));
	return value_new_view(mem, buf_bytes(&out));
}

/* Values in clear stand in stringData; bytes that are no text, and what is hidden, in data. */
static void show_data(struct eso_one *one, struct value *secret, const struct value *all)
{
	struct arena *mem = one->r->mem;
	struct value *data = value_new_map(mem), *texts = value_new_map(mem);
	const char **names = sorted(mem, all);

	for (size_t i = 0; i < all->n; i++) {
		const struct value *v = value_get(all, names[i]);

		if (!one->r->show_values)
			value_set(mem, data, names[i], masked(mem, v));
		else if (is_text(v))
			value_set(mem, texts, names[i], (struct value *)v);
		else
			value_set(mem, data, names[i], encoded(mem, v));
	}
	if (data->n || !texts->n)
		value_set(mem, secret, "data", data);
	if (texts->n)
		value_set(mem, secret, "stringData", texts);
}

/* written: what the manifest itself says, which is no secret. */
static void show_metadata(struct eso_one *one, struct value *metadata, const char *name, const struct value *all,
                          const struct value *written)
{
	struct value *out = value_new_map(one->r->mem);
	const char **names = sorted(one->r->mem, all);

	for (size_t i = 0; i < all->n; i++) {
		const struct value *v = value_get(all, names[i]), *as = value_get(written, names[i]);

		if (!is_text(v)) {
			eso_wrong(one, one->target, "what is rendered into %s is no text", name);
			continue;
		}
		value_set(one->r->mem, out, names[i], one->r->show_values || (as && value_same(as, v)) ? (struct value *)v :
		          masked(one->r->mem, v));
	}
	if (out->n)
		value_set(one->r->mem, metadata, name, out);
}

static void show_labels(struct eso_one *one, struct value *metadata, struct value *labels, const struct value *written)
{
	struct value *out;

	show_metadata(one, metadata, "labels", labels, written);
	out = (struct value *)value_get(metadata, "labels");
	if (!out)
		out = value_set(one->r->mem, metadata, "labels", value_new_map(one->r->mem));
	value_set_text(one->r->mem, out, "reconcile.external-secrets.io/managed", "true");
}

struct value *eso_target_secret(struct eso_one *one)
{
	struct arena *mem = one->r->mem;
	const struct value *template = eso_map(one, one->target, "template");
	const struct value *written = value_get(template ? template : one->object, "metadata"), *finalizers;
	const struct made made = { value_new_map(mem), value_new_map(mem), value_new_map(mem) };
	struct value *secret = value_new_map(mem), *metadata = value_new_map(mem);

	if (template)
		render_template(one, &made, template);
	else
		copy(one, made.data, one->values);
	if (!template) {
		copy(one, made.labels, eso_map(one, written, "labels"));
		copy(one, made.annotations, eso_map(one, written, "annotations"));
	}
	value_set_text(mem, secret, "apiVersion", "v1");
	value_set_text(mem, secret, "kind", "Secret");
	value_set(mem, secret, "metadata", metadata);
	value_set_text(mem, metadata, "name", value_text_or(one->target, "name", value_text_or(one->object, "metadata.name", "")));
	if (*one->namespace_)
		value_set_text(mem, metadata, "namespace", one->namespace_);
	show_labels(one, metadata, made.labels, value_get(written, "labels"));
	show_metadata(one, metadata, "annotations", made.annotations, value_get(written, "annotations"));
	finalizers = template ? eso_list(one, written, "finalizers") : NULL;
	if (finalizers && finalizers->n)
		value_set(mem, metadata, "finalizers", (struct value *)finalizers);
	value_set_text(mem, secret, "type", value_text_or(template, "type", "Opaque"));
	if (value_bool_or(one->target, "immutable", false))
		value_set_bool(mem, secret, "immutable", true);
	show_data(one, secret, made.data);
	return secret;
}
