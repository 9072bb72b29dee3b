#include "domain/steps.h"

#include "core/text.h"

int ask_caller(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return aws_ask(w->aws, rq, &sts_get_caller_identity, NULL, e);
}

enum heard hear_caller(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &sts_get_caller_identity, reply, NULL, &answer, e, "asking who we are");
	struct arn arn;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (value_text(answer.body, "Arn", &w->caller_arn, e) < 0 ||
	    value_text(answer.body, "Account", &w->caller_account, e) < 0 || arn_parse(w->mem, w->caller_arn, &arn, e) < 0)
		return HEARD_UNSURE;
	w->partition = arn.partition;
	if (w->want.account && !text_same(w->want.account, w->caller_account)) {
		err_set(e, ERR_GUARD, 0, "the credentials (%s) belong to account %s, but account %s is wanted (%s)",
		        w->aws->creds.source, w->caller_account, w->want.account, inputs_at(w->inputs, "account")->from);
		err_hint(e, "choose other credentials with --profile, or the other account with --account %s", w->caller_account);
		return HEARD_REFUSED;
	}
	return HEARD_DONE;
}

int ask_cluster(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	(void)item;
	return aws_ask(w->aws, rq, &eks_describe_cluster, params_of(&rq->mem, "name", w->want.cluster, NULL), e);
}

static enum heard check_given(const struct world *w, struct err *e)
{
	const char *given = w->want.given_issuer, *issuer = w->cluster.issuer;

	if (given && text_starts(given, "https://"))
		given += strlen("https://");
	if (given && !text_same(given, world_issuer_site(w))) {
		err_set(e, ERR_CONFIG, 0, "oidc_provider_url is '%s' (%s), but the cluster's issuer is '%s'", w->want.given_issuer,
		        inputs_at(w->inputs, "oidc_provider_url")->from, issuer);
		err_hint(e, "leave oidc_provider_url out: it is found from EKS");
		return HEARD_REFUSED;
	}
	if (w->want.given_provider && !text_ends(w->want.given_provider,
	                                         arena_printf(w->mem, ":oidc-provider/%s", world_issuer_site(w)))) {
		err_set(e, ERR_CONFIG, 0, "oidc_provider_arn '%s' (%s) is not for the cluster's issuer '%s'",
		        w->want.given_provider, inputs_at(w->inputs, "oidc_provider_arn")->from, issuer);
		err_hint(e, "leave oidc_provider_arn out: it is found from EKS");
		return HEARD_REFUSED;
	}
	return HEARD_DONE;
}

enum heard hear_cluster(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &eks_describe_cluster, reply, "ResourceNotFoundException", &answer, e,
	                            "reading the cluster '%s'", w->want.cluster);
	const struct value *cluster;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (!answer.ok) {
		err_set(e, ERR_ABSENT, answer.status, "there is no EKS cluster '%s' in %s in the account of these credentials",
		        w->want.cluster, w->want.region);
		err_hint(e, "aws eks list-clusters --region %s; then --cluster-name and --region", w->want.region);
		return HEARD_REFUSED;
	}
	if (value_map(answer.body, "cluster", &cluster, e) < 0)
		return HEARD_UNSURE;
	w->cluster = (struct have_cluster){
		.presence = PRESENT,
		.arn = value_text_or(cluster, "arn", NULL),
		.issuer = value_text_or(cluster, "identity.oidc.issuer", NULL),
		.status = value_text_or(cluster, "status", ""),
		.version = value_text_or(cluster, "version", ""),
		.endpoint = value_text_or(cluster, "endpoint", NULL),
	};
	if (!w->cluster.issuer) {
		err_set(e, ERR_CONFLICT, 0, "the cluster '%s' (%s) has no OIDC issuer", w->want.cluster, w->cluster.status);
		return HEARD_REFUSED;
	}
	return check_given(w, e);
}

