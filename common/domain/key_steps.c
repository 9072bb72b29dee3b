/* The seal key: found by alias, by tag or by the table's tags; made once. */
#include "domain/steps.h"

#include "core/text.h"

bool key_absent(const struct world *w)
{
	return w->key.presence == ABSENT;
}

static const char *wanted_key(const struct world *w)
{
	return w->want.given_key ? w->want.given_key : w->want.names.alias;
}

/* A key that is given by its ARN may be in another region than the table: KMS knows a key in its own one only. */
static struct aws key_aws(const struct world *w)
{
	return aws_in_region(w->aws, arn_region(w->mem, w->want.given_key));
}

int ask_key_by_alias(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct aws aws = key_aws(w);

	(void)item;
	return aws_ask(&aws, rq, &kms_describe_key, params_of(&rq->mem, "KeyId", wanted_key(w), NULL), e);
}

/* A key that cannot encrypt and decrypt now is never taken, nor is another one made beside it. */
static enum heard check_state(const struct have_key *key, struct err *e)
{
	if (text_same(key->state, "PendingDeletion") || text_same(key->state, "PendingReplicaDeletion")) {
		hear_guard(e, NULL, "the seal key '%s' is pending deletion", key->arn);
		err_hint(e, "aws kms cancel-key-deletion --key-id %s; then aws kms enable-key --key-id %s", key->arn, key->arn);
		return HEARD_REFUSED;
	}
	if (!text_same(key->state, "Enabled") && !text_same(key->state, "Creating")) {
		hear_guard(e, NULL, "the seal key '%s' is not enabled (%s)", key->arn, key->state);
		err_hint(e, "aws kms enable-key --key-id %s", key->arn);
		return HEARD_REFUSED;
	}
	if (!text_same(key->usage, "ENCRYPT_DECRYPT") || !text_same(key->spec, "SYMMETRIC_DEFAULT"))
		return hear_guard(e, NULL, "the key '%s' is no symmetric encryption key (%s, %s)", key->arn, key->usage, key->spec);
	return HEARD_DONE;
}

static int read_key(struct world *w, const struct value *body, struct have_key *out, struct err *e)
{
	const struct value *meta;

	if (value_map(body, "KeyMetadata", &meta, e) < 0 || value_text(meta, "KeyId", &out->id, e) < 0 ||
	    value_text(meta, "Arn", &out->arn, e) < 0)
		return -1;
	out->presence = PRESENT;
	out->state = value_text_or(meta, "KeyState", "Enabled");
	out->usage = value_text_or(meta, "KeyUsage", "ENCRYPT_DECRYPT");
	out->spec = value_text_or(meta, "KeySpec", "SYMMETRIC_DEFAULT");
	out->multi_region = value_bool_or(meta, "MultiRegion", false);
	(void)w;
	return 0;
}

/* The alias leads to a key: it must be the one that we know already, if we know one. */
static enum heard take_key_by_alias(struct world *w, const struct value *body, struct err *e)
{
	struct have_key key = {0};
	enum heard heard;

	if (read_key(w, body, &key, e) < 0)
		return HEARD_UNSURE;
	if (w->key.presence == PRESENT && !text_same(w->key.id, key.id))
		return hear_guard(e, "name the right one with --kms-key-id", "the alias '%s' points to '%s', but the key in use is '%s'",
		                  w->want.names.alias, key.arn, w->key.arn);
	heard = check_state(&key, e);
	if (heard != HEARD_DONE)
		return heard;
	if (w->key.presence != PRESENT)
		w->key = key;
	w->key.by_alias = true;
	return HEARD_DONE;
}

enum heard hear_key_by_alias(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &kms_describe_key, reply, "NotFoundException", &answer, e,
	                            "reading the seal key '%s'", wanted_key(w));

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (answer.ok)
		return take_key_by_alias(w, answer.body, e);
	if (w->want.given_key) {
		err_set(e, ERR_CONFIG, answer.status, "there is no key '%s' in %s (%s)", w->want.given_key, key_aws(w).region,
		        inputs_at(w->inputs, "kms_key_id")->from);
		return HEARD_REFUSED;
	}
	if (w->key.presence == UNKNOWN_YET)
		w->key.presence = ABSENT;
	return HEARD_DONE;
}

