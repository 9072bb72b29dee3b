/*
 * The signer against cases in folders, stage by stage: our own in
 * tests/golden/sigv4 always, AWS's suite of 38 where it lies beside the project.
 */
#include "aws/creds.h"
#include "aws/sigv4.h"
#include "core/host.h"
#include "core/text.h"
#include "formats/iso8601.h"
#include "formats/json.h"
#include "formats/uri.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define OWN_CASES SOURCE_ROOT "/tests/golden/sigv4"
#define AWS_CASES SOURCE_ROOT "/../shared/data/aws-sigv4-suite"

enum { FILE_MAX = 64 << 10 };

/* One case as it was read; what the signer made stands beside what is wanted. */
struct signing {
	struct arena mem;
	const char *folder;
	struct sigv4_request rq;
	struct header headers[REQUEST_HEADERS_MAX];
	struct sigv4_key key;
	struct secret secret_key, token;
	const char *token_after;       /* put on the request after signing (post-sts-header-after) */
	unsigned expires_s;
};

static const char *read_case(struct signing *s, const char *file)
{
	AUTO(buf) struct buf text = BUF_MAX(FILE_MAX);
	AUTO(err) struct err e = {0};
	struct host host = host_system();

	if (host_read_file(&host, arena_printf(&s->mem, "%s/%s", s->folder, file), &text, &e) < 0)
		fail_msg("%s", e.text);
	return arena_text(&s->mem, buf_str(&text));
}

static void add_header(struct signing *s, const char *name, const char *value)
{
	assert_true(s->rq.n_headers < REQUEST_HEADERS_MAX);
	s->headers[s->rq.n_headers++] = (struct header){ name, value };
}

/* The target may hold raw spaces: it ends at the last one. */
static void read_request_line(struct signing *s, struct view line)
{
	struct view method = view_cut(&line, ' ');
	const char *end = memrchr(line.p, ' ', line.n);
	struct view query = view_of(line.p, (size_t)(end - line.p)), path = view_cut(&query, '?');

	s->rq.method = arena_view(&s->mem, method);
	s->rq.path = arena_view(&s->mem, path);
	s->rq.query = query.p ? arena_view(&s->mem, query) : NULL;
}

static void read_request(struct signing *s, const char *file)
{
	struct view rest = view_text(read_case(s, file)), line;

	s->rq.headers = s->headers;
	read_request_line(s, view_cut(&rest, '\n'));
	while (rest.p && (line = view_cut(&rest, '\n')).n) {
		struct header *last = s->rq.n_headers ? &s->headers[s->rq.n_headers - 1] : NULL;
		struct view value = line, name = view_cut(&value, ':');

		if (line.p[0] == ' ')     /* a folded line goes on with the one before */
			last->value = arena_printf(&s->mem, "%s\n%.*s", last->value, (int)line.n, line.p);
		else
			add_header(s, arena_view(&s->mem, name), arena_view(&s->mem, value));
	}
	s->rq.body = rest;
}

static void read_context(struct signing *s, const char *file)
{
	AUTO(err) struct err e = {0};
	const char *text = read_case(s, file), *when, *secret_key, *token;
	struct value *v;

	if (va_json_parse(&s->mem, view_text(text), file, &v, &e) < 0 ||
	    value_text(v, "credentials.access_key_id", &s->key.key_id, &e) < 0 ||
	    value_text(v, "credentials.secret_access_key", &secret_key, &e) < 0 ||
	    value_text(v, "region", &s->key.region, &e) < 0 ||
	    value_text(v, "service", &s->key.service, &e) < 0 || value_text(v, "timestamp", &when, &e) < 0 ||
	    iso8601_parse(view_text(when), &s->key.now_ms, &e) < 0)
		fail_msg("%s: %s", s->folder, e.text);
	secret_set(&s->secret_key, view_text(secret_key));
	s->key.secret_key = &s->secret_key;
	token = value_text_or(v, "credentials.token", NULL);
	if (token && value_bool_or(v, "omit_session_token", false)) {
		s->token_after = token;
	} else if (token) {
		secret_set(&s->token, view_text(token));
		s->key.session_token = &s->token;
	}
	s->rq.path_as_is = !value_bool_or(v, "normalize", true);
	s->expires_s = (unsigned)value_int_or(v, "expiration_in_seconds", 0);
}

/* What our client puts on a request before it signs; the suite's sign_body is its own. */
static void add_signing_headers(struct signing *s, bool sign_body)
{
	char date[AMZ_DATE_TEXT], hash[SHA256_HEX];

	amz_date_print(s->key.now_ms, date);
	add_header(s, "X-Amz-Date", arena_text(&s->mem, date));
	if (s->key.session_token)
		add_header(s, "X-Amz-Security-Token", secret_expose(s->key.session_token).p);
	if (sign_body) {
		sha256_hex(s->rq.body, hash);
		add_header(s, "x-amz-content-sha256", arena_text(&s->mem, hash));
	}
}

/* The stages, each with the file that it is compared with. */
static void check_stages(struct signing *s, const struct sigv4_request *rq, const char *canonical_file,
                         const char *to_sign_file, const char *signature_file)
{
	AUTO(buf) struct buf canonical = BUF_MAX(FILE_MAX), names = BUF_MAX(FILE_MAX);
	AUTO(buf) struct buf to_sign = BUF_MAX(FILE_MAX);
	char signature[SHA256_HEX];

	sigv4_canonical(&canonical, &names, rq);
	assert_string_equal(buf_str(&canonical), read_case(s, canonical_file));
	sigv4_to_sign(&to_sign, &s->key, buf_bytes(&canonical));
	assert_string_equal(buf_str(&to_sign), read_case(s, to_sign_file));
	sigv4_signature(signature, &s->key, buf_bytes(&to_sign));
	assert_string_equal(signature, read_case(s, signature_file));
}

