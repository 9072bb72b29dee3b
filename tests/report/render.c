/*
 * Prints a made-up examination: render FORMAT [many|healthy] [COLUMNS]. Its texts are those of an unfriendly cluster:
 * mark-up, quotes, control characters, bytes that are no UTF-8.
 */
#include "cli/report.h"
#include "core/text.h"
#include "formats/json.h"
#include "formats/yaml.h"

#include <stdlib.h>

enum { FINDINGS_MAX = 16 };

static struct finding *add(struct findings *f, struct arena *a, const char *id, enum verdict v, const char *cause)
{
	struct finding *one = &f->at[f->n++];

	*one = (struct finding){ .check = check_find(id), .mem = a, .verdict = v, .cause = cause };
	if (!one->check) {
		fprintf(stderr, "there is no check '%s'\n", id);
		exit(2);
	}
	f->count[v]++;
	if (v == VERDICT_FAIL && !f->root)
		f->root = one;
	return one;
}

static void fill_healthy(struct findings *f, struct arena *a)
{
	add(f, a, "release", VERDICT_PASS, "the release 'vault' in 'vault', 3 replicas");
	add(f, a, "config", VERDICT_PASS, "storage dynamodb, seal awskms");
	add(f, a, "irsa-account", VERDICT_PASS, "'vault' names the role 'prod-vault'");
	add(f, a, "irsa-role", VERDICT_PASS, "'prod-vault' exists");
	add(f, a, "kms-key", VERDICT_PASS, "the key is enabled");
	add(f, a, "dynamodb-table", VERDICT_PASS, "'prod-vault' is ACTIVE");
}

static void fill_broken(struct findings *f, struct arena *a)
{
	struct finding *one;

	add(f, a, "release", VERDICT_PASS, "the release 'vault' in 'vault', 3 replicas");
	one = add(f, a, "config", VERDICT_WARN, "the configuration differs from what the pods were started with, and the "
	          "next start of a pod will take it over");
	one->fix = "helm vault-aws roll vault -n vault";
	add(f, a, "irsa-account", VERDICT_PASS, "'vault' names the role 'prod-vault'");
	one = add(f, a, "irsa-role", VERDICT_FAIL, "the role '<script>alert(1)</script>' & \"quoted\" \033[31mred\033[0m \xff does not exist");
	evidence(one, "caller", "arn:aws:iam::111122223333:user/admin");
	evidence(one, "message", "User: arn:aws:iam::111122223333:user/admin is not authorized to perform: iam:GetRole on "
	         "resource: role prod-vault because no identity-based policy allows the iam:GetRole action");
	fix(one, "helm vault-aws apply --environment 'prod'");
	fix(one, "kubectl delete pod -n vault -l app.kubernetes.io/instance=vault,component=server");
	one = add(f, a, "kms-key", VERDICT_UNKNOWN, "reading the key 'c5ab26fb': not allowed (403)");
	one->right = "kms:DescribeKey";
	one = add(f, a, "kms-rotation", VERDICT_UNKNOWN, "reading the key 'c5ab26fb': not allowed (403)");
	one->right = "kms:DescribeKey";
	add(f, a, "kms-key-policy", VERDICT_UNKNOWN, "reading the key 'c5ab26fb': not allowed (403)");
	one = add(f, a, "dynamodb-table", VERDICT_SKIP, "skipped: 'irsa-role' comes first");
	one->blocked_by = check_find("irsa-role");
}

static struct diag sample_diag(struct arena *a)
{
	struct diag d = { .mem = a };

	d.release = (struct release){ .name = "vault", .namespace_ = "vault", .fullname = "vault", .service_account = "vault", .replicas = 3 };
	d.pods.n = 3;
	d.pods.at = ARENA_ARRAY(a, struct pod, 3);
	for (size_t i = 0; i < 3; i++)
		d.pods.at[i].deleting = true;   /* their environment is of no interest here */
	d.role_name = "prod-vault-us-east-1";
	d.config_presence = DIAG_PRESENT;
	d.facts.key_id = "arn:aws:kms:us-east-1:111122223333:key/c5ab26fb-7f1f-4562-bb9c-a9f79279f436";
	d.facts.table = "prod-vault";
	return d;
}

static void print_value(struct buf *out, struct arena *a, const struct report *r, bool yaml)
{
	AUTO(err) struct err e = { 0 };
	const struct value *v = report_value(a, r);

	if (!yaml) {
		va_json_print(out, v, true);
	} else if (va_yaml_print(out, v, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
}

static void print(struct buf *out, struct arena *a, const char *format, const struct report *r, size_t columns)
{
	struct report_look look = {
		.wide = text_same(format, "wide"), .utf8 = !text_same(format, "ascii"), .color = text_same(format, "color"),
		.columns = columns,
	};

	if (text_same(format, "json") || text_same(format, "yaml"))
		print_value(out, a, r, text_same(format, "yaml"));
	else if (text_same(format, "junit"))
		report_junit(out, r);
	else if (text_same(format, "sarif"))
		report_sarif(out, r);
	else if (text_same(format, "prometheus"))
		report_prometheus(out, r);
	else if (text_same(format, "html"))
		report_html(out, r);
	else
		report_table(out, r, &look);
}

int main(int argc, char **argv)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	AUTO(buf) struct buf out = BUF_MAX(REPORT_TEXT_MAX);
	AUTO(err) struct err none = { 0 };
	struct diag diag = sample_diag(&a), empty = { .mem = &a };
	struct findings findings[3];
	struct report_cluster clusters[3];
	struct chain chains[3];
	const char *format = argc > 1 ? argv[1] : "table", *which = argc > 2 ? argv[2] : "";
	struct report r = { .at = clusters, .n = 1, .many = text_same(which, "many"), .wall_ms = 1795500000000 };

	for (size_t i = 0; i < COUNT_OF(findings); i++)
		findings[i] = (struct findings){ .at = ARENA_ARRAY(&a, struct finding, FINDINGS_MAX) };
	err_set(&none, ERR_USAGE, 0, "no release of Vault was found: looked in all namespaces");
	fill_broken(&findings[0], &a);
	fill_healthy(&findings[1], &a);
	for (size_t i = 0; i < COUNT_OF(findings); i++)
		chain_read(&chains[i], &a, i < 2 ? &diag : &empty, &findings[i]);
	clusters[0] = (struct report_cluster){
		"arn:aws:eks:us-east-1:111122223333:cluster/prod", "vault", "vault", &chains[0], &findings[0], NULL
	};
	clusters[1] = (struct report_cluster){ "staging", "vault", "vault", &chains[1], &findings[1], NULL };
	clusters[2] = (struct report_cluster){ "tools", NULL, NULL, &chains[2], &findings[2], &none };
	if (r.many)
		r.n = COUNT_OF(clusters);
	else if (text_same(which, "healthy"))
		r.at = &clusters[1];
	print(&out, &a, format, &r, argc > 3 ? strtoul(argv[3], NULL, 10) : 80);
	fwrite(buf_str(&out), 1, out.n, stdout);
	err_release(&none);
	return 0;
}
