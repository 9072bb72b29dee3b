#include "vault/policy_hcl.h"

#include "core/text.h"
#include "formats/cursor.h"
#include "formats/number.h"

#include <ctype.h>

struct reader {
	struct cursor at;
	struct arena *a;
	struct err *e;
};

static const char *const capabilities[] = { "deny", "create", "read", "update", "delete", "list", "sudo", "patch",
                                            "subscribe", "recover" };

static const char *const stanza_keys[] = { "capabilities", "policy", "comment", "allowed_parameters", "denied_parameters",
                                           "required_parameters", "min_wrapping_ttl", "max_wrapping_ttl", "mfa_methods",
                                           "control_group", "subscribe_event_types" };

static struct value *read_value(struct reader *r, unsigned depth);

static int refuse(struct reader *r, const struct mark *mark, const char *why)
{
	return mark_err(r->e, ERR_CONFIG, mark, "%s", why);
}

static int refuse_here(struct reader *r, const char *why)
{
	return refuse(r, &r->at.mark, why);
}

/* ---- syntax ---- */

static int skip_block_comment(struct reader *r)
{
	struct mark start = r->at.mark;

	cursor_skip(&r->at, 2);
	while (!view_starts(r->at.rest, "*/")) {
		if (cursor_peek(&r->at) == -1)
			return refuse(r, &start, "this comment has no end");
		cursor_skip(&r->at, 1);
	}
	cursor_skip(&r->at, 2);
	return 0;
}

/* Over white space and comments. */
static int skip_space(struct reader *r)
{
	for (;;) {
		int c = cursor_peek(&r->at);

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			cursor_skip(&r->at, 1);
		} else if (c == '#' || view_starts(r->at.rest, "//")) {
			while (cursor_peek(&r->at) != '\n' && cursor_peek(&r->at) != -1)
				cursor_skip(&r->at, 1);
		} else if (!view_starts(r->at.rest, "/*")) {
			return 0;
		} else if (skip_block_comment(r) < 0) {
			return -1;
		}
	}
}

/* Letters, digits, '_', '-' and '.', not a digit first. Empty: there is none. */
static struct view take_word(struct reader *r)
{
	struct view word = view_of(r->at.rest.p, 0);
	int c = cursor_peek(&r->at);

	if (c != '_' && !isalpha(c))
		return word;
	for (; c == '_' || c == '-' || c == '.' || isalnum(c); c = cursor_peek(&r->at)) {
		cursor_skip(&r->at, 1);
		word.n++;
	}
	return word;
}

/* Vault's templates ({{identity.entity.id}}) are plain text here; HCL's own ("${") would be none in a policy. */
static struct value *read_text(struct reader *r)
{
	static const char letters[] = "nrt\"\\", meant[] = "\n\r\t\"\\";
	AUTO(buf) struct buf text = BUF_MAX(r->at.rest.n);
	struct mark start = r->at.mark;
	struct value *v;

	cursor_skip(&r->at, 1);
	while (!cursor_take(&r->at, '"')) {
		struct mark mark = r->at.mark;
		int c = cursor_peek(&r->at);
		const char *hit;

		if (c == -1 || c == '\n' || c == 0) {
			refuse(r, &start, "this text has no closing '\"' on its line");
			return NULL;
		}
		cursor_skip(&r->at, 1);
		if (c != '\\') {
			buf_char(&text, (char)c);
			continue;
		}
		c = cursor_peek(&r->at);
		hit = c > 0 ? strchr(letters, c) : NULL;
		if (!hit) {
			refuse(r, &mark, "this escape is not known");
			return NULL;
		}
		buf_char(&text, meant[hit - letters]);
		cursor_skip(&r->at, 1);
	}
	v = value_new_view(r->a, buf_bytes(&text));
	v->mark = start;
	return v;
}

static struct value *read_number(struct reader *r)
{
	size_t n = number_json(r->at.rest);
	struct view digits = view_of(r->at.rest.p, n);
	int64_t integer;
	double real;

	if (n && number_int(digits, 10, &integer)) {
		cursor_skip(&r->at, n);
		return value_new_int(r->a, integer);
	}
	if (n && number_real(digits, &real)) {
		cursor_skip(&r->at, n);
		return value_new_real(r->a, real);
	}
	refuse_here(r, "this is no number");
	return NULL;
}

static struct value *read_word(struct reader *r)
{
	struct mark mark = r->at.mark;
	struct view word = take_word(r);

	if (view_is(word, "true") || view_is(word, "false"))
		return value_new_bool(r->a, view_is(word, "true"));
	refuse(r, &mark, word.n ? "a text must stand in quotes" : "a value must stand here");
	return NULL;
}

static struct value *read_list(struct reader *r, unsigned depth)
{
	struct value *list = value_new_list(r->a);