static const char *authorize(struct signing *s)
{
	AUTO(buf) struct buf out = BUF_MAX(FILE_MAX);
	AUTO(err) struct err e = {0};

	assert_int_equal(sigv4_authorize(&out, &s->rq, &s->key, &e), 0);
	return arena_text(&s->mem, buf_str(&out));
}

static const char *presign(struct signing *s)
{
	AUTO(buf) struct buf out = BUF_MAX(FILE_MAX);
	AUTO(err) struct err e = {0};

	assert_int_equal(sigv4_presign(&out, &s->rq, &s->key, s->expires_s, &e), 0);
	return arena_text(&s->mem, buf_str(&out));
}

/* Takes "&X-Amz-Signature=..." off a presigned query: that is what was signed. */
static const char *unsigned_query(struct signing *s, const char *query)
{
	const char *at = strstr(query, "&X-Amz-Signature=");

	assert_non_null(at);
	return arena_view(&s->mem, view_of(query, (size_t)(at - query)));
}

static void signing_release(struct signing *s)
{
	secret_release(&s->secret_key);
	secret_release(&s->token);
	arena_release(&s->mem);
}
SCOPE_END(signing, struct signing, signing_release(v))

static void check_own_case(const char *folder)
{
	AUTO(signing) struct signing s = { .folder = folder };
	bool presigned = strstr(folder, "/presigned-") != NULL;
	struct sigv4_request rq;

	read_request(&s, "request");
	read_context(&s, "context");
	if (!presigned) {
		add_signing_headers(&s, false);
		check_stages(&s, &s.rq, "canonical", "to-sign", "signature");
		assert_string_equal(authorize(&s), read_case(&s, "signed"));
		return;
	}
	rq = s.rq;
	rq.query = unsigned_query(&s, presign(&s));
	check_stages(&s, &rq, "canonical", "to-sign", "signature");
	assert_string_equal(presign(&s), read_case(&s, "signed"));
}

static void check_suite_header(const char *folder)
{
	AUTO(signing) struct signing s = { .folder = folder };
	const char *signed_rq;

	read_request(&s, "request.txt");
	read_context(&s, "context.json");
	signed_rq = read_case(&s, "header-signed-request.txt");
	add_signing_headers(&s, strstr(signed_rq, "\nx-amz-content-sha256:") != NULL);
	check_stages(&s, &s.rq, "header-canonical-request.txt", "header-string-to-sign.txt",
	             "header-signature.txt");
	assert_non_null(strstr(signed_rq, arena_printf(&s.mem, "\nAuthorization:%s\n", authorize(&s))));
}

static void check_suite_query(const char *folder)
{
	AUTO(signing) struct signing s = { .folder = folder };
	AUTO(buf) struct buf query = BUF_MAX(FILE_MAX);
	struct sigv4_request rq;
	const char *made, *before;

	read_request(&s, "request.txt");
	read_context(&s, "context.json");
	made = presign(&s);
	before = unsigned_query(&s, made);
	rq = s.rq;
	rq.query = before;
	check_stages(&s, &rq, "query-canonical-request.txt", "query-string-to-sign.txt", "query-signature.txt");
	buf_text(&query, before);
	if (s.token_after) {
		buf_text(&query, "&X-Amz-Security-Token=");
		uri_encode(&query, view_text(s.token_after), false);
	}
	buf_text(&query, made + strlen(before));
	assert_non_null(strstr(read_case(&s, "query-signed-request.txt"), buf_str(&query)));
}

static size_t each_case(const char *folder, void (*check)(const char *))
{
	DIR *cases = opendir(folder);
	struct dirent *entry;
	size_t n = 0;

	if (!cases)
		return 0;
	while ((entry = readdir(cases))) {
		AUTO(text) char *path = xasprintf("%s/%s", folder, entry->d_name);

		if (entry->d_name[0] == '.' || entry->d_type != DT_DIR)
			continue;
		print_message("  %s\n", entry->d_name);
		check(path);
		n++;
	}
	closedir(cases);
	return n;
}

static void own_cases(void **state)
{
	(void)state;
	assert_int_equal(each_case(OWN_CASES, check_own_case), 11);
}

static void suite_in_the_header(void **state)
{
	size_t n = each_case(AWS_CASES, check_suite_header);

	(void)state;
	if (n == 0)
		skip();
	assert_int_equal(n, 38);
}

static void suite_in_the_query(void **state)
{
	size_t n = each_case(AWS_CASES, check_suite_query);

	(void)state;
	if (n == 0)
		skip();
	assert_int_equal(n, 38);
}

static void too_long_a_request_is_refused(void **state)
{
	AUTO(buf) struct buf long_value = BUF_MAX(2 * SIGV4_TEXT_MAX), out = BUF_MAX(FILE_MAX);
	AUTO(secret) struct secret secret_key = {0};
	AUTO(err) struct err e = {0};
	struct header header = { "X-Long", NULL };
	struct sigv4_key key = { "AKID", &secret_key, NULL, "r", "s", 0 };
	struct sigv4_request rq = { .method = "GET", .path = "/", .headers = &header, .n_headers = 1 };

	(void)state;
	for (size_t i = 0; i <= SIGV4_TEXT_MAX; i++)
		buf_char(&long_value, 'x');
	header.value = buf_str(&long_value);
	secret_set(&secret_key, VIEW_LITERAL("k"));
	assert_int_equal(sigv4_authorize(&out, &rq, &key, &e), -1);
	assert_int_equal(e.kind, ERR_REMOTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_cases),
		cmocka_unit_test(suite_in_the_header),
		cmocka_unit_test(suite_in_the_query),
		cmocka_unit_test(too_long_a_request_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
