/* vault: versions, certificates, audit devices, and room for them. */
#include "domain/check_vault.h"

#include "core/text.h"
#include "domain/version_table.h"
#include "formats/iso8601.h"
#include "formats/x509.h"

enum { DAY_S = 86400, SOON_DAYS = 30, DISK_WARN_PERCENT = 15, DISK_FAIL_PERCENT = 5 };

/* ---- version ---- */

static const char *version_of(const struct vault_server *s)
{
	if (s->health_read && s->health.version)
		return s->health.version;
	return s->seal_read ? s->seal.version : NULL;
}

/* What the table says of it; the worst that it says. */
static enum version_weight look_up(struct finding *f, const char *product, const char *version, const char **text)
{
	enum version_weight worst = VERSION_NOTE;

	for (const struct version_row *r = NULL; (r = version_next(product, version, r));) {
		evidence(f, arena_printf(f->mem, "%s %s", product, version), "%s (%s)", r->text, r->reference);
		if (r->weight <= worst)
			continue;
		worst = r->weight;
		*text = r->text;
	}
	return worst;
}

/* "vault-0.34.1" */
static const char *chart_version(const struct diag *d)
{
	const char *chart = object_label(d->release.statefulset, "helm.sh/chart");

	return text_starts(chart ? chart : "", "vault-") ? chart + strlen("vault-") : NULL;
}

JUDGE(judge_vault_version)
{
	const struct diag_vault *v = diag_vault(d);
	const char *first = NULL, *text = NULL, *chart = chart_version(d);
	enum version_weight worst = VERSION_NOTE, one;
	bool mixed = false;

	evidence(f, "table of versions", "as of " VERSION_TABLE_DATE);
	for (size_t i = 0; v && i < v->n; i++) {
		const char *version = version_of(&v->at[i]);

		if (!version)
			continue;
		if (!first)
			worst = look_up(f, "vault", version, &text);
		first = first ? first : version;
		mixed |= !text_same(first, version);
		evidence(f, v->at[i].name, "%s", version);
	}
	one = chart ? look_up(f, "chart", chart, &text) : VERSION_NOTE;
	worst = one > worst ? one : worst;
	if (!first && vault_unheard(d, f))
		return VERDICT_UNKNOWN;
	if (worst > VERSION_NOTE) {
		found(f, "Vault %s%s%s: %s (as of " VERSION_TABLE_DATE ")", first, chart ? ", chart " : "", chart ? chart : "", text);
		return worst == VERSION_BREAKS ? VERDICT_FAIL : VERDICT_WARN;
	}
	if (mixed) {
		found(f, "the servers run different versions: an upgrade is under way, or has been left half done");
		fix(f, "kubectl get pods -n %s -l app.kubernetes.io/instance=%s,component=server -L vault-version,vault-active", d->release.namespace_,
		    d->release.name);
		return VERDICT_WARN;
	}
	found(f, "Vault %s%s%s", first, chart ? ", chart " : "", chart ? chart : "");
	return VERDICT_PASS;
}

/* ---- certificate ---- */

struct certificate_view {
	enum verdict verdict;
	const char *text;
};

static void worse(struct certificate_view *view, enum verdict verdict, const char *text)
{
	if (view->text && verdict <= view->verdict)
		return;
	view->verdict = verdict;
	view->text = text;
}

static void judge_dates(struct finding *f, const struct vault_server *s, const struct certificate *c, int64_t now_s,
                        struct certificate_view *view)
{
	char until[ISO8601_TEXT];

	iso8601_print(c->not_after_s * 1000, until);
	evidence(f, s->name, "for %s, by %s, until %s", c->subject, c->issuer, until);
	if (now_s < c->not_before_s)
		worse(view, VERDICT_FAIL, arena_printf(f->mem, "the certificate of %s is not valid yet", s->name));
	else if (now_s > c->not_after_s)
		worse(view, VERDICT_FAIL, arena_printf(f->mem, "the certificate of %s has expired (%s)", s->name, until));
	else if (c->not_after_s - now_s < SOON_DAYS * DAY_S)
		worse(view, VERDICT_WARN, arena_printf(f->mem, "the certificate of %s expires in %lld days (%s)", s->name,
		                                       (long long)((c->not_after_s - now_s) / DAY_S), until));
}

