/* Every line that was recorded from a Vault with one fault is known, and what only looks like trouble is known as such. */
#include "unit/unit.h"

#include "core/buf.h"
#include "core/text.h"
#include "domain/log_catalogue.h"

#define T "2026-11-23T22:26:10.288Z "
#define DENIED(role, action, resource) \
	"AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/" role "/1795472812457591197 is not authorized to " \
	"perform: " action " on resource: " resource " because no identity-based policy allows the " action " action\n" \
	"  | \\tstatus code: 400, request id: 55aeeb78-04c7-4794-829d-8553c0800832\n  \n"
#define DENIED_LOOSE(action, resource) \
	"AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/probe/1795472812457591197 is not authorized to " \
	"perform: " action " on resource: " resource " because no identity-based policy allows the " action " action\n" \
	"\tstatus code: 400, request id: 55aeeb78-04c7-4794-829d-8553c0800832\n"
#define TABLE "arn:aws:dynamodb:us-east-1:123456789012:table/probe"
#define KEY   "arn:aws:kms:us-east-1:123456789012:key/2b27e361-b0c5-4258-9d0a-54545dfe73e5"
#define STS(cause) \
	T "[WARN]  storage.dynamodb: error assuming role with web identity: roleARN=arn:aws:iam::123456789012:role/probe " \
	"sessionName=\"\"\n  err=\n  | WebIdentityErr: failed to retrieve credentials\n  | caused by: " cause "\n" \
	"  | \\tstatus code: 403, request id: d67de998-b0a8-4ba1-af61-cfc1d0007d9a\n  \n"
#define NO_PROVIDERS \
	"Error initializing storage of type dynamodb: NoCredentialProviders: no valid providers in chain. Deprecated.\n" \
	"\tFor verbose messaging see aws.Config.CredentialsChainVerboseErrors\n"
#define SEAL "error parsing Seal configuration: error fetching AWS KMS wrapping key information: "
#define UNSEAL(cause) \
	T "[WARN]  failed to unseal core:\n  error=\n  | fetching stored unseal keys failed: failed to decrypt keys from storage: " \
	"error decrypting seal wrapped value\n  | error decrypting using seal awskms: error decrypting data encryption key: " cause

