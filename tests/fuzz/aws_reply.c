/* A reply of AWS from anywhere: sorted, read, understood. The first byte chooses operation and status. */
#include "fuzz/fuzz.h"

#include "aws/protocol.h"
#include "aws/services.h"

/* An answer is a result, or an error that says why. */
static void check_answer(const struct aws_op *op, const struct aws_answer *answer)
{
	AUTO(err) struct err e = { 0 };
	enum heard heard = aws_heard(op, answer, &e);

	must(answer->message != NULL);
	if (answer->ok)
		must(heard == HEARD_DONE && answer->body && !answer->code && !e.text);
	else
		must(heard != HEARD_DONE && answer->code && e.text && e.kind != ERR_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct aws_op *const ops[] = { &kms_describe_key, &iam_get_role, &eks_describe_cluster,
	                                            &dynamodb_get_item };
	static const int statuses[] = { 200, 400, 403, 500 };
	AUTO(arena) struct arena mem = ARENA_INIT;
	AUTO(err) struct err e = { 0 };
	struct reply reply = { .head = BUF_MAX(REPLY_HEAD_MAX), .body = BUF_MAX(REPLY_BODY_MAX) };
	struct aws_answer answer;
	const struct aws_op *op;

	if (n == 0)
		return 0;
	op = ops[data[0] & 3];
	reply.status = statuses[(data[0] >> 2) & 3];
	buf_put(&reply.body, data + 1, n - 1);
	must(reply.status >= 400 || aws_sort(&reply) == SORTED_ANSWER);
	if (taken(aws_read(&mem, op, &reply, &answer, &e), &e))
		check_answer(op, &answer);
	else
		must(reply.status < 300);   /* an error needs no whole body */
	reply_release(&reply);
	return 0;
}
