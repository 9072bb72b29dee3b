/* What goes out: the three protocols, byte by byte, and the rows of the services. */
#include "aws/endpoint.h"
#include "aws/protocol.h"
#include "aws/services.h"
#include "formats/json.h"
#include "unit/aws/fixture.h"

static struct value *json(struct arena *a, const char *text)
{
	AUTO(err) struct err e = {0};
	struct value *v;

	if (va_json_parse(a, view_text(text), NULL, &v, &e) < 0)
		fail_msg("%s", e.text);
	return v;
}

static void query_flattening(void **state)
{
	static const struct {
		const char *params, *want;
	} cases[] = {
		{ "{}", "" },
		{ "{\"RoleName\":\"a b+c/d\"}", "&RoleName=a%20b%2Bc%2Fd" },
		{ "{\"N\":3600,\"Yes\":true,\"No\":false,\"Gone\":null,\"Half\":0.5}",
		  "&N=3600&Yes=true&No=false&Half=0.5" },
		{ "{\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"},{\"Key\":\"k2\",\"Value\":\"\"}]}",
		  "&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.2.Key=k2&Tags.member.2.Value=" },
		{ "{\"ActionNames\":[\"kms:Encrypt\",\"kms:Decrypt\"]}",
		  "&ActionNames.member.1=kms%3AEncrypt&ActionNames.member.2=kms%3ADecrypt" },
		{ "{\"ClientIDList\":[]}", "&ClientIDList=" },
		{ "{\"ContextEntries\":[{\"ContextKeyName\":\"n\",\"ContextKeyValues\":[\"x\",\"y\"]}]}",
		  "&ContextEntries.member.1.ContextKeyName=n&ContextEntries.member.1.ContextKeyValues.member.1=x"
		  "&ContextEntries.member.1.ContextKeyValues.member.2=y" },
		{ "{\"A\":{\"B\":{\"C\":\"\\u00e9\"}}}", "&A.B.C=%C3%A9" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(arena) struct arena mem = ARENA_INIT;
		AUTO(buf) struct buf out = BUF_MAX(AWS_BODY_MAX);

		query_print(&out, "Op", "2010-05-08", json(&mem, cases[i].params));
		assert_string_equal(buf_str(&out), arena_printf(&mem, "Action=Op&Version=2010-05-08%s", cases[i].want));
	}
}

static void rest_templates(void **state)
{
	static const char template[] = "/clusters/{name}/x/{id}?ns={namespace}&tag={tags}&max={maxResults}";
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(err) struct err e = {0};
	AUTO(buf) struct buf path = BUF_MAX(AWS_BODY_MAX), query = BUF_MAX(AWS_BODY_MAX);
	struct value *rest;

	(void)state;
	assert_int_equal(rest_fill(&path, &query, &rest, &mem, template,
	                           json(&mem, "{\"name\":\"a/b c\",\"id\":7,\"namespace\":\"v&w\",\"left\":1,"
	                                      "\"tags\":[\"x\",\"y\"]}"), &e), 0);
	assert_string_equal(buf_str(&path), "/clusters/a%2Fb%20c/x/7");
	assert_string_equal(buf_str(&query), "ns=v%26w&tag=x&tag=y");
	assert_int_equal(rest->n, 1);
	assert_string_equal(rest->names[0], "left");
}

static void a_path_needs_its_parameters(void **state)
{
	static const char *const params[] = { "{}", "{\"name\":\"\"}", "{\"name\":[\"a\"]}" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(params); i++) {
		AUTO(arena) struct arena mem = ARENA_INIT;
		AUTO(err) struct err e = {0};
		AUTO(buf) struct buf path = BUF_MAX(AWS_BODY_MAX), query = BUF_MAX(AWS_BODY_MAX);
		struct value *rest;

		assert_int_equal(rest_fill(&path, &query, &rest, &mem, "/c/{name}", json(&mem, params[i]), &e), -1);
		assert_int_equal(e.kind, ERR_BUG);
		assert_string_equal(e.text, "the parameter 'name' is missing");
	}
}

/* An opened aws with the example keys; the request is made and looked at. */
static struct request asked(struct machine *m, const struct aws_op *op, const char *params)
{
	AUTO(err) struct err e = {0};
	struct request rq = { 0 };

	machine_init(m);
	fake_host_env(&m->files, "AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
	fake_host_env(&m->files, "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
	fake_host_env(&m->files, "AWS_SESSION_TOKEN", "session");
	if (machine_login(m, NULL, &e) < 0 ||
	    aws_ask(&m->aws, &rq, op, params ? json(&m->mem, params) : NULL, &e) < 0)
		fail_msg("%s", e.text);
	return rq;
}

static void check_request(const struct aws_op *op, const char *params, const char *method, const char *url,
                          const char *type, const char *target, const char *body, const char *signed_headers)
{
	AUTO(machine) struct machine m;
	struct request rq = asked(&m, op, params);
	const char *have_type = request_header_get(&rq, "Content-Type");
	const char *have_target = request_header_get(&rq, "X-Amz-Target");
	const char *auth = request_header_get(&rq, "Authorization");

	assert_int_equal(rq.kind, REQUEST_HTTP);
	assert_string_equal(rq.method, method);
	assert_string_equal(rq.url, url);
	assert_string_equal(have_type ? have_type : "", type);
	assert_string_equal(have_target ? have_target : "", target);
	assert_true(view_is(rq.body, body));
	if (signed_headers) {
		assert_non_null(strstr(auth, arena_printf(&m.mem, "SignedHeaders=%s,", signed_headers)));
		assert_string_equal(request_header_get(&rq, "X-Amz-Date"), "20261124T053624Z");
		assert_string_equal(request_header_get(&rq, "X-Amz-Security-Token"), "session");
	} else {
		assert_null(auth);
		assert_null(request_header_get(&rq, "X-Amz-Security-Token"));
	}
	assert_ptr_equal(rq.sort, aws_sort);
	request_release(&rq);
}

#define FORM "application/x-www-form-urlencoded; charset=utf-8"

static void requests_of_each_protocol(void **state)
{
	(void)state;
	check_request(&kms_describe_key, "{\"KeyId\":\"alias/x\"}", "POST", "https://kms.eu-west-1.amazonaws.com/",
	              "application/x-amz-json-1.1", "TrentService.DescribeKey", "{\"KeyId\":\"alias/x\"}",
	              "content-type;host;x-amz-date;x-amz-security-token;x-amz-target");
	check_request(&dynamodb_describe_table, NULL, "POST", "https://dynamodb.eu-west-1.amazonaws.com/",
	              "application/x-amz-json-1.0", "DynamoDB_20120810.DescribeTable", "{}",
	              "content-type;host;x-amz-date;x-amz-security-token;x-amz-target");
	check_request(&tagging_get_resources, "{\"ResourcesPerPage\":100}", "POST",
	              "https://tagging.eu-west-1.amazonaws.com/", "application/x-amz-json-1.1",
	              "ResourceGroupsTaggingAPI_20170126.GetResources", "{\"ResourcesPerPage\":100}",
	              "content-type;host;x-amz-date;x-amz-security-token;x-amz-target");
	check_request(&cloudwatch_get_metric_data, "{\"StartTime\":1}", "POST", "https://monitoring.eu-west-1.amazonaws.com/",
	              "application/x-amz-json-1.0", "GraniteServiceVersion20100801.GetMetricData", "{\"StartTime\":1}",
	              "content-type;host;x-amz-date;x-amz-security-token;x-amz-target;x-amzn-query-mode");
	check_request(&iam_get_role, "{\"RoleName\":\"r\"}", "POST", "https://iam.amazonaws.com/", FORM, "",
	              "Action=GetRole&Version=2010-05-08&RoleName=r",
	              "content-type;host;x-amz-date;x-amz-security-token");
	check_request(&sts_assume_role_with_web_identity, "{\"RoleArn\":\"a\"}", "POST",
	              "https://sts.eu-west-1.amazonaws.com/", FORM, "",
	              "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=a", NULL);
	check_request(&eks_describe_cluster, "{\"name\":\"a/b\"}", "GET",
	              "https://eks.eu-west-1.amazonaws.com/clusters/a%2Fb", "", "", "",
	              "host;x-amz-date;x-amz-security-token");
	check_request(&eks_list_pod_identity_associations, "{\"clusterName\":\"c\",\"serviceAccount\":\"v\"}", "GET",
	              "https://eks.eu-west-1.amazonaws.com/clusters/c/pod-identity-associations?serviceAccount=v", "",
	              "", "", "host;x-amz-date;x-amz-security-token");
}

/* The request of the golden case sts-china, whose signature botocore computed. */
static void a_signature_end_to_end(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};
	struct request rq = { 0 };

	(void)state;
	machine_init(&m);
	fake_host_env(&m.files, "AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
	fake_host_env(&m.files, "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
	fake_host_env(&m.files, "AWS_REGION", "cn-north-1");
	assert_int_equal(machine_login(&m, NULL, &e), 0);
	assert_int_equal(aws_ask(&m.aws, &rq, &sts_get_caller_identity, NULL, &e), 0);
	assert_string_equal(request_header_get(&rq, "Authorization"),
	                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261124/cn-north-1/sts/aws4_request, "
	                    "SignedHeaders=content-type;host;x-amz-date, Signature="
	                    "de581b31988631b9601ca5ddc3675602d7d0cfeeff9fe6fc470d8be4df3c09d6");
	request_release(&rq);
}

static void labels_name_the_action(void **state)
{
	AUTO(machine) struct machine m;
	struct request rq = asked(&m, &tagging_get_resources, NULL);

	(void)state;
	assert_string_equal(rq.label, "tag:GetResources");
	assert_true(text_starts(request_header_get(&rq, "User-Agent"), "helm-vault-aws/"));
	request_release(&rq);
}

static void a_copy_signs_with_the_originals_credentials(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};
	struct request rq = { 0 };
	struct aws there;

	(void)state;
	machine_init(&m);
	fake_host_env(&m.files, "AWS_ACCESS_KEY_ID", "AKIAFIRST");
	fake_host_env(&m.files, "AWS_SECRET_ACCESS_KEY", "k");
	assert_int_equal(aws_open(&m.aws, &m.host, &m.mem, NULL, &e), 0);
	there = aws_in_region(&m.aws, "us-west-2");
	assert_int_equal(aws_login(&m.aws, &m.transport, &e), 0);
	fake_host_env(&m.files, "AWS_ACCESS_KEY_ID", "AKIASECOND");
	assert_int_equal(aws_login(&m.aws, &m.transport, &e), 0);
	m.aws.skew_ms = 60000;
	assert_int_equal(aws_ask(&there, &rq, &kms_describe_key, NULL, &e), 0);
	assert_non_null(strstr(request_header_get(&rq, "Authorization"), "AKIASECOND/20261124/us-west-2/kms/"));
	assert_string_equal(request_header_get(&rq, "X-Amz-Date"), "20261124T053724Z");
	request_release(&rq);
}

static void without_credentials_nothing_is_asked(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};
	struct request rq = { 0 };

	(void)state;
	machine_init(&m);
	assert_int_equal(aws_open(&m.aws, &m.host, &m.mem, NULL, &e), 0);
	assert_int_equal(aws_ask(&m.aws, &rq, &kms_describe_key, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_AUTH);
	assert_string_equal(e.text, "asking kms:DescribeKey: no credentials to sign with");
	request_release(&rq);
}

static void an_unknown_parameter_of_a_get_is_our_bug(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};
	struct request rq = asked(&m, &eks_list_clusters, NULL);

	(void)state;
	request_release(&rq);
	assert_int_equal(aws_ask(&m.aws, &rq, &eks_list_clusters, json(&m.mem, "{\"name\":\"x\"}"), &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
	request_release(&rq);
}

/* The rows of a service agree with its protocol. */
static void rows_are_whole(void **state)
{
	static const struct aws_op *const ops[] = {
		&kms_create_key, &kms_disable_key_rotation, &dynamodb_batch_write_item, &dynamodb_list_backups,
		&iam_add_client_id_to_open_id_connect_provider, &iam_create_open_id_connect_provider,
		&iam_simulate_principal_policy, &sts_assume_role_with_web_identity, &eks_list_clusters,
		&eks_list_pod_identity_associations, &eks_describe_addon, &tagging_get_resources,
	};
	static const char *const names[] = {
		"CreateKey", "DisableKeyRotation", "BatchWriteItem", "ListBackups", "AddClientIDToOpenIDConnectProvider",
		"CreateOpenIDConnectProvider", "SimulatePrincipalPolicy", "AssumeRoleWithWebIdentity", "ListClusters",
		"ListPodIdentityAssociations", "DescribeAddon", "GetResources",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ops); i++) {
		assert_string_equal(ops[i]->name, names[i]);
		assert_int_equal(ops[i]->service->protocol == AWS_REST_JSON, ops[i]->path != NULL);
	}
	for (size_t i = 0; i < aws_services_n; i++) {
		const struct aws_service *s = aws_services[i];

		assert_int_equal(s->protocol == AWS_QUERY, s->version != NULL);
		assert_int_equal(s->protocol == AWS_JSON_1_0 || s->protocol == AWS_JSON_1_1, s->target != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(query_flattening),
		cmocka_unit_test(rest_templates),
		cmocka_unit_test(a_path_needs_its_parameters),
		cmocka_unit_test(requests_of_each_protocol),
		cmocka_unit_test(a_signature_end_to_end),
		cmocka_unit_test(labels_name_the_action),
		cmocka_unit_test(a_copy_signs_with_the_originals_credentials),
		cmocka_unit_test(without_credentials_nothing_is_asked),
		cmocka_unit_test(an_unknown_parameter_of_a_get_is_our_bug),
		cmocka_unit_test(rows_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
