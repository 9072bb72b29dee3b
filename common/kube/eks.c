#include "kube/config.h"

#include "core/text.h"
#include "formats/uri.h"

/* What is found, as views into the kubeconfig's texts until the end. */
struct hunt {
	struct view cluster, region, account, profile, role_arn;
	struct buf from;
	bool gave; /* the place now looked at gave something */
};

/* The first to say something wins. */
static void found(struct hunt *h, struct view *slot, struct view what)
{
	if (slot->p || what.n == 0)
		return;
	*slot = what;
	h->gave = true;
}

/* Names the place just looked at, if it gave something. */
static void note(struct hunt *h, const char *place)
{
	if (h->gave)
		buf_printf(&h->from, "%s%s", h->from.n ? ", " : "", place);
	h->gave = false;
}

/* ---- the exec plugin ---- */

static struct view base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return view_text(slash ? slash + 1 : path);
}

/* The value of an option written as "--name value" or "--name=value". */
static struct view option(const char *const *args, const char *name)
{
	size_t n = strlen(name);

	for (; args && *args; args++) {
		if (text_same(*args, name))
			return view_text(args[1]);
		if (name[1] == '-' && text_starts(*args, name) && (*args)[n] == '=')
			return view_text(*args + n + 1);
	}
	return view_text(NULL);
}

static bool has_pair(const char *const *args, const char *first, const char *second)
{
	for (size_t i = 0; args && args[i]; i++) {
		if (!text_same(args[i], first))
			continue;
		/* Global options may stand between: aws eks --region R get-token */
		for (size_t j = i + 1; args[j]; j++)
			if (text_same(args[j], second))
				return true;
	}
	return false;
}

static struct view env_value(const char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; env && *env; env++)
		if (text_starts(*env, name) && (*env)[n] == '=')
			return view_text(*env + n + 1);
	return view_text(NULL);
}

static void look_at_plugin(struct hunt *h, const struct kube_exec *x)
{
	static const char *const names[] = { "-i", "--cluster-id" }, *const roles[] = { "-r",
																					"--role" };
	bool authenticator;

	if (!x)
		return;
	authenticator = view_starts(base_name(x->command), "aws-iam-authenticator") ||
					view_starts(base_name(x->command), "heptio-authenticator-aws");
	if (authenticator) {
		for (size_t i = 0; i < COUNT_OF(names); i++) {
			found(h, &h->cluster, option(x->args, names[i]));
			found(h, &h->role_arn, option(x->args, roles[i]));
		}
	} else if (has_pair(x->args, "eks", "get-token")) {
		found(h, &h->cluster, option(x->args, "--cluster-name"));
		found(h, &h->role_arn, option(x->args, "--role-arn"));
	} else {
		return;
	}
	found(h, &h->region, option(x->args, "--region"));
	found(h, &h->profile, option(x->args, "--profile"));
	note(h, authenticator ? "the arguments of aws-iam-authenticator"
						  : "the arguments of 'aws eks get-token'");
	found(h, &h->profile, env_value(x->env, "AWS_PROFILE"));
	found(h, &h->region, env_value(x->env, "AWS_REGION"));
	found(h, &h->region, env_value(x->env, "AWS_DEFAULT_REGION"));
	found(h, &h->region, env_value(x->env, "AWS_STS_REGION"));
	note(h, "the credential plugin's environment");
}

/* ---- names ---- */

/* arn:PARTITION:eks:REGION:ACCOUNT:cluster/NAME, as aws eks update-kubeconfig names things. */
static void look_at_arn(struct hunt *h, const char *text, const char *place)
{
	struct view rest = view_text(text), part[5];

	if (!text_starts(text, "arn:"))
		return;
	for (size_t i = 0; i < COUNT_OF(part); i++)
		part[i] = view_cut(&rest, ':');
	if (!view_is(part[2], "eks") || !view_starts(rest, "cluster/"))
		return;
	found(h, &h->cluster, view_of(rest.p + 8, rest.n - 8));
	found(h, &h->region, part[3]);
	found(h, &h->account, part[4]);
	note(h, place);
}

/* [USER@]NAME.REGION.eksctl.io */
static void look_at_eksctl(struct hunt *h, const char *text, const char *place)
{
	const char *at = strrchr(text, '@');
	struct view rest = view_text(at ? at + 1 : text), name, region;

	if (!view_ends(rest, ".eksctl.io"))
		return;
	name = view_cut(&rest, '.');
	region = view_cut(&rest, '.');
	if (!view_is(rest, "eksctl.io"))
		return;
	found(h, &h->cluster, name);
	found(h, &h->region, region);
	note(h, place);
}

/* ID.gr7.REGION.eks.amazonaws.com[.cn], or ....REGION.api.aws for clusters that speak IPv6. */
static void look_at_server(struct hunt *h, struct arena *a, const char *server)
{
	static const char *const ends[] = { ".eks.amazonaws.com", ".eks.amazonaws.com.cn", ".api.aws" };
	AUTO(err) struct err e = { 0 };
	struct uri uri;

	if (uri_parse(a, server, &uri, &e) < 0)
		return;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		struct view left = view_text(uri.host), label;

		if (!view_ends(left, ends[i]))
			continue;
		left.n -= strlen(ends[i]);
		do
			label = view_cut(&left, '.');
		while (left.p);
		found(h, &h->region, label);
	}
	note(h, "the server's address");
}

static const char *kept(struct arena *a, struct view v)
{
	return v.p ? arena_view(a, v) : NULL;
}

struct kube_eks kube_find_eks(const struct kube *k, struct arena *a)
{
	const struct {
		const char *text, *arn, *eksctl;
	} names[] = {
		{ k->cluster_name, "the ARN that names the cluster", "eksctl's name of the cluster" },
		{ k->context, "the ARN that names the context", "eksctl's name of the context" },
		{ k->user_name, "the ARN that names the user", "eksctl's name of the user" },
	};
	struct hunt h = { .from = BUF_MAX(4096) };
	struct kube_eks out = { 0 };

	look_at_plugin(&h, k->exec);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		look_at_arn(&h, names[i].text, names[i].arn);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		look_at_eksctl(&h, names[i].text, names[i].eksctl);
	look_at_server(&h, a, k->server);
	out.cluster = kept(a, h.cluster);
	out.region = kept(a, h.region);
	out.account = kept(a, h.account);
	out.profile = kept(a, h.profile);
	out.role_arn = kept(a, h.role_arn);
	if (h.from.n)
		out.from = *k->context
					   ? arena_printf(a, "kube context '%s': %s", k->context, buf_str(&h.from))
					   : arena_text(a, buf_str(&h.from));
	buf_release(&h.from);
	return out;
}
