/* IAM and STS of the fake cloud. Codes: the services' API references; documents come back percent-encoded, as IAM sends them. */
#include "fake/cloud_service.h"

#include "core/text.h"
#include "formats/uri.h"

static struct cloud_role *role_by_name(struct fake_cloud *c, const char *name)
{
	for (unsigned i = 0; i < c->n_roles; i++)
		if (text_same(c->roles[i].name, name))
			return &c->roles[i];
	return NULL;
}

/* The role that the request names, if IAM knows it by now; else refused. */
static struct cloud_role *named_role(struct cloud_ask *ask)
{
	const char *name = cloud_text(ask, "RoleName");
	struct cloud_role *role = role_by_name(ask->cloud, name);

	if (role && cloud_spread(ask->cloud, role->made_ms, ask->cloud->lags.roles))
		return role;
	cloud_refuse(ask, 404, "NoSuchEntity", "The role with name %s cannot be found.", name);
	return NULL;
}

/* "Tags.member.1.Key" and so on. */
static const struct value *form_tags(struct cloud_ask *ask)
{
	struct value *map = value_new_map(ask->mem);

	for (unsigned i = 1;; i++) {
		const struct value *name = value_get(ask->in, arena_printf(ask->mem, "Tags.member.%u.Key", i));

		if (!name)
			return map;
		value_set_text(ask->mem, map, name->text, cloud_text(ask, arena_printf(ask->mem, "Tags.member.%u.Value", i)));
	}
}

static void print_document(struct buf *out, const char *name, const char *document)
{
	buf_printf(out, "<%s>", name);
	uri_encode(out, view_text(document), false);
	buf_printf(out, "</%s>", name);
}

static void answer_role(struct cloud_ask *ask, const struct cloud_role *role)
{
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);

	buf_printf(&out, "<Role><Path>%s</Path><RoleName>%s</RoleName><RoleId>AROAEXAMPLE</RoleId><Arn>%s</Arn>"
	           "<CreateDate>2026-11-24T05:36:24Z</CreateDate>", role->path, role->name, role->arn);
	print_document(&out, "AssumeRolePolicyDocument", role->trust);
	if (role->boundary)
		buf_printf(&out, "<PermissionsBoundary><PermissionsBoundaryType>PermissionsBoundaryPolicy</PermissionsBoundaryType>"
		           "<PermissionsBoundaryArn>%s</PermissionsBoundaryArn></PermissionsBoundary>", role->boundary);
	buf_text(&out, "<Tags>");
	for (size_t i = 0; role->tags.now && i < role->tags.now->n; i++)
		buf_printf(&out, "<member><Key>%s</Key><Value>%s</Value></member>", role->tags.now->names[i],
		           role->tags.now->items[i]->text);
	buf_text(&out, "</Tags></Role>");
	cloud_answer_xml(ask, buf_str(&out));
}

static void get_role(struct cloud_ask *ask)
{
	struct cloud_role *role = named_role(ask);

	if (role)
		answer_role(ask, role);
}

static void create_role(struct cloud_ask *ask)
{
	struct fake_cloud *c = ask->cloud;
	const char *name = cloud_text(ask, "RoleName"), *path = cloud_text(ask, "Path");
	struct cloud_role *role;

	if (role_by_name(c, name)) {
		cloud_refuse(ask, 409, "EntityAlreadyExists", "Role with name %s already exists.", name);
		return;
	}
	role = &c->roles[cloud_room(&c->n_roles)];
	*role = (struct cloud_role){ .name = name, .path = path, .made_ms = c->net.now_ms };
	role->arn = arena_printf(ask->mem, "arn:aws:iam::" CLOUD_ACCOUNT ":role%s%s", path, name);
	role->trust = cloud_text(ask, "AssumeRolePolicyDocument");
	role->boundary = value_text_or(value_get(ask->in, "PermissionsBoundary"), "", NULL);
	role->tags = cloud_new_tags(ask, form_tags(ask));
	role->policies = value_new_map(ask->mem);
	answer_role(ask, role);
}

static void update_trust(struct cloud_ask *ask)
{
	struct cloud_role *role = named_role(ask);

	if (!role)
		return;
	role->trust = cloud_text(ask, "PolicyDocument");
	cloud_answer_xml(ask, NULL);
}

static void get_policy(struct cloud_ask *ask)
{
	const char *name = cloud_text(ask, "PolicyName");
	struct cloud_role *role = named_role(ask);
	AUTO(buf) struct buf out = BUF_MAX(1 << 20);
	const struct value *document;

	if (!role)
		return;
	document = value_get(role->policies, name);
	if (!document) {
		cloud_refuse(ask, 404, "NoSuchEntity", "The role policy with name %s cannot be found.", name);
		return;
	}
	buf_printf(&out, "<RoleName>%s</RoleName><PolicyName>%s</PolicyName>", role->name, name);
	print_document(&out, "PolicyDocument", document->text);
	cloud_answer_xml(ask, buf_str(&out));
}

