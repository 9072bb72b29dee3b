#include "domain/eso_render_part.h"

#include "core/digest.h"
#include "core/text.h"
#include "domain/eso_audit.h"
#include "domain/eso_kv.h"
#include "formats/gotemplate.h"

#include <ctype.h>

enum { VALUE_MAX = 8 << 20 };

/* ---- the data ---- */

static void check_value(const struct value *v, struct err *e)
{
	if (v->type == VALUE_REAL)
		mark_err_also(e, ERR_CONFIG, &v->mark, "a number with a fraction has many spellings: write it as a text, in quotes");
	for (size_t i = 0; (v->type == VALUE_LIST || v->type == VALUE_MAP) && i < v->n; i++)
		check_value(v->items[i], e);
}

static bool is_path(const char *path)
{
	const char *slash = strchr(path, '/');

	return slash && slash != path && !text_ends(path, "/") && !strstr(path, "//");
}

int eso_render_check_data(const struct eso_render *r, struct err *e)
{
	const struct value *data = r->data;

	if (data->type != VALUE_MAP)
		return mark_err_also(e, ERR_CONFIG, &data->mark, "the data must be a map of paths, and is %s", value_type_name(data->type));
	for (size_t i = 0; i < data->n; i++) {
		if (!is_path(data->names[i])) {
			mark_err_also(e, ERR_CONFIG, data->name_marks ? &data->name_marks[i] : &data->mark, "'%s' is no path of a secret", data->names[i]);
			err_hint(e, "the engine comes first: '%s/app/database'", r->path);
		}
		if (data->items[i]->type != VALUE_MAP)
			mark_err_also(e, ERR_CONFIG, &data->items[i]->mark, "'%s' must be a map of properties, and is %s", data->names[i],
			              value_type_name(data->items[i]->type));
		else
			check_value(data->items[i], e);
	}
	return e->kind ? -1 : 0;
}

/* ---- where a key is ---- */

/* The store's block about Vault; NULL: the store is not among the objects. false with the error: it is no Vault's. */
static bool find_vault(struct eso_one *one, const struct value *source, const struct value *at, const struct value **vault)
{
	const struct value *own = value_at(source, "sourceRef.storeRef");
	const struct value *ref = value_text_or(own, "name", NULL) ? own : value_get(one->spec, "secretStoreRef");
	const struct value *store = eso_store_named(one->r->objects, ref, one->namespace_);

	*vault = value_at(store, "spec.provider.vault");
	if (!store || *vault)
		return true;
	eso_wrong(one, at, "the store '%s' is no Vault's", value_text_or(ref, "name", ""));
	return false;
}

const char *eso_kv_engine(struct eso_one *one, const struct value *source, const struct value *at)
{
	const struct value *vault;
	const char *path;

	if (!find_vault(one, source, at, &vault))
		return NULL;
	path = vault ? value_text_or(vault, "path", NULL) : one->r->path;
	if (!path) {
		eso_wrong(one, at, "the store names no path, and nothing can be searched for");
		return NULL;
	}
	return arena_printf(one->r->mem, "%s/", path);
}

/* As buildPath of the operator, without the data/ that version 2 has in its addresses. */
const char *eso_kv_path(struct eso_one *one, const struct value *source, const struct value *key)
{
	struct arena *mem = one->r->mem;
	const struct value *vault;
	const char *path, *data;
	bool second;

	if (!find_vault(one, source, key, &vault))
		return NULL;
	path = vault ? value_text_or(vault, "path", NULL) : one->r->path;
	second = text_same(value_text_or(vault, "version", "v2"), "v2");
	if (!path) {
		data = second ? strstr(key->text, "/data/") : NULL;
		return data ? arena_printf(mem, "%.*s%s", (int)(data - key->text), key->text, data + strlen("/data")) : key->text;
	}
	if (second)
		return arena_printf(mem, "%s/%s", path, kv_key(path, key->text));
	return text_starts(key->text, arena_printf(mem, "%s/", path)) ? key->text : arena_printf(mem, "%s/%s", path, key->text);
}

