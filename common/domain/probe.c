#include "domain/probe.h"

#include "core/text.h"

#include <ctype.h>

enum { WORDS_SHOWN = 200 };

/*
 * $1 host, $2 port. What is late may be so for want of an address, since the time limits of these tools begin before the
 * name is looked up: hence `late`. A tool that is not there, lacks an option or crashes leaves the answer to the next one.
 * Plain HTTP on a TLS port is answered too, if only by an end: what counts is that somebody is there. vault gets an empty
 * environment, so that no token of the container's goes out.
 */
const char probe_script[] =
	"h=$1 p=$2 any=\n"
	"has() { command -v \"$1\" >/dev/null 2>&1; }\n"
	"tell() { echo \"$1 $tool\"; echo \"$said\"; exit 0; }\n"
	"limit=; has timeout && limit='timeout 8'\n"
	"late() {\n"
	"	if has getent; then $limit getent hosts \"$h\" >/dev/null 2>&1 && tell timeout; tell no-dns; fi\n"
	"	has nslookup || tell timeout\n"
	"	case $($limit nslookup \"$h\" 2>&1) in *Name:*) tell timeout ;; *) tell no-dns ;; esac\n"
	"}\n"
	"judge() {\n"
	"	case $1 in 124|143) [ -n \"$limit\" ] && late ;; esac\n"
	"	case $said in\n"
	"	*'bad address'*|*'not resolve'*|*'resolve host'*|*'not known'*|*'no such host'*|*[Tt]'emporary failure'*) tell no-dns ;;\n"
	"	*lookup*'i/o timeout'*|*lookup*'server misbehaving'*) tell no-dns ;;\n"
	"	*' refused'*) tell refused ;;\n"
	"	*nreachable*|*'o route to'*) tell unreachable ;;\n"
	"	*[Tt]'imed out'*|*'i/o timeout'*|*'deadline exceeded'*) late ;;\n"
	"	esac\n"
	"	any=1\n"
	"}\n"
	"tool=nc\n"
	"if has nc; then\n"
	"	said=$($limit nc -z -v -v -w 3 \"$h\" \"$p\" </dev/null 2>&1); code=$?\n"
	"	case $said in *' option'*)\n"
	"		said=$(printf 'HEAD / HTTP/1.0\\r\\n\\r\\n' | $limit nc -w 3 \"$h\" \"$p\" 2>&1 >/dev/null); code=$? ;;\n"
	"	esac\n"
	"	[ $code != 0 ] || tell open\n"
	"	judge $code\n"
	"fi\n"
	"tool=wget\n"
	"if has wget; then\n"
	"	said=$($limit wget -T 3 -O /dev/null \"http://$h:$p/\" 2>&1); code=$?\n"
	"	[ $code != 0 ] || tell open\n"
	"	case $said in *'returned error'*|*'getting response'*|*HTTP/*|*connected.*) tell open ;; esac\n"
	"	judge $code\n"
	"fi\n"
	"tool=curl\n"
	"if has curl; then\n"
	"	said=$(curl -q -sS --noproxy '*' --connect-timeout 3 -m 8 -o /dev/null \"https://$h:$p/\" 2>&1); code=$?\n"
	"	case $code in 0|35|51|52|56|58|60) tell open ;; 28) late ;; esac\n"
	"	judge $code\n"
	"fi\n"
	"tool=bash\n"
	"if [ -n \"$limit\" ] && has bash; then\n"
	"	said=$($limit bash -c 'exec 3<>\"/dev/tcp/$0/$1\"' \"$h\" \"$p\" 2>&1); code=$?\n"
	"	[ $code != 0 ] || tell open\n"
	"	judge $code\n"
	"fi\n"
	"tool=vault\n"
	"if has vault; then\n"
	"	said=$(env -i PATH=\"$PATH\" HOME=/nonexistent VAULT_CLIENT_TIMEOUT=3 VAULT_MAX_RETRIES=0 "
	"vault status -address=\"https://$h:$p\" 2>&1); code=$?\n"
	"	case $said in *'Code: '*|*x509:*|*'tls: '*|*EOF*|*'invalid character'*) tell open ;; esac\n"
	"	judge $code\n"
	"fi\n"
	"tool=\n"
	"[ -n \"$any\" ] && tell unclear\n"
	"tell no-tool\n";

const char *probe_line(struct arena *a, struct view text)
{
	char *out;

	text = view_trim(text);
	out = arena_view(a, view_of(text.p, text.n < WORDS_SHOWN ? text.n : WORDS_SHOWN));
	for (char *c = out; *c; c++)
		if (iscntrl((unsigned char)*c) || (unsigned char)*c >= 0x80)
			*c = ' ';
	return *out ? out : NULL;
}

void probe_read(struct arena *a, struct view text, struct probe *out)
{
	static const char *const words[] = {
		[PROBE_OPEN] = "open", [PROBE_REFUSED] = "refused", [PROBE_TIMEOUT] = "timeout",
		[PROBE_UNREACHABLE] = "unreachable", [PROBE_NO_DNS] = "no-dns", [PROBE_NO_TOOL] = "no-tool",
		[PROBE_UNCLEAR] = "unclear",
	};
	struct view rest = text, line = view_cut(&rest, '\n'), word = view_cut(&line, ' ');

	out->word = PROBE_UNCLEAR;
	for (size_t i = PROBE_OPEN; i < COUNT_OF(words); i++)
		if (view_is(word, words[i]))
			out->word = (enum probe_word)i;
	out->tool = line.p ? probe_line(a, line) : NULL;
	out->said = rest.p ? probe_line(a, rest) : NULL;
}
