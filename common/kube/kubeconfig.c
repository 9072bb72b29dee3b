#include "kube/kubeconfig.h"

#include "core/digest.h"
#include "core/secret.h"
#include "core/text.h"
#include "formats/yaml.h"

enum { NAMES_IN_HINT = 8 };

static const char *folder_of(struct arena *a, const char *file)
{
	const char *slash = strrchr(file, '/');

	if (!slash)
		return ".";
	return slash == file ? "/" : arena_view(a, view_of(file, slash - file));
}

static struct kubeconfig_entry *find(struct kubeconfig_entry *list, const char *name)
{
	for (; list; list = list->next)
		if (text_same(list->name, name))
			return list;
	return NULL;
}

/* A missing or null part is NULL; anything but `type` is refused. Names may hold dots. */
static int part(const struct value *map, const char *name, enum value_type type,
				const struct value **out, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const struct value *v = value_get(map, name);

	if (v && v->type == VALUE_NULL)
		v = NULL;
	if (v && v->type != type)
		return err_set(e, ERR_CONFIG, 0, "%s'%s' must be %s, not %s", mark_text(&a, &v->mark), name,
					   value_type_name(type), value_type_name(v->type));
	*out = v;
	return 0;
}

/* Appends the items of one list of one file; names of earlier files stay as they are. */
static int merge_list(struct arena *a, struct kubeconfig_entry **list, const struct value *doc,
					  const char *name, const char *kind, const char *dir, struct err *e)
{
	struct kubeconfig_entry *mine = NULL, **tail = &mine, **end;
	const struct value *items;

	if (part(doc, name, VALUE_LIST, &items, e) < 0)
		return -1;
	for (size_t i = 0; items && i < items->n; i++) {
		const struct value *item = items->items[i];
		struct kubeconfig_entry *x = ARENA_NEW(a, struct kubeconfig_entry);

		*x = (struct kubeconfig_entry){ .kind = kind, .dir = dir };
		if (value_text(item, "name", &x->name, e) < 0 || part(item, kind, VALUE_MAP, &x->v, e) < 0)
			return err_while(e, "%s[%zu]", name, i);
		if (find(mine, x->name))
			return err_set(e, ERR_CONFIG, 0, "%sthe %s '%s' stands there twice",
						   mark_text(a, &item->mark), kind, x->name);
		*tail = x;
		tail = &x->next;
	}
	for (end = list; *end; end = &(*end)->next)
		;
	while (mine) {
		struct kubeconfig_entry *x = mine;

		mine = x->next;
		x->next = NULL;
		if (!find(*list, x->name)) {
			*end = x;
			end = &x->next;
		}
	}
	return 0;
}

static int merge_file(struct arena *a, struct kubeconfig *kc, struct view text, const char *file,
					  struct err *e)
{
	const char *dir = folder_of(a, file), *kind;
	const struct value *current;
	struct value *doc;

	if (va_yaml_parse(a, text, file, &doc, e) < 0)
		return -1;
	if (!doc || doc->type == VALUE_NULL)
		return 0;
	if (doc->type != VALUE_MAP)
		return err_set(e, ERR_CONFIG, 0, "'%s' is no kubeconfig: it holds %s", file,
					   value_type_name(doc->type));
	kind = value_text_or(doc, "kind", "Config");
	if (!text_same(kind, "Config"))
		return err_set(e, ERR_CONFIG, 0, "'%s' is no kubeconfig: its kind is '%s'", file, kind);
	if (merge_list(a, &kc->clusters, doc, "clusters", "cluster", dir, e) < 0 ||
		merge_list(a, &kc->users, doc, "users", "user", dir, e) < 0 ||
		merge_list(a, &kc->contexts, doc, "contexts", "context", dir, e) < 0)
		return -1;
	if (part(doc, "current-context", VALUE_TEXT, &current, e) < 0)
		return -1;
	if (current && text_empty(kc->current_context))
		kc->current_context = current->text;
	return 0;
}

static int load_file(struct arena *a, const struct host *host, struct kubeconfig *kc,
					 const char *file, bool must_exist, struct err *e)
{
	struct buf text = BUF_MAX(KUBECONFIG_FILE_MAX);
	int r = host_read_file(host, file, &text, e);

	kc->files =
		kc->files ? arena_printf(a, "%s, '%s'", kc->files, file) : arena_printf(a, "'%s'", file);
	if (r == 0) {
		kc->found = true;
		r = merge_file(a, kc, buf_bytes(&text), arena_text(a, file), e);
	} else if (e->kind == ERR_ABSENT && !must_exist) {
		err_release(e);
		r = 0;
	}
	buf_wipe(&text);
	if (r < 0) {
		e->kind = ERR_CONFIG;
		return err_while(e, "reading the kubeconfig");
	}
	return 0;
}

static bool stands_before(struct view list, struct view item)
{
	struct view rest = list;

	while (rest.p && rest.p < item.p) {
		struct view other = view_cut(&rest, ':');

		if (other.p != item.p && view_same(other, item))
			return true;
	}
	return false;
}

int kubeconfig_load(struct arena *a, const struct host *host, const char *file,
					struct kubeconfig *out, struct err *e)
{
	struct kubeconfig kc = { .current_context = "" };
	const char *list = host_env(host, "KUBECONFIG");

