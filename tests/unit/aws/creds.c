/* The chain: which place wins, what each error says, what is sent for it. */
#include "unit/aws/fixture.h"

#define ENV(...) (const char *const[]){ __VA_ARGS__, NULL }
#define KEYS "AWS_ACCESS_KEY_ID=AKIAENV", "AWS_SECRET_ACCESS_KEY=envkey"
#define WEB "AWS_WEB_IDENTITY_TOKEN_FILE=/token", "AWS_ROLE_ARN=arn:aws:iam::1:role/pod"
#define STATIC(id) "aws_access_key_id = " id "\naws_secret_access_key = " id "key\n"
#define ROLE "role_arn = arn:aws:iam::1:role/r\n"
#define EXPORT "let the AWS CLI do it: eval \"$(aws configure export-credentials --profile "

struct row {
	const char *name;
	const char *const *env;
	const char *config, *credentials, *flag;
	const char *key_id, *source;   /* what is found */
	const char *error, *hint;      /* or what is said */
	enum err_kind kind;
	size_t calls;
};

static const struct row rows[] = {
	{ .name = "environment", .env = ENV(KEYS), .config = "[default]\n" STATIC("AKIACFG"),
	  .credentials = "[default]\n" STATIC("AKIASHARED"), .key_id = "AKIAENV", .source = "environment" },
	{ .name = "environment before AWS_PROFILE", .env = ENV(KEYS, "AWS_PROFILE=ops"),
	  .credentials = "[ops]\n" STATIC("AKIAOPS"), .key_id = "AKIAENV", .source = "environment" },
	{ .name = "a flag's profile before the environment", .env = ENV(KEYS), .flag = "ops",
	  .credentials = "[ops]\n" STATIC("AKIAOPS"), .key_id = "AKIAOPS",
	  .source = "profile 'ops' (~/.aws/credentials)" },
	{ .name = "AWS_PROFILE before AWS_DEFAULT_PROFILE",
	  .env = ENV("AWS_PROFILE=a", "AWS_DEFAULT_PROFILE=b"),
	  .credentials = "[a]\n" STATIC("AKIAA") "[b]\n" STATIC("AKIAB"), .key_id = "AKIAA",
	  .source = "profile 'a' (~/.aws/credentials)" },
	{ .name = "AWS_DEFAULT_PROFILE", .env = ENV("AWS_DEFAULT_PROFILE=b"),
	  .credentials = "[b]\n" STATIC("AKIAB"), .key_id = "AKIAB",
	  .source = "profile 'b' (~/.aws/credentials)" },
	{ .name = "the old token variable is named", .env = ENV(KEYS, "AWS_SECURITY_TOKEN=old"),
	  .key_id = "AKIAENV", .source = "environment (AWS_SECURITY_TOKEN)" },
	{ .name = "empty variables are none", .env = ENV("AWS_ACCESS_KEY_ID="),
	  .credentials = "[default]\n" STATIC("AKIASHARED"), .key_id = "AKIASHARED",
	  .source = "profile 'default' (~/.aws/credentials)" },
	{ .name = "credentials file before config file", .config = "[default]\n" STATIC("AKIACFG"),
	  .credentials = "[default]\n" STATIC("AKIASHARED"), .key_id = "AKIASHARED",
	  .source = "profile 'default' (~/.aws/credentials)" },
	{ .name = "config file", .config = "[default]\n" STATIC("AKIACFG"), .key_id = "AKIACFG",
	  .source = "profile 'default' (~/.aws/config)" },
	{ .name = "files elsewhere", .env = ENV("AWS_SHARED_CREDENTIALS_FILE=/etc/keys"),
	  .key_id = "AKIAETC", .source = "profile 'default' (/etc/keys)" },
	{ .name = "role before static keys", .config = "[default]\n" ROLE "source_profile = base\n",
	  .credentials = "[default]\n" STATIC("AKIASHARED") "[base]\n" STATIC("AKIABASE"),
	  .key_id = "ASIAROLE", .calls = 1,
	  .source = "role 'arn:aws:iam::1:role/r' of the profile 'default', by profile 'base' "
	            "(~/.aws/credentials)" },
	{ .name = "a role of its own static keys", .config = "[default]\n" ROLE "source_profile = default\n",
	  .credentials = "[default]\n" STATIC("AKIASHARED"), .key_id = "ASIAROLE", .calls = 1,
	  .source = "role 'arn:aws:iam::1:role/r' of the profile 'default', by profile 'default' "
	            "(~/.aws/credentials)" },
	{ .name = "a role of the environment's keys", .env = ENV(KEYS), .flag = "ops",
	  .config = "[profile ops]\n" ROLE "credential_source = Environment\n", .key_id = "ASIAROLE",
	  .source = "role 'arn:aws:iam::1:role/r' of the profile 'ops', by environment", .calls = 1 },
	{ .name = "a role by a role", .flag = "a",
	  .config = "[profile a]\n" ROLE "source_profile = b\n[profile b]\n" ROLE "source_profile = c\n"
	            "[profile c]\n" STATIC("AKIAC"),
	  .key_id = "ASIAROLE", .calls = 2,
	  .source = "role 'arn:aws:iam::1:role/r' of the profile 'a', by role 'arn:aws:iam::1:role/r' of the "
	            "profile 'b', by profile 'c' (~/.aws/config)" },
	{ .name = "a role by a program", .flag = "a",
	  .config = "[profile a]\n" ROLE "source_profile = b\n[profile b]\ncredential_process = p\n",
	  .key_id = "ASIAROLE", .calls = 2,
	  .source = "role 'arn:aws:iam::1:role/r' of the profile 'a', by credential_process of the profile 'b'" },
	{ .name = "web identity", .env = ENV(WEB), .credentials = "[default]\n" STATIC("AKIASHARED"),
	  .key_id = "ASIAWEB", .source = "web identity (role 'arn:aws:iam::1:role/pod', token '/token')",
	  .calls = 1 },
	{ .name = "web identity of the profile",
	  .config = "[default]\n" ROLE "web_identity_token_file = /token\n" STATIC("AKIACFG"),
	  .key_id = "ASIAWEB", .source = "web identity (role 'arn:aws:iam::1:role/r', token '/token')",
	  .calls = 1 },
	{ .name = "a flag's profile before web identity variables", .env = ENV(WEB), .flag = "ops",
	  .credentials = "[ops]\n" STATIC("AKIAOPS"), .key_id = "AKIAOPS",
	  .source = "profile 'ops' (~/.aws/credentials)" },
	{ .name = "a program", .config = "[default]\ncredential_process = p\n" STATIC("AKIACFG"),
	  .key_id = "AKIAPROC", .source = "credential_process of the profile 'default'", .calls = 1 },
	{ .name = "credentials file before a program", .config = "[default]\ncredential_process = p\n",
	  .credentials = "[default]\n" STATIC("AKIASHARED"), .key_id = "AKIASHARED",
	  .source = "profile 'default' (~/.aws/credentials)" },

	{ .name = "nothing at all", .kind = ERR_AUTH,
	  .error = "no AWS credentials: environment (not set), profile 'default' (neither in ~/.aws/config nor in "
	           "~/.aws/credentials), web identity (no token file named), container (not in a container of "
	           "ECS or EKS), instance metadata (not read by this program)",
	  .hint = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run: aws configure" },
	{ .name = "a profile with nothing", .config = "[default]\nregion = eu-west-1\n", .kind = ERR_AUTH,
	  .error = "no AWS credentials: environment (not set), role of the profile (no role_arn in 'default'), "
	           "web identity (no token file named), SSO (no sso_session in 'default'), credentials file "
	           "(~/.aws/credentials has no 'default'), login session (no login_session in 'default'), "
	           "credential_process (none in 'default'), config file (no aws_access_key_id for 'default' in "
	           "~/.aws/config), container (not in a container of ECS or EKS), instance metadata (not read by "
	           "this program)",
	  .hint = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run: aws configure" },
	{ .name = "AWS_PROFILE is nowhere", .env = ENV("AWS_PROFILE=opps"), .kind = ERR_AUTH,
	  .credentials = "[ops]\n" STATIC("AKIAOPS"),
	  .error = "no AWS credentials: environment (not set), profile 'opps' (neither in ~/.aws/config nor in "
	           "~/.aws/credentials), web identity (no token file named), container (not in a container of "
	           "ECS or EKS), instance metadata (not read by this program)",
	  .hint = "did you mean 'ops'?" },
	{ .name = "a flag's profile is nowhere", .env = ENV(KEYS), .flag = "opps", .kind = ERR_CONFIG,
	  .config = "[profile ops]\n" STATIC("AKIAOPS"),
	  .error = "the profile 'opps' is neither in '~/.aws/config' nor in '~/.aws/credentials'",
	  .hint = "did you mean 'ops'?" },
	{ .name = "half a pair in the environment", .env = ENV("AWS_ACCESS_KEY_ID=AKIA"), .kind = ERR_AUTH,
	  .credentials = "[default]\n" STATIC("AKIASHARED"),
	  .error = "looking for AWS credentials: AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not",
	  .hint = "set both, or unset AWS_ACCESS_KEY_ID so that other places are looked at" },
	{ .name = "half a pair in a file", .credentials = "[default]\naws_access_key_id = AKIA\n",
	  .config = "[default]\n" STATIC("AKIACFG"), .kind = ERR_AUTH,
	  .error = "looking for AWS credentials: the profile 'default' in '~/.aws/credentials' has an "
	           "aws_access_key_id, and no aws_secret_access_key" },
	{ .name = "a token with a line break", .env = ENV(KEYS, "AWS_SESSION_TOKEN=a\nb"), .kind = ERR_AUTH,
	  .error = "looking for AWS credentials: the credentials of environment hold spaces or control characters" },
	{ .name = "a role without a source", .config = "[default]\n" ROLE, .kind = ERR_CONFIG,
	  .error = "looking for AWS credentials: the profile 'default' names a role_arn with neither "
	           "source_profile nor credential_source",
	  .hint = "the role needs exactly one of them" },
	{ .name = "a role with two sources", .kind = ERR_CONFIG,
	  .config = "[default]\n" ROLE "source_profile = x\ncredential_source = Environment\n",
	  .error = "looking for AWS credentials: the profile 'default' names a role_arn with both source_profile "
	           "and credential_source",
	  .hint = "the role needs exactly one of them" },
	{ .name = "a source profile that is nowhere", .kind = ERR_CONFIG,
	  .config = "[default]\n" ROLE "source_profile = bas\n[profile base]\n" STATIC("AKIABASE"),
	  .error = "looking for AWS credentials: the profile 'default' names the source_profile 'bas', which does "
	           "not exist",
	  .hint = "did you mean 'base'?" },
	{ .name = "a circle of two", .kind = ERR_CONFIG, .flag = "a",
	  .config = "[profile a]\n" ROLE "source_profile = b\n[profile b]\n" ROLE "source_profile = a\n",
	  .error = "looking for AWS credentials: the source_profile 'b': the source profiles go in a circle: 'a' "
	           "-> 'b' -> 'a'" },
	{ .name = "a circle of one", .kind = ERR_CONFIG, .config = "[default]\n" ROLE "source_profile = default\n",
	  .error = "looking for AWS credentials: the source profiles go in a circle: 'default' -> 'default'" },
	{ .name = "a source profile with nothing", .kind = ERR_AUTH, .flag = "a",
	  .config = "[profile a]\n" ROLE "source_profile = b\n[profile b]\nregion = x\n",
	  .error = "looking for AWS credentials: no credentials in the source_profile 'b': role of "
	           "the profile (no role_arn in 'b'), web identity (no token file named), SSO (no "
	           "sso_session in 'b'), credentials file (~/.aws/credentials has no 'b'), login session (no "
	           "login_session in 'b'), credential_process (none in 'b'), config file (no aws_access_key_id for "
	           "'b' in ~/.aws/config)" },
	{ .name = "an unknown credential_source", .kind = ERR_CONFIG,
	  .config = "[default]\n" ROLE "credential_source = Env\n",
	  .error = "looking for AWS credentials: the profile 'default' has the unknown credential_source 'Env'",
	  .hint = "it is one of Environment, Ec2InstanceMetadata, EcsContainer" },
	{ .name = "a credential_source that is not read", .kind = ERR_AUTH,
	  .config = "[default]\n" ROLE "credential_source = Ec2InstanceMetadata\n",
	  .error = "looking for AWS credentials: the profile 'default' has the credential_source "
	           "'Ec2InstanceMetadata', which this program cannot do itself",
	  .hint = EXPORT "default --format env)\"" },
	{ .name = "an empty credential_source Environment", .kind = ERR_AUTH,
	  .config = "[default]\n" ROLE "credential_source = Environment\n",
	  .error = "looking for AWS credentials: the profile 'default' has the credential_source 'Environment', "
	           "where AWS_ACCESS_KEY_ID is not set" },
	{ .name = "MFA", .kind = ERR_AUTH,
	  .config = "[default]\n" ROLE "source_profile = default\nmfa_serial = arn:aws:iam::1:mfa/me\n"
	            STATIC("AKIACFG"),
	  .error = "looking for AWS credentials: the profile 'default' wants an MFA code (mfa_serial), which this "
	           "program cannot do itself",
	  .hint = EXPORT "default --format env)\"" },
	{ .name = "SSO", .flag = "work", .kind = ERR_AUTH,
	  .config = "[profile work]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\n",
	  .error = "looking for AWS credentials: the profile 'work' signs in by IAM Identity Center (SSO), which "
	           "this program cannot do itself",
	  .hint = EXPORT "work --format env)\", then leave out --profile" },
	{ .name = "SSO of a source profile", .env = ENV("AWS_PROFILE=top"), .kind = ERR_AUTH,
	  .config = "[profile top]\n" ROLE "source_profile = work\n[profile work]\nsso_session = s\n",
	  .error = "looking for AWS credentials: the source_profile 'work': the profile 'work' signs in by IAM "
	           "Identity Center (SSO), which this program cannot do itself",
	  .hint = EXPORT "top --format env)\"" },
	{ .name = "aws login", .env = ENV("AWS_PROFILE=work"), .kind = ERR_AUTH,
	  .config = "[profile work]\nlogin_session = arn:aws:iam::1:user/me\n",
	  .error = "looking for AWS credentials: the profile 'work' signs in by 'aws login', which this program "
	           "cannot do itself",
	  .hint = EXPORT "work --format env)\"" },
	{ .name = "container", .env = ENV("AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials"),
	  .kind = ERR_AUTH,
	  .error = "looking for AWS credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI offers container credentials, "
	           "which this program cannot read",
	  .hint = "let the AWS CLI do it: eval \"$(aws configure export-credentials --format env)\"" },
	{ .name = "a token file without a role", .env = ENV("AWS_WEB_IDENTITY_TOKEN_FILE=/token"),
	  .kind = ERR_CONFIG,
	  .error = "looking for AWS credentials: the web identity token '/token' comes without a role",
	  .hint = "set AWS_ROLE_ARN, or role_arn in the profile" },
	{ .name = "an empty token file", .kind = ERR_AUTH,
	  .env = ENV("AWS_WEB_IDENTITY_TOKEN_FILE=/empty", "AWS_ROLE_ARN=arn:aws:iam::1:role/pod"),
	  .error = "looking for AWS credentials: the web identity token '/empty' is empty" },
	{ .name = "an open quote", .config = "[default]\ncredential_process = p 'x\n", .kind = ERR_CONFIG,
	  .error = "looking for AWS credentials: credential_process of the profile 'default': a quote is not closed" },
	{ .name = "an expiry that is none", .env = ENV(KEYS, "AWS_CREDENTIAL_EXPIRATION=soon"), .kind = ERR_CONFIG,
	  .error = "looking for AWS credentials: AWS_CREDENTIAL_EXPIRATION: 'soon' is no time such as "
	           "2026-11-24T05:36:24Z" },
};

static void check_row(const struct row *row)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	machine_init(&m);
	m.output = "{\"Version\": 1, \"AccessKeyId\": \"AKIAPROC\", \"SecretAccessKey\": \"k\"}";
	fake_host_file(&m.files, "/etc/keys", "[default]\n" STATIC("AKIAETC"));
	fake_host_file(&m.files, "/token", "header.payload.signature\n");
	fake_host_file(&m.files, "/empty", "\n");
	machine_env(&m, row->env);
	machine_config(&m, row->config, row->credentials);
	if (machine_login(&m, row->flag, &e) < 0) {
		if (!row->error)
			fail_msg("%s: %s", row->name, e.text);
		assert_string_equal(e.text, row->error);
		assert_string_equal(e.hint ? e.hint : "", row->hint ? row->hint : "");
		assert_int_equal(e.kind, row->kind);
	} else {
		if (row->error)
			fail_msg("%s: found %s", row->name, m.aws.creds.source);
		assert_string_equal(m.aws.creds.source, row->source);
		assert_string_equal(m.aws.creds.key_id, row->key_id);
		assert_true(secret_held(&m.aws.creds.secret_key));
	}
	assert_int_equal(m.net.n_calls, row->calls);
}

static void every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		print_message("  %s\n", rows[i].name);
		check_row(&rows[i]);
	}
}

