#include "domain/eso_render_part.h"

#include "core/text.h"
#include "domain/eso_audit.h"
#include "domain/eso_object.h"

static const char *const spec_names[] = {
	"secretStoreRef", "target", "refreshPolicy", "refreshInterval", "data", "dataFrom", NULL
};
static const char *const target_names[] = {
	"name", "creationPolicy", "deletionPolicy", "template", "immutable", NULL
};
static const char *const data_names[] = { "secretKey", "remoteRef", "sourceRef", NULL };
static const char *const ref_names[] = {
	"key", "property", "version", "metadataPolicy", "conversionStrategy", "decodingStrategy", NULL
};
static const char *const creations[] = { "Owner", "Orphan", "Merge", "None", NULL };
static const char *const deletions[] = { "Retain", "Delete", "Merge", NULL };
static const char *const conversions[] = { "Default", "Unicode", NULL };

/* ---- spec.data ---- */

static void read_item(struct eso_one *one, const struct value *item)
{
	const struct value *name = eso_text(one, item, "secretKey", true), *ref = eso_map(one, item, "remoteRef"), *key, *secret, *v;
	const char *path;

	eso_names(one, item, data_names);
	eso_names(one, ref, ref_names);
	eso_choice(one, ref, "conversionStrategy", conversions);
	if (!ref) {
		eso_wrong(one, item, "'remoteRef' is missing");
		return;
	}
	eso_ref_outside(one, ref);
	key = eso_text(one, ref, "key", true);
	path = key ? eso_kv_path(one, item, key) : NULL;
	secret = path ? eso_kv_read(one, path, key) : NULL;
	v = secret ? eso_kv_value(one, secret, eso_text(one, ref, "property", false)) : NULL;
	v = v ? eso_decode(one, v, ref) : NULL;
	if (v && name && eso_key_fits(one, name, name->text))
		value_set(one->r->mem, one->values, name->text, (struct value *)v);
}

static void read_data(struct eso_one *one)
{
	const struct value *list = eso_list(one, one->spec, "data");

	for (size_t i = 0; list && i < list->n; i++) {
		if (list->items[i]->type == VALUE_MAP)
			read_item(one, list->items[i]);
		else
			eso_wrong(one, list->items[i], "an item of 'data' must be a map, and is %s", value_type_name(list->items[i]->type));
	}
}

/* ---- one ExternalSecret ---- */

static void warn(struct eso_one *one, const char *what)
{
	mark_err_also(&one->r->warnings, ERR_CONFIG, &one->object->mark, "%s: %s", one->title, what);
}

static void render(struct eso_one *one)
{
	const char *creation = eso_choice(one, one->target, "creationPolicy", creations);
	const char *deletion = eso_choice(one, one->target, "deletionPolicy", deletions);
	size_t before = err_count(one->e);
	struct value *secret;

	one->may_lack = !text_same(deletion, "Retain");
	eso_names(one, one->spec, spec_names);
	eso_names(one, one->target, target_names);
	eso_text(one, one->target, "name", false);
	eso_data_from(one);
	read_data(one);
	/* Templates of values that could not be read would only say it again; of their own flaws they tell. */
	if (err_count(one->e) > before) {
		one->values = NULL;
		eso_target_secret(one);
		return;
	}
	if (!one->values->n && !text_same(deletion, "Merge")) {
		warn(one, one->may_lack ? "nothing is there, and the Secret would be removed" :
		     "nothing is read, and the Secret would be left as it is");
		return;
	}
	secret = eso_target_secret(one);
	if (text_same(creation, "None"))
		warn(one, "creationPolicy None: no Secret is written");
	else
		value_push(one->r->mem, one->r->secrets, secret);
	if (text_same(creation, "Merge"))
		warn(one, "creationPolicy Merge: this goes into a Secret that must be there, beside what it holds");
}

static bool is_external_secret(const struct value *object)
{
	return text_starts(value_text_or(object, "apiVersion", ""), ESO_GROUP "/") &&
	       text_same(value_text_or(object, "kind", ""), "ExternalSecret");
}

static void render_object(struct eso_render *r, const struct value *object, struct err *e)
{
	const char *name = value_text_or(object, "metadata.name", "");
	struct eso_one one = {
		.r = r, .object = object, .namespace_ = value_text_or(object, "metadata.namespace", ""),
		.title = arena_printf(r->mem, "ExternalSecret %s", name), .values = value_new_map(r->mem), .e = e,
	};

	if (!*name)
		eso_wrong(&one, object, "an ExternalSecret without a name");
	one.spec = eso_map(&one, object, "spec");
	if (!one.spec) {
		eso_wrong(&one, object, "%s: 'spec' is missing", one.title);
		return;
	}
	one.target = eso_map(&one, one.spec, "target");
	render(&one);
}

/* ---- all ---- */

/* What `eso audit` finds in the same objects. */
static void audit(struct eso_render *r)
{
	struct eso_audit audit = { .mem = r->mem, .path = r->path };

	eso_audit_objects(&audit, r->objects);
	for (size_t i = 0; i < audit.n; i++) {
		const struct eso_finding *f = &audit.at[i];

		mark_err_also(&r->warnings, ERR_CONFIG, &f->mark, "%s%s%s", f->object, *f->object ? ": " : "", f->text);
		if (f->to)
			err_hint(&r->warnings, "did you mean '%s'?", f->to);
	}
}

int eso_render_all(struct eso_render *r, struct err *e)
{
	size_t n = 0;

	r->secrets = value_new_list(r->mem);
	audit(r);
	for (size_t i = 0; i < r->objects->n; i++) {
		if (!is_external_secret(r->objects->items[i]))
			continue;
		n++;
		render_object(r, r->objects->items[i], e);
	}
	if (!n)
		err_also(e, ERR_CONFIG, "there is no ExternalSecret of " ESO_GROUP " among the objects");
	return e->kind ? -1 : 0;
}