static bool is_news(const struct world *w, const char *arn)
{
	return arn && !text_same(arn, w->key.arn) && !text_same(arn, w->key_gone);
}

/* Where else the key may be: the search by tags, or the table's own tags. NULL: nowhere that was not looked at. */
static const char *key_elsewhere(const struct world *w, struct err *e)
{
	const char *named = value_text_or(value_get(w->table.tags, TAG_KEY), "", NULL);
	const struct tagged *t = NULL;

	if (tagged_in_use(w, "kms", "key/", &t, e) != HEARD_DONE)
		return NULL;
	if (t && is_news(w, t->arn) && is_news(w, named) && !text_same(t->arn, named)) {
		hear_guard(e, "name the right one with --kms-key-id", "the key '%s' is marked as in use, but the table '%s' is used with '%s'",
		           t->arn, w->want.names.table, named);
		return NULL;
	}
	if (t && is_news(w, t->arn))
		return t->arn;
	return is_news(w, named) ? named : NULL;
}

/* Also when the alias leads to one key and a mark to another: then both are shown and nothing is done. */
bool key_found_elsewhere(const void *world, size_t item)
{
	const struct world *w = world;
	AUTO(err) struct err e = {0};
	const char *arn = key_elsewhere(w, &e);

	(void)item;
	if (w->want.given_key)
		return false;
	return e.kind || arn;
}

int ask_key_found(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	const char *arn = key_elsewhere(w, e);

	(void)item;
	if (e->kind)
		return -1;
	return aws_ask(w->aws, rq, &kms_describe_key, params_of(&rq->mem, "KeyId", arn, NULL), e);
}

static const struct value *search_tags(const struct world *w, const char *arn)
{
	for (const struct tagged *t = w->tagged; t; t = t->next)
		if (text_same(t->arn, arn))
			return t->tags;
	return NULL;
}

enum heard hear_key_found(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	const char *arn = key_elsewhere(w, e);
	struct have_key key = {0};
	const struct value *tags;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &kms_describe_key, reply, "NotFoundException", &answer, e, "reading the key '%s'", arn);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		w->key_gone = arn;      /* the search shows what is gone for a while, and the table for good */
		return HEARD_DONE;
	}
	if (read_key(w, answer.body, &key, e) < 0)
		return HEARD_UNSURE;
	if (w->key.presence == PRESENT)
		return hear_guard(e, "name the right one with --kms-key-id",
		                  "the alias '%s' points to '%s', but '%s' is marked as in use", w->want.names.alias, w->key.arn, key.arn);
	heard = check_state(&key, e);
	if (heard != HEARD_DONE)
		return heard;
	tags = search_tags(w, arn);
	key.tags = tags;
	/* Our own CreateKey, whose reply was lost. */
	key.made = claim_is_own(w, value_text_or(value_get(tags, TAG_CLAIM), "", NULL));
	w->key = key;
	return HEARD_DONE;
}

bool key_tags_unread(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->key.presence == PRESENT && !w->key.tags && !w->want.given_key;
}

int ask_key_tags(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return aws_ask(w->aws, rq, &kms_list_resource_tags, params_of(&rq->mem, "KeyId", w->key.id, NULL), e);
}

enum heard hear_key_tags(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &kms_list_resource_tags, reply, NULL, &answer, e, "reading the tags of '%s'", w->key.arn);
	const struct value *tags;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	tags = tags_from_list(w->mem, value_get(answer.body, "Tags"));
	heard = check_ours(w, tags, "key", w->key.by_alias ? w->want.names.alias : w->key.arn, e);
	if (heard == HEARD_DONE)
		w->key.tags = tags;
	return heard;
}

bool rotation_unread(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return w->key.presence == PRESENT && !w->key.made && w->key.rotation_read == UNKNOWN_YET;
}

int ask_rotation(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct aws aws = key_aws(w);

	(void)item;
	return aws_ask(&aws, rq, &kms_get_key_rotation_status, params_of(&rq->mem, "KeyId", w->key.id, NULL), e);
}

enum heard hear_rotation(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &kms_get_key_rotation_status, reply, NULL, &answer, e,
	                            "reading the rotation of '%s'", w->key.arn);

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	w->key.rotation_read = PRESENT;
	w->key.rotation = value_bool_or(answer.body, "KeyRotationEnabled", false);
	w->key.rotation_days = value_int_or(answer.body, "RotationPeriodInDays", 365);
	return HEARD_DONE;
}