	cursor_skip(&r->at, 1);
	for (;;) {
		struct value *item;

		if (skip_space(r) < 0)
			return NULL;
		if (cursor_take(&r->at, ']'))
			return list;
		item = read_value(r, depth);
		if (!item || skip_space(r) < 0)
			return NULL;
		value_push(r->a, list, item);
		if (!cursor_take(&r->at, ',') && cursor_peek(&r->at) != ']') {
			refuse_here(r, "a ',' or ']' must stand here");
			return NULL;
		}
	}
}

/* A bare word, or a text in quotes. NULL with the error. */
static const char *read_name(struct reader *r)
{
	struct view word = take_word(r);
	struct value *text;

	if (word.n)
		return arena_view(r->a, word);
	if (cursor_peek(&r->at) != '"') {
		refuse_here(r, "a name must stand here");
		return NULL;
	}
	text = read_text(r);
	return text ? text->text : NULL;
}

/* "{ NAME = VALUE ... }"; the '=' may be missing before another '{'. */
static struct value *read_object(struct reader *r, unsigned depth)
{
	struct value *map = value_new_map(r->a);
	size_t twice;

	cursor_skip(&r->at, 1);
	for (;;) {
		struct mark mark;
		const char *name;
		struct value *item;

		if (skip_space(r) < 0)
			return NULL;
		if (cursor_take(&r->at, '}'))
			break;
		mark = r->at.mark;
		name = read_name(r);
		if (!name || skip_space(r) < 0)
			return NULL;
		if (!cursor_take(&r->at, '=') && !cursor_take(&r->at, ':') && cursor_peek(&r->at) != '{') {
			refuse_here(r, "a '=' must stand here");
			return NULL;
		}
		if (skip_space(r) < 0 || !(item = read_value(r, depth)) || skip_space(r) < 0)
			return NULL;
		value_add(r->a, map, name, &mark, item);
		cursor_take(&r->at, ',');
	}
	twice = value_twice(map);
	if (twice == map->n)
		return map;
	mark_err(r->e, ERR_CONFIG, &map->name_marks[twice], "the name '%s' stands here twice", map->names[twice]);
	return NULL;
}

static struct value *read_value(struct reader *r, unsigned depth)
{
	struct mark mark = r->at.mark;
	int c = cursor_peek(&r->at);
	struct value *v = NULL;

	if (depth == POLICY_DEPTH_MAX)
		refuse_here(r, "nested too deep");
	else if (c == '"')
		v = read_text(r);
	else if (c == '-' || isdigit(c))
		v = read_number(r);
	else if (c == '[')
		v = read_list(r, depth + 1);
	else if (c == '{')
		v = read_object(r, depth + 1);
	else if (view_starts(r->at.rest, "<<"))
		refuse_here(r, "a heredoc has no place in a policy; write the text in quotes");
	else
		v = read_word(r);
	if (v)
		v->mark = mark;
	return v;
}

/* ---- meaning ---- */

static void also(struct reader *r, const struct mark *mark, const char *what, const char *word, const char *const *known,
                 size_t n)
{
	const char *nearest = text_nearest(word, known, n);

	mark_err_also(r->e, ERR_CONFIG, mark, "'%s' is no %s", word, what);
	if (nearest)
		err_hint(r->e, "did you mean '%s'?", nearest);
}

static unsigned capabilities_of(struct reader *r, const struct value *v)
{
	unsigned found = 0;

	if (v->type != VALUE_LIST) {
		mark_err_also(r->e, ERR_CONFIG, &v->mark, "'capabilities' must be a list, not %s", value_type_name(v->type));
		return POLICY_DENY;
	}
	for (size_t i = 0; i < v->n; i++) {
		const struct value *item = v->items[i];
		size_t k = 0;

		if (item->type != VALUE_TEXT) {
			mark_err_also(r->e, ERR_CONFIG, &item->mark, "a capability must be a text, not %s", value_type_name(item->type));
			continue;
		}
		while (k < COUNT_OF(capabilities) && !text_same(item->text, capabilities[k]))
			k++;
		if (k == COUNT_OF(capabilities))
			also(r, &item->mark, "capability", item->text, capabilities, COUNT_OF(capabilities));
		else
			found |= 1u << k;
	}
	return found;
}

/* policy = "read" and its like, which Vault still takes. */
static unsigned old_policy(struct reader *r, const struct value *v)
{
	static const char *const words[] = { "deny", "read", "write", "sudo" };
	static const unsigned meant[] = {
		POLICY_DENY, POLICY_READ | POLICY_LIST,
		POLICY_CREATE | POLICY_READ | POLICY_UPDATE | POLICY_DELETE | POLICY_LIST,
		POLICY_CREATE | POLICY_READ | POLICY_UPDATE | POLICY_DELETE | POLICY_LIST | POLICY_SUDO,
	};
	const char *text = v->type == VALUE_TEXT ? v->text : value_type_name(v->type);

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_same(text, words[i]))
			return meant[i];
	also(r, &v->mark, "word of the old 'policy'", text, words, COUNT_OF(words));
	return POLICY_DENY;
}