static void put_policy(struct cloud_ask *ask)
{
	struct cloud_role *role = named_role(ask);
	struct value *policies;

	if (!role)
		return;
	policies = value_copy(ask->mem, role->policies);
	value_set_text(ask->mem, policies, cloud_text(ask, "PolicyName"), cloud_text(ask, "PolicyDocument"));
	role->policies = policies;
	cloud_answer_xml(ask, NULL);
}

static struct cloud_provider *provider_by_site(struct fake_cloud *c, const char *site)
{
	for (unsigned i = 0; i < c->n_providers; i++)
		if (text_same(c->providers[i].site, site))
			return &c->providers[i];
	return NULL;
}

static void get_provider(struct cloud_ask *ask)
{
	static const char prefix[] = "arn:aws:iam::" CLOUD_ACCOUNT ":oidc-provider/";
	const char *arn = cloud_text(ask, "OpenIDConnectProviderArn");
	struct cloud_provider *p = text_starts(arn, prefix) ? provider_by_site(ask->cloud, arn + strlen(prefix)) : NULL;
	AUTO(buf) struct buf out = BUF_MAX(1 << 16);

	if (!p) {
		cloud_refuse(ask, 404, "NoSuchEntity", "OpenIDConnect Provider not found for arn %s", arn);
		return;
	}
	buf_printf(&out, "<Url>%s</Url><ClientIDList>", p->site);
	for (size_t i = 0; i < p->audiences->n; i++)
		buf_printf(&out, "<member>%s</member>", p->audiences->items[i]->text);
	buf_text(&out, "</ClientIDList><ThumbprintList/>");
	cloud_answer_xml(ask, buf_str(&out));
}

static void create_provider(struct cloud_ask *ask)
{
	struct fake_cloud *c = ask->cloud;
	const char *url = cloud_text(ask, "Url"), *site = url + strlen("https://");
	struct value *audiences = value_new_list(ask->mem);
	struct cloud_provider *p;

	if (provider_by_site(c, site)) {
		cloud_refuse(ask, 409, "EntityAlreadyExists", "Provider with url %s already exists.", url);
		return;
	}
	p = &c->providers[cloud_room(&c->n_providers)];
	value_push(ask->mem, audiences, value_new_text(ask->mem, cloud_text(ask, "ClientIDList.member.1")));
	*p = (struct cloud_provider){ site, audiences };
	cloud_answer_xml(ask, arena_printf(ask->mem, "<OpenIDConnectProviderArn>arn:aws:iam::" CLOUD_ACCOUNT
	                                   ":oidc-provider/%s</OpenIDConnectProviderArn>", site));
}

static const struct cloud_op iam_ops[] = {
	{ "GetRole", false, get_role },
	{ "CreateRole", true, create_role },
	{ "UpdateAssumeRolePolicy", true, update_trust },
	{ "GetRolePolicy", false, get_policy },
	{ "PutRolePolicy", true, put_policy },
	{ "GetOpenIDConnectProvider", false, get_provider },
	{ "CreateOpenIDConnectProvider", true, create_provider },
};

const struct cloud_service cloud_iam = {
	.id = "iam",
	.protocol = CLOUD_QUERY,
	.mark = "2010-05-08",
	.throttled = "Throttling",
	.throttled_status = 400,
	.failed = "ServiceFailure",
	.ops = iam_ops,
	.n_ops = COUNT_OF(iam_ops),
};

static void caller(struct cloud_ask *ask)
{
	cloud_answer_xml(ask, "<UserId>AIDAEXAMPLE</UserId><Account>" CLOUD_ACCOUNT "</Account>"
	                 "<Arn>arn:aws:iam::" CLOUD_ACCOUNT ":user/ops</Arn>");
}

/* Whoever brings a token gets the role. */
static void assume(struct cloud_ask *ask)
{
	cloud_text(ask, "WebIdentityToken");
	cloud_text(ask, "RoleArn");
	cloud_answer_xml(ask, "<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>of-the-role</SecretAccessKey>"
	                 "<SessionToken>session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>");
}

static const struct cloud_op sts_ops[] = {
	{ "AssumeRoleWithWebIdentity", false, assume },
	{ "GetCallerIdentity", false, caller },
};

const struct cloud_service cloud_sts = {
	.id = "sts",
	.protocol = CLOUD_QUERY,
	.mark = "2011-06-15",
	.throttled = "Throttling",
	.throttled_status = 400,
	.failed = "InternalFailure",
	.ops = sts_ops,
	.n_ops = COUNT_OF(sts_ops),
};
