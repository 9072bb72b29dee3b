/*
 * Places where aws-cli looks and we do not. Whoever uses one is told so, with
 * the way around it, instead of being sent on to credentials of another place.
 */
#include "aws/chain.h"
#include "core/text.h"

#define LET_THE_CLI "let the AWS CLI do it: eval \"$(aws configure export-credentials "

int chain_refuse(const struct chain *c, const char *what, struct err *e)
{
	const char *profile = c->n_seen ? c->seen[0] : c->profile;

	err_set(e, ERR_AUTH, 0, "%s, which this program cannot do itself", what);
	err_hint(e, LET_THE_CLI "--profile %s --format env)\"%s", profile,
			 c->by_flag ? ", then leave out --profile" : "");
	return -1;
}

int find_sso(struct chain *c, struct credentials *out, struct buf *why, struct err *e)
{
	AUTO(text)
	char *what = xasprintf("the profile '%s' signs in by IAM Identity Center (SSO)", c->profile);

	(void)out;
	if (chain_get(c, "sso_session") || chain_get(c, "sso_start_url") ||
		chain_get(c, "sso_account_id"))
		return chain_refuse(c, what, e);
	buf_printf(why, "no sso_session in '%s'", c->profile);
	return 0;
}

int find_login_session(struct chain *c, struct credentials *out, struct buf *why, struct err *e)
{
	AUTO(text) char *what = xasprintf("the profile '%s' signs in by 'aws login'", c->profile);

	(void)out;
	if (chain_get(c, "login_session"))
		return chain_refuse(c, what, e);
	buf_printf(why, "no login_session in '%s'", c->profile);
	return 0;
}

int find_container(struct chain *c, struct credentials *out, struct buf *why, struct err *e)
{
	static const char *const variables[] = { "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
											 "AWS_CONTAINER_CREDENTIALS_FULL_URI" };

	(void)out;
	for (size_t i = 0; i < COUNT_OF(variables); i++) {
		if (!host_env(c->aws->host, variables[i]))
			continue;
		err_set(e, ERR_AUTH, 0, "%s offers container credentials, which this program cannot read",
				variables[i]);
		err_hint(e, LET_THE_CLI "--format env)\"");
		return -1;
	}
	buf_text(why, "not in a container of ECS or EKS");
	return 0;
}

int find_instance(struct chain *c, struct credentials *out, struct buf *why, struct err *e)
{
	(void)c;
	(void)out;
	(void)e;
	buf_text(why, "not read by this program");
	return 0;
}
