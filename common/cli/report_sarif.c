/*
 * SARIF 2.1.0 (OASIS, sarif-schema-2.1.0.json): a rule a check, a result a
 * finding. There are no files here, so results carry logical locations, and the
 * fix stands in the message: SARIF's own fixes are edits of files.
 */
#include "cli/report.h"

#include "core/text.h"
#include "formats/json.h"

#define SARIF_SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

static struct value *put_map(struct arena *a, struct value *map, const char *name)
{
	return value_set(a, map, name, value_new_map(a));
}

static void put_message(struct arena *a, struct value *map, const char *name, const char *text)
{
	value_set_text(a, put_map(a, map, name), "text", text);
}

static struct value *rules_value(struct arena *a)
{
	struct value *list = value_new_list(a);
	const struct check *c;

	for (size_t i = 0; (c = check_at(i)); i++) {
		struct value *rule = value_push(a, list, value_new_map(a));

		value_set_text(a, rule, "id", c->id);
		put_message(a, rule, "shortDescription", c->title);
		put_message(a, rule, "fullDescription", c->decides);
		put_message(a, rule, "help", arena_printf(a, "To mend it: %s\nSource: %s", c->remedy, c->reference));
		value_set_text(a, put_map(a, rule, "properties"), "family", check_family_of(c)->name);
	}
	return list;
}

static size_t rule_index(const struct check *check)
{
	size_t i = 0;

	while (check_at(i) != check)
		i++;
	return i;
}

/* A level other than none goes with the kind "fail" alone (3.27.9, 3.27.10). */
static void put_verdict(struct arena *a, struct value *result, enum verdict v)
{
	static const struct { const char *kind, *level; } words[] = {
		[VERDICT_PASS] = { "pass", "none" }, [VERDICT_INFO] = { "informational", "none" },
		[VERDICT_WARN] = { "fail", "warning" }, [VERDICT_FAIL] = { "fail", "error" },
		[VERDICT_SKIP] = { "notApplicable", "none" }, [VERDICT_UNKNOWN] = { "open", "none" },
	};

	value_set_text(a, result, "kind", words[v].kind);
	value_set_text(a, result, "level", words[v].level);
}

static void put_location(struct arena *a, struct value *result, const struct report_cluster *c, const struct finding *f)
{
	struct value *location = value_push(a, value_set(a, result, "locations", value_new_list(a)), value_new_map(a));
	struct value *logical = value_push(a, value_set(a, location, "logicalLocations", value_new_list(a)), value_new_map(a));

	value_set_text(a, logical, "name", f->check->id);
	value_set_text(a, logical, "fullyQualifiedName",
	               arena_printf(a, "%s/%s/%s/%s", c->context, c->namespace_ ? c->namespace_ : "-", c->release ? c->release : "-",
	                            f->check->id));
	value_set_text(a, logical, "kind", "resource");
}

static struct value *result_value(struct arena *a, const struct report_cluster *c, const struct finding *f)
{
	struct value *result = value_new_map(a), *properties;
	const char *cause = *f->cause ? f->cause : f->check->title;

	value_set_text(a, result, "ruleId", f->check->id);
	value_set_int(a, result, "ruleIndex", (int64_t)rule_index(f->check));
	put_verdict(a, result, f->verdict);
	put_message(a, result, "message", f->fix ? arena_printf(a, "%s\n\nfix:\n%s", cause, f->fix) : cause);
	put_location(a, result, c, f);
	properties = put_map(a, result, "properties");
	value_set_text(a, properties, "verdict", verdict_name(f->verdict));
	for (const struct evidence *one = f->evidence; one; one = one->next) {
		struct value *list = (struct value *)value_get(properties, "evidence");

		if (!list)
			list = value_set(a, properties, "evidence", value_new_list(a));
		value_push(a, list, value_new_text(a, arena_printf(a, "%s: %s", one->name, one->text)));
	}
	if (f->right)
		value_set_text(a, properties, "right", f->right);
	if (f->blocked_by)
		value_set_text(a, properties, "blockedBy", f->blocked_by->id);
	return result;
}

/* A run a cluster. */
static struct value *run_value(struct arena *a, const struct report *r, const struct report_cluster *c)
{
	struct value *run = value_new_map(a), *driver = put_map(a, put_map(a, run, "tool"), "driver"), *results;

	value_set_text(a, driver, "name", "kubectl-vault_check");
	value_set_text(a, driver, "version", VA_VERSION);
	value_set(a, driver, "rules", rules_value(a));
	if (r->many)
		value_set_text(a, put_map(a, run, "automationDetails"), "id", arena_printf(a, "%s/", c->context));
	value_set_text(a, run, "columnKind", "unicodeCodePoints");
	results = value_set(a, run, "results", value_new_list(a));
	for (size_t i = 0; i < c->findings->n; i++)
		value_push(a, results, result_value(a, c, &c->findings->at[i]));
	return run;
}

void report_sarif(struct buf *out, const struct report *r)
{
	AUTO(arena) struct arena a = ARENA_INIT;
	struct value *root = value_new_map(&a), *runs;

	value_set_text(&a, root, "$schema", SARIF_SCHEMA);
	value_set_text(&a, root, "version", "2.1.0");
	runs = value_set(&a, root, "runs", value_new_list(&a));
	for (size_t i = 0; i < r->n; i++)
		value_push(&a, runs, run_value(&a, r, &r->at[i]));
	va_json_print(out, root, true);
}
