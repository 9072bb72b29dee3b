#include "domain/vault_config.h"

#include "core/text.h"
#include "formats/hcl.h"
#include "formats/json.h"

#include <ctype.h>

enum { CONFIG_MAX = 256 << 10 };

static void print_setting(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, "  %s = ", name);
	hcl_quote(out, view_text(text));
	buf_char(out, '\n');
}

char *vault_config_print(struct arena *a, const struct want *want, const char *key_id)
{
	const char *key_region = arn_region(a, key_id);
	AUTO(buf) struct buf out = BUF_MAX(CONFIG_MAX);

	buf_text(&out, "ui = false\n\nlistener \"tcp\" {\n");
	print_setting(&out, "address", "[::]:8200");
	print_setting(&out, "cluster_address", "[::]:8201");
	print_setting(&out, "tls_disable", want->tls == TLS_OFF ? "true" : "false");
	if (want->tls != TLS_OFF) {
		print_setting(&out, "tls_cert_file", TLS_FOLDER "/tls.crt");
		print_setting(&out, "tls_key_file", TLS_FOLDER "/tls.key");
	}
	buf_text(&out, "}\n\nstorage \"dynamodb\" {\n");
	print_setting(&out, "ha_enabled", "true");
	print_setting(&out, "region", want->region);
	print_setting(&out, "table", want->names.table);
	buf_text(&out, "}\n\nseal \"awskms\" {\n");
	print_setting(&out, "region", key_region ? key_region : want->region);
	print_setting(&out, "kms_key_id", key_id);
	buf_text(&out, "}\n\nservice_registration \"kubernetes\" {}\n");
	return arena_text(a, buf_str(&out));
}

/* Skips a quoted text, a comment or one byte. */
static const char *skip_token(const char *p)
{
	if (*p == '"') {
		for (p++; *p && *p != '"'; p++)
			if (*p == '\\' && p[1])
				p++;
		return *p ? p + 1 : p;
	}
	if (*p == '#' || (p[0] == '/' && p[1] == '/'))
		return p + strcspn(p, "\n");
	if (p[0] == '/' && p[1] == '*') {
		const char *end = strstr(p + 2, "*/");

		return end ? end + 2 : p + strlen(p);
	}
	return p + 1;
}

static bool starts_word(const char *text, const char *p, const char *word)
{
	size_t n = strlen(word);

	return (p == text || !(isalnum((unsigned char)p[-1]) || p[-1] == '_' || p[-1] == '"')) && !strncmp(p, word, n) &&
	       !isalnum((unsigned char)p[n]) && p[n] != '_';
}

static bool after_equals(const struct buf *text)
{
	return view_ends(view_trim(buf_bytes(text)), "=");
}

/* What stands within a stanza, without its nested blocks (telemetry, retry ...), which hold no fact of ours. */
static void copy_body(struct buf *out, const char *p)
{
	size_t line = 0;
	unsigned depth = 0;
	bool nested = false;

	while (*p && (depth || *p != '}')) {
		const char *next = skip_token(p);

		if (*p == '{' && depth++ == 0 && !after_equals(out)) {
			nested = true;
			buf_cut(out, line);
		}
		if (!nested)
			buf_put(out, p, (size_t)(next - p));
		if (*p == '\n')
			line = out->n;
		if (*p == '}' && --depth == 0)
			nested = false;
		p = next;
	}
}

/* Where the braces that open here close: the byte behind, or the end of the text. */
static const char *behind_braces(const char *p)
{
	unsigned depth = 0;

	for (; *p; p = skip_token(p)) {
		depth += *p == '{';
		if (*p == '}' && --depth == 0)
			return p + 1;
	}
	return p;
}

struct stanza {
	const char *label, *body;        /* in the arena */
	const char *start, *end;         /* in the text */
};

/* The first stanza `name "label" { body }` at the top level. false: there is none. */
static bool find_stanza(struct arena *a, const char *text, const char *name, struct stanza *out)
{
	unsigned depth = 0;

	for (const char *p = text; *p; p = skip_token(p)) {
		AUTO(buf) struct buf inner = BUF_MAX(CONFIG_MAX);
		const char *q, *open;

		depth += *p == '{';
		depth -= *p == '}' && depth > 0;
		if (depth || !starts_word(text, p, name))
			continue;
		q = p + strlen(name);
		q += strspn(q, " \t\"");
		open = strchr(q, '{');
		if (!open)
			return false;
		copy_body(&inner, open + 1);
		*out = (struct stanza){ .label = arena_view(a, view_of(q, strcspn(q, "\" \t{"))), .start = p,
		                        .body = arena_text(a, buf_str(&inner)), .end = behind_braces(open) };
		return true;
	}
	return false;
}

static const char *scalar_text(struct arena *a, const struct value *v)
{
	if (!v)
		return NULL;
	switch (v->type) {
	case VALUE_TEXT: return v->text;
	case VALUE_BOOL: return v->truth ? "true" : "false";
	case VALUE_INT:  return arena_printf(a, "%lld", (long long)v->integer);
	default:         return NULL;
	}
}

/* A truth in any of Vault's spellings: 1, "1", true, "true". */
static const char *truth_text(struct arena *a, const struct value *v)
{
	const char *text = scalar_text(a, v);

	if (!text)
		return NULL;
	return text_same(text, "1") || text_same_nocase(text, "true") ? "true" : "false";
}