	if (file) {
		if (load_file(a, host, &kc, file, true, e) < 0)
			return -1;
	} else if (list) {
		struct view rest = view_text(list);

		while (rest.p) {
			struct view item = view_cut(&rest, ':');

			if (item.n == 0 || stands_before(view_text(list), item))
				continue;
			if (load_file(a, host, &kc, arena_view(a, item), false, e) < 0)
				return -1;
		}
	} else {
		AUTO(text) char *home = host_path(host, "~/.kube/config");

		if (load_file(a, host, &kc, home, false, e) < 0)
			return -1;
	}
	if (!kc.files)
		kc.files = "KUBECONFIG, which names no file";
	*out = kc;
	return 0;
}

bool kubeconfig_is_empty(const struct kubeconfig *kc)
{
	return !kc->clusters && !kc->users && !kc->contexts && text_empty(kc->current_context);
}

int kubeconfig_find(const struct kubeconfig *kc, const struct kubeconfig_entry *list,
					const char *kind, const char *name, const struct kubeconfig_entry **out,
					struct err *e)
{
	const char *names[NAMES_IN_HINT * 32], *nearest;
	AUTO(buf) struct buf some = BUF_MAX(4096);
	size_t n = 0;

	for (const struct kubeconfig_entry *x = list; x; x = x->next) {
		if (text_same(x->name, name)) {
			*out = x;
			return 0;
		}
		if (n < COUNT_OF(names))
			names[n++] = x->name;
	}
	err_set(e, ERR_CONFIG, 0, "there is no %s '%s' in the kubeconfig %s", kind, name, kc->files);
	nearest = text_nearest(name, names, n);
	for (size_t i = 0; i < n && i < NAMES_IN_HINT; i++)
		buf_printf(&some, "%s'%s'", i ? ", " : "", names[i]);
	if (nearest)
		err_hint(e, "did you mean '%s'?", nearest);
	else if (n > 0)
		err_hint(e, "there are: %s%s", buf_str(&some), n > NAMES_IN_HINT ? " and more" : "");
	return -1;
}

int kubeconfig_text(const struct kubeconfig_entry *x, const char *name, const char **out,
					struct err *e)
{
	const struct value *v;

	if (part(x->v, name, VALUE_TEXT, &v, e) < 0)
		return err_while(e, "the %s '%s' of the kubeconfig", x->kind, x->name);
	*out = v && v->n ? v->text : NULL;
	return 0;
}

int kubeconfig_texts(const struct kubeconfig_entry *x, struct arena *a, const char *name,
					 const char *const **out, struct err *e)
{
	const struct value *v;
	const char **texts;

	*out = NULL;
	if (part(x->v, name, VALUE_LIST, &v, e) < 0)
		return err_while(e, "the %s '%s' of the kubeconfig", x->kind, x->name);
	if (!v || v->n == 0)
		return 0;
	texts = ARENA_ARRAY(a, const char *, v->n + 1);
	for (size_t i = 0; i < v->n; i++) {
		if (v->items[i]->type != VALUE_TEXT)
			return err_set(e, ERR_CONFIG, 0,
						   "%sthe %s '%s' has %s among its '%s', where texts belong",
						   mark_text(a, &v->items[i]->mark), x->kind, x->name,
						   value_type_name(v->items[i]->type), name);
		texts[i] = arena_text(a, v->items[i]->text);
	}
	*out = texts;
	return 0;
}

const char *kubeconfig_path(const struct kubeconfig_entry *x, struct arena *a, const char *path)
{
	if (path[0] == '/')
		return arena_text(a, path);
	return arena_printf(a, "%s/%s", text_same(x->dir, "/") ? "" : x->dir, path);
}

/* Go's decoder skips line ends in base64, so folded data is fine there and must be here. */
static int parse_base64_lines(struct buf *out, struct view text, struct err *e)
{
	struct buf whole = BUF_MAX(KUBECONFIG_FILE_MAX);
	int r;

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '\n' && text.p[i] != '\r')
			buf_char(&whole, text.p[i]);
	r = base64_parse(out, buf_bytes(&whole), e);
	buf_wipe(&whole);
	return r;
}

int kubeconfig_blob(const struct kubeconfig_entry *x, const struct host *host, const char *name,
					struct buf *out, struct err *e)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	const char *data, *file;
	int r = 0;

	if (kubeconfig_text(x, arena_printf(&a, "%s-data", name), &data, e) < 0 ||
		kubeconfig_text(x, name, &file, e) < 0)
		return -1;
	if (data && file)
		return err_set(e, ERR_CONFIG, 0, "the %s '%s' has both '%s' and '%s-data'", x->kind,
					   x->name, name, name);
	if (data)
		r = parse_base64_lines(out, view_text(data), e);
	else if (file)
		r = host_read_file(host, kubeconfig_path(x, &a, file), out, e);
	if (r < 0 || buf_whole(out, "it", e) < 0) {
		e->kind = ERR_CONFIG;
		return err_while(e, "reading '%s%s' of the %s '%s'", name, data ? "-data" : "", x->kind,
						 x->name);
	}
	return 0;
}