static bool key_is_known(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(stanza_keys); i++)
		if (text_same(name, stanza_keys[i]))
			return true;
	return false;
}

static void check_path(struct reader *r, const struct policy_rule *rule)
{
	const char *star = strchr(rule->path, '*');

	if (!*rule->path)
		mark_err_also(r->e, ERR_CONFIG, &rule->mark, "a path must not be empty");
	else if (strstr(rule->path, "+*"))
		mark_err_also(r->e, ERR_CONFIG, &rule->mark, "'+*' is forbidden in a path ('%s')", rule->path);
	else if (star && star[1]) {
		mark_err_also(r->e, ERR_CONFIG, &rule->mark, "a '*' that is not at the end stands for itself ('%s')", rule->path);
		err_hint(r->e, "'+' stands for one segment of a path");
	}
}

static void check_stanza(struct reader *r, struct policy_rule *rule, const struct value *body)
{
	const struct value *list = value_get(body, "capabilities"), *old = value_get(body, "policy");

	check_path(r, rule);
	for (size_t i = 0; i < body->n; i++)
		if (!key_is_known(body->names[i]))
			also(r, &body->name_marks[i], "key of a path", body->names[i], stanza_keys, COUNT_OF(stanza_keys));
	if (list)
		rule->capabilities |= capabilities_of(r, list);
	if (old)
		rule->capabilities |= old_policy(r, old);
	if (!list && !old)
		mark_err_also(r->e, ERR_CONFIG, &rule->mark, "the path '%s' has no 'capabilities'", rule->path);
}

/* `path "x" {...}`; the word was read. */
static int read_stanza(struct reader *r, struct value *stanzas)
{
	struct value *path, *body, *pair;

	if (skip_space(r) < 0)
		return -1;
	if (cursor_peek(&r->at) != '"')
		return refuse_here(r, "behind 'path' a path in quotes must stand");
	if (!(path = read_text(r)) || skip_space(r) < 0)
		return -1;
	if (cursor_peek(&r->at) != '{')
		return refuse_here(r, "behind the path a '{' must stand");
	if (!(body = read_value(r, 0)))
		return -1;
	pair = value_push(r->a, stanzas, value_new_list(r->a));
	value_push(r->a, pair, path);
	value_push(r->a, pair, body);
	return 0;
}

static int read_top(struct reader *r, struct value *stanzas)
{
	struct mark mark = r->at.mark;
	struct view word = cursor_peek(&r->at) == '"' ? view_of("", 0) : take_word(r);

	if (view_is(word, "path"))
		return read_stanza(r, stanzas);
	if (!view_is(word, "name"))
		return refuse(r, &mark, cursor_peek(&r->at) == '{' && !word.n ? "a policy must be HCL here, not JSON" :
		              "only 'path \"...\" { ... }' may stand here");
	if (skip_space(r) < 0)
		return -1;
	if (!cursor_take(&r->at, '='))
		return refuse_here(r, "a '=' must stand here");
	return skip_space(r) < 0 || !read_value(r, 0) ? -1 : 0;
}

static bool is_twice(const struct policy *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (text_same(p->rules[k].path, p->rules[i].path))
			return true;
	return false;
}

int policy_hcl_parse(struct arena *a, struct view text, const char *file, struct policy *out, struct err *e)
{
	struct reader r = { .at = cursor_at_start(text, arena_text(a, file)), .a = a, .e = e };
	struct value *stanzas = value_new_list(a);
	struct policy p = { 0 };

	if (text.n > POLICY_TEXT_MAX)
		return refuse(&r, &r.at.mark, "the policy is longer than 1 MiB");
	if (cursor_check_utf8(text, file, e) < 0)
		return -1;
	for (;;) {
		if (skip_space(&r) < 0)
			return -1;
		if (r.at.rest.n == 0)
			break;
		if (read_top(&r, stanzas) < 0)
			return -1;
	}
	if (stanzas->n == 0)
		return refuse(&r, &r.at.mark, "the policy has no 'path \"...\" { ... }'");
	p.rules = ARENA_ARRAY(a, struct policy_rule, stanzas->n);
	for (; p.n < stanzas->n; p.n++) {
		const struct value *path = stanzas->items[p.n]->items[0];
		struct policy_rule *rule = &p.rules[p.n];

		*rule = (struct policy_rule){ .path = path->text + (*path->text == '/'), .mark = path->mark };
		check_stanza(&r, rule, stanzas->items[p.n]->items[1]);
		if (is_twice(&p, p.n))
			mark_err_also(e, ERR_CONFIG, &rule->mark, "the path '%s' stands here twice", rule->path);
	}
	if (e->kind)
		return -1;
	*out = p;
	return 0;
}