/* Inside the pods it is VAULT_ADDR's name that is checked; clients come by the Services' names. */
static void judge_names(const struct diag *d, struct finding *f, const struct vault_server *s, const struct certificate *c,
                        struct certificate_view *view)
{
	const char *full = d->release.fullname, *ns = d->release.namespace_;
	const char *const wanted[] = { "127.0.0.1", arena_printf(f->mem, "%s.%s.svc", full, ns),
		                           arena_printf(f->mem, "%s-active.%s.svc", full, ns) };
	const char *missing = NULL;

	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		if (!x509_speaks_for(c, wanted[i]))
			missing = vault_and(f, missing, wanted[i]);
	if (missing)
		worse(view, VERDICT_WARN, arena_printf(f->mem, "the certificate of %s does not speak for %s", s->name, missing));
}

static void judge_chain(const struct diag *d, struct finding *f, const struct vault_server *s, struct certificate_view *view)
{
	const char *path = host_env(d->host, "VAULT_CACERT");
	AUTO(buf) struct buf pem = BUF_MAX(1 << 20);
	AUTO(err) struct err e = { 0 };

	if (!path) {
		evidence(f, "chain", "not checked: VAULT_CACERT names the authority");
		return;
	}
	if (host_read_file(d->host, path, &pem, &e) < 0 || x509_verify(view_text(s->chain), buf_bytes(&pem), &e) < 0)
		worse(view, VERDICT_FAIL, arena_printf(f->mem, "the certificate of %s does not lead to '%s': %s", s->name, path, e.text));
}

static void judge_one_certificate(const struct diag *d, struct finding *f, const struct vault_server *s,
                                  struct certificate_view *view)
{
	struct certificate chain[X509_CHAIN_MAX];
	AUTO(err) struct err e = { 0 };
	int64_t now_s = host_wall_ms(d->host) / 1000;
	size_t n;

	if (x509_read(f->mem, view_text(s->chain), chain, &n, &e) < 0) {
		worse(view, VERDICT_FAIL, arena_printf(f->mem, "the certificate of %s: %s", s->name, e.text));
		return;
	}
	for (size_t i = 0; i < n; i++)
		judge_dates(f, s, &chain[i], now_s, view);
	judge_names(d, f, s, &chain[0], view);
	judge_chain(d, f, s, view);
}

JUDGE(judge_vault_certificate)
{
	const struct diag_vault *v = diag_vault(d);
	struct certificate_view view = { VERDICT_PASS, NULL };
	size_t n = 0;

	if (!vault_by_tls(d))
		return not_applicable(f, "the listener speaks plain http");
	for (size_t i = 0; v && i < v->n; i++) {
		if (!v->at[i].chain)
			continue;
		judge_one_certificate(d, f, &v->at[i], &view);
		n++;
	}
	if (n == 0)
		return vault_unheard(d, f) ? VERDICT_UNKNOWN : unknown(f, NULL, "no server showed a certificate");
	if (view.text) {
		found(f, "%s", view.text);
		return view.verdict;
	}
	found(f, "the certificates of %zu servers are valid, and speak for the names that are used", n);
	return VERDICT_PASS;
}

/* ---- audit ---- */

/* The token goes in by stdin: an argument would stand in process lists and in the API server's audit record. */
static void fix_audit(const struct diag *d, struct finding *f, const char *pod, const char *args)
{
	fix(f, "printf %%s \"${VAULT_TOKEN:-$(cat ~/.vault-token)}\" | kubectl exec -i -n %s %s -c vault -- sh -c 'VAULT_TOKEN=$(cat) "
	       "vault audit enable %s'", d->release.namespace_, pod, args);
}

