#include "aws/creds.h"

#include "aws/chain.h"
#include "core/text.h"

#include <inttypes.h>

/* The order of aws-cli 2: credentials.py, create_credential_resolver. */
static const struct creds_source sources[] = {
	{ "environment", READS_MACHINE, find_environment },
	{ "role of the profile", READS_PROFILE, find_assumed_role },
	{ "web identity", READS_BOTH, find_web_identity },
	{ "SSO", READS_PROFILE, find_sso },
	{ "credentials file", READS_PROFILE, find_in_credentials_file },
	{ "login session", READS_PROFILE, find_login_session },
	{ "credential_process", READS_PROFILE, find_process },
	{ "config file", READS_PROFILE, find_in_config_file },
	{ "container", READS_MACHINE, find_container },
	{ "instance metadata", READS_MACHINE, find_instance },
};

void credentials_release(struct credentials *c)
{
	free(c->key_id);
	free(c->source);
	secret_release(&c->secret_key);
	secret_release(&c->session_token);
	*c = (struct credentials){ 0 };
}

const char *chain_get(const struct chain *c, const char *key)
{
	return c->aws->settings ? settings_get(c->aws->settings, c->profile, key) : NULL;
}

const char *chain_session_name(const struct chain *c, struct arena *a)
{
	return arena_printf(a, "vault-aws-%" PRId64, host_wall_ms(c->aws->host) / 1000);
}

/* One note for a profile that is nowhere, instead of one for each of its rows. */
static bool profile_is_nowhere(const struct chain *c, struct buf *why, bool *told)
{
	const struct aws_settings *s = c->aws->settings;

	if (s && settings_has_profile(s, c->profile))
		return false;
	if (s && !*told)
		buf_printf(why, "%sprofile '%s' (neither in %s nor in %s)", why->n ? ", " : "", c->profile,
				   s->config_path, s->credentials_path);
	*told = true;
	return true;
}

int chain_search(struct chain *c, struct credentials *out, struct buf *why, struct err *e)
{
	bool told = false;

	for (size_t i = 0; i < COUNT_OF(sources); i++) {
		AUTO(buf) struct buf note = BUF_MAX(ROLE_TEXT_MAX);
		int found;

		if (sources[i].reads == READS_PROFILE && profile_is_nowhere(c, why, &told))
			continue;
		if (sources[i].reads == READS_MACHINE && c->n_seen > 0)
			continue;
		found = sources[i].find(c, out, &note, e);
		if (found != 0)
			return found;
		buf_printf(why, "%s%s (%s)", why->n ? ", " : "", sources[i].name, buf_str(&note));
	}
	return 0;
}

/* What must go into a header as it is. */
static bool is_header_text(struct view text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return false;
	return true;
}

int credentials_fill(struct credentials *out, const char *key_id, struct view secret_key,
					 struct view token, int64_t expires_ms, const char *source, struct err *e)
{
	if (text_empty(key_id) || !secret_key.n)
		return err_set(e, ERR_AUTH, 0,
					   "the credentials of %s have an empty access key id or secret key", source);
	if (!is_header_text(view_text(key_id)) || !is_header_text(token))
		return err_set(e, ERR_AUTH, 0, "the credentials of %s hold spaces or control characters",
					   source);
	*out = (struct credentials){
		.key_id = xstrdup(key_id),
		.expires_ms = expires_ms,
		.source = xstrdup(source),
	};
	secret_set(&out->secret_key, secret_key);
	if (token.n)
		secret_set(&out->session_token, token);
	return 0;
}
