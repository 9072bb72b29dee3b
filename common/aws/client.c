#include "aws/client.h"

#include "aws/chain.h"
#include "aws/endpoint.h"
#include "aws/protocol.h"
#include "core/text.h"

#include <ctype.h>

enum {
	MAX_ATTEMPTS = 3,              /* aws-cli 2, standard mode */
	SKEW_LIMIT_MS = 4 * 60 * 1000, /* services allow 5 minutes */
	WHY_MAX = 16 << 10
};

static int read_max_attempts(struct aws *aws, struct err *e)
{
	const char *text =
		settings_choose(aws->settings, aws->host, "AWS_MAX_ATTEMPTS", "max_attempts");
	char *end;
	long n;

	aws->max_attempts = MAX_ATTEMPTS;
	if (!text)
		return 0;
	n = strtol(text, &end, 10);
	if (*end || n < 1 || n > 100)
		return err_set(e, ERR_CONFIG, 0,
					   "AWS_MAX_ATTEMPTS (or max_attempts) is not a number from 1 to 100: '%s'",
					   text);
	aws->max_attempts = (unsigned)n;
	return 0;
}

/* botocore's form, with the tool in front: it shows in CloudTrail. */
static const char *user_agent(const struct aws *aws, struct arena *mem)
{
	const char *app =
		settings_choose(aws->settings, aws->host, "AWS_SDK_UA_APP_ID", "sdk_ua_app_id");
	char *token = arena_text(mem, app ? app : "");

	for (char *p = token; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("!$%&'*+-.^_`|~,", *p))
			*p = '-';
	return arena_printf(mem, "helm-vault-aws/" VA_VERSION " ua/2.1 os/linux lang/c%s%s",
						*token ? " app/" : "", token);
}

static void set_region(struct aws *aws, const char *region)
{
	aws->region = region;
	aws->partition = aws_partition_of(region);
	aws->dns_suffix = partition_dns_suffix(aws->partition);
}

static int read_settings(struct aws *aws, const struct aws_flags *flags, struct err *e)
{
	const char *region = flags ? flags->region : NULL;

	if (settings_read(&aws->settings, aws->host, flags, e) < 0)
		return -1;
	if (text_empty(region))
		region = host_env(aws->host, "AWS_REGION");
	if (!region)
		region = settings_choose(aws->settings, aws->host, "AWS_DEFAULT_REGION", "region");
	set_region(aws, arena_text(aws->mem, region));
	aws->ca_bundle = settings_get(aws->settings, aws->settings->profile, "ca_bundle");
	aws->user_agent = user_agent(aws, aws->mem);
	if (read_max_attempts(aws, e) < 0 ||
		settings_bool(aws->settings, aws->host, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", false,
					  &aws->fips, e) < 0 ||
		settings_bool(aws->settings, aws->host, "AWS_USE_DUALSTACK_ENDPOINT",
					  "use_dualstack_endpoint", false, &aws->dualstack, e) < 0)
		return -1;
	return endpoints_read(&aws->endpoints, aws->mem, aws->host, aws->settings, e);
}

int aws_open(struct aws *aws, const struct host *host, struct arena *mem,
			 const struct aws_flags *flags, struct err *e)
{
	*aws = (struct aws){ .host = host, .mem = mem };
	if (read_settings(aws, flags, e) < 0) {
		aws_release(aws);
		return -1;
	}
	return 0;
}

void aws_release(struct aws *aws)
{
	credentials_release(&aws->creds);
	settings_free(aws->settings);
	*aws = (struct aws){ 0 };
}

struct aws aws_in_region(const struct aws *aws, const char *region)
{
	struct aws copy = *aws;

	copy.origin = aws->origin ? aws->origin : aws;
	if (!text_empty(region))
		set_region(&copy, arena_text(aws->mem, region));
	return copy;
}

int aws_login(struct aws *aws, const struct transport *t, struct err *e)
{
	AUTO(buf) struct buf why = BUF_MAX(WHY_MAX);
	const struct aws_settings *s = aws->settings;
	struct credentials found = { 0 };
	struct chain chain = {
		.aws = aws,
		.transport = t,
		.profile = s ? s->profile : "default",
		.environment = !s || s->profile_by != PROFILE_BY_FLAG,
		.by_flag = s && s->profile_by == PROFILE_BY_FLAG,
		.skew_ms = aws->skew_ms,
	};
	int n = chain_search(&chain, &found, &why, e);

	if (n < 0)
		return err_while(e, "looking for AWS credentials");
	if (n == 0) {
		err_set(e, ERR_AUTH, 0, "no AWS credentials: %s", buf_str(&why));
		if (s && !settings_has_profile(s, s->profile))
			settings_hint_profile(s, s->profile, e);
		err_hint(e, "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run: aws "
					"configure");
		return -1;
	}
	credentials_release(&aws->creds);
	aws->creds = found;
	aws->skew_ms = chain.skew_ms;
	return 0;
}

static bool same_credentials(const struct credentials *a, const struct credentials *b)
{
	return text_same(a->key_id, b->key_id) &&
		   secret_held(&a->session_token) == secret_held(&b->session_token) &&
		   (!secret_held(&a->session_token) || secret_same(&a->session_token, &b->session_token));
}

/* New credentials, which must be others than those that were just refused. */
static int login_again(struct aws *aws, const struct transport *t, struct err *e)
{
	AUTO(credentials) struct credentials old = aws->creds;

	aws->creds = (struct credentials){ 0 };
	if (aws_login(aws, t, e) < 0)
		return -1;
	if (same_credentials(&old, &aws->creds)) {
		err_set(e, ERR_AUTH, 0, "the AWS credentials of %s have expired", aws->creds.source);
		err_hint(e, "get new ones, then run this again: what was done stays done");
		return -1;
	}
	return 0;
}

int aws_renew(struct aws *aws, const struct transport *t, const struct reply *reply, struct err *e)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	struct aws_fault fault;
	int64_t skew_ms;

	aws_fault_read(&fault, &mem, reply);
	if (code_is_expired(fault.code))
		return login_again(aws, t, e);
	if (!clock_skew_of(aws->host, reply, &skew_ms))
		return err_set(e, ERR_AUTH, reply->status,
					   "AWS refused the signature's time, and did not tell its own");
	if (llabs(skew_ms - aws->skew_ms) < SKEW_LIMIT_MS)
		return err_set(e, ERR_AUTH, reply->status,
					   "AWS refused the signature's time, though the clocks agree: %s",
					   fault.message ? fault.message : fault.code);
	aws->skew_ms = skew_ms;
	return 0;
}
