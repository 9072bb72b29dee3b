#include "core/text.h"
#include "kube/open.h"

#include <ctype.h>

int kube_check_pem(struct view pem, const char *what, struct err *e)
{
	const char *begin = memmem(pem.p, pem.n, "-----BEGIN ", 11);
	size_t left = begin ? pem.n - (begin - pem.p) : 0;

	if (!begin || !memmem(begin, left, what, strlen(what)))
		return err_set(e, ERR_CONFIG, 0, "holds no PEM block '%s'", what);
	return 0;
}

int kube_check_header_text(struct view text, const char *subject, struct err *e)
{
	for (size_t i = 0; i < text.n; i++)
		if (iscntrl((unsigned char)text.p[i]))
			return err_set(e, ERR_CONFIG, 0, "%s holds a control character at byte %zu", subject,
						   i + 1);
	return 0;
}

/* One PEM of the entry into out, checked; out stays empty when there is none. */
static int read_pem(struct kube *k, const struct kubeconfig_entry *user, const char *name,
					const char *what, struct buf *out, struct err *e)
{
	if (kubeconfig_blob(user, k->host, name, out, e) < 0)
		return -1;
	if (out->n > 0 && kube_check_pem(buf_bytes(out), what, e) < 0)
		return err_while(e, "the '%s' of the user '%s'", name, user->name);
	return 0;
}

static int open_certificate(struct kube *k, const struct kubeconfig_entry *user, struct err *e)
{
	AUTO(buf) struct buf cert = BUF_MAX(KUBECONFIG_PEM_MAX);
	struct buf key = BUF_MAX(KUBECONFIG_PEM_MAX);
	int r;

	if (read_pem(k, user, "client-certificate", "CERTIFICATE", &cert, e) < 0)
		return -1;
	if (cert.n == 0)
		return 0;
	r = read_pem(k, user, "client-key", "PRIVATE KEY", &key, e);
	if (r == 0 && key.n == 0)
		r = err_set(e, ERR_CONFIG, 0, "the user '%s' has a client certificate without its key",
					user->name);
	if (r < 0) {
		buf_wipe(&key);
		return -1;
	}
	secret_adopt(&k->key_pem, &key);
	k->tls.key_pem = &k->key_pem;
	k->tls.cert_pem = view_of(arena_view(k->mem, buf_bytes(&cert)), cert.n);
	return 0;
}

static int open_token(struct kube *k, const struct kubeconfig_entry *user,
					  const struct kube_flags *flags, struct err *e)
{
	const char *token = NULL, *file = NULL;

	if (user && (kubeconfig_text(user, "token", &token, e) < 0 ||
				 kubeconfig_text(user, "tokenFile", &file, e) < 0))
		return -1;
	if (secret_held(&flags->token)) {
		secret_copy(&k->token, &flags->token);
		k->token_file = NULL;
		file = NULL;
	} else if (token) {
		secret_set(&k->token, view_text(token));
	}
	if (flags->token_file)
		k->token_file = arena_text(k->mem, flags->token_file);
	else if (file)
		k->token_file = kubeconfig_path(user, k->mem, file);
	if (!secret_held(&k->token))
		return 0;
	return kube_check_header_text(secret_expose(&k->token), "the token", e);
}

static int open_basic(struct kube *k, const struct kubeconfig_entry *user, struct err *e)
{
	const char *name, *password;

	if (kubeconfig_text(user, "username", &name, e) < 0 ||
		kubeconfig_text(user, "password", &password, e) < 0)
		return -1;
	if (!name && !password)
		return 0;
	if (secret_held(&k->token) || k->token_file)
		return err_set(e, ERR_CONFIG, 0,
					   "the user '%s' has a token and a password; one of them must go", user->name);
	k->username = name ? arena_text(k->mem, name) : "";
	secret_set(&k->password, view_text(password));
	return 0;
}

/* How this was done before exec plugins; current client-go knows only oidc of it. */
static int refuse_auth_provider(const struct kubeconfig_entry *user, struct err *e)
{
	const struct value *v = value_get(user->v, "auth-provider");

	if (!v || v->type == VALUE_NULL)
		return 0;
	err_set(e, ERR_CONFIG, 0, "the user '%s' has the auth-provider '%s', which is not supported",
			user->name, value_text_or(v, "name", ""));
	err_hint(e, "use an exec plugin instead, such as kubelogin for OIDC");
	return -1;
}

/* transport/round_trippers.go, headerKeyEscape: what no header's name may hold becomes %XX. */
static const char *extra_header(struct arena *a, const char *key)
{
	AUTO(buf) struct buf name = BUF_MAX(4096);

	buf_text(&name, "Impersonate-Extra-");
	for (; *key; key++) {
		unsigned char c = (unsigned char)*key;

		if (isalnum(c) || strchr("!#$&'*+-.^_`|~", c))
			buf_char(&name, (char)tolower(c));
		else
			buf_printf(&name, "%%%02X", c);
	}
	return arena_text(a, buf_str(&name));
}

