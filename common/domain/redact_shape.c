#include "domain/redact_shape.h"

#include <ctype.h>

enum {
	TOKEN_MIN = 8,           /* of hvs. and its kin; real ones have 24 and more */
	TOKEN_OLD = 24,          /* s. and b. before Vault 1.10 */
	JWT_PART_MIN = 8,
	KEY_ID = 20,             /* AKIA and sixteen more */
	LONG_RUN = 40,           /* an AWS secret key; recovery keys have 44 */
	HEX_RUN = 64
};

static bool starts(struct view v, size_t at, const char *prefix)
{
	return at <= v.n && view_starts(view_of(v.p + at, v.n - at), prefix);
}

static bool token_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' || c == '=';
}

static bool base64_char(char c)
{
	return isalnum((unsigned char)c) || c == '+' || c == '/' || c == '_' || c == '-' || c == '=';
}

static size_t run(struct view text, size_t at, bool (*in)(char))
{
	size_t n = 0;

	while (at + n < text.n && in(text.p[at + n]))
		n++;
	return n;
}

static bool begins_word(struct view text, size_t at)
{
	return at == 0 || !isalnum((unsigned char)text.p[at - 1]);
}

static size_t vault_token(struct view text, size_t at)
{
	size_t n = run(text, at, token_char);

	if (starts(text, at, "hvs.") || starts(text, at, "hvb.") || starts(text, at, "hvr."))
		return n >= 4 + TOKEN_MIN ? n : 0;
	if (!starts(text, at, "s.") && !starts(text, at, "b."))
		return 0;
	for (size_t i = 2; i < 2 + TOKEN_OLD; i++)
		if (at + i >= text.n || !isalnum((unsigned char)text.p[at + i]))
			return 0;
	return n;
}

/* Header, claims and signature in base64url: the header is JSON, so it begins with {" which is eyJ. */
static size_t jwt(struct view text, size_t at)
{
	size_t n = starts(text, at, "eyJ") ? run(text, at, token_char) : 0, dots = 0;

	for (size_t i = 0; i < n; i++)
		dots += text.p[at + i] == '.';
	return dots >= 1 && n >= 2 * JWT_PART_MIN ? n : 0;
}

/* IAM User Guide, "IAM identifiers": users, sessions, and the other kinds of ids that go with a secret. */
static size_t access_key_id(struct view text, size_t at)
{
	if (!starts(text, at, "AKIA") && !starts(text, at, "ASIA") && !starts(text, at, "ABIA") && !starts(text, at, "ACCA"))
		return 0;
	for (size_t i = 0; i < KEY_ID; i++)
		if (at + i >= text.n || !(isupper((unsigned char)text.p[at + i]) || isdigit((unsigned char)text.p[at + i])))
			return 0;
	return KEY_ID;
}

/* Up to the end of the block; of a block that is cut off, all. */
static size_t private_key(struct view text, size_t at)
{
	struct view rest = view_of(text.p + at, text.n - at);
	const char *line, *end;

	if (!starts(text, at, "-----BEGIN "))
		return 0;
	line = memchr(rest.p + 11, '-', rest.n - 11);
	if (!line || !memmem(rest.p, (size_t)(line - rest.p), "PRIVATE", 7))
		return 0;
	end = memmem(line, rest.n - (size_t)(line - rest.p), "-----END", 8);
	end = end ? memmem(end + 8, rest.n - (size_t)(end + 8 - rest.p), "-----", 5) : NULL;
	return end ? (size_t)(end + 5 - rest.p) : rest.n;
}

static bool is_digest(struct view text, size_t at)
{
	static const char *const before[] = { "sha256:", "sha512:", "://" };

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		size_t n = strlen(before[i]);

		if (at >= n && memcmp(text.p + at - n, before[i], n) == 0)
			return true;
	}
	return false;
}

/* The name at the end of an ARN ("arn:aws:iam::111122223333:role/AWSReservedSSO_..."), however long it is. */
static bool in_arn(struct view text, size_t at)
{
	static const char *const kinds[] = { "role/", "user/", "assumed-role/", "policy/", "cluster/", "table/", "key/" };

	while (at > 0 && base64_char(text.p[at - 1]))
		at--;
	if (at == 0 || text.p[at - 1] != ':')
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (starts(text, at, kinds[i]))
			return true;
	return false;
}

/* Base64 of some length has capitals and digits; paths and names of objects have none, or are shorter. */
static size_t long_run(struct view text, size_t at)
{
	size_t n = run(text, at, base64_char), hex = 0, upper = 0, lower = 0, digits = 0;

	if (n < LONG_RUN || is_digest(text, at) || in_arn(text, at))
		return 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text.p[at + i];

		hex += isxdigit(c) != 0;
		upper += isupper(c) != 0;
		lower += islower(c) != 0;
		digits += isdigit(c) != 0;
	}
	if (hex == n)
		return n >= HEX_RUN ? n : 0;
	return upper && (digits || lower) ? n : 0;
}

size_t redact_shape(struct view text, size_t at)
{
	static size_t (*const shapes[])(struct view, size_t) = { private_key, vault_token, jwt, access_key_id, long_run };

	if (!begins_word(text, at))
		return 0;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		size_t n = shapes[i](text, at);

		if (n)
			return n;
	}
	return 0;
}