static const struct { const char *log, *id; enum log_kind kind; } lines[] = {
	/* section 1: the process ends */
	{ NO_PROVIDERS, "no-credentials", LOG_STOPS },
	{ STS("AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"), "sts-refused", LOG_STOPS },
	{ STS("InvalidIdentityToken: Incorrect token audience"), "sts-audience", LOG_STOPS },
	{ STS("InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.us-east-1.amazonaws.com/id/0"),
	  "sts-no-provider", LOG_STOPS },
	{ STS("RequestError: send request failed\n  | caused by: Post \"https://sts.eu-west-1.amazonaws.com/\": tls: failed to verify "
	      "certificate: x509: certificate signed by unknown authority"), "sts-tls", LOG_STOPS },
	{ STS("RequestError: send request failed\n  | caused by: Post \"https://sts.eu-west-1.amazonaws.com/\": dial tcp: i/o timeout"),
	  "sts-unreachable", LOG_STOPS },
	{ STS("ServiceUnavailable: "), "sts-busy", LOG_STOPS },
	{ STS("Something: new"), "sts-failed", LOG_STOPS },
	{ "Error initializing storage of type dynamodb: " DENIED_LOOSE("dynamodb:DescribeTable", TABLE), "storage-describe-table",
	  LOG_STOPS },
	{ "Error initializing storage of type dynamodb: " DENIED_LOOSE("dynamodb:CreateTable", TABLE), "storage-create-table", LOG_STOPS },
	{ "Error initializing storage of type dynamodb: AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/nodes/"
	  "i-0abc1234567890def is not authorized to perform: dynamodb:DescribeTable on resource: " TABLE, "node-role", LOG_STOPS },
	{ "Error initializing storage of type dynamodb: ResourceNotFoundException: Requested resource not found", "storage-no-table",
	  LOG_STOPS },
	{ "Error initializing storage of type dynamodb: strange", "storage-init", LOG_STOPS },
	{ SEAL DENIED_LOOSE("kms:DescribeKey", KEY), "seal-describe-key", LOG_STOPS },
	{ "Error parsing Seal configuration: error fetching AWS KMS wrapping key information: " DENIED_LOOSE("kms:DescribeKey", KEY),
	  "seal-describe-key", LOG_STOPS },
	{ SEAL "AccessDeniedException: User: arn:aws:sts::1:assumed-role/r/1 is not authorized to perform: kms:DescribeKey on resource: "
	       KEY " with an explicit deny in a resource-based policy", "seal-denied-by-key", LOG_STOPS },
	{ SEAL "AccessDeniedException: User: arn:aws:sts::1:assumed-role/r/1 is not authorized to perform: kms:DescribeKey on resource: "
	       KEY " with an explicit deny in an identity-based policy", "seal-denied", LOG_STOPS },
	{ SEAL "AccessDeniedException: User: arn:aws:sts::1:assumed-role/r/1 is not authorized to perform: kms:DescribeKey on resource: "
	       KEY " because no resource-based policy allows the kms:DescribeKey action", "seal-key-policy-silent", LOG_STOPS },
	{ SEAL "NotFoundException: Alias arn:aws:kms:us-east-1:123456789012:alias/probe-no-alias is not found.", "seal-no-key",
	  LOG_STOPS },
	{ SEAL "InternalFailure: x\n\tstatus code: 500", "seal-kms-failed", LOG_STOPS },
	{ SEAL "ThrottlingException: Rate exceeded", "seal-throttled", LOG_STOPS },
	{ SEAL "strange", "seal-key", LOG_STOPS },
	/* section 2: alive but closed */
	{ T "[WARN]  storage migration check error:\n  error=\n  | " DENIED("p", "dynamodb:GetItem", TABLE), "storage-get-item", LOG_STOPS },
	{ "WARNING! Unable to read storage migration status.\n", "storage-migration-status", LOG_STOPS },
	{ T "[ERROR] core: barrier init check failed:\n  error=\n  | failed to check for initialization: "
	  DENIED("p", "dynamodb:Query", TABLE), "storage-query", LOG_STOPS },
	{ T "[ERROR] core: error performing key upgrades:\n  error=\n  | error scheduling upgrade cleanup: failed to list upgrades: "
	  DENIED("p", "dynamodb:Query", TABLE), "storage-query-upgrades", LOG_STOPS },
	{ UNSEAL(DENIED("p", "kms:Decrypt", KEY)), "unseal-decrypt", LOG_STOPS },
	{ UNSEAL("DisabledException: " KEY " is disabled.\n"), "unseal-disabled", LOG_STOPS },
	{ UNSEAL("KMSInvalidStateException: " KEY " is pending deletion.\n"), "unseal-pending-deletion", LOG_STOPS },
	{ UNSEAL("KMSInvalidStateException: " KEY " is unavailable.\n"), "unseal-key-state", LOG_STOPS },
	{ T "[ERROR] core: failed to acquire lock:\n  error=\n  | " DENIED("p", "dynamodb:UpdateItem", TABLE), "lock-update-item",
	  LOG_STOPS },
	{ T "[ERROR] core: leader advertisement setup failed:\n  error=\n  | " DENIED("p", "dynamodb:BatchWriteItem", TABLE),
	  "advertise-batch-write", LOG_STOPS },
	{ T "[ERROR] core: unlocking HA lock failed:\n  error=\n  | " DENIED("p", "dynamodb:DeleteItem", TABLE), "unlock-delete-item",
	  LOG_STOPS },
	/* section 3: init */
	{ T "[ERROR] core: failed to initialize barrier:\n  error=\n  | failed to persist keyring: "
	  DENIED("p", "dynamodb:BatchWriteItem", TABLE), "init-keyring", LOG_STOPS },
	{ T "[WARN]  error encrypting with seal: seal=awskms\n", "encrypt-with-seal", LOG_STOPS },
	{ T "[ERROR] failed to encrypt value using any seal wrappers\n", "encrypt-any-seal", LOG_STOPS },
	{ T "[ERROR] core: failed to store keys:\n  error=\n  | failed to marshal value for storage: failed to encrypt keys for storage: "
	  "error seal wrapping value: encryption generated no results\n  | error decrypting using seal awskms: error encrypting data: "
	  "DisabledException: " KEY " is disabled.\n  \n", "init-encrypt", LOG_STOPS },
	{ T "[WARN]  failed to unseal core: error=\"stored unseal keys found, but flag indicates Vault initialization is still in "
	  "progress\"\n", "half-initialized", LOG_STOPS },
	{ T "[WARN]  core.autoseal: seal wrapper health check failed: seal_name=awskms\n  err=\n  | failed to decrypt test value, seal "
	  "wrapper may be unreachable: error decrypting data encryption key: " DENIED("p", "kms:Decrypt", KEY), "health-decrypt",
	  LOG_RUNS },
	{ T "[ERROR] core.autoseal: seal backend is completely unhealthy (all seal wrappers all unhealthy): downtime=50ns\n",
	  "seal-unhealthy", LOG_RUNS },
	/* section 4: while it runs */
	{ T "[WARN]  core.autoseal: seal wrapper health check failed: seal_name=awskms err=\"failed to encrypt test value, seal wrapper "
	  "may be unreachable: error encrypting data: DisabledException: " KEY " is disabled.\"\n", "health-disabled", LOG_RUNS },
	{ T "[WARN]  core.autoseal: seal wrapper health check failed: seal_name=awskms err=\"failed to encrypt test value: "
	  "KMSInvalidStateException: " KEY " is pending deletion.\"\n", "health-pending-deletion", LOG_RUNS },
	{ T "[WARN]  core.autoseal: seal wrapper health check failed: seal_name=awskms\n  err=\n  | failed to encrypt test value: "
	  DENIED("p", "kms:Encrypt", KEY), "health-encrypt", LOG_RUNS },
	{ T "[WARN]  core.autoseal: failed to encrypt seal health test value, seal backend may be unreachable\n", "health-failed-old",
	  LOG_RUNS },
	{ T "[ERROR] storage.dynamodb: error renewing leadership lock:\n  error=\n  | " DENIED("p", "dynamodb:UpdateItem", TABLE),
	  "renew-update-item", LOG_RUNS },
	{ T "[ERROR] core: seal configuration reload error:\n  error=\n  | error checking for stale seal generation info: failed to fetch "
	  "seal generation info: " DENIED("p", "dynamodb:GetItem", TABLE), "reload-get-item", LOG_STOPS },
	{ T "[WARN]  core: vault is sealed\n", "sealed-itself", LOG_STOPS },
	{ T "[ERROR] core: failed to persist mount table:\n  error=\n  | " DENIED("p", "dynamodb:BatchWriteItem", TABLE),
	  "write-batch-write", LOG_RUNS },
	{ T "[WARN]  secrets.identity.identity_a1ce873a: error rotating OIDC keys:\n  err=\n  | " DENIED("p", "dynamodb:Query", TABLE),
	  "oidc-rotate-query", LOG_RUNS },
	{ T "[WARN]  secrets.identity.identity_a1ce873a: error expiring OIDC public keys:\n  err=\n  | "
	  DENIED("p", "dynamodb:Query", TABLE), "oidc-expire-query", LOG_RUNS },
	{ T "[ERROR] storage.dynamodb: error renewing leadership lock: error=\"ResourceNotFoundException: Requested resource not found\"\n",
	  "renew-table-gone", LOG_RUNS },
	{ T "[ERROR] core: clearing leader advertisement failed: error=\"ResourceNotFoundException: Requested resource not found\"\n",
	  "advertisement-clear", LOG_STOPS },
	{ T "[ERROR] core: unlocking HA lock failed: error=\"ResourceNotFoundException: Requested resource not found\"\n",
	  "unlock-table-gone", LOG_STOPS },
	{ T "[ERROR] core: failed to acquire lock: error=\"ResourceNotFoundException: Requested resource not found\"\n", "lock-table-gone",
	  LOG_STOPS },
	{ T "[ERROR] core: key rotation periodic upgrade check failed: error=\"ResourceNotFoundException: Requested resource not found\"\n",
	  "upgrade-check", LOG_RUNS },
	/* section 5: weather */
	{ T "[WARN]  core: leadership lost, stopping active operation\n", "leadership-lost", LOG_RUNS },
	{ T "[ERROR] storage.dynamodb: error renewing leadership lock:\n  error=\n  | RequestError: send request failed\n  | caused by: Post "
	  "\"https://dynamodb.us-east-1.amazonaws.com/\": EOF\n", "renew-unreachable", LOG_RUNS },
	{ T "[ERROR] core: failed to acquire lock:\n  error=\n  | RequestError: send request failed\n", "lock-unreachable", LOG_STOPS },
	/* Vault 1.14 and SDK v2 */
	{ "error parsing Seal configuration: operation error KMS: DescribeKey, https response error StatusCode: 400", "seal-v2", LOG_STOPS },
	{ T "[ERROR] x: failed to refresh cached credentials, no EC2 IMDS role found\n", "sts-failed-v2", LOG_STOPS },
	{ T "[ERROR] x: no EC2 IMDS role found\n", "no-node-role", LOG_STOPS },
	{ T "[ERROR] core: post-unseal setup failed: error=x\n", "setup-failed", LOG_STOPS },
	{ T "[ERROR] core: unseal with stored key failed: error=x\n", "unseal-with-key", LOG_STOPS },
	{ T "[ERROR] core: barrier seal type does not match loaded type\n", "seal-type", LOG_STOPS },
	{ T "[ERROR] dynamodb: timeout handling UnproccessedItems\n", "write-throttled", LOG_RUNS },
	{ T "[WARN]  service_registration.kubernetes: unable to set initial state due to PATCH 403, will retry\n", "registration", LOG_RUNS },
	{ T "[WARN]  service_registration.kubernetes: unable to update state for x due to y\n", "registration-update", LOG_RUNS },
	{ "error parsing Seal configuration: key id not found in env or config for aws kms wrapper configuration", "seal-no-key-id",
	  LOG_STOPS },
	/* normal, though it looks like trouble */
	{ T "[WARN]  failed to unseal core: error=\"stored unseal keys are supported, but none were found\"\n", "not-initialized",
	  LOG_NORMAL },
	{ T "[INFO]  core: security barrier not initialized\n", "no-barrier-yet", LOG_NORMAL },
	{ T "[INFO]  core: seal configuration missing, not initialized\n", "no-seal-config-yet", LOG_NORMAL },
	{ T "[INFO]  core.autoseal: recovery seal configuration missing, but cannot check old path as core is sealed\n",
	  "no-recovery-config-yet", LOG_NORMAL },
	{ T "[WARN]  core: stored keys supported on init, forcing shares/threshold to 1\n", "init-shares", LOG_NORMAL },
	{ T "[WARN]  core: post-unseal upgrade seal keys failed: error=\"no recovery key found\"\n", "init-no-recovery-key", LOG_NORMAL },
	{ T "[WARN]  core: attempted unseal with stored keys, but vault is already unsealed\n", "init-already-unsealed", LOG_NORMAL },
	{ T "[WARN]  while unwrapping, value has no key-id in common with currently healthy seals.  Trying all healthy seals\n",
	  "key-by-alias", LOG_NORMAL },
	{ T "[WARN]  core.cluster-listener: no TLS config found for ALPN: ALPN=[\"req_fw_sb-act_v1\"]\n", "standby-knocks", LOG_NORMAL },
	{ T "[WARN]  core: stepping down from active operation to standby\n", "steps-down", LOG_NORMAL },
	{ "==> Vault shutdown triggered\n", "shuts-down", LOG_NORMAL },
	{ T "[INFO]  core: marked as sealed\n", "marked-sealed", LOG_NORMAL },
	{ T "[INFO]  core: vault is sealed\n", "sealed", LOG_NORMAL },
	{ T "[INFO]  core: pre-seal teardown starting\n", "teardown", LOG_NORMAL },
	{ T "[INFO]  core: pre-seal teardown complete\n", "teardown", LOG_NORMAL },
	{ T "[INFO]  rollback: stopping rollback manager\n", "rollback-stops", LOG_NORMAL },
	{ T "[INFO]  core: stored unseal keys supported, attempting fetch\n", "keys-found", LOG_NORMAL },
	{ T "[INFO]  core: post-unseal setup starting\n", "setup-starts", LOG_NORMAL },
	/* good news */
	{ T "[INFO]  core: vault is unsealed\n", "unsealed", LOG_GOOD },
	{ T "[INFO]  core: entering standby mode\n", "standby", LOG_GOOD },
	{ T "[INFO]  core: unsealed with stored key\n", "unsealed-with-key", LOG_GOOD },
	{ T "[INFO]  core: acquired lock, enabling active operation\n", "lock-acquired", LOG_GOOD },
	{ T "[INFO]  core: post-unseal setup complete\n", "setup-complete", LOG_GOOD },
	{ T "[INFO]  core.autoseal: seal backend is now healthy again\n", "seal-healthy-again", LOG_GOOD },
};

