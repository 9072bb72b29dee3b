/* S3: its signature against AWS's own worked examples, where the bucket stands, headers both ways, errors without a body. */
#include "aws/protocol.h"
#include "aws/services.h"
#include "aws/sigv4.h"
#include "unit/aws/fixture.h"

enum { MAX = 64 << 10 };

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* S3 API Reference, "Signature Calculations for the Authorization Header", its four examples. */
static const struct {
	const char *method, *path, *query, *body, *signature;
	struct header headers[4];
	size_t n;
} examples[] = {
	{ "GET", "/test.txt", NULL, "", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
	  { { "Range", "bytes=0-9" }, { "x-amz-content-sha256", EMPTY } }, 2 },
	{ "PUT", "/test%24file.text", NULL, "Welcome to Amazon S3.",
	  "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
	  { { "Date", "Fri, 24 May 2013 00:00:00 GMT" }, { "x-amz-storage-class", "REDUCED_REDUNDANCY" },
	    { "x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072" } }, 3 },
	{ "GET", "/", "lifecycle", "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
	  { { "x-amz-content-sha256", EMPTY } }, 1 },
	{ "GET", "/", "max-keys=2&prefix=J", "", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
	  { { "x-amz-content-sha256", EMPTY } }, 1 },
};

static void the_signature_is_that_of_awss_examples(void **state)
{
	AUTO(secret) struct secret secret_key = {0};
	struct sigv4_key key = { .key_id = "AKIAIOSFODNN7EXAMPLE", .secret_key = &secret_key, .region = "us-east-1",
	                         .service = "s3", .now_ms = INT64_C(1369353600000) };

	(void)state;
	secret_set(&secret_key, VIEW_LITERAL("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"));
	for (size_t i = 0; i < COUNT_OF(examples); i++) {
		struct header headers[6] = { { "Host", "examplebucket.s3.amazonaws.com" }, { "x-amz-date", "20130524T000000Z" } };
		struct sigv4_request rq = { .method = examples[i].method, .path = examples[i].path, .query = examples[i].query,
		                            .headers = headers, .n_headers = 2 + examples[i].n,
		                            .body = view_text(examples[i].body), .path_once = true };
		AUTO(buf) struct buf out = BUF_MAX(MAX);
		AUTO(err) struct err e = {0};

		memcpy(headers + 2, examples[i].headers, examples[i].n * sizeof(*headers));
		assert_int_equal(sigv4_authorize(&out, &rq, &key, &e), 0);
		assert_true(text_ends(buf_str(&out), examples[i].signature));
	}
}

static struct request asked(struct machine *m, const struct aws_op *op, const char *endpoint, struct value *params)
{
	AUTO(err) struct err e = {0};
	struct request rq = { 0 };