bool key_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	/* While settling, the search may show the key whose reply was lost: then there is nothing left to make. */
	return key_absent(w) && !w->want.given_key && !provision_held(w) && !key_found_elsewhere(w, 0);
}

int ask_create_key(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct value *params = value_new_map(&rq->mem), *tags = value_copy(&rq->mem, w->want.names.tags);

	(void)item;
	if (!key_lease_holds(w)) {
		err_set(e, ERR_LATE, 0, "making the seal key took too long: another run may be about to make it");
		err_hint(e, "run it again");
		return -1;
	}
	value_set_text(&rq->mem, tags, TAG_LIVE, "true");
	value_set_text(&rq->mem, tags, TAG_CLAIM, claim_of_table(w));
	value_set_text(&rq->mem, params, "Description",
	               arena_printf(&rq->mem, "unseals Vault '%s' in %s/%s", w->want.release, w->want.cluster, w->want.namespace_));
	value_set(&rq->mem, params, "Tags", tags_to_list(&rq->mem, tags, "TagKey", "TagValue"));
	if (w->want.multi_region)
		value_set_bool(&rq->mem, params, "MultiRegion", true);
	return aws_ask(w->aws, rq, &kms_create_key, params, e);
}

enum heard hear_created_key(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct have_key key = { .made = true, .tags = w->want.names.tags };
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &kms_create_key, reply, NULL, &answer, e, "creating the seal key");

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (read_key(w, answer.body, &key, e) < 0)
		return HEARD_UNSURE;
	w->key = key;
	return HEARD_DONE;
}

bool alias_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	return !w->key.by_alias && !w->want.given_key && !provision_held(w);
}

int ask_create_alias(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return aws_ask(w->aws, rq, &kms_create_alias,
	               params_of(&rq->mem, "AliasName", w->want.names.alias, "TargetKeyId", w->key.id, NULL), e);
}

enum heard hear_created_alias(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &kms_create_alias, reply, "AlreadyExistsException", &answer, e,
	                            "naming the seal key '%s'", w->want.names.alias);

	(void)item;
	if (heard == HEARD_REFUSED && aws_code_is(&answer, "NotFoundException"))
		return HEARD_NOT_YET;     /* a new key is not known everywhere at once */
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_CONFLICT, answer.status, "the alias '%s' exists", w->want.names.alias);
		return HEARD_UNSURE;
	}
	w->key.by_alias = true;
	return HEARD_DONE;
}

bool key_rotation_differs(const struct world *w)
{
	const struct have_key *key = &w->key;

	if (w->want.given_key || key->presence != PRESENT || (!key->made && key->rotation_read != PRESENT))
		return false;
	return key->rotation != w->want.rotation || (key->rotation && key->rotation_days != w->want.rotation_days);
}

bool rotation_due(const void *world, size_t item)
{
	const struct world *w = world;

	(void)item;
	if (key_absent(w))         /* planned: the key is not there yet */
		return w->want.rotation && !w->want.given_key && !provision_held(w);
	return key_rotation_differs(w) && (w->key.made || provision_may_change(w)) && !provision_held(w);
}

int ask_set_rotation(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct value *params = params_of(&rq->mem, "KeyId", w->key.id, NULL);

	(void)item;
	if (!w->want.rotation)
		return aws_ask(w->aws, rq, &kms_disable_key_rotation, params, e);
	value_set_int(&rq->mem, params, "RotationPeriodInDays", w->want.rotation_days);
	return aws_ask(w->aws, rq, &kms_enable_key_rotation, params, e);
}

enum heard hear_set_rotation(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	const struct aws_op *op = w->want.rotation ? &kms_enable_key_rotation : &kms_disable_key_rotation;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, op, reply, NULL, &answer, e, "setting the rotation of '%s'", w->key.arn);

	(void)item;
	if (heard == HEARD_REFUSED && aws_code_is(&answer, "NotFoundException"))
		return HEARD_NOT_YET;
	if (heard == HEARD_DONE) {
		w->key.rotation_read = PRESENT;
		w->key.rotation = w->want.rotation;
		w->key.rotation_days = w->want.rotation_days;
	}
	return heard;
}
