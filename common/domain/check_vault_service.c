/* vault: do the pods' labels say what the servers say, and does the Service for the active one lead to it alone? */
#include "domain/check_vault.h"

#include "core/text.h"
#include "formats/json.h"

static const char *yes_no(bool yes)
{
	return yes ? "true" : "false";
}

/* ---- labels ---- */

struct label_view {
	size_t unlabelled;           /* pods without any of Vault's labels */
	const char *active_wrong;    /* pods whose vault-active is not so */
	const char *other_wrong;
};

static void look_at(const struct diag *d, struct finding *f, const struct vault_server *s, struct label_view *out)
{
	const struct pod *p = pod_list_find(&d->pods, s->name);
	const char *active = p ? object_label(p->object, "vault-active") : NULL;
	const char *sealed = p ? object_label(p->object, "vault-sealed") : NULL;
	const char *is_active = yes_no(vault_is_active(s));

	if (!p || !s->health_read)
		return;
	if (!active && !sealed) {
		out->unlabelled++;
		evidence(f, s->name, "has no label of Vault's");
		return;
	}
	if (!text_same(active, is_active)) {
		out->active_wrong = vault_and(f, out->active_wrong, s->name);
		evidence(f, s->name, "labelled vault-active=%s, and the server says %s", active ? active : "", is_active);
		fix(f, "kubectl label pod -n %s %s vault-active=%s --overwrite", d->release.namespace_, s->name, is_active);
	}
	if (!text_same(sealed, yes_no(s->health.sealed))) {
		out->other_wrong = vault_and(f, out->other_wrong, s->name);
		evidence(f, s->name, "labelled vault-sealed=%s, and the server says %s", sealed ? sealed : "", yes_no(s->health.sealed));
		fix(f, "kubectl label pod -n %s %s vault-sealed=%s --overwrite", d->release.namespace_, s->name,
		    yes_no(s->health.sealed));
	}
}

JUDGE(judge_vault_labels)
{
	const struct diag_vault *v = diag_vault(d);
	struct label_view view = { 0 };

	if (vault_unheard(d, f))
		return VERDICT_UNKNOWN;
	if (vault_too_early(d, f))
		return VERDICT_SKIP;
	for (size_t i = 0; i < v->n; i++)
		look_at(d, f, &v->at[i], &view);
	if (view.unlabelled == v->n) {
		found(f, "no pod has Vault's labels, so '%s-active' leads nowhere: the configuration lacks service_registration "
		         "\"kubernetes\" {}, or the pods may not patch themselves", d->release.fullname);
		fix(f, "kubectl auth can-i patch pods -n %s --as system:serviceaccount:%s:%s", d->release.namespace_,
		    d->release.namespace_, d->release.service_account);
		return VERDICT_FAIL;
	}
	if (view.active_wrong) {
		found(f, "the label vault-active of %s is not what the server says, so '%s-active' leads astray", view.active_wrong,
		      d->release.fullname);
		return VERDICT_FAIL;
	}
	if (view.other_wrong) {
		found(f, "the label vault-sealed of %s is stale", view.other_wrong);
		return VERDICT_WARN;
	}
	found(f, "the pods' labels say what the servers say");
	return VERDICT_PASS;
}

/* ---- the Service and its endpoints ---- */

/* What the chart's selector is (vault-helm, templates/server-ha-active-service.yaml). */
static struct value *wanted_selector(const struct diag *d, struct finding *f)
{
	struct value *want = value_new_map(f->mem);

	value_set_text(f->mem, want, "app.kubernetes.io/name",
	               value_text_or(value_get(value_at(d->release.statefulset, "metadata.labels"), "app.kubernetes.io/name"), "", "vault"));
	value_set_text(f->mem, want, "app.kubernetes.io/instance", d->release.name);
	value_set_text(f->mem, want, "component", "server");
	value_set_text(f->mem, want, "vault-active", "true");
	return want;
}

static const char *json_of(struct finding *f, const struct value *v)
{
	AUTO(buf) struct buf out = BUF_MAX(1 << 14);

	va_json_print(&out, v, false);
	return arena_text(f->mem, buf_str(&out));
}

/* A merge patch takes out what is too much by null. */
static void fix_selector(const struct diag *d, struct finding *f, const struct value *have, struct value *want)
{
	struct value *patch = value_new_map(f->mem);

	for (size_t i = 0; have && have->type == VALUE_MAP && i < have->n; i++)
		if (!value_get(want, have->names[i]))
			value_set(f->mem, want, have->names[i], value_new_null(f->mem));
	value_put(f->mem, patch, "spec.selector", want);
	fix(f, "kubectl patch service -n %s %s-active --type merge -p %s", d->release.namespace_, d->release.fullname,
	    shell_word(f->mem, json_of(f, patch)));
}

/* The pods behind the Service; an endpoint that is not ready gets no traffic. */
static const char *behind(struct finding *f, const struct value *slices, size_t *n)
{
	const char *names = NULL;

	*n = 0;
	for (size_t i = 0; i < slices->n; i++) {
		const struct value *list = value_get(slices->items[i], "endpoints");

		for (size_t k = 0; list && list->type == VALUE_LIST && k < list->n; k++) {
			const struct value *one = list->items[k];

			if (!value_bool_or(one, "conditions.ready", true))
				continue;
			names = vault_and(f, names, value_text_or(one, "targetRef.name", "?"));
			(*n)++;
		}
	}
	return names;
}

static enum verdict judge_endpoints(const struct diag *d, struct finding *f)
{
	const struct vault_server *active = vault_active(d);
	size_t n;
	const char *names = behind(f, diag_vault(d)->slices, &n);

	evidence(f, "endpoints", "%s", names ? names : "none");
	evidence(f, "active", "%s", active ? active->name : "none");
	if (n == 1 && active && text_same(names, active->name)) {
		found(f, "'%s-active' leads to %s alone", d->release.fullname, names);
		return VERDICT_PASS;
	}
	if (n == 0)
		found(f, "'%s-active' leads nowhere", d->release.fullname);
	else
		found(f, "'%s-active' leads to %s, and %s is active", d->release.fullname, names, active ? active->name : "nobody");
	if (active)
		fix(f, "kubectl label pod -n %s %s vault-active=true --overwrite", d->release.namespace_, active->name);
	return VERDICT_FAIL;
}

JUDGE(judge_vault_service)
{
	const struct diag_vault *v = diag_vault(d);
	const struct value *have = value_at(v->service, "spec.selector");
	struct value *want = wanted_selector(d, f);

	if (!v->service) {
		found(f, "there is no Service '%s-active' (server.service.active.enabled is false): clients must find the active server "
		         "themselves", d->release.fullname);
		return VERDICT_INFO;
	}
	if (!have || !value_same(have, want)) {
		found(f, "the selector of '%s-active' is not the chart's", d->release.fullname);
		evidence(f, "selector", "%s", have ? json_of(f, have) : "none");
		evidence(f, "wanted", "%s", json_of(f, want));
		fix_selector(d, f, have, want);
		return VERDICT_FAIL;
	}
	if (vault_unheard(d, f))
		return VERDICT_UNKNOWN;
	if (vault_too_early(d, f))
		return VERDICT_SKIP;
	return judge_endpoints(d, f);
}