	machine_init(m);
	fake_host_env(&m->files, "AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
	fake_host_env(&m->files, "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
	fake_host_env(&m->files, "AWS_ENDPOINT_URL_S3", endpoint);
	if (machine_login(m, NULL, &e) < 0 || aws_ask(&m->aws, &rq, op, params, &e) < 0)
		fail_msg("%s", e.text);
	return rq;
}

static struct value *object(struct arena *a, const char *bucket)
{
	struct value *v = value_new_map(a);

	value_set_text(a, v, "Bucket", bucket);
	value_set_text(a, v, "Key", "helm-vault-aws/prod/a b/root-token");
	return v;
}

static void the_bucket_is_in_the_host_or_in_the_path(void **state)
{
	static const struct {
		const char *bucket, *endpoint, *url;
	} cases[] = {
		{ "keys", NULL, "https://keys.s3.eu-west-1.amazonaws.com/helm-vault-aws/prod/a%20b/root-token" },
		{ "my.keys", NULL, "https://s3.eu-west-1.amazonaws.com/my.keys/helm-vault-aws/prod/a%20b/root-token" },
		{ "keys", "http://127.0.0.1:4566", "http://127.0.0.1:4566/keys/helm-vault-aws/prod/a%20b/root-token" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		AUTO(machine) struct machine m;
		struct request rq = asked(&m, &s3_get_object, cases[i].endpoint, object(&a, cases[i].bucket));

		assert_string_equal(rq.url, cases[i].url);
		assert_string_equal(request_header_get(&rq, "X-Amz-Content-Sha256"), EMPTY);
		assert_null(request_header_get(&rq, "Content-Type"));
		assert_non_null(strstr(request_header_get(&rq, "Authorization"), "SignedHeaders=host;x-amz-content-sha256;x-amz-date,"));
		request_release(&rq);
	}
}

static void a_buckets_own_calls_have_no_key(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(machine) struct machine m;
	struct value *bucket = value_new_map(&a);
	struct request rq;

	(void)state;
	value_set_text(&a, bucket, "Bucket", "keys");
	rq = asked(&m, &s3_get_bucket_versioning, NULL, bucket);
	assert_string_equal(rq.url, "https://keys.s3.eu-west-1.amazonaws.com/?versioning");
	assert_string_equal(rq.method, "GET");
	request_release(&rq);
}

static void parameters_are_headers_and_the_body_is_as_it_is(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(machine) struct machine m;
	struct value *params = object(&a, "keys");
	struct request rq;

	(void)state;
	value_set_text(&a, params, "IfNoneMatch", "*");
	value_set_text(&a, params, "ServerSideEncryption", "aws:kms");
	value_set_text(&a, params, "Body", "{\"a\": 1}");
	rq = asked(&m, &s3_put_object, NULL, params);
	assert_string_equal(rq.method, "PUT");
	assert_true(view_is(rq.body, "{\"a\": 1}"));
	assert_string_equal(request_header_get(&rq, "If-None-Match"), "*");
	assert_string_equal(request_header_get(&rq, "x-amz-server-side-encryption"), "aws:kms");
	assert_non_null(strstr(request_header_get(&rq, "Authorization"), ";if-none-match;"));
	request_release(&rq);
}

static void an_unknown_parameter_is_our_bug(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};
	struct value *params = object(&a, "keys");
	struct request first = asked(&m, &s3_get_object, NULL, params), rq = { 0 };

	(void)state;
	request_release(&first);
	value_set_text(&a, params, "Colour", "red");
	assert_int_equal(aws_ask(&m.aws, &rq, &s3_put_object, params, &e), -1);
	assert_int_equal(e.kind, ERR_BUG);
	request_release(&rq);
}

static void read_it(struct arena *a, const struct aws_op *op, int status, const char *head, const char *body,
                    struct aws_answer *out)
{
	struct reply reply = { .status = status, .head = BUF_MAX(REPLY_HEAD_MAX), .body = BUF_MAX(REPLY_BODY_MAX) };
	AUTO(err) struct err e = {0};

	buf_text(&reply.head, head);
	buf_text(&reply.body, body);
	if (aws_read(a, op, &reply, out, &e) < 0)
		fail_msg("%s", e.text);
	reply_release(&reply);
}

static void answers_are_headers_bodies_and_xml(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct aws_answer got;

	(void)state;
	read_it(&a, &s3_get_object, 200, "ETag: \"e1\"\nx-amz-meta-state: holds\n", "<not-xml", &got);
	assert_string_equal(value_text_or(got.body, "Body", ""), "<not-xml");
	assert_string_equal(value_text_or(got.body, "ETag", ""), "\"e1\"");
	assert_string_equal(value_text_or(got.body, "State", ""), "holds");
	read_it(&a, &s3_get_bucket_versioning, 200, "",
	        "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status>"
	        "</VersioningConfiguration>", &got);
	assert_string_equal(value_text_or(got.body, "Status", ""), "Enabled");
	read_it(&a, &s3_get_bucket_versioning, 200, "",
	        "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>", &got);
	assert_string_equal(value_text_or(got.body, "Status", "none"), "none");
}

static void errors_are_xml_or_a_status_alone(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct aws_answer got;

	(void)state;
	read_it(&a, &s3_get_object, 404, "x-amz-request-id: R1\n",
	        "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>k</Key></Error>", &got);
	assert_true(aws_code_is(&got, "NoSuchKey"));
	assert_string_equal(got.message, "The specified key does not exist.");
	assert_string_equal(got.request_id, "R1");
	read_it(&a, &s3_head_object, 404, "", "", &got);
	assert_true(aws_code_is(&got, "NoSuchKey"));
	read_it(&a, &s3_head_object, 403, "", "", &got);
	assert_true(aws_code_is(&got, "AccessDenied"));
	read_it(&a, &s3_put_object, 412, "", "", &got);
	assert_true(aws_code_is(&got, "PreconditionFailed"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_signature_is_that_of_awss_examples),
		cmocka_unit_test(the_bucket_is_in_the_host_or_in_the_path),
		cmocka_unit_test(a_buckets_own_calls_have_no_key),
		cmocka_unit_test(parameters_are_headers_and_the_body_is_as_it_is),
		cmocka_unit_test(an_unknown_parameter_is_our_bug),
		cmocka_unit_test(answers_are_headers_bodies_and_xml),
		cmocka_unit_test(errors_are_xml_or_a_status_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
