#include "aws/endpoint.h"

#include "aws/services.h"
#include "core/text.h"
#include "formats/uri.h"

#include <ctype.h>

/*
 * Regions by the start of their names, suffixes, and IAM's hosts: botocore's
 * partitions.json and the iam rule set. The first row is for all other names.
 */
static const struct partition {
	const char *name, *region_prefix, *suffix, *dualstack_suffix;
	const char *iam_region, *iam, *iam_fips, *iam_dualstack, *iam_fips_dualstack;
} partitions[] = {
	{ "aws", "", "amazonaws.com", "api.aws", "us-east-1", "iam.amazonaws.com",
	  "iam-fips.amazonaws.com", "iam.global.api.aws", "iam-fips.global.api.aws" },
	{ "aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-north-1",
	  "iam.cn-north-1.amazonaws.com.cn", "iam-fips.amazonaws.com.cn",
	  "iam.global.api.amazonwebservices.com.cn", "iam-fips.api.amazonwebservices.com.cn" },
	{ "aws-us-gov", "us-gov-", "amazonaws.com", "api.aws", "us-gov-west-1",
	  "iam.us-gov.amazonaws.com", "iam.us-gov.amazonaws.com", "iam.us-gov.api.aws",
	  "iam.us-gov.api.aws" },
	{ "aws-eusc", "eusc-", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1",
	  "iam.eusc-de-east-1.amazonaws.eu", "iam-fips.amazonaws.eu",
	  "iam.global.api.amazonwebservices.eu", "iam-fips.api.amazonwebservices.eu" },
	{ "aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1",
	  "iam.us-iso-east-1.c2s.ic.gov", "iam-fips.us-iso-east-1.c2s.ic.gov", "iam.api.aws.ic.gov",
	  "iam-fips.api.aws.ic.gov" },
	{ "aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1",
	  "iam.us-isob-east-1.sc2s.sgov.gov", "iam-fips.us-isob-east-1.sc2s.sgov.gov",
	  "iam.api.aws.scloud", "iam-fips.api.aws.scloud" },
	{ "aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-west-1",
	  "iam.eu-isoe-west-1.cloud.adc-e.uk", "iam-fips.cloud.adc-e.uk", "iam.api.cloud-aws.adc-e.uk",
	  "iam-fips.api.cloud-aws.adc-e.uk" },
	{ "aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-south-1",
	  "iam.us-isof-south-1.csp.hci.ic.gov", "iam-fips.csp.hci.ic.gov", "iam.api.aws.hci.ic.gov",
	  "iam-fips.api.aws.hci.ic.gov" },
};

static const struct partition *partition_of_region(const char *region)
{
	for (size_t i = 1; region && i < COUNT_OF(partitions); i++)
		if (text_starts(region, partitions[i].region_prefix))
			return &partitions[i];
	return &partitions[0];
}

static const struct partition *partition_named(const char *name)
{
	for (size_t i = 1; name && i < COUNT_OF(partitions); i++)
		if (text_same(name, partitions[i].name))
			return &partitions[i];
	return &partitions[0];
}

const char *aws_partition_of(const char *region)
{
	return partition_of_region(region)->name;
}

const char *partition_dns_suffix(const char *partition)
{
	return partition_named(partition)->suffix;
}

/* Takes a configured URL apart; http is for loopback only, since requests carry session tokens. */
static int check_url(const char *url, const char *from, struct err *e)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct uri uri;

	if (uri_parse(&mem, url, &uri, e) < 0)
		return err_while(e, "the endpoint of '%s'", from);
	if (!text_same(uri.scheme, "https") && !text_same(uri.scheme, "http"))
		return err_set(e, ERR_CONFIG, 0, "the endpoint of '%s' is neither https nor http: '%s'",
					   from, url);
	if (text_same(uri.scheme, "http") && !uri_is_loopback(&uri)) {
		err_set(e, ERR_CONFIG, 0, "the endpoint of '%s' is not encrypted: '%s'", from, url);
		err_hint(e, "use https; http is for 127.0.0.1, ::1 and localhost only");
		return -1;
	}
	if (uri.query)
		return err_set(e, ERR_CONFIG, 0, "the endpoint of '%s' has a query: '%s'", from, url);
	return 0;
}

/* The profile's services section; NULL when it names none. */
static int services_section(const struct value **out, const struct aws_settings *s, struct err *e)
{
	const char *name = settings_get(s, s->profile, "services");

	*out = name ? value_get(s->services, name) : NULL;
	if (name && !*out)
		return err_set(e, ERR_CONFIG, 0,
					   "the profile '%s' names the services '%s', which are not in '%s'",
					   s->profile, name, s->config_path);
	return 0;
}

/* One service's own: its variable, then the services section unless AWS_ENDPOINT_URL is set. */
static int read_one(const char **out, struct arena *a, const struct host *host,
					const struct value *section, const struct aws_service *service, bool any_in_env,
					struct err *e)
{
	char *variable = arena_printf(a, "AWS_ENDPOINT_URL_%s", service->env_id);
	char *key = arena_text(a, service->env_id);
	const char *url = host_env(host, variable);

