#include "domain/fresh_items.h"

#include "core/text.h"

#include <ctype.h>

/* A name, where '*' stands for one part of it that is made up by Vault. */
struct row {
	const char *name;
	unsigned times;          /* at most; 0: any number */
	size_t bytes;            /* of its value, at most: more shows a mount or device that somebody made; 0: any */
};

/* Sizes: 481, 284, 336, 89 and 90 bytes were seen; one mount more makes 90 bytes more. */
static const struct row rows[] = {
	{ "core/", 1, 0 },
	{ "logical/", 1, 0 },
	{ "sys/", 1, 0 },
	{ FRESH_LOCK, 1, 0 },
	{ "core/audit", 1, 120 },
	{ "core/auth", 1, 340 },
	{ "core/cluster/", 1, 0 },
	{ "core/cluster/feature-flags", 1, 0 },
	{ "core/cluster/local/", 1, 0 },
	{ "core/cluster/local/info", 1, 0 },
	{ "core/cluster/local/name", 1, 0 },
	{ "core/hsm/", 1, 0 },
	{ "core/hsm/barrier-unseal-keys", 1, 0 },
	{ "core/index-header-hmac-key", 1, 0 },
	{ FRESH_KEYRING, 1, 0 },
	{ "core/leader/", 1, 0 },
	{ "core/leader/*", 0, 0 },                  /* one that was killed leaves its own for ever */
	{ "core/local-audit", 1, 120 },
	{ "core/local-auth", 1, 120 },
	{ "core/local-mounts", 1, 390 },
	{ "core/master", 1, 0 },
	{ "core/mounts", 1, 540 },
	{ "core/recovery-config", 1, 0 },
	{ "core/recovery-key", 1, 0 },
	{ "core/seal-config", 1, 0 },
	{ FRESH_FLAG, 1, 0 },
	{ "core/versions/", 1, 0 },
	{ "core/versions/*", 1, 0 },
	{ "core/wrapping/", 1, 0 },
	{ "core/wrapping/jwtkey", 1, 0 },
	{ "logical/*/", 1, 0 },
	{ "logical/*/oidc_provider/", 1, 0 },
	{ "logical/*/oidc_provider/assignment/", 1, 0 },
	{ "logical/*/oidc_provider/assignment/allow_all", 1, 0 },
	{ "logical/*/oidc_provider/provider/", 1, 0 },
	{ "logical/*/oidc_provider/provider/default", 1, 0 },
	{ "logical/*/oidc_tokens/", 1, 0 },
	{ "logical/*/oidc_tokens/named_keys/", 1, 0 },
	{ "logical/*/oidc_tokens/named_keys/default", 1, 0 },
	{ "sys/counters/", 1, 0 },
	{ "sys/counters/activity/", 1, 0 },
	{ "sys/counters/activity/acme-regeneration", 1, 0 },
	{ "sys/policy/", 1, 0 },
	{ "sys/policy/control-group", 1, 0 },
	{ "sys/policy/default", 1, 0 },
	{ "sys/policy/response-wrapping", 1, 0 },
	{ "sys/token/", 1, 0 },
	{ "sys/token/accessor/", 1, 0 },
	{ "sys/token/accessor/*", 1, 0 },           /* the root token: a second one was given to somebody */
	{ "sys/token/id/", 1, 0 },
	{ "sys/token/id/*", 1, 0 },
	{ "sys/token/salt", 1, 0 },
};

/* A part that Vault makes up: hexadecimal, a UUID, a version. */
static bool is_made_up(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)p[i]) && !strchr("-.+", p[i]))
			return false;
	return n > 0;
}

static bool name_fits(const char *pattern, const char *name)
{
	const char *star = strchr(pattern, '*');
	size_t before = star ? (size_t)(star - pattern) : 0, part;

	if (!star)
		return text_same(pattern, name);
	if (strncmp(pattern, name, before) != 0)
		return false;
	part = strcspn(name + before, "/");
	return is_made_up(name + before, part) && text_same(star + 1, name + before + part);
}

static const struct row *row_of(const char *name)
{
	_Static_assert(COUNT_OF(rows) <= sizeof(((struct fresh_items *)0)->seen) / sizeof(unsigned), "room for every row");

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (name_fits(rows[i].name, name))
			return &rows[i];
	return NULL;
}

/* Of what base64 holds. */
static size_t value_bytes(const struct value *item)
{
	const char *text = value_text_or(item, "Value.B", "");

	return strcspn(text, "=") * 3 / 4;
}

static bool is_fresh(struct fresh_items *f, const struct fresh_item *at, const struct value *item)
{
	const struct row *row = row_of(at->name);

	if (!row)
		return false;
	f->seen[row - rows]++;
	return (!row->times || f->seen[row - rows] <= row->times) && (!row->bytes || value_bytes(item) <= row->bytes);
}

void fresh_items_add(struct fresh_items *f, struct arena *a, const struct value *item)
{
	const char *path = value_text_or(item, "Path.S", "?"), *key = value_text_or(item, "Key.S", "?");
	struct fresh_item *at;

	if (f->n == FRESH_ITEMS_MAX) {
		f->more = true;
		return;
	}
	at = &f->at[f->n++];
	*at = (struct fresh_item){ .path = arena_text(a, path), .key = arena_text(a, key) };
	at->name = text_same(path, " ") ? at->key : arena_printf(a, "%s/%s", path, key);
	f->flag |= text_same(at->name, FRESH_FLAG);
	if (is_fresh(f, at, item))
		return;
	if (f->n_foreign < FRESH_ITEMS_SHOWN)
		f->foreign[f->n_foreign] = at->name;
	f->n_foreign++;
}

bool fresh_items_only(const struct fresh_items *f)
{
	return f->n > 0 && !f->n_foreign && !f->more;
}
