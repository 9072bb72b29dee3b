#include "aws/settings.h"

#include "core/text.h"
#include "formats/ini.h"

enum { SETTINGS_FILE_MAX = 1 << 20 };

/*
 * The name of a profile section: "default", "profile ops", "profile 'a b'". NULL
 * for a section that is none.
 */
static const char *profile_of_section(struct arena *a, const char *section)
{
	struct view name = view_trim(view_text(section));

	if (view_is(name, "default"))
		return "default";
	if (!view_starts(name, "profile") || name.n < 9 || !strchr(" \t", name.p[7]))
		return NULL;
	name = view_trim(view_of(name.p + 8, name.n - 8));
	if (name.n >= 2 && strchr("\"'", name.p[0]) && name.p[name.n - 1] == name.p[0])
		name = view_of(name.p + 1, name.n - 2);
	return arena_view(a, name);
}

/* Parses one file; a missing one gives an empty map. */
static int read_ini(struct aws_settings *s, const struct host *host, const char *path,
					struct value **out, struct err *e)
{
	AUTO(wiped) struct buf text = BUF_MAX(SETTINGS_FILE_MAX);
	AUTO(text) char *where = host_path(host, path);

	if (host_read_file(host, where, &text, e) < 0) {
		if (e->kind != ERR_ABSENT)
			return err_while(e, "AWS settings");
		err_release(e);
		*out = value_new_map(&s->mem);
		return 0;
	}
	return ini_parse(&s->mem, buf_bytes(&text), path, out, e);
}

/* Sorts the config file's sections; [profile default] wins over [default]. */
static void sort_sections(struct aws_settings *s, const struct value *sections)
{
	struct value *profiles = value_new_map(&s->mem), *services = value_new_map(&s->mem);

	for (size_t i = 0; i < sections->n; i++) {
		const char *section = sections->names[i];
		const char *profile = profile_of_section(&s->mem, section);

		if (profile && (!text_same(section, "default") || !value_get(profiles, profile)))
			value_set(&s->mem, profiles, profile, sections->items[i]);
		else if (text_starts(section, "services "))
			value_set(&s->mem, services, arena_view(&s->mem, view_trim(view_text(section + 9))),
					  sections->items[i]);
	}
	s->config = profiles;
	s->services = services;
}

static void choose_profile(struct aws_settings *s, const struct host *host,
						   const struct aws_flags *flags)
{
	const char *name = flags ? flags->profile : NULL;

	s->profile_by = PROFILE_BY_FLAG;
	if (text_empty(name)) {
		name = host_env(host, "AWS_PROFILE");
		s->profile_by = PROFILE_BY_ENV;
	}
	if (!name)
		name = host_env(host, "AWS_DEFAULT_PROFILE");
	if (!name) {
		name = "default";
		s->profile_by = PROFILE_BY_DEFAULT;
	}
	s->profile = arena_text(&s->mem, name);
}

static const char *path_or(struct aws_settings *s, const struct host *host, const char *variable,
						   const char *otherwise)
{
	const char *path = host_env(host, variable);

	return arena_text(&s->mem, path ? path : otherwise);
}

int settings_read(struct aws_settings **out, const struct host *host, const struct aws_flags *flags,
				  struct err *e)
{
	AUTO(settings) struct aws_settings *s = xcalloc(1, sizeof(*s));
	struct value *sections, *credentials;

	choose_profile(s, host, flags);
	s->config_path = path_or(s, host, "AWS_CONFIG_FILE", "~/.aws/config");
	s->credentials_path = path_or(s, host, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
	if (read_ini(s, host, s->config_path, &sections, e) < 0 ||
		read_ini(s, host, s->credentials_path, &credentials, e) < 0)
		return -1;
	sort_sections(s, sections);
	s->credentials = credentials;
	if (s->profile_by == PROFILE_BY_FLAG && !settings_has_profile(s, s->profile)) {
		err_set(e, ERR_CONFIG, 0, "the profile '%s' is neither in '%s' nor in '%s'", s->profile,
				s->config_path, s->credentials_path);
		settings_hint_profile(s, s->profile, e);
		return -1;
	}
	*out = take(s);
	return 0;
}

void settings_free(struct aws_settings *s)
{
	if (!s)
		return;
	arena_wipe(&s->mem);
	free(s);
}

bool settings_has_profile(const struct aws_settings *s, const char *profile)
{
	return value_get(s->config, profile) || value_get(s->credentials, profile);
}

static const char *text_of(const struct value *map, const char *key)
{
	const struct value *v = value_get(map, key);

	return v && v->type == VALUE_TEXT && v->n ? v->text : NULL;
}

const char *settings_get(const struct aws_settings *s, const char *profile, const char *key)
{
	const char *text = text_of(value_get(s->credentials, profile), key);

	return text ? text : text_of(value_get(s->config, profile), key);
}

void settings_hint_profile(const struct aws_settings *s, const char *profile, struct err *e)
{
	const char *near = text_nearest(profile, s->config->names, s->config->n);

	if (!near)
		near = text_nearest(profile, s->credentials->names, s->credentials->n);
	if (near)
		err_hint(e, "did you mean '%s'?", near);
}

const char *settings_choose(const struct aws_settings *s, const struct host *host,
							const char *variable, const char *key)
{
	const char *text = host_env(host, variable);

	return text || !key ? text : settings_get(s, s->profile, key);
}

int settings_bool(const struct aws_settings *s, const struct host *host, const char *variable,
				  const char *key, bool otherwise, bool *out, struct err *e)
{
	const char *text = settings_choose(s, host, variable, key);

	if (!text)
		*out = otherwise;
	else if (text_same_nocase(text, "true") || text_same_nocase(text, "false"))
		*out = text_same_nocase(text, "true");
	else
		return err_set(e, ERR_CONFIG, 0,
					   "'%s' (or '%s' of the profile '%s') is neither true nor false: '%s'",
					   variable, key, s->profile, text);
	return 0;
}
