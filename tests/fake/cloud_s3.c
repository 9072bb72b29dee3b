/* One bucket of S3 in the fake cloud, by its own host. Codes and texts: the service's API reference and tests/aws/s3.py. */
#include "fake/cloud_service.h"

#include "core/digest.h"
#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOST ".s3." CLOUD_REGION ".amazonaws.com/"

static struct cloud_kept *find(struct cloud_ask *ask)
{
	struct fake_cloud *c = ask->cloud;

	for (unsigned i = 0; i < c->n_objects; i++)
		if (text_same(c->objects[i].name, cloud_text(ask, "Key")))
			return &c->objects[i];
	return NULL;
}

static bool bucket_is_there(struct cloud_ask *ask)
{
	if (text_same(ask->cloud->bucket.name, cloud_text(ask, "Bucket")))
		return true;
	cloud_refuse(ask, 404, "NoSuchBucket", "The specified bucket does not exist");
	return false;
}

static const char *etag_of(const struct cloud_ask *ask, const struct cloud_kept *o)
{
	return arena_printf(ask->mem, "\"%s-%u\"", o->says, o->version);
}

static void put(struct cloud_ask *ask)
{
	struct fake_cloud *c = ask->cloud;
	struct cloud_kept *o = bucket_is_there(ask) ? find(ask) : NULL;
	const char *match = value_text_or(ask->in, "if-match", NULL), *none = value_text_or(ask->in, "if-none-match", NULL);

	if (ask->reply->status)
		return;
	if ((none && o) || (match && (!o || !text_same(match, etag_of(ask, o))))) {
		cloud_refuse(ask, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
		return;
	}
	if (!none && !match)
		fail_msg("an object is written over whatever is there");
	if (strcmp(cloud_text(ask, "x-amz-server-side-encryption"), "aws:kms") != 0)
		fail_msg("an object without its key");
	if (!o) {
		o = &c->objects[cloud_room(&c->n_objects)];
		*o = (struct cloud_kept){ .made_ms = fake_cloud_now_ms(c) };
	}
	o->name = cloud_text(ask, "Key");
	o->key = cloud_text(ask, "x-amz-server-side-encryption-aws-kms-key-id");
	o->value = cloud_text(ask, "Body");
	o->says = cloud_text(ask, "x-amz-meta-state");
	o->owner = cloud_text(ask, "x-amz-meta-owner");
	o->version++;
	fake_reply_header(ask->reply, "ETag", etag_of(ask, o));
	fake_reply(ask->reply, 200, "");
}

static struct cloud_kept *named(struct cloud_ask *ask)
{
	struct cloud_kept *o = bucket_is_there(ask) ? find(ask) : NULL;

	if (!o && !ask->reply->status)
		cloud_refuse(ask, 404, "NoSuchKey", "The specified key does not exist.");
	if (!o)
		return NULL;
	fake_reply_header(ask->reply, "ETag", etag_of(ask, o));
	fake_reply_header(ask->reply, "Last-Modified", "Tue, 24 Nov 2026 05:36:24 GMT");
	fake_reply_header(ask->reply, "x-amz-meta-state", o->says);
	fake_reply_header(ask->reply, "x-amz-meta-owner", o->owner);
	return o;
}

static void get(struct cloud_ask *ask)
{
	struct cloud_kept *o = named(ask);

	if (o)
		fake_reply(ask->reply, 200, o->value);
}

/* No body, whatever it says. */
static void head(struct cloud_ask *ask)
{
	fake_reply(ask->reply, named(ask) ? 200 : ask->reply->status, "");
}

static void versioning(struct cloud_ask *ask)
{
	const char *status = ask->cloud->bucket.versioning;

	if (bucket_is_there(ask))
		fake_reply(ask->reply, 200, arena_printf(ask->mem, "<VersioningConfiguration>%s%s%s</VersioningConfiguration>",
		                                         status ? "<Status>" : "", status ? status : "", status ? "</Status>" : ""));
}

static void public_block(struct cloud_ask *ask)
{
	if (!bucket_is_there(ask))
		return;
	if (ask->cloud->bucket.open)
		cloud_refuse(ask, 404, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found");
	else
		fake_reply(ask->reply, 200, "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true"
		           "</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true"
		           "</RestrictPublicBuckets></PublicAccessBlockConfiguration>");
}

enum { PUT, GET, HEAD, VERSIONING, PUBLIC_BLOCK };

static const struct cloud_op ops[] = {
	{ "PutObject", true, put },
	{ "GetObject", false, get },
	{ "HeadObject", false, head },
	{ "GetBucketVersioning", false, versioning },
	{ "GetPublicAccessBlock", false, public_block },
};

static const struct cloud_op *op_of(const struct request *rq, const char *path)
{
	if (text_same(path, "?versioning"))
		return &ops[VERSIONING];
	if (text_same(path, "?publicAccessBlock"))
		return &ops[PUBLIC_BLOCK];
	return &ops[text_same(rq->method, "PUT") ? PUT : text_same(rq->method, "HEAD") ? HEAD : GET];
}

const struct cloud_op *cloud_s3_read(struct cloud_ask *ask, const struct request *rq)
{
	const char *at = strstr(rq->url, HOST), *from = strstr(rq->url, "://");
	struct value *in = value_new_map(ask->mem);
	char hash[SHA256_HEX];

	if (!at)
		return NULL;
	value_set(ask->mem, in, "Bucket", value_new_view(ask->mem, view_of(from + 3, (size_t)(at - from - 3))));
	value_set_text(ask->mem, in, "Key", at + strlen(HOST));
	value_set(ask->mem, in, "Body", value_new_view(ask->mem, rq->body));
	for (size_t i = 0; i < rq->n_headers; i++) {
		AUTO(text) char *name = xstrdup(rq->headers[i].name);

		for (char *p = name; *p; p++)
			*p |= *p >= 'A' && *p <= 'Z' ? 0x20 : 0;
		value_set_text(ask->mem, in, name, rq->headers[i].value);
	}
	ask->in = in;
	sha256_hex(rq->body, hash);
	if (strcmp(cloud_text(ask, "x-amz-content-sha256"), hash) != 0)
		fail_msg("the digest is of another body");
	return op_of(rq, at + strlen(HOST));
}

const struct cloud_service cloud_s3 = {
	.id = "s3",
	.protocol = CLOUD_XML,
	.mark = "-",
	.errors = "",
	.throttled = "SlowDown",
	.throttled_status = 503,
	.failed = "InternalError",
	.ops = ops,
	.n_ops = COUNT_OF(ops),
};
