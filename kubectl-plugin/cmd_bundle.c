#include "commands.h"

#include "cli/errors.h"
#include "core/text.h"
#include "domain/bundle.h"
#include "formats/iso8601.h"
#include "print.h"

enum { TEXT_COLUMNS = 120 };

struct bundle_options {
	const char *file;
	bool no_proof;
};

static const struct opt rows[] = {
	FILE_NAME(struct bundle_options, file, 'f', "file", "FILE", "write the archive there (default vault-check-TIME.tar)"),
	FLAG(struct bundle_options, no_proof, 0, "no-proof", "try nothing as the role: only look"),
	OPT_END
};

/* The report in both forms, as `-o wide` and `-o json` have it. */
static struct bundle_report both_reports(const struct examiner *x, struct arena *a)
{
	AUTO(buf) struct buf text = BUF_MAX(REPORT_TEXT_MAX);
	struct report r = report_of(x, a, false, FAIL_ON_FAIL);
	struct report_look look = { .wide = true, .utf8 = true, .columns = TEXT_COLUMNS };

	report_table(&text, &r, &look);
	return (struct bundle_report){ .text = arena_text(a, buf_str(&text)), .value = report_value(a, &r) };
}

static int write_archive(struct examiner *x, const struct bundle *b, const char *file, struct err *e)
{
	AUTO(buf) struct buf archive = BUF_MAX(BUNDLE_MAX);
	AUTO(arena) struct arena a = ARENA_INIT;
	struct bundle_report report = both_reports(x, &a);
	int64_t wall_ms = host_wall_ms(&x->app->host);
	char time[AMZ_DATE_TEXT];
	const char *folder;

	amz_date_print(wall_ms, time);
	folder = arena_printf(&a, "vault-check-%s", time);
	if (!file)
		file = arena_printf(&a, "%s.tar", folder);
	if (bundle_write(&archive, b, folder, &report, wall_ms, e) < 0 ||
	    host_write_file(&x->app->host, file, buf_bytes(&archive), 0600, e) < 0)
		return err_while(e, "writing the archive '%s'", file);
	fprintf(x->app->out, "%s\n", file);
	talk_printf(x->app, "%zu bytes, without tokens, keys and passwords; look through it before you hand it on: tar -xf %s",
	            archive.n, file);
	return 0;
}

static int gather(struct examiner *x, const char *file, struct err *e)
{
	struct examination *one = &x->at[0];
	struct bundle b = { .diag = &one->diag, .findings = &one->findings };
	struct track tracks[8] = { 0 };
	struct graph g = { bundle_steps, n_bundle_steps, &b, tracks };
	int result;

	bundle_prepare(&b);
	result = examiner_loop(x, &g, e);
	if (result == 0)
		result = write_archive(x, &b, file, e);
	graph_release_tracks(&g);
	bundle_release(&b);
	return result;
}

static int run(struct app *app, struct err *e)
{
	const struct bundle_options *o = app->options;
	struct check_choice choice = { .proof = !o->no_proof };
	struct diag_options options = {
		.namespace_ = app->kube.namespace_, .all_namespaces = app->all_namespaces, .proof = !o->no_proof,
	};
	struct examiner x = { 0 };
	int result = examiner_open(&x, app, &choice, &options, NULL, e);

	if (result == 0)
		result = examiner_run(&x, e);
	if (result == 0 && x.at[0].why.kind) {
		err_copy(e, &x.at[0].why);
		result = -1;
	}
	if (result == 0)
		result = gather(&x, o->file, e);
	examiner_release(&x);
	return result;
}

const struct command cmd_bundle = {
	.name = "bundle", .group = "Check", .args = "",
	.summary = "write a support archive: findings, objects, events and logs without secrets",
	.details = "Runs all checks and writes what they found into a tar archive, with the release's ConfigMap, StatefulSet, "
	           "service account and pods, the events of its namespace and the ends of its logs. Secrets of Kubernetes are "
	           "not read; tokens, keys, passwords and unknown variables are taken out of the rest. The file's name is "
	           "printed; whether the checks passed does not change the exit code.",
	.examples = "kubectl vault-check bundle\n"
	            "kubectl vault-check bundle -n vault --file /tmp/vault.tar\n",
	.takes = TAKES_KUBE | TAKES_INPUTS, .rows = rows, .options_size = sizeof(struct bundle_options), .run = run,
};
