/*
 * Whether a port can be reached, as a container sees it: a shell script that
 * tries the tools that an image has (nc, wget, curl, bash, at last vault) until
 * one can tell, and what it prints.
 *
 *	sh -c SCRIPT sh HOST PORT
 *
 * It starts nothing but these processes, takes half a minute at most, and no
 * secret is on their command lines; none of the container's goes out.
 */
#ifndef DOMAIN_PROBE_H
#define DOMAIN_PROBE_H

#include "core/arena.h"

enum probe_word {
	PROBE_UNREAD,        /* not asked */
	PROBE_OPEN,          /* somebody answered there */
	PROBE_REFUSED, PROBE_TIMEOUT, PROBE_UNREACHABLE,
	PROBE_NO_DNS,        /* no address for the name */
	PROBE_NO_TOOL,       /* neither a shell nor any of the tools, or none that works */
	PROBE_UNCLEAR        /* tools, but none that could tell */
};

struct probe {
	const char *host;
	unsigned port;
	enum probe_word word;
	const char *tool, *said;  /* who told, and its own words on one line; NULL: nothing */
};

extern const char probe_script[];

/* The script's output: a line "WORD TOOL", then the tool's words. Anything else is PROBE_UNCLEAR. Fills word, tool and said. */
void probe_read(struct arena *a, struct view text, struct probe *out);

/* The beginning of text on one line, with nothing but printable ASCII; NULL: nothing is left. */
const char *probe_line(struct arena *a, struct view text);

#endif