/* Each line as the kubelet gives it. */
static const char *stamped(struct arena *a, const char *log)
{
	struct view rest = view_text(log), line;
	const char *out = "";

	while (rest.p) {
		line = view_cut(&rest, '\n');
		if (rest.p || line.n)
			out = arena_printf(a, "%s2026-11-23T22:26:10.288133701Z %.*s\n", out, (int)line.n, line.p);
	}
	return out;
}

static void assert_known(struct arena *a, const char *log, const char *id, enum log_kind kind, int64_t at_ms)
{
	struct log_record *records;
	size_t n = log_read(a, view_text(log), &records);

	/* 1.2 to 1.4 end with what 1.1 is alone: the block is what matters. */
	assert_true(n >= 1);
	if (!records[0].row || !text_same(records[0].row->id, id))
		fail_msg("%s, not %s: %s", records[0].row ? records[0].row->id : "unknown", id, records[0].text);
	assert_int_equal(records[0].row->kind, kind);
	assert_int_equal(records[0].at_ms, at_ms);
}

static void every_recorded_line_is_known(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		assert_known(&a, stamped(&a, lines[i].log), lines[i].id, lines[i].kind, 1795472770288);
}

/* Not one row that nothing recorded leads to, and none twice. */
static void every_row_is_recorded(void **state)
{
	static const char *const unrecorded[] = {
		"seal-describe-key-v2", "seal-config", "storage-migration-check", "unseal-failed", "unseal-fetch", "init-barrier",
		"init-store-keys", "lock-failed", "advertise-failed", "unlock-failed", "health-failed", "renew-failed", "reload-failed",
		"write-failed", "oidc-rotate", "oidc-expire", "table-gone",
	};

	(void)state;
	for (size_t i = 0; i < n_log_rows; i++) {
		bool known = false;

		for (size_t k = 0; k < COUNT_OF(lines); k++)
			known |= text_same(lines[k].id, log_rows[i].id);
		for (size_t k = 0; k < COUNT_OF(unrecorded); k++)
			known |= text_same(unrecorded[k], log_rows[i].id);
		if (!known)
			fail_msg("nothing recorded leads to the row '%s'", log_rows[i].id);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(log_rows[i].id, log_rows[k].id);
		for (struct view rest = view_text(log_rows[i].pattern); rest.p;) {
			struct view piece = view_cut(&rest, '*');

			assert_in_range(piece.n, 1, 128);
		}
		if (log_rows[i].kind == LOG_STOPS || log_rows[i].kind == LOG_RUNS)
			assert_non_null(log_rows[i].cause);
	}
}

