#include "domain/redact.h"

#include "core/text.h"
#include "domain/redact_shape.h"

#include <ctype.h>

enum { WORD_MAX = 32, NAME_WORDS_MAX = 16 };

struct words {
	char at[NAME_WORDS_MAX][WORD_MAX];
	size_t n;
};

static void put_char(struct words *w, size_t *used, char c)
{
	if (w->n < NAME_WORDS_MAX && *used + 1 < WORD_MAX)
		w->at[w->n][(*used)++] = (char)tolower((unsigned char)c);
}

/* A name in its words: at anything but letters and digits, and where a capital follows a small letter. */
static void split(struct words *w, struct view name)
{
	size_t used = 0;

	*w = (struct words){ .n = 0 };
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		bool begins = i > 0 && isupper(c) && islower((unsigned char)name.p[i - 1]);

		if (!isalnum(c) || begins) {
			w->n += used > 0 && w->n < NAME_WORDS_MAX;
			used = 0;
		}
		if (isalnum(c))
			put_char(w, &used, (char)c);
	}
	w->n += used > 0 && w->n < NAME_WORDS_MAX;
}

static bool among(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (text_same(word, *list))
			return true;
	return false;
}

bool redact_name(struct view name)
{
	static const char *const secret[] = {
		"token", "tokens", "secret", "secrets", "password", "passwd", "passphrase", "pwd", "pin", "credential", "credentials",
		"apikey", "secretkey", "license", "authorization", "cookie", "bearer", "otp", "dsn", NULL
	};
	/* before a "key": else it is any name */
	static const char *const kinds[] = {
		"secret", "access", "private", "api", "client", "encryption", "unseal", "recovery", "root", "signing", "master", "account",
		"shared", "storage", "session", "ssh", "tls", "data", "service", NULL
	};
	/* at the end: says something about a secret */
	static const char *const harmless[] = {
		"file", "path", "name", "names", "namespace", "arn", "ttl", "type", "dir", "url", "count", "version", "reviewer", "audience",
		"audiences", "expiration", "seconds", "ref", "method", "enabled", "disable", "accessor", "period", NULL
	};
	struct words w;
	const char *last;

	split(&w, name);
	if (!w.n)
		return false;
	last = w.at[w.n - 1];
	if (among(last, harmless))
		return false;
	if (w.n > 1 && (text_same(last, "key") || text_same(last, "keys") || text_same(last, "share")) && among(w.at[w.n - 2], kinds))
		return true;
	for (size_t i = 0; i < w.n; i++)
		if (among(w.at[i], secret))
			return true;
	return false;
}

/* ---- trees ---- */

/* What decides about a Vault's work, and holds no secret. */
static bool harmless_variable(const char *name)
{
	static const char *const names[] = {
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_STS_REGIONAL_ENDPOINTS",
		"AWS_DYNAMODB_TABLE", "AWS_DYNAMODB_REGION", "AWS_DYNAMODB_ENDPOINT", "AWS_PROFILE", "AWS_CA_BUNDLE",
		"VAULT_AWSKMS_SEAL_KEY_ID", "AWSKMS_WRAPPER_KEY_ID", "VAULT_SEAL_TYPE", "VAULT_ADDR", "VAULT_API_ADDR",
		"VAULT_CLUSTER_ADDR", "VAULT_K8S_POD_NAME", "VAULT_K8S_NAMESPACE", "VAULT_LOG_LEVEL", "VAULT_LOG_FORMAT",
		"VAULT_CACERT", "VAULT_SKIP_VERIFY", "VAULT_RAFT_NODE_ID", "SKIP_CHOWN", "SKIP_SETCAP", "HOME", "HOSTNAME", "HOST_IP",
		"POD_IP", "GODEBUG", "GOMAXPROCS", "GOMEMLIMIT", NULL
	};

	return among(name, names);
}

static struct value *redacted(struct arena *a)
{
	return value_new_text(a, REDACTED);
}

static struct value *redact_any(struct arena *a, const struct value *v)
{
	AUTO(buf) struct buf out = BUF_MAX(64 << 20);

	if (v->type != VALUE_TEXT)
		return redact_value(a, v);
	redact_text(&out, view_of(v->text, v->n));
	return value_new_text(a, buf_str(&out));
}

/* A container's env: a list of {"name": "X", "value": "..."}. */
static struct value *redact_env(struct arena *a, const struct value *env)
{
	struct value *out = redact_value(a, env);

	for (size_t i = 0; i < out->n; i++)
		if (value_get(out->items[i], "value") && !harmless_variable(value_text_or(out->items[i], "name", "")))
			value_set(a, out->items[i], "value", redacted(a));
	return out;
}

static bool is_scalar(const struct value *v)
{
	return v->type == VALUE_TEXT || v->type == VALUE_INT || v->type == VALUE_REAL;
}

static struct value *redact_map(struct arena *a, const struct value *v)
{
	struct value *out = value_new_map(a);

	for (size_t i = 0; i < v->n; i++) {
		const char *name = v->names[i];
		const struct value *item = v->items[i];
		bool secret = is_scalar(item) && redact_name(view_text(name));

		if (text_same(name, "managedFields") || text_starts(name, "kubectl.kubernetes.io/last-applied"))
			continue;
		if (text_same(name, "env") && item->type == VALUE_LIST)
			value_add(a, out, name, NULL, redact_env(a, item));
		else
			value_add(a, out, name, NULL, secret ? redacted(a) : redact_any(a, item));
	}
	return out;
}

/* "--token", "x": the word after such an option is its value. */
static bool takes_secret(const struct value *word)
{
	return word->type == VALUE_TEXT && text_starts(word->text, "-") && !strchr(word->text, '=') &&
	       redact_name(view_text(word->text));
}

struct value *redact_value(struct arena *a, const struct value *v)
{
	struct value *out;

	switch (v->type) {
	case VALUE_MAP:
		return redact_map(a, v);
	case VALUE_TEXT:
		return redact_any(a, v);
	case VALUE_LIST:
		out = value_new_list(a);
		for (size_t i = 0; i < v->n; i++)
			value_push(a, out, i > 0 && takes_secret(v->items[i - 1]) ? redacted(a) : redact_any(a, v->items[i]));
		return out;
	default:
		return value_copy(a, v);
	}
}
