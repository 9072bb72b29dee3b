/* Hosts and signing regions, as botocore's rule sets give them; configured endpoints; partitions. */
#include "aws/endpoint.h"
#include "aws/services.h"
#include "unit/aws/fixture.h"

struct host_row {
	const struct aws_service *service;
	const char *region;
	const char *plain, *fips, *dualstack, *both;   /* NULL: not looked at */
	const char *signing;                           /* NULL: the region */
};

/* Each line is what botocore's EndpointProvider answers for this service and region. */
static const struct host_row rows[] = {
	{ &aws_kms, "eu-west-1", "kms.eu-west-1.amazonaws.com", "kms-fips.eu-west-1.amazonaws.com",
	  "kms.eu-west-1.api.aws", "kms-fips.eu-west-1.api.aws", NULL },
	{ &aws_kms, "us-gov-west-1", "kms.us-gov-west-1.amazonaws.com", "kms-fips.us-gov-west-1.amazonaws.com",
	  "kms.us-gov-west-1.api.aws", "kms-fips.us-gov-west-1.api.aws", NULL },
	{ &aws_kms, "cn-north-1", "kms.cn-north-1.amazonaws.com.cn", NULL,
	  "kms.cn-north-1.api.amazonwebservices.com.cn", NULL, NULL },
	{ &aws_kms, "eusc-de-east-1", "kms.eusc-de-east-1.amazonaws.eu", "kms-fips.eusc-de-east-1.amazonaws.eu",
	  "kms.eusc-de-east-1.api.amazonwebservices.eu", NULL, NULL },
	{ &aws_kms, "us-iso-east-1", "kms.us-iso-east-1.c2s.ic.gov", NULL, "kms.us-iso-east-1.api.aws.ic.gov",
	  NULL, NULL },
	{ &aws_kms, "us-isob-east-1", "kms.us-isob-east-1.sc2s.sgov.gov", NULL,
	  "kms.us-isob-east-1.api.aws.scloud", NULL, NULL },
	{ &aws_kms, "eu-isoe-west-1", "kms.eu-isoe-west-1.cloud.adc-e.uk", NULL,
	  "kms.eu-isoe-west-1.api.cloud-aws.adc-e.uk", NULL, NULL },
	{ &aws_kms, "us-isof-south-1", "kms.us-isof-south-1.csp.hci.ic.gov", NULL,
	  "kms.us-isof-south-1.api.aws.hci.ic.gov", NULL, NULL },
	{ &aws_dynamodb, "us-gov-west-1", "dynamodb.us-gov-west-1.amazonaws.com",
	  "dynamodb.us-gov-west-1.amazonaws.com", "dynamodb.us-gov-west-1.api.aws",
	  "dynamodb-fips.us-gov-west-1.api.aws", NULL },
	{ &aws_sts, "eu-west-1", "sts.eu-west-1.amazonaws.com", "sts-fips.eu-west-1.amazonaws.com",
	  "sts.eu-west-1.api.aws", "sts-fips.eu-west-1.api.aws", NULL },
	{ &aws_sts, "us-gov-east-1", "sts.us-gov-east-1.amazonaws.com", "sts.us-gov-east-1.amazonaws.com", NULL,
	  NULL, NULL },
	{ &aws_eks, "us-east-2", "eks.us-east-2.amazonaws.com", "fips.eks.us-east-2.amazonaws.com",
	  "eks.us-east-2.api.aws", "eks-fips.us-east-2.api.aws", NULL },
	{ &aws_eks, "us-gov-west-1", "eks.us-gov-west-1.amazonaws.com", "eks.us-gov-west-1.amazonaws.com", NULL,
	  "eks-fips.us-gov-west-1.api.aws", NULL },
	{ &aws_tagging, "eu-west-1", "tagging.eu-west-1.amazonaws.com", "tagging-fips.eu-west-1.amazonaws.com",
	  NULL, NULL, NULL },
	{ &aws_tagging, "us-gov-west-1", NULL, "tagging-fips.us-gov-west-1.amazonaws.com", NULL, NULL, NULL },
	{ &aws_cloudwatch, "eu-west-1", "monitoring.eu-west-1.amazonaws.com", "monitoring-fips.eu-west-1.amazonaws.com",
	  NULL, NULL, NULL },
	{ &aws_cloudwatch, "us-gov-west-1", NULL, "monitoring.us-gov-west-1.amazonaws.com", NULL, NULL, NULL },
	{ &aws_ssm, "eu-west-1", "ssm.eu-west-1.amazonaws.com", "ssm-fips.eu-west-1.amazonaws.com",
	  "ssm.eu-west-1.api.aws", "ssm-fips.eu-west-1.api.aws", NULL },
	{ &aws_ssm, "us-gov-west-1", "ssm.us-gov-west-1.amazonaws.com", "ssm.us-gov-west-1.amazonaws.com",
	  "ssm.us-gov-west-1.api.aws", "ssm-fips.us-gov-west-1.api.aws", NULL },
	{ &aws_s3, "eu-west-1", "s3.eu-west-1.amazonaws.com", "s3-fips.eu-west-1.amazonaws.com",
	  "s3.dualstack.eu-west-1.amazonaws.com", "s3-fips.dualstack.eu-west-1.amazonaws.com", NULL },
	{ &aws_s3, "us-gov-west-1", "s3.us-gov-west-1.amazonaws.com", "s3-fips.us-gov-west-1.amazonaws.com",
	  "s3.dualstack.us-gov-west-1.amazonaws.com", "s3-fips.dualstack.us-gov-west-1.amazonaws.com", NULL },
	{ &aws_s3, "cn-north-1", "s3.cn-north-1.amazonaws.com.cn", NULL, "s3.dualstack.cn-north-1.amazonaws.com.cn", NULL,
	  NULL },
	{ &aws_iam, "eu-west-1", "iam.amazonaws.com", "iam-fips.amazonaws.com", "iam.global.api.aws",
	  "iam-fips.global.api.aws", "us-east-1" },
	{ &aws_iam, "cn-northwest-1", "iam.cn-north-1.amazonaws.com.cn", "iam-fips.amazonaws.com.cn",
	  "iam.global.api.amazonwebservices.com.cn", NULL, "cn-north-1" },
	{ &aws_iam, "us-gov-east-1", "iam.us-gov.amazonaws.com", "iam.us-gov.amazonaws.com",
	  "iam.us-gov.api.aws", "iam.us-gov.api.aws", "us-gov-west-1" },
	{ &aws_iam, "eusc-de-east-1", "iam.eusc-de-east-1.amazonaws.eu", "iam-fips.amazonaws.eu",
	  "iam.global.api.amazonwebservices.eu", NULL, "eusc-de-east-1" },
	{ &aws_iam, "us-iso-west-1", "iam.us-iso-east-1.c2s.ic.gov", NULL, "iam.api.aws.ic.gov", NULL,
	  "us-iso-east-1" },
	{ &aws_iam, "us-isob-east-1", "iam.us-isob-east-1.sc2s.sgov.gov", NULL, "iam.api.aws.scloud", NULL,
	  "us-isob-east-1" },
};

