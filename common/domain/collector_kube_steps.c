/* The collector of audit lines in the cluster. */
#include "domain/install_steps.h"

#include "domain/collector.h"

#define FIELD_MANAGER "helm-vault-aws"

bool collector_installed(const void *world, size_t item)
{
	return installing_for_real(world, item) && collector_wanted(world, item);
}

size_t count_collector(const void *world)
{
	(void)world;
	return COLLECTOR_OBJECTS;
}

int ask_apply_collector(const void *world, size_t item, struct request *rq, struct err *e)
{
	const struct world *w = world;

	return kube_ask_apply(w->kube, rq, collector_path(&rq->mem, &w->want, item),
	                      collector_object(&rq->mem, &w->want, world_collector_arn(w), item), FIELD_MANAGER, false, e);
}

enum heard hear_applied_collector(void *world, size_t item, const struct reply *reply, struct err *e)
{
	struct world *w = world;
	struct kube_answer answer;
	enum heard heard = hear_kube(w, reply, &answer, e, "making the collector of audit lines ('%s')",
	                             collector_path(w->mem, &w->want, item));

	if (heard == HEARD_DONE && !answer.ok) {
		err_set(e, ERR_ABSENT, 404, "the namespace '%s' is gone", w->want.namespace_);
		return HEARD_REFUSED;
	}
	return heard;
}
