/* The script of --from-pod, run by this machine's sh with nothing on its PATH but tools that say what they are told to. */
#include "unit/unit.h"

#include "core/text.h"
#include "domain/probe.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOOLS_MAX = 3 };

struct tool {
	const char *name, *body;   /* of a shell script */
};

#define SAYS(text, code) "echo \"" text "\" >&2; exit " code
/* As the nc of BusyBox that has no -z. */
#define SMALL_NC(then) "case $1 in -z) echo \"nc: invalid option -- 'z'\" >&2; exit 1 ;; esac; " then
#define NC_LATE { "nc", SAYS("nc: timed out", "1") }

static const struct {
	struct tool tools[TOOLS_MAX];
	enum probe_word word;
	const char *tool;          /* NULL: none */
} cases[] = {
	{ { { 0 } }, PROBE_NO_TOOL, NULL },
	{ { { "nc", "[ \"$*\" = '-z -v -v -w 3 host.test 443' ]" } }, PROBE_OPEN, "nc" },
	{ { { "nc", SMALL_NC("read -r line; [ \"$line $*\" = \"$(printf 'HEAD / HTTP/1.0\\r') -w 3 host.test 443\" ]") } }, PROBE_OPEN, "nc" },
	{ { { "nc", SMALL_NC(SAYS("nc: can't connect to remote host (10.0.0.1): Connection refused", "1")) } }, PROBE_REFUSED, "nc" },
	{ { { "nc", SAYS("nc: bad address 'host.test'", "1") } }, PROBE_NO_DNS, "nc" },
	{ { { "nc", SAYS("nc: host.test (10.0.0.1:443): Host is unreachable", "1") } }, PROBE_UNREACHABLE, "nc" },
	/* late: whether there is an address decides */
	{ { NC_LATE }, PROBE_TIMEOUT, "nc" },
	{ { NC_LATE, { "getent", "[ \"$*\" = 'hosts host.test' ]" } }, PROBE_TIMEOUT, "nc" },
	{ { NC_LATE, { "getent", "exit 2" } }, PROBE_NO_DNS, "nc" },
	{ { NC_LATE, { "nslookup", "echo 'Name:	host.test'" } }, PROBE_TIMEOUT, "nc" },
	{ { NC_LATE, { "nslookup", SAYS(";; connection timed out; no servers could be reached", "1") } }, PROBE_NO_DNS, "nc" },
	{ { { "nc", "exit 143" }, { "timeout", "shift; exec \"$@\"" } }, PROBE_TIMEOUT, "nc" },
	{ { { "nc", "exit 143" }, { "timeout", "shift; exec \"$@\"" }, { "getent", "exit 2" } }, PROBE_NO_DNS, "nc" },
	/* what cannot tell leaves it to the next */
	{ { { "nc", "exit 139" }, { "wget", "exit 0" } }, PROBE_OPEN, "wget" },
	{ { { "nc", "exit 139" }, { "wget", "exit 139" } }, PROBE_UNCLEAR, NULL },
	{ { { "wget", "[ \"$5\" = http://host.test:443/ ]" } }, PROBE_OPEN, "wget" },
	{ { { "wget", SAYS("wget: server returned error: HTTP/1.1 400 Bad Request", "1") } }, PROBE_OPEN, "wget" },
	{ { { "wget", SAYS("wget: error getting response: Connection reset by peer", "1") } }, PROBE_OPEN, "wget" },
	{ { { "wget", SAYS("wget: can't connect to remote host (10.0.0.1): Connection refused", "1") } }, PROBE_REFUSED, "wget" },
	{ { { "wget", SAYS("wget: unable to resolve host address 'host.test'", "4") } }, PROBE_NO_DNS, "wget" },
	{ { { "wget", SAYS("wget: can't connect to remote host: Operation timed out", "1") } }, PROBE_TIMEOUT, "wget" },
	{ { { "curl", "exit 60" } }, PROBE_OPEN, "curl" },
	{ { { "curl", SAYS("curl: (6) Could not resolve host: host.test", "6") } }, PROBE_NO_DNS, "curl" },
	{ { { "curl", SAYS("curl: (7) Failed to connect to host.test port 443 after 3 ms: Connection refused", "7") } }, PROBE_REFUSED, "curl" },
	{ { { "curl", SAYS("curl: (28) Connection timed out after 3001 milliseconds", "28") } }, PROBE_TIMEOUT, "curl" },
	{ { { "timeout", "shift; exec \"$@\"" }, { "bash", "[ \"$3 $4\" = 'host.test 443' ]" } }, PROBE_OPEN, "bash" },
	{ { { "timeout", "shift; exec \"$@\"" }, { "bash", SAYS("host.test: line 1: host.test: Name or service not known", "1") } },
	  PROBE_NO_DNS, "bash" },
	{ { { "bash", "exit 0" } }, PROBE_NO_TOOL, NULL },
	/* vault speaks Go; that its environment is empty, the stub says */
	{ { { "vault", SAYS("Error checking seal status: Error making API request. Code: 403. Errors:", "1") } }, PROBE_OPEN, "vault" },
	{ { { "vault", SAYS("${VAULT_TOKEN:+Code: }dial tcp 10.0.0.1:443: connect: connection refused", "1") } }, PROBE_REFUSED, "vault" },
	{ { { "vault", SAYS("Get x: dial tcp: lookup host.test on 10.0.0.10:53: no such host", "1") } }, PROBE_NO_DNS, "vault" },
	{ { { "vault", SAYS("Get x: dial tcp: lookup host.test on 10.0.0.10:53: read udp: i/o timeout", "1") } }, PROBE_NO_DNS, "vault" },
	{ { { "vault", SAYS("Get x: tls: failed to verify certificate: x509: signed by unknown authority", "1") } }, PROBE_OPEN, "vault" },
	{ { { "vault", SAYS("Get x: dial tcp 10.0.0.1:443: i/o timeout", "1") } }, PROBE_TIMEOUT, "vault" },
};

