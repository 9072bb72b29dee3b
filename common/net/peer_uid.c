#include "net/peer_uid.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UID_FIELD = 7, FIELD_MAX = 24 };

/* The next field of a line; its blanks are skipped. */
static struct view next_field(struct view *line)
{
	struct view field;

	while (line->n && *line->p == ' ')
		*line = view_of(line->p + 1, line->n - 1);
	field = view_cut(line, ' ');
	return field;
}

/* The kernel prints the address as one number of its own byte order (net/ipv4/tcp_ipv4.c, get_tcp4_sock). */
bool peer_uid(struct view table, unsigned peer, unsigned own, unsigned *uid)
{
	char from[FIELD_MAX], to[FIELD_MAX];

	snprintf(from, sizeof(from), "%08X:%04X", htonl(INADDR_LOOPBACK), peer);
	snprintf(to, sizeof(to), "%08X:%04X", htonl(INADDR_LOOPBACK), own);
	while (table.n) {
		struct view line = view_cut(&table, '\n'), fields[UID_FIELD + 1];
		char number[FIELD_MAX], *end;
		unsigned long n;

		for (size_t i = 0; i <= UID_FIELD; i++)
			fields[i] = next_field(&line);
		if (!view_is(fields[1], from) || !view_is(fields[2], to) || !fields[UID_FIELD].n || fields[UID_FIELD].n >= FIELD_MAX)
			continue;
		memcpy(number, fields[UID_FIELD].p, fields[UID_FIELD].n);
		number[fields[UID_FIELD].n] = '\0';
		n = strtoul(number, &end, 10);
		if (*end || n > UINT32_MAX)
			continue;
		*uid = (unsigned)n;
		return true;
	}
	return false;
}
