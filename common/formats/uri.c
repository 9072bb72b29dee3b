#include "formats/uri.h"

#include "core/text.h"
#include "formats/number.h"

#include <arpa/inet.h>
#include <ctype.h>

static bool unreserved(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.' || c == '~';
}

void uri_encode(struct buf *out, struct view text, bool keep_slash)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (unreserved(c) || (keep_slash && c == '/'))
			buf_char(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

int uri_decode(struct buf *out, struct view text, bool plus, struct err *e)
{
	size_t before = out->n;

	for (size_t i = 0; i < text.n; i++) {
		int64_t code = text.p[i];

		if (plus && code == '+')
			code = ' ';
		if (code == '%') {
			if (text.n - i < 3 || !isxdigit((unsigned char)text.p[i + 1]) ||
				!number_int(view_of(text.p + i + 1, 2), 16, &code)) {
				buf_cut(out, before);
				return err_set(e, ERR_REMOTE, 0, "a '%%' without two hexadecimal digits");
			}
			i += 2;
		}
		buf_char(out, (char)code);
	}
	return buf_whole(out, "the decoded text", e);
}

static int refuse(const char *text, const char *why, struct err *e)
{
	return err_set(e, ERR_CONFIG, 0, "'%s' is no usable URL: %s", text, why);
}

static const char *lower_copy(struct arena *a, struct view v)
{
	char *copy = arena_view(a, v);

	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

static bool scheme_is_good(struct view scheme)
{
	if (scheme.n == 0 || !isalpha((unsigned char)*scheme.p))
		return false;
	for (size_t i = 0; i < scheme.n; i++)
		if (!isalnum((unsigned char)scheme.p[i]) && !strchr("+-.", scheme.p[i]))
			return false;
	return true;
}

/* Names, and addresses of IPv4; '_' since Kubernetes and private DNS have it. */
static bool host_is_good(struct view host)
{
	for (size_t i = 0; i < host.n; i++)
		if (!isalnum((unsigned char)host.p[i]) && !memchr("-._", host.p[i], 3))
			return false;
	return host.n > 0;
}

static unsigned port_of(const char *scheme)
{
	if (strcmp(scheme, "https") == 0 || strcmp(scheme, "wss") == 0)
		return 443;
	return strcmp(scheme, "http") == 0 || strcmp(scheme, "ws") == 0 ? 80 : 0;
}

/* "host", "host:port", "[::1]:port". */
static int parse_authority(struct arena *a, struct view authority, const char *text,
						   struct uri *out, struct err *e)
{
	struct view host = authority, port = { 0 };
	struct in6_addr address;
	int64_t number;

	if (view_starts(authority, "[")) {
		port = view_of(authority.p + 1, authority.n - 1);
		host = view_cut(&port, ']');
		if (!port.p || inet_pton(AF_INET6, arena_view(a, host), &address) != 1)
			return refuse(text, "the address in brackets is none of IPv6", e);
		if (port.n && *port.p != ':')
			return refuse(text, "only a port may follow the bracket", e);
		port = port.n ? view_of(port.p + 1, port.n - 1) : view_of(NULL, 0);
	} else {
		port = authority;
		host = view_cut(&port, ':');
		if (!host_is_good(host))
			return refuse(text, "the host name is empty or has strange characters", e);
	}
	out->host = lower_copy(a, host);
	out->port = port_of(out->scheme);
	if (port.n == 0) /* "host:" is allowed by RFC 3986, and means the default */
		return 0;
	if (!isdigit((unsigned char)*port.p) || !number_int(port, 10, &number) || number < 1 ||
		number > 65535)
		return refuse(text, "the port must be 1 to 65535", e);
	out->port = (unsigned)number;
	out->port_given = true;
	return 0;
}

int uri_parse(struct arena *a, const char *text, struct uri *out, struct err *e)
{
	const char *mark = strstr(text, "://");
	struct view scheme = view_of(text, mark ? (size_t)(mark - text) : 0), authority, rest;
	struct uri found = { 0 };
	size_t end;

	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return refuse(text, "it holds a space, a control character or one beyond ASCII", e);
	if (!mark || !scheme_is_good(scheme))
		return refuse(text, "it does not start with a scheme such as https://", e);
	found.scheme = lower_copy(a, scheme);
	rest = view_text(mark + 3);
	end = strcspn(rest.p, "/?#");
	authority = view_of(rest.p, end);
	rest = view_of(rest.p + end, rest.n - end);
	if (memchr(authority.p, '@', authority.n))
		return err_set(e, ERR_CONFIG, 0, "a URL must not hold a user name or password");
	if (parse_authority(a, authority, text, &found, e) < 0)
		return -1;
	rest = view_cut(&rest, '#');
	found.path = arena_view(a, view_cut(&rest, '?'));
	if (!*found.path)
		found.path = "/";
	found.query = rest.p ? arena_view(a, rest) : NULL;
	*out = found;
	return 0;
}

bool uri_is_loopback(const struct uri *u)
{
	struct in6_addr six;
	struct in_addr four;

	if (strcmp(u->host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, u->host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, u->host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}
