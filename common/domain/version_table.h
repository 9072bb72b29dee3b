/*
 * Versions that are known to be bad, with the date of the knowledge: of Vault
 * and of the chart. A row holds for versions from `from` up to, not including,
 * `before`.
 */
#ifndef DOMAIN_VERSION_TABLE_H
#define DOMAIN_VERSION_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define VERSION_TABLE_DATE "2026-11-24"

enum version_weight { VERSION_NOTE, VERSION_WARNS, VERSION_BREAKS };

struct version_row {
	const char *product;        /* "vault", "chart" */
	const char *from, *before;  /* NULL: open */
	enum version_weight weight;
	const char *text, *reference;
};

extern const struct version_row version_rows[];
extern const size_t n_version_rows;

/* "1.14.2" against "1.9.10", numbers as numbers; "+ent" and the like do not count, "-rc1" is before the version. <0, 0, >0. */
int version_compare(const char *a, const char *b);

/* The next row after `after` (NULL: the first) that speaks of this version; NULL: none. */
const struct version_row *version_next(const char *product, const char *version, const struct version_row *after);

#endif
