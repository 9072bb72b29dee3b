/*
 * What an export of a secrets engine says of itself: a small JSON file beside
 * the encrypted one, without anything secret in it. Whoever exports writes it;
 * whoever is about to remove a mount for good wants to see it.
 *
 *	{
 *	  "format": "helm-vault-aws-export/1",
 *	  "vault": "<cluster_id of sys/seal-status>",
 *	  "mount": "attic",
 *	  "time": "2026-11-24T12:00:00Z",
 *	  "paths": 3,
 *	  "listing": "<SHA-256 of all paths in it, sorted by their bytes, each with a line break behind>",
 *	  "file": "attic.age",
 *	  "sha256": "<SHA-256 of that file, which is named from the record's folder>"
 *	}
 *
 * Keys that are not known are left alone: later formats say more. What it cannot prove is that the file holds what the
 * record says; what it can is checked: this Vault, this mount, now, the very file, and no path that the export has not.
 */
#ifndef DOMAIN_EXPORT_RECORD_H
#define DOMAIN_EXPORT_RECORD_H

#include "core/digest.h"
#include "core/host.h"
#include "core/value.h"

#define EXPORT_FORMAT "helm-vault-aws-export/1"

enum { EXPORT_RECORD_MAX = 64 << 10, EXPORT_AGE_MS = 3600000, EXPORT_FILE_MAX = 256 << 20 };

struct export_record {
	const char *path;                    /* where it was read; names are borrowed from the tree */
	const char *vault, *mount, *listing, *file, *sha256;
	int64_t time_ms, paths;
};

/* What is there now. */
struct export_subject {
	const char *vault, *mount;
	size_t paths;
	char listing[SHA256_HEX];
};

/* ERR_CONFIG (ERR_ABSENT becomes it): no such file, or no record, with all that is wrong in it. */
MUST_CHECK int export_record_read(struct arena *a, const struct host *host, const char *path, struct export_record *out,
                                  struct err *e);

/* The same of its text, for which nothing is read. */
MUST_CHECK int export_record_parse(struct arena *a, struct view text, const char *path, struct export_record *out,
                                   struct err *e);

/* ERR_GUARD with all that stands against it: an export of something else, too old, of another listing, without its file. */
MUST_CHECK int export_record_covers(const struct export_record *r, const struct host *host, const struct export_subject *now,
                                    struct err *e);

/* paths: sorted here. */
void export_listing(const char **paths, size_t n, char out[SHA256_HEX]);

#endif