static void a_role_is_asked_for_with_all_its_keys(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	(void)state;
	machine_init(&m);
	machine_config(&m, "[default]\n" ROLE "source_profile = base\nexternal_id = x=1/2\nregion = us-west-2\n"
	               "role_session_name = me\nduration_seconds = 900\n", "[base]\n" STATIC("AKIABASE"));
	assert_int_equal(machine_login(&m, NULL, &e), 0);
	assert_string_equal(m.sent_url, "https://sts.us-west-2.amazonaws.com/");
	assert_string_equal(m.sent_body, "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole"
	                    "%2Fr&RoleSessionName=me&ExternalId=x%3D1%2F2&DurationSeconds=900");
	assert_true(text_starts(m.sent_auth, "AWS4-HMAC-SHA256 Credential=AKIABASE/20261124/us-west-2/sts/"));
	assert_int_equal(m.aws.creds.expires_ms, ((int64_t)NOW_S + 3600) * 1000);
	assert_string_equal(secret_expose(&m.aws.creds.secret_key).p, "rolekey");
	assert_string_equal(secret_expose(&m.aws.creds.session_token).p, "roletoken");
}

static void where_a_role_is_asked_for(void **state)
{
	static const struct {
		const char *env, *profile, *url;
	} cases[] = {
		{ "eu-west-1", "", "https://sts.eu-west-1.amazonaws.com/" },
		{ "eu-west-1", "region = cn-north-1\n", "https://sts.cn-north-1.amazonaws.com.cn/" },
		{ NULL, "", "https://sts.us-east-1.amazonaws.com/" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(machine) struct machine m;
		AUTO(err) struct err e = {0};

		machine_init(&m);
		fake_host_env(&m.files, "AWS_REGION", cases[i].env);
		machine_config(&m, arena_printf(&m.mem, "[default]\n" ROLE "source_profile = base\n%s", cases[i].profile),
		               "[base]\n" STATIC("AKIABASE"));
		assert_int_equal(machine_login(&m, NULL, &e), 0);
		assert_string_equal(m.sent_url, cases[i].url);
	}
}

static void a_duration_that_is_no_number_is_ignored(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	(void)state;
	machine_init(&m);
	machine_config(&m, "[default]\n" ROLE "source_profile = base\nduration_seconds = 15m\n",
	               "[base]\n" STATIC("AKIABASE"));
	assert_int_equal(machine_login(&m, NULL, &e), 0);
	assert_string_equal(m.sent_body, "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole"
	                    "%2Fr&RoleSessionName=vault-aws-1795498584");
}

static void web_identity_is_unsigned(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	(void)state;
	machine_init(&m);
	fake_host_file(&m.files, "/token", "a.b.c\n");
	machine_env(&m, ENV(WEB, "AWS_ROLE_SESSION_NAME=pod-1"));
	assert_int_equal(machine_login(&m, NULL, &e), 0);
	assert_string_equal(m.sent_auth, "");
	assert_string_equal(m.sent_body, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam"
	                    "%3A%3A1%3Arole%2Fpod&RoleSessionName=pod-1&WebIdentityToken=a.b.c");
}

static void a_refused_role_names_role_profile_and_reason(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	(void)state;
	machine_init(&m);
	m.status = 403;
	m.body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:iam::1:"
	         "user/u is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/r</Message>"
	         "</Error><RequestId>req-1</RequestId></ErrorResponse>";
	machine_config(&m, "[default]\n" ROLE "source_profile = base\n", "[base]\n" STATIC("AKIABASE"));
	assert_int_equal(machine_login(&m, NULL, &e), -1);
	assert_string_equal(e.text, "looking for AWS credentials: assuming the role 'arn:aws:iam::1:role/r' of the "
	                    "profile 'default' with the credentials of profile 'base' (~/.aws/credentials): "
	                    "STS: sts:AssumeRole: User: arn:aws:iam::1:user/u is not authorized to perform: "
	                    "sts:AssumeRole on resource: arn:aws:iam::1:role/r (AccessDenied, 403, request req-1)");
	assert_string_equal(e.hint, "allow sts:AssumeRole on arn:aws:iam::1:role/r for arn:aws:iam::1:user/u");
	assert_int_equal(e.kind, ERR_AUTH);
	assert_int_equal(m.net.n_calls, 1);
	assert_null(m.aws.creds.key_id);
}

static void a_wrong_clock_is_put_right(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	(void)state;
	machine_init(&m);
	m.status = 403;
	m.date = "Tue, 24 Nov 2026 06:36:24 GMT";
	m.body = "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired: "
	         "20261124T053624Z is now earlier than 20261124T062124Z (20261124T063624Z - 15 min.)</Message>"
	         "</Error></ErrorResponse>";
	machine_config(&m, "[default]\n" ROLE "source_profile = base\n", "[base]\n" STATIC("AKIABASE"));
	assert_int_equal(machine_login(&m, NULL, &e), 0);
	assert_int_equal(m.aws.skew_ms, 3600 * 1000);
	assert_int_equal(m.net.n_calls, 2);
}

static void what_a_program_may_print(void **state)
{
	static const struct {
		int status;
		const char *output, *talk, *error;
	} cases[] = {
		{ 3, "", "  no such vault\n", "it ended with status 3: no such vault" },
		{ 1, "", "", "it ended with status 1" },
		{ 0, "AccessKeyId=AKIA", "", "it did not print JSON" },
		{ 0, "{\"Version\": 2}", "", "it printed Version 2, and 1 is what is known" },
		{ 0, "{\"Version\": 1, \"AccessKeyId\": \"\", \"SecretAccessKey\": \"k\"}", "",
		  "the credentials of credential_process of the profile 'default' have an empty access key id or "
		  "secret key" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(machine) struct machine m;
		AUTO(err) struct err e = {0};

		machine_init(&m);
		machine_config(&m, "[default]\ncredential_process = /opt/p --secret hunter2\n", NULL);
		m.exit_status = cases[i].status;
		m.output = cases[i].output;
		m.talk = cases[i].talk;
		assert_int_equal(machine_login(&m, NULL, &e), -1);
		assert_true(text_ends(e.text, cases[i].error));
		assert_non_null(strstr(e.text, "running '/opt/p' for the profile 'default'"));
		assert_null(strstr(e.text, "hunter2"));
		assert_int_equal(e.kind, ERR_AUTH);
	}
}

static void a_program_is_run_without_a_shell(void **state)
{
	AUTO(machine) struct machine m;
	AUTO(err) struct err e = {0};

	(void)state;
	machine_init(&m);
	machine_config(&m, "[default]\ncredential_process = \"/opt/my tool\" --user 'a $HOME' b\\ c \"\" \"q\\\"\"\n",
	               NULL);
	m.output = "{\"Version\": 1, \"AccessKeyId\": \"AKIAP\", \"SecretAccessKey\": \"k\", \"SessionToken\": \"t\","
	           " \"Expiration\": \"2026-11-24T06:36:24Z\"}";
	assert_int_equal(machine_login(&m, NULL, &e), 0);
	assert_string_equal(m.sent_argv, "[/opt/my tool][--user][a $HOME][b c][][q\"]");
	assert_int_equal(m.aws.creds.expires_ms, ((int64_t)NOW_S + 3600) * 1000);
	assert_true(secret_held(&m.aws.creds.session_token));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(a_role_is_asked_for_with_all_its_keys),
		cmocka_unit_test(where_a_role_is_asked_for),
		cmocka_unit_test(a_duration_that_is_no_number_is_ignored),
		cmocka_unit_test(web_identity_is_unsigned),
		cmocka_unit_test(a_refused_role_names_role_profile_and_reason),
		cmocka_unit_test(a_wrong_clock_is_put_right),
		cmocka_unit_test(what_a_program_may_print),
		cmocka_unit_test(a_program_is_run_without_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