static int open_extra(struct kube *k, const struct kubeconfig_entry *user, struct err *e)
{
	const struct value *map = value_get(user->v, "as-user-extra");
	struct header *out;
	size_t n = 0;

	if (!map || map->type != VALUE_MAP || map->n == 0)
		return 0;
	out = ARENA_ARRAY(k->mem, struct header, KUBE_IMPERSONATION_MAX + 1);
	for (size_t i = 0; i < map->n; i++) {
		struct kubeconfig_entry extras = { .kind = "user", .name = user->name, .v = map };
		const char *const *values;

		if (kubeconfig_texts(&extras, k->mem, map->names[i], &values, e) < 0)
			return -1;
		for (; values && *values; values++) {
			if (n == KUBE_IMPERSONATION_MAX)
				return err_set(e, ERR_CONFIG, 0,
							   "the user '%s' has more than %d values in 'as-user-extra'",
							   user->name, KUBE_IMPERSONATION_MAX);
			if (kube_check_header_text(view_text(*values), "a value of 'as-user-extra'", e) < 0)
				return -1;
			out[n++] = (struct header){ extra_header(k->mem, map->names[i]), *values };
		}
	}
	k->as_extra = out;
	return 0;
}

static int check_impersonation(const struct kube *k, struct err *e)
{
	size_t n = 0;

	if (!k->as_user && (k->as_uid || k->as_groups || k->as_extra)) {
		err_set(e, ERR_CONFIG, 0, "a group, uid or extra to act as is given, but no user");
		err_hint(e, "name the user to act as by --as");
		return -1;
	}
	for (const struct header *h = k->as_extra; h && h->name; h++)
		n++;
	for (const char *const *g = k->as_groups; g && *g; g++, n++)
		if (kube_check_header_text(view_text(*g), "the group to act as", e) < 0)
			return -1;
	if (n > KUBE_IMPERSONATION_MAX)
		return err_set(e, ERR_CONFIG, 0, "%zu groups and extras to act as are more than %d", n,
					   KUBE_IMPERSONATION_MAX);
	if (kube_check_header_text(view_text(k->as_uid), "the uid to act as", e) < 0)
		return -1;
	return kube_check_header_text(view_text(k->as_user), "the user to act as", e);
}

static const char *const *copy_texts(struct arena *a, const char *const *from)
{
	const char **to;
	size_t n = 0;

	while (from[n])
		n++;
	to = ARENA_ARRAY(a, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		to[i] = arena_text(a, from[i]);
	return to;
}

static int open_impersonation(struct kube *k, const struct kubeconfig_entry *user,
							  const struct kube_flags *flags, struct err *e)
{
	const char *as_user = NULL, *as_uid = NULL, *const *groups = NULL;

	if (user &&
		(kubeconfig_text(user, "as", &as_user, e) < 0 ||
		 kubeconfig_text(user, "as-uid", &as_uid, e) < 0 ||
		 kubeconfig_texts(user, k->mem, "as-groups", &groups, e) < 0 || open_extra(k, user, e) < 0))
		return -1;
	if (flags->as_user)
		as_user = flags->as_user;
	if (flags->as_groups && flags->as_groups[0])
		groups = copy_texts(k->mem, flags->as_groups);
	k->as_user = arena_text(k->mem, as_user);
	k->as_uid = arena_text(k->mem, as_uid);
	k->as_groups = groups;
	return check_impersonation(k, e);
}

static int open_credentials(struct kube *k, const struct kubeconfig_entry *user,
							const struct kube_flags *flags, struct err *e)
{
	if (user && open_certificate(k, user, e) < 0)
		return -1;
	if (open_token(k, user, flags, e) < 0)
		return -1;
	if (user && !secret_held(&flags->token) && open_basic(k, user, e) < 0)
		return -1;
	/* Static credentials make the plugin needless: plugin/pkg/client/auth/exec,
	 * UpdateTransportConfig. */
	if (!user || k->tls.key_pem || secret_held(&k->token) || k->token_file || k->username)
		return 0;
	return refuse_auth_provider(user, e) < 0 ? -1 : kube_open_exec(k, user, e);
}

int kube_open_user(struct kube *k, const struct kubeconfig_entry *user,
				   const struct kube_flags *flags, struct err *e)
{
	if (text_starts(k->server, "https://") && open_credentials(k, user, flags, e) < 0)
		return -1;
	return open_impersonation(k, user, flags, e);
}