static void check_host(const struct host_row *row, bool fips, bool dualstack, const char *want)
{
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(err) struct err e = {0};
	struct aws aws = { .region = row->region, .partition = aws_partition_of(row->region), .fips = fips,
	                   .dualstack = dualstack };
	struct endpoint at;

	if (!want)
		return;
	assert_int_equal(endpoint_find(&at, &mem, &aws, row->service, &e), 0);
	assert_string_equal(at.host, want);
	assert_string_equal(at.origin, arena_printf(&mem, "https://%s", want));
	assert_string_equal(at.base_path, "");
	assert_string_equal(at.region, row->signing ? row->signing : row->region);
}

static void hosts_are_botocores(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		check_host(&rows[i], false, false, rows[i].plain);
		check_host(&rows[i], true, false, rows[i].fips);
		check_host(&rows[i], false, true, rows[i].dualstack);
		check_host(&rows[i], true, true, rows[i].both);
	}
}

static void partitions_by_region(void **state)
{
	(void)state;
	assert_string_equal(aws_partition_of("eu-central-2"), "aws");
	assert_string_equal(aws_partition_of("cn-north-1"), "aws-cn");
	assert_string_equal(aws_partition_of("us-gov-west-1"), "aws-us-gov");
	assert_string_equal(aws_partition_of("us-iso-east-1"), "aws-iso");
	assert_string_equal(aws_partition_of("us-isob-east-1"), "aws-iso-b");
	assert_string_equal(aws_partition_of("eusc-de-east-1"), "aws-eusc");
	assert_string_equal(aws_partition_of(NULL), "aws");
	assert_string_equal(partition_dns_suffix("aws-cn"), "amazonaws.com.cn");
	assert_string_equal(partition_dns_suffix("aws-new"), "amazonaws.com");
}

