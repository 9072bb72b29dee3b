/* Static keys of a profile, in either file. */
#include "aws/chain.h"
#include "core/text.h"

static const char *key_of(const struct value *profile, const char *key)
{
	const char *text = value_text_or(profile, key, NULL);

	return text_empty(text) ? NULL : text;
}

static int find_static(const struct chain *c, const struct value *profiles, const char *file,
					   struct credentials *out, struct buf *why, struct err *e)
{
	const struct value *profile = value_get(profiles, c->profile);
	const char *key_id = key_of(profile, "aws_access_key_id");
	const char *secret_key = key_of(profile, "aws_secret_access_key");
	const char *token = key_of(profile, "aws_session_token");
	AUTO(text) char *source = xasprintf("profile '%s' (%s)", c->profile, file);

	if (!profile) {
		buf_printf(why, "%s has no '%s'", file, c->profile);
		return 0;
	}
	if (!key_id) {
		buf_printf(why, "no aws_access_key_id for '%s' in %s", c->profile, file);
		return 0;
	}
	if (!secret_key)
		return err_set(e, ERR_AUTH, 0,
					   "the profile '%s' in '%s' has an aws_access_key_id, and no "
					   "aws_secret_access_key",
					   c->profile, file);
	if (!token)
		token = key_of(profile, "aws_security_token");
	if (credentials_fill(out, key_id, view_text(secret_key), view_text(token), 0, source, e) < 0)
		return -1;
	return 1;
}

int find_in_credentials_file(struct chain *c, struct credentials *out, struct buf *why,
							 struct err *e)
{
	const struct aws_settings *s = c->aws->settings;

	return find_static(c, s->credentials, s->credentials_path, out, why, e);
}

int find_in_config_file(struct chain *c, struct credentials *out, struct buf *why, struct err *e)
{
	const struct aws_settings *s = c->aws->settings;

	return find_static(c, s->config, s->config_path, out, why, e);
}