const struct value *eso_kv_read(struct eso_one *one, const char *path, const struct value *key)
{
	const struct value *data = one->r->data, *v = value_get(data, path);
	const char *near;

	if (v)
		return v;
	if (one->may_lack) {
		mark_err_also(&one->r->warnings, ERR_CONFIG, &key->mark, "there is nothing at '%s', and deletionPolicy lets it be left out",
		              path);
		return NULL;
	}
	eso_wrong(one, key, "there is nothing at '%s'", path);
	near = text_nearest(path, data->names, data->n);
	if (near)
		err_hint(one->e, "did you mean '%s'?", near);
	return NULL;
}

/* ---- values ---- */

/* esutils.GetByteValue. */
const struct value *eso_kv_bytes(struct arena *mem, const struct value *v)
{
	AUTO(wiped) struct buf text = BUF_MAX(VALUE_MAX);

	if (v->type == VALUE_TEXT)
		return v;
	if (v->type != VALUE_NULL)
		gojson_print(mem, &text, v, true);
	return value_new_view(mem, buf_bytes(&text));
}

/* gjson has more in a path than names and indexes with dots between them: wildcards, queries, modifiers. */
static bool is_plain_path(const char *path)
{
	if (*path == '.' || text_ends(path, ".") || strstr(path, ".."))
		return false;
	for (; *path; path++)
		if (!isalnum((unsigned char)*path) && !strchr("._-", *path))
			return false;
	return true;
}

const struct value *eso_kv_value(struct eso_one *one, const struct value *secret, const struct value *property)
{
	const struct value *v;
	const char *near;

	if (!property || !property->n)
		return eso_kv_bytes(one->r->mem, secret);
	v = value_get(secret, property->text);
	if (!v && !is_plain_path(property->text)) {
		eso_wrong(one, property, "'%s' is no property there, and of gjson's paths only names with dots are followed here",
		          property->text);
		return NULL;
	}
	v = v ? v : value_at(secret, property->text);
	if (v)
		return eso_kv_bytes(one->r->mem, v);
	eso_wrong(one, property, "there is no property '%s'", property->text);
	near = text_nearest(property->text, secret->names, secret->n);
	if (near)
		err_hint(one->e, "did you mean '%s'?", near);
	return NULL;
}

void eso_ref_outside(struct eso_one *one, const struct value *ref)
{
	static const char *const policies[] = { "None", "Fetch", NULL };
	const struct value *version = eso_text(one, ref, "version", false);

	if (text_same(eso_choice(one, ref, "metadataPolicy", policies), "Fetch"))
		eso_wrong(one, value_get(ref, "metadataPolicy"), "metadata is not rendered here: the data has none");
	if (version)
		mark_err_also(&one->r->warnings, ERR_CONFIG, &version->mark, "version '%s' is rendered from the one version that the data has",
		              version->text);
}

/* ---- decoding ---- */

/* As Go's StdEncoding and URLEncoding: padded, line breaks passed over. */
static const struct value *decoded(struct arena *mem, const struct value *v, const char *foreign)
{
	AUTO(wiped) struct buf packed = BUF_MAX(VALUE_MAX), out = BUF_MAX(VALUE_MAX);
	AUTO(err) struct err e = {0};

	for (size_t i = 0; i < v->n; i++)
		if (v->text[i] != '\n' && v->text[i] != '\r')
			buf_char(&packed, v->text[i]);
	if (packed.full || packed.n % 4 || strpbrk(buf_str(&packed), foreign) || base64_parse(&out, buf_bytes(&packed), &e) < 0)
		return NULL;
	return value_new_view(mem, buf_bytes(&out));
}

const struct value *eso_decode(struct eso_one *one, const struct value *v, const struct value *ref)
{
	static const char *const words[] = { "None", "Base64", "Base64URL", "Auto", NULL };
	const char *strategy = eso_choice(one, ref, "decodingStrategy", words);
	const struct value *out = NULL;

	if (text_same(strategy, "None"))
		return v;
	if (!text_same(strategy, "Base64URL"))
		out = decoded(one->r->mem, v, "-_");
	if (!out && !text_same(strategy, "Base64"))
		out = decoded(one->r->mem, v, "+/");
	if (!out && text_same(strategy, "Auto"))
		return v;
	if (!out)
		eso_wrong(one, value_get(ref, "decodingStrategy"), "the value is no %s", strategy);
	return out;
}