static void add_filter(struct arena *a, struct value *filters, const char *key, const char *text)
{
	struct value *filter = value_push(a, filters, value_new_map(a));

	value_set_text(a, filter, "Key", key);
	value_push(a, value_set(a, filter, "Values", value_new_list(a)), value_new_text(a, text));
}

/* No filter by type: secrets and backups of ours stand against making a new table as much as a key does. */
int ask_tagged(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;
	struct value *params = value_new_map(&rq->mem);
	struct value *filters = value_set(&rq->mem, params, "TagFilters", value_new_list(&rq->mem));

	(void)item;
	add_filter(&rq->mem, filters, TAG_CLUSTER, w->want.cluster);
	add_filter(&rq->mem, filters, TAG_NAMESPACE, w->want.namespace_);
	add_filter(&rq->mem, filters, TAG_RELEASE, w->want.release);
	value_set_int(&rq->mem, params, "ResourcesPerPage", 100);
	if (w->page)
		value_set_text(&rq->mem, params, "PaginationToken", w->page);
	return aws_ask(w->aws, rq, &tagging_get_resources, params, e);
}

static const char *service_of(struct arena *a, const char *text, const char **resource)
{
	AUTO(err) struct err why = {0};
	struct arn arn;

	if (arn_parse(a, text, &arn, &why) < 0)
		return "";
	*resource = arn.resource;
	return arn.service;
}

enum heard tagged_in_use(const struct world *w, const char *service, const char *type, const struct tagged **out, struct err *e)
{
	const struct tagged *found = NULL;

	for (const struct tagged *t = w->tagged; t; t = t->next) {
		const char *resource = "";

		if (!text_same(service_of(w->mem, t->arn, &resource), service) || !text_starts(resource, type) ||
		    !world_tags_are_live(t->tags) || !world_tags_are_ours(w, t->tags))
			continue;
		if (found && !text_same(found->arn, t->arn))
			return hear_guard(e, "take the tag " TAG_LIVE " off the one that is not in use",
			                  "two are marked as in use: '%s' and '%s'", found->arn, t->arn);
		found = t;
	}
	*out = found;
	return HEARD_DONE;
}

enum heard hear_tagged(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct aws_answer answer;
	enum heard heard = hear_aws(w, &tagging_get_resources, reply, NULL, &answer, e, "searching by tags");
	const struct value *list;
	const char *token;

	(void)item;
	if (heard != HEARD_DONE)
		return heard;
	if (value_list(answer.body, "ResourceTagMappingList", &list, e) < 0)
		return HEARD_UNSURE;
	if (!w->page)
		w->tagged = NULL;
	for (size_t i = 0; i < list->n; i++) {
		struct tagged *t = ARENA_NEW(w->mem, struct tagged);

		t->arn = value_text_or(list->items[i], "ResourceARN", "");
		t->tags = tags_from_list(w->mem, value_get(list->items[i], "Tags"));
		t->next = w->tagged;
		w->tagged = t;
	}
	token = value_text_or(answer.body, "PaginationToken", "");
	w->page = text_empty(token) ? NULL : token;
	w->tagged_whole = !w->page;
	return w->page ? HEARD_MORE : HEARD_DONE;
}

enum heard check_ours(const struct world *w, const struct value *tags, const char *what, const char *name, struct err *e)
{
	const char *cluster = value_text_or(value_get(tags, TAG_CLUSTER), "", NULL);
	const char *release = value_text_or(value_get(tags, TAG_RELEASE), "", "?");
	const char *namespace_ = value_text_or(value_get(tags, TAG_NAMESPACE), "", "?");

	if (world_tags_are_ours(w, tags))
		return HEARD_DONE;
	if (cluster)
		return hear_guard(e, "choose other names with --name-prefix", "the %s '%s' belongs to the release '%s' in %s/%s", what,
		                  name, release, cluster, namespace_);
	return hear_guard(e, "choose other names with --name-prefix, or tag it as ours: " TAG_CLUSTER ", " TAG_NAMESPACE
	                  " and " TAG_RELEASE, "the %s '%s' exists without our tags and is not touched", what, name);
}
