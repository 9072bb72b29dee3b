#include "aws/chain.h"
#include "formats/iso8601.h"

/* AWS_SECURITY_TOKEN comes first, as in aws-cli; a stale one breaks every call, so source names it.
 */
int find_environment(struct chain *c, struct credentials *out, struct buf *why, struct err *e)
{
	const struct host *host = c->aws->host;
	const char *key_id = host_env(host, "AWS_ACCESS_KEY_ID");
	const char *secret_key = host_env(host, "AWS_SECRET_ACCESS_KEY");
	const char *old_token = host_env(host, "AWS_SECURITY_TOKEN");
	const char *token = old_token ? old_token : host_env(host, "AWS_SESSION_TOKEN");
	const char *expires = host_env(host, "AWS_CREDENTIAL_EXPIRATION");
	int64_t expires_ms = 0;

	if (!c->environment) {
		buf_text(why, key_id ? "left out for --profile" : "not set");
		return 0;
	}
	if (!key_id) {
		buf_text(why, secret_key ? "AWS_ACCESS_KEY_ID is not set" : "not set");
		return 0;
	}
	if (!secret_key) {
		err_set(e, ERR_AUTH, 0, "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not");
		err_hint(e, "set both, or unset AWS_ACCESS_KEY_ID so that other places are looked at");
		return -1;
	}
	if (expires && iso8601_parse(view_text(expires), &expires_ms, e) < 0)
		return err_while(e, "AWS_CREDENTIAL_EXPIRATION");
	if (credentials_fill(out, key_id, view_text(secret_key), view_text(token), expires_ms,
						 old_token ? "environment (AWS_SECURITY_TOKEN)" : "environment", e) < 0)
		return -1;
	return 1;
}