JUDGE(judge_vault_audit)
{
	const struct diag_vault *v = diag_vault(d);
	const struct vault_server *active = vault_active(d);
	size_t n_files = 0, n_stdout = 0;

	if (vault_unheard(d, f))
		return VERDICT_UNKNOWN;
	if (vault_too_early(d, f))
		return VERDICT_SKIP;
	if (!v->audit && !d->options.token_given)
		return not_applicable(f, "takes a token of Vault's: VAULT_TOKEN, ~/.vault-token or --token-file");
	if (!v->audit)
		return unknown(f, NULL, "no server is active whom one could ask");
	for (size_t i = 0; i < v->audit->n; i++) {
		const struct value *one = v->audit->items[i];
		const char *path = value_text_or(one, "options.file_path", "");

		evidence(f, v->audit->names[i], "%s %s", value_text_or(one, "type", ""), path);
		n_files += *path && !text_same(path, "stdout") && !text_same(path, "discard");
		n_stdout += text_same(path, "stdout");
	}
	if (v->audit->n == 0) {
		found(f, "no audit device is on: nobody will know who read what");
		fix_audit(d, f, active->name, "file file_path=stdout");
		return VERDICT_WARN;
	}
	if (n_files > 0 && v->audit->n == 1) {
		found(f, "the only audit device writes to a file: when its disk is full, Vault answers no request any more");
		fix_audit(d, f, active->name, "-path=stdout file file_path=stdout");
		return VERDICT_WARN;
	}
	found(f, "%zu audit device%s on%s", v->audit->n, v->audit->n == 1 ? " is" : "s are", n_stdout ? ", with stdout among them" : "");
	return VERDICT_PASS;
}

/* ---- disk ---- */

static const struct value *volumes_of(const struct diag *d, const struct vault_server *s)
{
	const struct value *pods = value_get(s->stats, "pods");

	for (size_t i = 0; pods && pods->type == VALUE_LIST && i < pods->n; i++)
		if (text_same(value_text_or(pods->items[i], "podRef.name", ""), s->name) &&
		    text_same(value_text_or(pods->items[i], "podRef.namespace", ""), d->release.namespace_))
			return value_get(pods->items[i], "volume");
	return NULL;
}

JUDGE(judge_vault_disk)
{
	const struct diag_vault *v = diag_vault(d);
	int64_t least = 100;
	const char *fullest = NULL;

	if (value_count(d->release.statefulset, "spec.volumeClaimTemplates") == 0)
		return not_applicable(f, "the pods have no disks of their own");
	for (size_t i = 0; v && i < v->n; i++) {
		const struct value *list = volumes_of(d, &v->at[i]);

		for (size_t k = 0; list && list->type == VALUE_LIST && k < list->n; k++) {
			const struct value *one = list->items[k];
			int64_t all = value_int_or(one, "capacityBytes", 0), left = value_int_or(one, "availableBytes", 0);
			const char *claim = value_text_or(one, "pvcRef.name", NULL);

			if (!claim || all <= 0)
				continue;
			evidence(f, claim, "%lld of %lld MiB free", (long long)(left >> 20), (long long)(all >> 20));
			if (!fullest || left * 100 / all < least) {
				least = left * 100 / all;
				fullest = claim;
			}
		}
	}
	if (!fullest)
		return unknown(f, NULL, "no kubelet told how full the disks are");
	if (least < DISK_WARN_PERCENT) {
		found(f, "the disk '%s' has %lld%% left; when an audit disk is full, Vault answers no request any more", fullest,
		      (long long)least);
		fix(f, "kubectl get pvc -n %s %s", d->release.namespace_, fullest);
		return least < DISK_FAIL_PERCENT ? VERDICT_FAIL : VERDICT_WARN;
	}
	found(f, "the fullest disk has %lld%% left", (long long)least);
	return VERDICT_PASS;
}
