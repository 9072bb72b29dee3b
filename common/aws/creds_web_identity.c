/*
 * A token file and a role: IRSA's way, from variables or from the profile. The
 * file is read anew each time, since the kubelet replaces it.
 */
#include "aws/chain.h"
#include "aws/services.h"
#include "core/text.h"

enum { TOKEN_MAX = 20000 }; /* STS API Reference, AssumeRoleWithWebIdentity */

static const char *from(const struct chain *c, const char *variable, const char *key)
{
	const char *text = c->environment ? host_env(c->aws->host, variable) : NULL;

	return text ? text : chain_get(c, key);
}

static int read_token(const struct chain *c, const char *path, struct buf *out, struct err *e)
{
	AUTO(text) char *where = host_path(c->aws->host, path);

	if (host_read_file(c->aws->host, where, out, e) < 0) {
		e->kind = ERR_AUTH;
		return err_while(e, "the web identity token");
	}
	if (view_trim(buf_bytes(out)).n == 0)
		return err_set(e, ERR_AUTH, 0, "the web identity token '%s' is empty", path);
	return 0;
}

int find_web_identity(struct chain *c, struct credentials *out, struct buf *why, struct err *e)
{
	const char *path = from(c, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
	const char *role = from(c, "AWS_ROLE_ARN", "role_arn");
	const char *session = from(c, "AWS_ROLE_SESSION_NAME", "role_session_name");
	AUTO(wiped) struct buf token = BUF_MAX(TOKEN_MAX);
	AUTO(wiped_arena) struct arena mem = ARENA_INIT;
	struct value *params = value_new_map(&mem);
	const char *source;

	if (!path) {
		buf_text(why, "no token file named");
		return 0;
	}
	if (!role) {
		err_set(e, ERR_CONFIG, 0, "the web identity token '%s' comes without a role", path);
		err_hint(e, "set AWS_ROLE_ARN, or role_arn in the profile");
		return -1;
	}
	if (read_token(c, path, &token, e) < 0)
		return -1;
	value_set_text(&mem, params, "RoleArn", role);
	value_set_text(&mem, params, "RoleSessionName",
				   session ? session : chain_session_name(c, &mem));
	value_set(&mem, params, "WebIdentityToken", value_new_view(&mem, view_trim(buf_bytes(&token))));
	source = arena_printf(&mem, "web identity (role '%s', token '%s')", role, path);
	if (credentials_from_sts(c, out, &sts_assume_role_with_web_identity, params, NULL, source, e) <
		0)
		return err_while(e, "assuming the role '%s' with the web identity token '%s'", role, path);
	return 1;
}
