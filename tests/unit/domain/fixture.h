/* Inputs as a user would give them on the command line, for the tests of domain/. */
#ifndef UNIT_DOMAIN_FIXTURE_H
#define UNIT_DOMAIN_FIXTURE_H

#include "core/text.h"
#include "domain/provision.h"
#include "fake/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct given {
	struct fake_host files;
	struct host host;
	struct arena mem;
	struct inputs in;
	struct err e;
};

static inline void given_init(struct given *g)
{
	*g = (struct given){ 0 };
	g->host = fake_host(&g->files);
}

static inline void given_release(struct given *g)
{
	inputs_release(&g->in);
	err_release(&g->e);
	fake_host_release(&g->files);
	arena_release(&g->mem);
}
SCOPE_END(given, struct given, given_release(v))

/* "key=value" each, as flags. A tag is given as "tags=key=value". */
static inline struct value *flags_of(struct arena *a, const char *const *settings)
{
	struct value *flags = value_new_map(a), *tags = NULL;

	for (; settings && *settings; settings++) {
		struct view text = view_text(*settings), name = view_cut(&text, '=');

		if (!view_is(name, "tags")) {
			value_set_text(a, flags, arena_view(a, name), arena_view(a, text));
			continue;
		}
		if (!tags)
			tags = value_set(a, flags, "tags", value_new_list(a));
		value_push(a, tags, value_new_view(a, text));
	}
	return flags;
}

/* 0, or -1 with g->e. config: a file that is there, NULL: none. */
static inline int give(struct given *g, const char *const *settings, const char *config)
{
	return inputs_read(&g->in, &g->mem, &g->host, flags_of(&g->mem, settings), config, view_text(NULL), &g->e);
}

#define GIVE(g, config, ...) give((g), (const char *const[]){ __VA_ARGS__, NULL }, (config))

/* Cluster 'prod', environment 'production', region 'eu-central-1', and what else is said. */
#define GIVE_ALL(g, ...) \
	GIVE((g), NULL, "cluster_name=prod", "environment=production", "region=eu-central-1", __VA_ARGS__)

/* The nth problem (from 0) of e; NULL when there are fewer. */
static inline const struct err *problem(const struct err *e, size_t n)
{
	while (e && n--)
		e = e->more;
	return e;
}

#endif