	for (char *p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (url && check_url(url, variable, e) < 0)
		return -1;
	if (!url && !any_in_env) {
		url = value_text_or(value_get(section, key), "endpoint_url", NULL);
		if (url && check_url(url, key, e) < 0)
			return -1;
	}
	*out = arena_text(a, url);
	return 0;
}

int endpoints_read(struct aws_endpoints **out, struct arena *a, const struct host *host,
				   const struct aws_settings *s, struct err *e)
{
	struct aws_endpoints *endpoints = ARENA_NEW(a, struct aws_endpoints);
	const char *any = host_env(host, "AWS_ENDPOINT_URL");
	const struct value *section;
	bool ignore, found = false;

	*out = NULL;
	if (settings_bool(s, host, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
					  "ignore_configured_endpoint_urls", false, &ignore, e) < 0)
		return -1;
	if (ignore)
		return 0;
	if (services_section(&section, s, e) < 0)
		return -1;
	endpoints->by_service = ARENA_ARRAY(a, const char *, aws_services_n);
	for (size_t i = 0; i < aws_services_n; i++) {
		if (read_one(&endpoints->by_service[i], a, host, section, aws_services[i], any != NULL, e) <
			0)
			return -1;
		found = found || endpoints->by_service[i];
	}
	endpoints->any = arena_text(a, settings_choose(s, host, "AWS_ENDPOINT_URL", "endpoint_url"));
	if (endpoints->any &&
		check_url(endpoints->any, any ? "AWS_ENDPOINT_URL" : "endpoint_url", e) < 0)
		return -1;
	if (found || endpoints->any)
		*out = endpoints;
	return 0;
}

static const char *configured(const struct aws *aws, const struct aws_service *service)
{
	if (!aws->endpoints)
		return NULL;
	for (size_t i = 0; i < aws_services_n; i++)
		if (aws_services[i] == service && aws->endpoints->by_service &&
			aws->endpoints->by_service[i])
			return aws->endpoints->by_service[i];
	return aws->endpoints->any;
}

static const char *global_host(const struct partition *p, const struct aws *aws)
{
	if (aws->dualstack)
		return aws->fips ? p->iam_fips_dualstack : p->iam_dualstack;
	return aws->fips ? p->iam_fips : p->iam;
}

static const char *regional_host(struct arena *a, const struct partition *p, const struct aws *aws,
								 const struct aws_service *service)
{
	const char *suffix = aws->dualstack ? p->dualstack_suffix : p->suffix;
	bool gov = text_same(p->name, "aws-us-gov");

	if (service->protocol == AWS_REST_XML)
		return arena_printf(a, "%s%s.%s%s.%s", service->prefix, aws->fips ? "-fips" : "",
		                    aws->dualstack ? "dualstack." : "", aws->region, p->suffix);
	if (!aws->fips || (gov && service->gov_is_fips && !aws->dualstack))
		return arena_printf(a, "%s.%s.%s", service->prefix, aws->region, suffix);
	if (service->fips_aws && text_same(p->name, "aws") && !aws->dualstack)
		return arena_printf(a, "%s.%s.%s", service->fips_aws, aws->region, suffix);
	return arena_printf(a, "%s-fips.%s.%s", service->prefix, aws->region, suffix);
}

/* From a URL that check_url has seen. */
static int find_configured(struct endpoint *out, struct arena *a, const char *url, struct err *e)
{
	const char *open, *close;
	struct uri uri;

	if (uri_parse(a, url, &uri, e) < 0)
		return -1;
	open = strchr(uri.host, ':') ? "[" : "";
	close = *open ? "]" : "";
	out->host = arena_printf(a, "%s%s%s", open, uri.host, close);
	if (uri.port != (text_same(uri.scheme, "https") ? 443u : 80u))
		out->host = arena_printf(a, "%s:%u", out->host, uri.port);
	out->origin = arena_printf(a, "%s://%s", uri.scheme, out->host);
	out->base_path = text_ends(uri.path, "/")
						 ? arena_view(a, view_of(uri.path, strlen(uri.path) - 1))
						 : uri.path;
	return 0;
}

/* A region becomes part of a host name, so it may hold nothing else than a label of one does. */
static int check_region(const struct aws *aws, const struct aws_service *service, struct err *e)
{
	const char *region = aws->region;

	if (text_empty(region)) {
		err_set(e, ERR_CONFIG, 0,
				"no region for %s: neither a flag, AWS_REGION, AWS_DEFAULT_REGION nor the profile "
				"names one",
				service->id);
		err_hint(e, "give --region, or set AWS_REGION");
		return -1;
	}
	if (region[strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-")] || region[0] == '-')
		return err_set(e, ERR_CONFIG, 0, "'%s' is not the name of a region", region);
	return 0;
}

void endpoint_prepend(struct endpoint *at, struct arena *a, const char *label)
{
	at->host = arena_printf(a, "%s.%s", label, at->host);
	at->origin = arena_printf(a, "https://%s", at->host);
}

int endpoint_find(struct endpoint *out, struct arena *a, const struct aws *aws,
				  const struct aws_service *service, struct err *e)
{
	const struct partition *p =
		partition_named(aws->partition ? aws->partition : aws_partition_of(aws->region));
	const char *url = configured(aws, service);

	if (!service->global && check_region(aws, service, e) < 0)
		return -1;
	out->region = service->global ? p->iam_region : aws->region;
	if (url)
		return find_configured(out, a, url, e);
	out->host = service->global ? global_host(p, aws) : regional_host(a, p, aws, service);
	out->origin = arena_printf(a, "https://%s", out->host);
	out->base_path = "";
	return 0;
}
