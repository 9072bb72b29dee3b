/*
 * A profile that names a role: the credentials of its source_profile (or
 * credential_source) ask STS for those of the role. Keys and rules: aws-cli's
 * AssumeRoleProvider.
 */
#include "aws/chain.h"
#include "aws/services.h"
#include "core/text.h"

static int refuse_loop(const struct chain *c, const char *again, struct err *e)
{
	AUTO(buf) struct buf way = BUF_MAX(ROLE_TEXT_MAX);

	for (size_t i = 0; i < c->n_seen; i++)
		buf_printf(&way, "'%s' -> ", c->seen[i]);
	return err_set(e, ERR_CONFIG, 0, "the source profiles go in a circle: %s'%s'", buf_str(&way),
				   again);
}

/* 1, 0, -1: static keys of the profile in either file. */
static int find_keys(struct chain *c, struct credentials *out, struct err *e)
{
	AUTO(buf) struct buf why = BUF_MAX(ROLE_TEXT_MAX);
	int found = find_in_credentials_file(c, out, &why, e);

	return found ? found : find_in_config_file(c, out, &why, e);
}

static int find_in_source_profile(struct chain *c, const char *source, struct credentials *out,
								  struct err *e)
{
	AUTO(buf) struct buf why = BUF_MAX(ROLE_TEXT_MAX);
	struct chain sub = *c;
	bool itself = text_same(source, c->profile);
	int found;

	if (!settings_has_profile(c->aws->settings, source)) {
		err_set(e, ERR_CONFIG, 0,
				"the profile '%s' names the source_profile '%s', which does not exist", c->profile,
				source);
		settings_hint_profile(c->aws->settings, source, e);
		return -1;
	}
	sub.profile = source;
	sub.environment = false;
	found = find_keys(&sub, out, e);
	if (found)
		return found < 0 ? -1 : 0;
	sub.seen[sub.n_seen++] = c->profile;
	for (size_t i = 0; i < sub.n_seen; i++)
		if (itself || text_same(sub.seen[i], source))
			return refuse_loop(&sub, source, e);
	if (sub.n_seen == CHAIN_PROFILES_MAX)
		return err_set(e, ERR_CONFIG, 0, "more than %d source profiles in a row",
					   CHAIN_PROFILES_MAX);
	found = chain_search(&sub, out, &why, e);
	c->skew_ms = sub.skew_ms;
	if (found == 0)
		return err_set(e, ERR_AUTH, 0, "no credentials in the source_profile '%s': %s", source,
					   buf_str(&why));
	return found < 0 ? err_while(e, "the source_profile '%s'", source) : 0;
}

static int find_in_credential_source(struct chain *c, const char *source, struct credentials *out,
									 struct err *e)
{
	AUTO(buf) struct buf why = BUF_MAX(ROLE_TEXT_MAX);
	struct chain sub = *c;
	int found;

	if (text_same(source, "Ec2InstanceMetadata") || text_same(source, "EcsContainer")) {
		AUTO(text)
		char *what =
			xasprintf("the profile '%s' has the credential_source '%s'", c->profile, source);

		return chain_refuse(c, what, e);
	}
	if (!text_same(source, "Environment")) {
		err_set(e, ERR_CONFIG, 0, "the profile '%s' has the unknown credential_source '%s'",
				c->profile, source);
		err_hint(e, "it is one of Environment, Ec2InstanceMetadata, EcsContainer");
		return -1;
	}
	sub.environment = true;
	found = find_environment(&sub, out, &why, e);
	if (found == 0)
		return err_set(e, ERR_AUTH, 0,
					   "the profile '%s' has the credential_source 'Environment', where "
					   "AWS_ACCESS_KEY_ID is not set",
					   c->profile);
	return found < 0 ? -1 : 0;
}

static int find_base(struct chain *c, struct credentials *out, struct err *e)
{
	const char *profile = chain_get(c, "source_profile");
	const char *source = chain_get(c, "credential_source");

	if (!profile == !source) {
		err_set(e, ERR_CONFIG, 0,
				"the profile '%s' names a role_arn with %s source_profile %s "
				"credential_source",
				c->profile, profile ? "both" : "neither", profile ? "and" : "nor");
		err_hint(e, "the role needs exactly one of them");
		return -1;
	}
	if (chain_get(c, "mfa_serial")) {
		AUTO(text)
		char *what = xasprintf("the profile '%s' wants an MFA code (mfa_serial)", c->profile);

		return chain_refuse(c, what, e);
	}
	return profile ? find_in_source_profile(c, profile, out, e)
				   : find_in_credential_source(c, source, out, e);
}

/* What AssumeRole is asked for. A duration that is no number is ignored, as aws-cli does. */
static struct value *role_params(const struct chain *c, struct arena *a, const char *role)
{
	struct value *params = value_new_map(a);
	const char *session = chain_get(c, "role_session_name");
	const char *duration = chain_get(c, "duration_seconds");
	const char *external = chain_get(c, "external_id");
	char *end = NULL;
	long seconds = duration ? strtol(duration, &end, 10) : 0;

	value_set_text(a, params, "RoleArn", role);
	value_set_text(a, params, "RoleSessionName", session ? session : chain_session_name(c, a));
	if (external)
		value_set_text(a, params, "ExternalId", external);
	if (end && end != duration && !*end && seconds > 0)
		value_set_int(a, params, "DurationSeconds", seconds);
	return params;
}

int find_assumed_role(struct chain *c, struct credentials *out, struct buf *why, struct err *e)
{
	AUTO(credentials) struct credentials base = { 0 };
	AUTO(arena) struct arena mem = ARENA_INIT;
	const char *role = chain_get(c, "role_arn"), *source;
	struct value *params;

	if (!role || chain_get(c, "web_identity_token_file")) {
		buf_printf(why, "%s in '%s'", role ? "role_arn is for web identity" : "no role_arn",
				   c->profile);
		return 0;
	}
	if (find_base(c, &base, e) < 0)
		return -1;
	params = role_params(c, &mem, role);
	source =
		arena_printf(&mem, "role '%s' of the profile '%s', by %s", role, c->profile, base.source);
	if (credentials_from_sts(c, out, &sts_assume_role, params, &base, source, e) < 0)
		return err_while(e, "assuming the role '%s' of the profile '%s' with the credentials of %s",
						 role, c->profile, base.source);
	return 1;
}
