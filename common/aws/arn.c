#include "aws/client.h"
#include "core/text.h"

int arn_parse(struct arena *a, const char *text, struct arn *out, struct err *e)
{
	struct view rest = view_text(text), pieces[5];

	for (size_t i = 0; i < COUNT_OF(pieces); i++)
		pieces[i] = view_cut(&rest, ':');
	if (!view_is(pieces[0], "arn") || !pieces[1].n || !pieces[2].n || !rest.p || !rest.n)
		return err_set(e, ERR_CONFIG, 0, "'%s' is not an ARN", text ? text : "");
	*out = (struct arn){
		.partition = arena_view(a, pieces[1]),
		.service = arena_view(a, pieces[2]),
		.region = arena_view(a, pieces[3]),
		.account = arena_view(a, pieces[4]),
		.resource = arena_view(a, rest),
	};
	return 0;
}

bool aws_is_region(const char *text)
{
	size_t n = strlen(text);

	return strchr(text, '-') && text[n - 1] >= '0' && text[n - 1] <= '9' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

const char *arn_region(struct arena *a, const char *text)
{
	AUTO(err) struct err ignored = {0};
	struct arn arn;

	if (!text || arn_parse(a, text, &arn, &ignored) < 0 || !aws_is_region(arn.region))
		return NULL;
	return arn.region;
}
