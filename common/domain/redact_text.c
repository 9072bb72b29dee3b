#include "domain/redact.h"

#include "domain/redact_shape.h"

#include <ctype.h>

enum { NAME_BYTES_MAX = 64 };

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* Where the value after a name's end begins: past quotes, spaces and one '=' or ':'. 0: the name has no value. */
static size_t value_start(struct view text, size_t name, size_t end)
{
	bool option = text.p[name] == '-', separated = false;
	size_t at = end;

	while (at < text.n && (text.p[at] == '"' || text.p[at] == '\'' || text.p[at] == '\\'))
		at++;
	while (at < text.n && (text.p[at] == ' ' || text.p[at] == '\t'))
		at++;
	if (at < text.n && (text.p[at] == '=' || text.p[at] == ':')) {
		separated = true;
		at++;
		while (at < text.n && (text.p[at] == ' ' || text.p[at] == '\t'))
			at++;
	}
	return (separated || (option && at > end)) && at < text.n ? at : 0;
}

/* A quoted value to its closing quote, backslashes heeded; a bare one to the end of the word. */
static size_t value_end(struct view text, size_t at)
{
	bool escaped = text.p[at] == '\\' && at + 1 < text.n && (text.p[at + 1] == '"' || text.p[at + 1] == '\'');
	char quote;

	if (escaped)
		at++;
	quote = text.p[at];
	if (quote != '"' && quote != '\'') {
		while (at < text.n && !isspace((unsigned char)text.p[at]) && !strchr(",;&\"'}])", text.p[at]))
			at++;
		return at;
	}
	for (at++; at < text.n && text.p[at] != '\n'; at++) {
		if (text.p[at] == '\\' && !escaped)
			at++;
		else if (text.p[at] == quote)
			return at + 1 < text.n ? at + 1 : text.n;
	}
	return at < text.n ? at : text.n;
}

/* "Authorization: Bearer x", "Cookie: a=b; c=d": headers go to the end of their line. */
static bool is_header(struct view name)
{
	static const char *const names[] = { "authorization", "cookie", "set-cookie", "x-vault-token", "x-amz-security-token" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (name.n == strlen(names[i]) && strncasecmp(name.p, names[i], name.n) == 0)
			return true;
	return false;
}

static size_t line_end(struct view text, size_t at)
{
	const char *end = memchr(text.p + at, '\n', text.n - at);

	return end ? (size_t)(end - text.p) : text.n;
}

/* At the start of a name that says its value is secret: the name goes out, and the offset behind the value is given. */
static size_t redact_assigned(struct buf *out, struct view text, size_t at)
{
	size_t end = at, value;
	struct view name;

	while (end < text.n && name_char(text.p[end]))
		end++;
	name = view_of(text.p + at, end - at);
	if (!name.n || name.n > NAME_BYTES_MAX || !redact_name(name))
		return 0;
	value = value_start(text, at, end);
	if (!value)
		return 0;
	buf_put(out, text.p + at, value - at);
	buf_text(out, REDACTED);
	return is_header(name) ? line_end(text, value) : value_end(text, value);
}

/* At "://user:password@": the offset of the '@'; 0: no such thing. */
static size_t userinfo_end(struct view text, size_t at)
{
	bool colon = false;

	for (size_t i = at; i < text.n && i < at + 512; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '@')
			return colon ? i : 0;
		if (isspace(c) || c == '/' || c == '"' || c == '\'')
			return 0;
		colon = colon || c == ':';
	}
	return 0;
}

void redact_text(struct buf *out, struct view text)
{
	for (size_t at = 0; at < text.n;) {
		bool begins = at == 0 || !name_char(text.p[at - 1]);
		size_t n = redact_shape(text, at), next;

		if (n) {
			buf_text(out, REDACTED);
			at += n;
			continue;
		}
		next = begins && name_char(text.p[at]) ? redact_assigned(out, text, at) : 0;
		if (!next && at >= 3 && memcmp(text.p + at - 3, "://", 3) == 0) {
			next = userinfo_end(text, at);
			if (next)
				buf_text(out, REDACTED);
		}
		if (next) {
			at = next;
			continue;
		}
		buf_char(out, text.p[at++]);
	}
}
