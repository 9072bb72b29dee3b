/* What eso_render*.c share: one ExternalSecret at work. For them alone. */
#ifndef DOMAIN_ESO_RENDER_PART_H
#define DOMAIN_ESO_RENDER_PART_H

#include "domain/eso_render.h"

struct eso_one {
	struct eso_render *r;
	const struct value *object, *spec, *target;
	const char *title, *namespace_;
	bool may_lack;                  /* deletionPolicy is not Retain: what is not in Vault is passed over */
	struct value *values;           /* of data and dataFrom: texts, bytes among them; NULL: not known, for want of data */
	struct err *e;
};

/* ---- pieces of manifests (eso_render_shape.c) ---- */

/* Every name of map is one of names (NULL at their end), else the error says the nearest. map may be NULL. */
void eso_names(struct eso_one *one, const struct value *map, const char *const *names);
/* The map or list there; NULL: there is none, or something else, with the error. */
const struct value *eso_map(struct eso_one *one, const struct value *map, const char *name);
const struct value *eso_list(struct eso_one *one, const struct value *map, const char *name);
/* The text there, as the API server takes it; NULL: there is none. needed: then that is an error as well. */
const struct value *eso_text(struct eso_one *one, const struct value *map, const char *name, bool needed);
/* One of words; the first where there is none. */
const char *eso_choice(struct eso_one *one, const struct value *map, const char *name, const char *const *words);
/* An error at v. Always -1. */
int eso_wrong(struct eso_one *one, const struct value *v, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Why a Secret cannot have this key, as a clause; NULL: it can. */
const char *eso_key_flaw(const char *key);
/* Whether it can; else the error. */
bool eso_key_fits(struct eso_one *one, const struct value *at, const char *key);
/*
 * What text makes of dot (gotemplate.h), in the arena; NULL with the errors, each where it stands in the file, and where dot
 * is NULL. what: "the template of 'url'".
 */
const struct value *eso_template(struct eso_one *one, const struct value *text, const struct value *dot, const char *what);

/* ---- what Vault gives (eso_render_kv.c) ---- */

/* "secret/app/database": where `key` is read; NULL with the error. source: the item that may have a sourceRef. */
const char *eso_kv_path(struct eso_one *one, const struct value *source, const struct value *key);
/* The engine's path, with its slash; NULL with the error. */
const char *eso_kv_engine(struct eso_one *one, const struct value *source, const struct value *at);
/* What is there, a map; NULL: nothing, with the error or, where it may lack, the warning. */
const struct value *eso_kv_read(struct eso_one *one, const char *path, const struct value *key);
/* The value of a property, or all as JSON without one; NULL with the error. */
const struct value *eso_kv_value(struct eso_one *one, const struct value *secret, const struct value *property);
/* A property's bytes, as the operator takes them. */
const struct value *eso_kv_bytes(struct arena *mem, const struct value *v);
/* What a remoteRef or extract may say, and is not rendered: errors, and a warning of a version, since the data has one. */
void eso_ref_outside(struct eso_one *one, const struct value *ref);
/* Decoded as decodingStrategy of ref says; NULL with the error. */
const struct value *eso_decode(struct eso_one *one, const struct value *v, const struct value *ref);

/* ---- dataFrom (eso_render_from.c) ---- */

/* Reads spec.dataFrom into one->values. */
void eso_data_from(struct eso_one *one);

/* ---- the Secret (eso_render_target.c) ---- */

/* The Secret that values make with the target's template; errors go to one->e. Without values it is of no use. */
struct value *eso_target_secret(struct eso_one *one);

#endif
