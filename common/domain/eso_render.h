/*
 * ExternalSecrets to the Secrets that the operator would write, without it, a
 * cluster and Vault: what Vault would hold is given. As External Secrets 0.20.4
 * does it (pkg/controllers/externalsecret, pkg/provider/vault, pkg/esutils,
 * pkg/template/v2), with templates and expressions in the subsets of
 * formats/gotemplate.h and formats/goregexp.h. What lies outside, and what would
 * keep the operator from writing, is an error with its place; nothing is guessed.
 *
 *	struct eso_render r = { .mem = &wiped, .files = files, .n_files = n, .objects = objects, .data = data, .path = "secret" };
 *
 *	eso_render_check_data(&r, e)
 *	eso_render_all(&r, e)
 *	for (i = 0; i < r.secrets->n; i++) ... r.secrets->items[i]
 *
 * What only the cluster knows is left out: the owner reference, and the hashes that the operator keeps in metadata.
 */
#ifndef DOMAIN_ESO_RENDER_H
#define DOMAIN_ESO_RENDER_H

#include "domain/eso_manifest.h"

struct eso_render {
	struct arena *mem;              /* of values: whoever gave it wipes it */
	const struct manifest *files;   /* whose objects they are, for places in templates */
	size_t n_files;
	const struct value *objects;    /* ExternalSecrets; stores and ConfigMaps that they name; others */
	const struct value *data;       /* "secret/app/database" to a map of properties */
	const char *path;               /* of the engine, for stores that are not among the objects */
	bool show_values;               /* else each value is said by its length: "<12 bytes>", which no API server takes */

	struct value *secrets;          /* what came of it: a list of Secrets */
	struct err warnings;            /* what is written, but probably not meant; whoever gave r releases them */
};

/* ERR_CONFIG: all that cannot be what Vault holds, each with its place. */
MUST_CHECK int eso_render_check_data(const struct eso_render *r, struct err *e);

/* ERR_CONFIG: all that is wrong in all ExternalSecrets, each with its place; no value is in an error or warning. */
MUST_CHECK int eso_render_all(struct eso_render *r, struct err *e);

#endif