#define LOCAL_SERVICES "[services local]\nkms =\n  endpoint_url = http://localhost:4566\n" \
	"resource_groups_tagging_api =\n  endpoint_url = http://[::1]:4567/base/\n"

struct url_row {
	const char *variables[3], *config;
	const struct aws_service *service;
	const char *origin, *host, *base_path;   /* what is called */
	const char *error;                       /* or what is said */
};

static const struct url_row url_rows[] = {
	{ { "AWS_ENDPOINT_URL=http://127.0.0.1:5000" }, NULL, &aws_iam, "http://127.0.0.1:5000",
	  "127.0.0.1:5000", "", NULL },
	{ { "AWS_ENDPOINT_URL=https://Proxy.Example.com:443/aws/" }, NULL, &aws_kms,
	  "https://proxy.example.com", "proxy.example.com", "/aws", NULL },
	{ { "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ENDPOINT_URL_KMS=http://127.0.0.1:2" }, NULL, &aws_kms,
	  "http://127.0.0.1:2", "127.0.0.1:2", "", NULL },
	{ { "AWS_ENDPOINT_URL_KMS=http://127.0.0.1:2" }, NULL, &aws_sts, "https://sts.eu-west-1.amazonaws.com",
	  "sts.eu-west-1.amazonaws.com", "", NULL },
	{ { NULL }, "[default]\nservices = local\n" LOCAL_SERVICES, &aws_kms, "http://localhost:4566",
	  "localhost:4566", "", NULL },
	{ { NULL }, "[default]\nservices = local\n" LOCAL_SERVICES, &aws_tagging, "http://[::1]:4567",
	  "[::1]:4567", "/base", NULL },
	{ { "AWS_ENDPOINT_URL=http://127.0.0.1:1" }, "[default]\nservices = local\n" LOCAL_SERVICES, &aws_kms,
	  "http://127.0.0.1:1", "127.0.0.1:1", "", NULL },
	{ { NULL }, "[default]\nservices = local\nendpoint_url = http://127.0.0.1:9\n" LOCAL_SERVICES, &aws_eks,
	  "http://127.0.0.1:9", "127.0.0.1:9", "", NULL },
	{ { "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true" }, NULL, &aws_kms,
	  "https://kms.eu-west-1.amazonaws.com", "kms.eu-west-1.amazonaws.com", "", NULL },
	{ { NULL }, "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = http://127.0.0.1:9\n",
	  &aws_kms, "https://kms.eu-west-1.amazonaws.com", "kms.eu-west-1.amazonaws.com", "", NULL },
	{ { "AWS_ENDPOINT_URL=http://aws.example.com" }, NULL, &aws_kms, NULL, NULL, NULL,
	  "the endpoint of 'AWS_ENDPOINT_URL' is not encrypted: 'http://aws.example.com'" },
	{ { "AWS_ENDPOINT_URL_EKS=ftp://127.0.0.1" }, NULL, &aws_kms, NULL, NULL, NULL,
	  "the endpoint of 'AWS_ENDPOINT_URL_EKS' is neither https nor http: 'ftp://127.0.0.1'" },
	{ { "AWS_ENDPOINT_URL=https://a.b/?x=1" }, NULL, &aws_kms, NULL, NULL, NULL,
	  "the endpoint of 'AWS_ENDPOINT_URL' has a query: 'https://a.b/?x=1'" },
	{ { NULL }, "[default]\nservices = nowhere\n" LOCAL_SERVICES, &aws_kms, NULL, NULL, NULL,
	  "the profile 'default' names the services 'nowhere', which are not in '~/.aws/config'" },
	{ { "AWS_USE_FIPS_ENDPOINT=maybe" }, NULL, &aws_kms, NULL, NULL, NULL,
	  "'AWS_USE_FIPS_ENDPOINT' (or 'use_fips_endpoint' of the profile 'default') is neither true nor false: "
	  "'maybe'" },
};

