/* What an error of AWS means: for the loop, for the exit code, and for people. */
#include "aws/client.h"
#include "aws/protocol.h"
#include "core/text.h"

#include <ctype.h>

static const struct meaning {
	const char *code;
	enum err_kind kind;
	const char *hint;
} meanings[] = {
	{ "AccessDenied", ERR_DENIED, NULL },
	{ "AccessDeniedException", ERR_DENIED, NULL },
	{ "UnauthorizedOperation", ERR_DENIED, NULL },
	{ "NotAuthorized", ERR_DENIED, NULL },
	{ "IDPRejectedClaim", ERR_DENIED, NULL },
	{ "OptInRequired", ERR_DENIED, "the account has not opted in to this service or region" },
	{ "RegionDisabledException", ERR_DENIED,
	  "STS is switched off for this region: IAM console, account settings" },

	{ "ResourceNotFoundException", ERR_ABSENT, NULL },
	{ "NotFoundException", ERR_ABSENT, NULL },
	{ "NoSuchEntity", ERR_ABSENT, NULL },
	{ "NoSuchEntityException", ERR_ABSENT, NULL },
	{ "TableNotFoundException", ERR_ABSENT, NULL },
	{ "BackupNotFoundException", ERR_ABSENT, NULL },
	{ "ParameterNotFound", ERR_ABSENT, NULL },
	{ "NoSuchBucket", ERR_ABSENT, NULL },
	{ "NoSuchKey", ERR_ABSENT, NULL },

	{ "AlreadyExistsException", ERR_CONFLICT, NULL },
	{ "EntityAlreadyExists", ERR_CONFLICT, NULL },
	{ "ResourceInUseException", ERR_CONFLICT, NULL },
	{ "TableAlreadyExistsException", ERR_CONFLICT, NULL },
	{ "ResourceExistsException", ERR_CONFLICT, NULL },
	{ "DeleteConflict", ERR_CONFLICT, NULL },
	{ "ParameterAlreadyExists", ERR_CONFLICT, NULL },
	{ "PreconditionFailed", ERR_CONFLICT, NULL },
	{ "PermanentRedirect", ERR_REMOTE, "the bucket is in another region" },
	{ "AuthorizationHeaderMalformed", ERR_REMOTE, "the bucket is in another region" },

	{ "InvalidClientTokenId", ERR_AUTH,
	  "the access key is unknown or switched off, lacks its session token, or is of another "
	  "partition" },
	{ "UnrecognizedClientException", ERR_AUTH,
	  "the access key is unknown or switched off, lacks its session token, or is of another "
	  "partition" },
	{ "InvalidAccessKeyId", ERR_AUTH, "the access key is unknown or switched off" },
	{ "InvalidSignatureException", ERR_AUTH,
	  "the secret key does not belong to the access key id" },
	{ "SignatureDoesNotMatch", ERR_AUTH, "the secret key does not belong to the access key id" },
	{ "IncompleteSignature", ERR_AUTH, NULL },
	{ "IncompleteSignatureException", ERR_AUTH, NULL },
	{ "MissingAuthenticationToken", ERR_AUTH, NULL },
	{ "MissingAuthenticationTokenException", ERR_AUTH, NULL },
	{ "AuthFailure", ERR_AUTH, NULL },
	{ "InvalidToken", ERR_AUTH, NULL },
	{ "InvalidIdentityToken", ERR_AUTH, NULL },

	{ "LimitExceededException", ERR_REMOTE, "a quota of the account is full: see Service Quotas" },
	{ "LimitExceeded", ERR_REMOTE, "a quota of the account is full: see Service Quotas" },
	{ "ServiceQuotaExceededException", ERR_REMOTE,
	  "a quota of the account is full: see Service Quotas" },
};

static const struct meaning *meaning_of(const char *code)
{
	static const struct meaning unknown = { NULL, ERR_REMOTE, NULL };

	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (text_same(code, meanings[i].code))
			return &meanings[i];
	return &unknown;
}

/* The word after `before` in a sentence, without the punctuation at its end; n is 0 without one. */
static struct view word_after(const char *sentence, const char *before)
{
	const char *at = strstr(sentence, before);
	struct view word = { 0 };

	if (!at)
		return word;
	word.p = at + strlen(before);
	word.n = strcspn(word.p, " \t\n");
	while (word.n && strchr(".,;\"'", word.p[word.n - 1]))
		word.n--;
	return word;
}

/*
 * "User: ARN is not authorized to perform: ACTION on resource: ARN because no
 * identity-based policy allows ..." is the sentence of most services.
 */
static void hint_denied(const struct aws_answer *answer, struct err *e)
{
	struct view who = word_after(answer->message, "User: ");
	struct view action = word_after(answer->message, "to perform: ");
	struct view on = word_after(answer->message, "on resource: ");
	const char *deny = strstr(answer->message, "explicit deny in ");

	if (strstr(answer->message, "Encoded authorization failure message:"))
		err_hint(e, "read the encoded part with: aws sts decode-authorization-message");
	if (deny) {
		struct view by = view_text(deny + strlen("explicit deny in "));

		while (by.n && by.p[by.n - 1] == '.')
			by.n--;
		err_hint(e, "denied by %.*s: allowing it elsewhere does not help", (int)by.n, by.p);
	}
	if (!action.n)
		return;
	if (on.n && who.n)
		err_hint(e, "allow %.*s on %.*s for %.*s", (int)action.n, action.p, (int)on.n, on.p,
				 (int)who.n, who.p);
	else if (who.n)
		err_hint(e, "allow %.*s for %.*s", (int)action.n, action.p, (int)who.n, who.p);
	else
		err_hint(e, "allow %.*s", (int)action.n, action.p);
}

/* "kms:DescribeKey: Alias ... is not found (NotFoundException, 400, request 12ab)" */
static void tell(const struct aws_op *op, const struct aws_answer *answer, enum err_kind kind,
				 struct err *e)
{
	struct view message = view_trim(view_text(answer->message));
	bool named = !isdigit((unsigned char)answer->code[0]);

	if (message.n && message.p[message.n - 1] == '.')
		message.n--;
	if (!message.n)
		message = named ? VIEW_LITERAL("refused") : VIEW_LITERAL("an answer that is not AWS's");
	err_set(e, kind, answer->status, "%s:%s: %.*s (%s%s%d%s%s)", op->service->id, op->name,
			(int)message.n, message.p, named ? answer->code : "", named ? ", " : "", answer->status,
			answer->request_id ? ", request " : "", answer->request_id ? answer->request_id : "");
	if (!named)
		err_hint(e, "does a proxy or firewall stand between?");
}

enum heard aws_heard(const struct aws_op *op, const struct aws_answer *answer, struct err *e)
{
	const struct meaning *m;

	if (answer->ok)
		return HEARD_DONE;
	if (code_is_throttling(answer->code) ||
		(aws_code_is(answer, "LimitExceededException") && text_same(op->service->id, "dynamodb"))) {
		tell(op, answer, ERR_THROTTLED, e);
		return HEARD_BUSY;
	}
	if (code_is_expired(answer->code) || code_is_skew(answer->code, answer->message)) {
		tell(op, answer, ERR_AUTH, e);
		return HEARD_RENEW;
	}
	m = meaning_of(answer->code);
	tell(op, answer, m->kind, e);
	if (m->kind == ERR_DENIED)
		hint_denied(answer, e);
	if (m->hint)
		err_hint(e, "%s", m->hint);
	return HEARD_REFUSED;
}