static void take_facts(struct arena *a, struct vault_facts *f, const char *stanza, const char *label, const struct value *body)
{
	if (text_same(stanza, "storage")) {
		f->storage = label;
		f->table = scalar_text(a, value_get(body, "table"));
		f->storage_region = scalar_text(a, value_get(body, "region"));
		f->ha_enabled = truth_text(a, value_get(body, "ha_enabled"));
	} else if (text_same(stanza, "seal")) {
		f->seal = label;
		f->seal_region = scalar_text(a, value_get(body, "region"));
		f->key_id = scalar_text(a, value_get(body, "kms_key_id"));
		f->seal_disabled = truth_text(a, value_get(body, "disabled"));
	} else {
		f->address = scalar_text(a, value_get(body, "address"));
		f->tls_disable = truth_text(a, value_get(body, "tls_disable"));
	}
}

static const char *const stanzas[] = { "storage", "seal", "listener" };

/* JSON: {"storage": {"dynamodb": {...}}}, or a list of such maps. */
static void read_json(struct arena *a, const struct value *root, struct vault_facts *out)
{
	for (size_t i = 0; i < COUNT_OF(stanzas); i++) {
		const struct value *v = value_get(root, stanzas[i]);

		if (v && v->type == VALUE_LIST && v->n)
			v = v->items[0];
		if (v && v->type == VALUE_MAP && v->n)
			take_facts(a, out, stanzas[i], v->names[0], v->items[0]);
	}
}

int vault_config_read(struct arena *a, const char *text, struct vault_facts *out, struct err *e)
{
	struct value *root;

	*out = (struct vault_facts){0};
	if (strlen(text) > CONFIG_MAX)
		return err_set(e, ERR_CONFIG, 0, "Vault's configuration is longer than %d bytes", CONFIG_MAX);
	if (text[strspn(text, " \t\r\n")] == '{') {
		if (va_json_parse(a, view_text(text), "Vault's configuration", &root, e) < 0)
			return -1;
		read_json(a, root, out);
		return 0;
	}
	for (size_t i = 0; i < COUNT_OF(stanzas); i++) {
		struct stanza found;

		if (!find_stanza(a, text, stanzas[i], &found))
			continue;
		if (hcl_parse(a, view_text(found.body), "Vault's configuration", &root, e) < 0)
			return err_while(e, "reading the stanza '%s'", stanzas[i]);
		take_facts(a, out, stanzas[i], found.label, root);
	}
	return 0;
}

/* What the stanza had, with the settings over it. */
static int print_seal(struct arena *a, struct buf *out, const char *body, const struct value *settings, struct err *e)
{
	struct value *all;

	if (hcl_parse(a, view_text(body), "Vault's configuration", &all, e) < 0)
		return err_while(e, "reading the stanza 'seal'");
	for (size_t i = 0; i < settings->n; i++) {
		if (settings->items[i]->type == VALUE_TEXT)
			value_set(a, all, settings->names[i], settings->items[i]);
		else
			(void)value_unset(all, settings->names[i]);
	}
	buf_text(out, "seal \"awskms\" {\n");
	for (size_t i = 0; i < all->n; i++) {
		const char *text = scalar_text(a, all->items[i]);

		if (!text)
			return err_set(e, ERR_CONFIG, 0, "the setting '%s' of the stanza 'seal' is no text", all->names[i]);
		print_setting(out, all->names[i], text);
	}
	buf_text(out, "}");
	return 0;
}

int vault_config_set_seal(struct arena *a, const char *text, const struct value *settings, char **out, struct err *e)
{
	AUTO(buf) struct buf all = BUF_MAX(CONFIG_MAX);
	struct stanza found;
	bool printed = false;

	if (text[strspn(text, " \t\r\n")] == '{')
		return err_set(e, ERR_CONFIG, 0, "Vault's configuration is JSON, and a seal is changed in HCL only");
	while (find_stanza(a, text, "seal", &found)) {
		buf_put(&all, text, (size_t)(found.start - text));
		if (settings && !printed && print_seal(a, &all, found.body, settings, e) < 0)
			return -1;
		printed = true;
		text = found.end;
	}
	buf_text(&all, text);
	if (settings && !printed) {
		if (all.n && buf_bytes(&all).p[all.n - 1] != '\n')
			buf_char(&all, '\n');
		buf_char(&all, '\n');
		if (print_seal(a, &all, "", settings, e) < 0)
			return -1;
		buf_char(&all, '\n');
	}
	if (buf_whole(&all, "Vault's configuration", e) < 0)
		return -1;
	*out = arena_text(a, buf_str(&all));
	return 0;
}

void vault_facts_compare(const struct vault_facts *want, const struct vault_facts *have, struct err *problems)
{
	const struct {
		const char *what, *want, *have;
	} facts[] = {
		{ "storage", want->storage, have->storage },
		{ "storage table", want->table, have->table },
		{ "storage region", want->storage_region, have->storage_region },
		{ "storage ha_enabled", want->ha_enabled, have->ha_enabled },
		{ "seal", want->seal, have->seal },
		{ "seal region", want->seal_region, have->seal_region },
		{ "seal kms_key_id", want->key_id, have->key_id },
		{ "listener address", want->address, have->address },
		{ "listener tls_disable", want->tls_disable, have->tls_disable },
	};

	for (size_t i = 0; i < COUNT_OF(facts); i++)
		if (!text_same(facts[i].want, facts[i].have))
			err_also(problems, ERR_CONFIG, "%s: '%s' is wanted, '%s' is there", facts[i].what,
			         facts[i].want ? facts[i].want : "", facts[i].have ? facts[i].have : "");
}