static void configured_endpoints(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(url_rows); i++) {
		const struct url_row *row = &url_rows[i];
		AUTO(machine) struct machine m;
		AUTO(err) struct err e = {0};
		struct endpoint at;

		machine_init(&m);
		machine_env(&m, row->variables);
		machine_config(&m, row->config, NULL);
		if (aws_open(&m.aws, &m.host, &m.mem, NULL, &e) < 0) {
			assert_string_equal(e.text, row->error ? row->error : "no error");
			assert_int_equal(e.kind, ERR_CONFIG);
			continue;
		}
		assert_null(row->error);
		assert_int_equal(endpoint_find(&at, &m.mem, &m.aws, row->service, &e), 0);
		assert_string_equal(at.origin, row->origin);
		assert_string_equal(at.host, row->host);
		assert_string_equal(at.base_path, row->base_path);
	}
}

static void no_region_is_an_error_for_regional_services_only(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};
	struct endpoint at;
	struct aws there;

	(void)state;
	machine_init(&m);
	fake_host_env(&m.files, "AWS_REGION", NULL);
	assert_int_equal(aws_open(&m.aws, &m.host, &m.mem, NULL, &e), 0);
	assert_null(m.aws.region);
	assert_int_equal(endpoint_find(&at, &m.mem, &m.aws, &aws_iam, &e), 0);
	assert_int_equal(endpoint_find(&at, &m.mem, &m.aws, &aws_kms, &e), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_string_equal(e.hint, "give --region, or set AWS_REGION");
	there = aws_in_region(&m.aws, "cn-north-1");
	assert_int_equal(endpoint_find(&at, &m.mem, &there, &aws_kms, &e), 0);
	assert_string_equal(at.host, "kms.cn-north-1.amazonaws.com.cn");
	assert_string_equal(there.dns_suffix, "amazonaws.com.cn");
	assert_ptr_equal(there.origin, &m.aws);
}

static void a_region_cannot_change_the_host(void **state)
{
	static const char *const names[] = { "evil.example/", "EU-WEST-1", "a.b", "-x", "a@b", "a b" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		AUTO(arena) struct arena mem = ARENA_INIT;
		AUTO(err) struct err e = {0};
		struct aws aws = { .region = names[i], .partition = "aws" };
		struct endpoint at;

		assert_int_equal(endpoint_find(&at, &mem, &aws, &aws_kms, &e), -1);
		assert_string_equal(e.text, arena_printf(&mem, "'%s' is not the name of a region", names[i]));
	}
}

static void every_service_is_listed_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < aws_services_n; i++)
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(aws_services[i]->id, aws_services[k]->id);
			assert_string_not_equal(aws_services[i]->env_id, aws_services[k]->env_id);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_are_botocores),
		cmocka_unit_test(partitions_by_region),
		cmocka_unit_test(configured_endpoints),
		cmocka_unit_test(no_region_is_an_error_for_regional_services_only),
		cmocka_unit_test(a_region_cannot_change_the_host),
		cmocka_unit_test(every_service_is_listed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
