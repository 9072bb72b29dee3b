/* A policy from anywhere: judged without a crash, and Deny never loses to Allow. */
#include "fuzz/fuzz.h"

#include "aws/policy_eval.h"
#include "formats/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(err) struct err e = {0};
	struct value *document, *context = value_new_map(&a);
	struct policy_named doc = { "p", NULL };
	struct policy_set set = { .identity = &doc, .n_identity = 1, .boundary = &doc };
	struct policy_request rq = { .action = "kms:Decrypt", .resource = "arn:aws:kms:us-east-1:123456789012:key/1234",
	                             .context = context, .account = "123456789012" };
	struct policy_reason why;

	if (va_json_parse(&a, view_of(data, n), NULL, &document, &e) < 0)
		return 0;
	value_set_text(&a, context, "aws:SourceIp", "10.1.2.3");
	value_set_text(&a, context, "aws:CurrentTime", "2026-01-01T00:00:00Z");
	doc.document = document;
	if (policy_evaluate(&set, &rq, &why) == POLICY_ALLOWED) {
		must(why.statement != NULL);
		must(policy_statement_applies(document, why.statement, &rq));
	}
	policy_resource_says(&doc, &rq, &why);
	policy_reason_text(&a, &rq, &why);
	return 0;
}