static void put_tool(const char *folder, const struct tool *tool)
{
	AUTO(text) char *path = xasprintf("%s/%s", folder, tool->name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", tool->body);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
}

static void remove_tool(const char *folder, const char *name)
{
	AUTO(text) char *path = xasprintf("%s/%s", folder, name);

	assert_int_equal(unlink(path), 0);
}

static void run(struct arena *a, const char *folder, struct probe *out)
{
	AUTO(text) char *command = xasprintf("PATH=%s VAULT_TOKEN=s.secret /bin/sh -c \"$PROBE\" sh host.test 443 2>&1", folder);
	char text[4096];
	FILE *f = popen(command, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text), f);
	assert_int_equal(pclose(f), 0);
	probe_read(a, view_of(text, n), out);
}

static void each_tool_is_understood(void **state)
{
	char folder[] = "/tmp/probe-XXXXXX";
	AUTO(text) char *env = NULL;

	(void)state;
	assert_non_null(mkdtemp(folder));
	env = xasprintf("%s/env", folder);
	assert_int_equal(symlink("/usr/bin/env", env), 0);
	assert_int_equal(setenv("PROBE", probe_script, 1), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		struct probe probe = { 0 };

		for (size_t t = 0; t < TOOLS_MAX && cases[i].tools[t].name; t++)
			put_tool(folder, &cases[i].tools[t]);
		run(&a, folder, &probe);
		if (probe.word != cases[i].word || !text_same(probe.tool, cases[i].tool))
			fail_msg("case %zu: word %d by %s: %s", i, probe.word, probe.tool ? probe.tool : "none", probe.said ? probe.said : "");
		for (size_t t = 0; t < TOOLS_MAX && cases[i].tools[t].name; t++)
			remove_tool(folder, cases[i].tools[t].name);
	}
	assert_int_equal(unlink(env), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void output_is_read_with_care(void **state)
{
	static const struct { const char *text; enum probe_word word; const char *tool, *said; } texts[] = {
		{ "open nc\n\n", PROBE_OPEN, "nc", NULL },
		{ "no-dns wget\nwget: bad\taddress\n'x'\x1b[1m\xc3\xa9\n", PROBE_NO_DNS, "wget", "wget: bad address 'x' [1m" },
		{ "timeout", PROBE_TIMEOUT, NULL, NULL },
		{ "opened nc\n", PROBE_UNCLEAR, "nc", NULL },
		{ "", PROBE_UNCLEAR, NULL, NULL },
		{ "\n", PROBE_UNCLEAR, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		AUTO(arena) struct arena a = ARENA_INIT;
		struct probe probe = { 0 };

		probe_read(&a, view_text(texts[i].text), &probe);
		assert_int_equal(probe.word, texts[i].word);
		assert_true(text_same(probe.tool, texts[i].tool));
		if (texts[i].said && probe.said)
			assert_true(text_starts(probe.said, texts[i].said));
		assert_int_equal(probe.said != NULL, texts[i].said != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_tool_is_understood),
		cmocka_unit_test(output_is_read_with_care),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
