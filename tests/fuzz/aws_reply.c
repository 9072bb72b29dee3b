/* A reply of AWS from anywhere: sorted, read, understood. The first byte chooses operation and status. */
#include "aws/protocol.h"
#include "aws/services.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_answer(const struct aws_op *op, const struct aws_answer *answer)
{
	AUTO(err) struct err e = { 0 };
	enum heard heard = aws_heard(op, answer, &e);

	if (answer->ok ? heard != HEARD_DONE || !answer->body || answer->code
	               : heard == HEARD_DONE || !answer->code || !answer->message || !e.text || !e.kind)
		abort(); /* an answer is a result, or an error that says why */
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
	if (reply.status < 400 && aws_sort(&reply) != SORTED_ANSWER)
		abort();
	if (aws_read(&mem, op, &reply, &answer, &e) == 0)
		check_answer(op, &answer);
	else if (!e.text || e.kind == ERR_NONE || reply.status >= 300)
		abort(); /* a refusal must say why, and what is no success needs no body */
	reply_release(&reply);
	return 0;
}