/* A row that only catches what no row before it caught: each general one, with other words. */
static void general_rows_catch_the_rest(void **state)
{
	static const struct { const char *text, *id; } cases[] = {
		{ "x is not authorized to perform: kms:DescribeKey", "seal-describe-key-v2" },
		{ "error parsing Seal configuration: strange", "seal-config" },
		{ "storage migration check error: strange", "storage-migration-check" },
		{ "failed to unseal core: strange", "unseal-failed" },
		{ "fetching stored unseal keys failed", "unseal-fetch" },
		{ "failed to initialize barrier: strange", "init-barrier" },
		{ "failed to store keys: strange", "init-store-keys" },
		{ "failed to acquire lock: strange", "lock-failed" },
		{ "leader advertisement setup failed: strange", "advertise-failed" },
		{ "unlocking HA lock failed: strange", "unlock-failed" },
		{ "seal wrapper health check failed: strange", "health-failed" },
		{ "error renewing leadership lock: strange", "renew-failed" },
		{ "seal configuration reload error: strange", "reload-failed" },
		{ "failed to persist mount table: strange", "write-failed" },
		{ "error rotating OIDC keys: strange", "oidc-rotate" },
		{ "error expiring OIDC public keys: strange", "oidc-expire" },
		{ "ResourceNotFoundException: Requested resource not found", "table-gone" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(log_find(view_text(cases[i].text))->id, cases[i].id);
	assert_null(log_find(view_text("[INFO]  core: loaded wrapping token key")));
	assert_null(log_find(view_text("")));
}

static void a_star_stands_for_anything(void **state)
{
	static const struct { const char *pattern, *text; bool matches; } cases[] = {
		{ "abc", "xxABCxx", true },  { "abc", "ab", false },      { "a*c", "abbc", true },   { "a*c", "ca", false },
		{ "a*b*c", "axbxc", true },  { "a*b*c", "acb", false },   { "*", "", true },         { "a**b", "ab", true },
		{ "ab*ab", "ab", false },    { "ab*ab", "abab", true },   { "", "x", true },
	};
	AUTO(text) char *hostile = xmalloc(100001), *pattern = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (log_matches(cases[i].pattern, view_text(cases[i].text)) != cases[i].matches)
			fail_msg("'%s' on '%s'", cases[i].pattern, cases[i].text);
	memset(hostile, 'a', 100000);
	hostile[100000] = '\0';
	pattern = xstrdup("a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b");
	assert_false(log_matches(pattern, view_text(hostile)));
}

/* What ends the process is printed on the other stream, in the middle of a block. */
static void streams_may_be_mixed(void **state)
{
	static const char log[] =
		T "[WARN]  storage.dynamodb: error assuming role with web identity: roleARN=x\n  err=\n"
		"Error initializing storage of type dynamodb: NoCredentialProviders: no valid providers in chain. Deprecated.\n"
		"  | WebIdentityErr: failed to retrieve credentials\n"
		"\tFor verbose messaging see aws.Config.CredentialsChainVerboseErrors\n"
		"  | caused by: InvalidIdentityToken: Incorrect token audience\n";
	AUTO(arena) struct arena a = ARENA_INIT;
	struct log_record *records;
	size_t n = log_read(&a, view_text(stamped(&a, log)), &records);

	(void)state;
	assert_int_equal(n, 2);
	assert_string_equal(records[0].row->id, "sts-audience");
	assert_string_equal(records[1].row->id, "no-credentials");
	assert_non_null(strstr(records[1].text, "CredentialsChainVerboseErrors"));
}

static void a_log_has_ceilings(void **state)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf log = BUF_MAX(64 << 20);
	struct log_record *records;

	(void)state;
	for (int i = 0; i < 3 * LOG_RECORDS_MAX; i++)
		buf_printf(&log, T T "[INFO]  line %d\n", i);
	assert_int_equal(log_read(&a, buf_bytes(&log), &records), LOG_RECORDS_MAX);
	assert_non_null(strstr(records[LOG_RECORDS_MAX - 1].text, "line 2999"));
	buf_cut(&log, 0);
	buf_text(&log, T T "[WARN]  failed to unseal core:\n");
	for (int i = 0; i < 10000; i++)
		buf_text(&log, T "  | more and more and more\x1b[31m\n");
	assert_int_equal(log_read(&a, buf_bytes(&log), &records), 1);
	assert_true(strlen(records[0].text) <= LOG_RECORD_MAX);
	assert_null(strchr(records[0].text, '\x1b'));
	assert_int_equal(log_read(&a, view_text(""), &records), 0);
	assert_int_equal(log_read(&a, view_of("\0\0\n\n", 4), &records), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_line_is_known),
		cmocka_unit_test(every_row_is_recorded),
		cmocka_unit_test(general_rows_catch_the_rest),
		cmocka_unit_test(a_star_stands_for_anything),
		cmocka_unit_test(streams_may_be_mixed),
		cmocka_unit_test(a_log_has_ceilings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
