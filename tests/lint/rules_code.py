"""Rules about C: which layer may see which, what is called where, sizes, comments."""
import re
from fnmatch import fnmatch

from source import functions, line_at

BELOW = {"core": (), "formats": ("core",), "net": ("formats", "core")}
for _layer in ("aws", "kube", "vault", "git"):
    BELOW[_layer] = ("net", *BELOW["net"])
BELOW["domain"] = ("aws", "kube", "vault", "git", *BELOW["aws"])
BELOW["cli"] = ("domain", *BELOW["domain"])
PLUGINS = ("helm-plugin", "kubectl-plugin")
# What each folder of tests may see of common/: the layer under test and those below.
FAKES_SEE = ("net", *BELOW["net"])


def _may_see(name):
    """Layers that a file may include; None when the rule says nothing about it."""
    parts = name.split("/")
    if parts[0] == "common" and parts[1] in BELOW:
        return (parts[1], *BELOW[parts[1]])
    if parts[0] in PLUGINS:
        return ("cli", *BELOW["cli"])
    if name.startswith("tests/unit/") and parts[2] in BELOW:
        return (parts[2], *BELOW[parts[2]])
    return FAKES_SEE if name.startswith("tests/fake/") else None


def layers(tree):
    """includes go downwards, and are written "layer/file.h" """
    for name in tree.below("common", *PLUGINS, "tests/unit", "tests/fake"):
        allowed = _may_see(name)
        if name.startswith("common/") and allowed is None:
            yield f"{name}: no layer is called so"
        for line, bracket, what in tree.includes(name):
            layer = what.split("/")[0]
            at = f"{name}:{line}"
            if bracket == "<":
                if layer in BELOW and "/" in what:
                    yield f'{at}: <{what}> is ours: write it in quotes'
            elif "/" not in what and name.startswith("common/"):
                yield f'{at}: "{what}" is written without its layer'
            elif "/" in what and layer in BELOW and allowed is not None and layer not in allowed:
                yield f'{at}: "{what}" is above or beside this layer'


# Call, files that may make it (a name, or the start of one), why nobody else.
CLI = ("common/cli/", *(p + "/" for p in PLUGINS))
ENGINE = ("common/net/engine",)
HOST = ("common/core/host.c",)
CALLS = [
    (r"getenv|secure_getenv|setenv|putenv", HOST, "the environment comes from struct host"),
    (r"unsetenv", ENGINE, "the environment comes from struct host"),
    (r"time|clock_gettime|gettimeofday|clock", HOST + ENGINE, "the clock comes from struct host"),
    (r"rand|random|srand|srandom|rand_r|getrandom|getentropy|RAND_bytes", HOST,
     "random bytes come from struct host"),
    (r"system|popen", (), "no shell stands between us and a child"),
    (r"fork|vfork|posix_spawnp?|exec[lv]p?e?|execvpe", ENGINE, "children are requests of the loop"),
    (r"socket|connect|bind|listen|accept4?|getaddrinfo", ENGINE, "the network is the engine's"),
    (r"sleep|usleep|nanosleep|clock_nanosleep", (), "waiting is the loop's"),
    (r"sprintf|vsprintf|strcpy|strncpy|strcat|strncat|gets|alloca|stpcpy", (),
     "it has no ceiling: struct buf, snprintf or the arena"),
    (r"strtok|strtok_r|atoi|atol|atoll|scanf|sscanf|fscanf", (), "it does not say what was wrong"),
    (r"localtime|gmtime|localtime_r|gmtime_r|strftime|mktime|timegm",
     ("common/formats/x509.c",), "times are formats/iso8601.h"),
    (r"setlocale|newlocale|uselocale", (), "numbers are written the same way everywhere"),
    (r"malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf|vasprintf",
     ("common/core/",), "memory comes from the xmalloc family, which does not come back empty"),
    (r"printf|vprintf|puts|putchar|perror", CLI, "library code does not print"),
    (r"exit|_exit|_Exit|quick_exit",
     (*CLI, "common/core/", "common/net/engine_spawn.c", "common/net/engine_signal.c"),
     "library code does not end the process"),
    (r"signal|sigaction|pthread_sigmask|sigprocmask|signalfd", (*ENGINE, "common/cli/command.c"),
     "signals are the engine's"),
]
BANNED = [(re.compile(rf"(?<![\w.>])(?:{call})\s*\("), files, why) for call, files, why in CALLS]
WORDS = [(re.compile(r"\bgoto\b"), (), "cleanup is bound to the scope (core/scope.h)"),
         (re.compile(r"\bstdout\b"), CLI, "library code does not print"),
         (re.compile(r"\b(?:stderr|stdin)\b"), (*CLI, "common/core/", "common/net/request.c"),
          "library code does not print"),
         (re.compile(r"\btypedef\s+struct\b[^;]*\{"), (), "structs are written struct")]


def calls(tree):
    """what has one place, or none, is called nowhere else"""
    for name in tree.below("common", *PLUGINS):
        code = tree.code(name)
        for pattern, files, why in BANNED + WORDS:
            if name.startswith(files or ("//",)):
                continue
            for m in pattern.finditer(code):
                yield f"{name}:{line_at(code, m.start())}: '{m.group().rstrip('( ')}': {why}"


# Headers of libraries, and the only files that may include them, both as patterns.
LIBRARIES = [("curl/*", "common/net/engine_*.[ch]"), ("cjson/*", "common/formats/json.c"),
             ("yaml.h", "common/formats/yaml*.c"), ("expat.h", "common/formats/xml.c"),
             ("openssl/*", "common/core/*.c"), ("openssl/*", "common/formats/x509*.c"),
             ("openssl/*", "common/net/engine_tls.c"), ("openssl/*", "common/net/engine_client.c"),
             ("openssl/*", "common/net/roots.c"), ("git2*", "common/git/*.c")]


def libraries(tree):
    """each library is seen by its one file"""
    for name in tree.below("common", *PLUGINS):
        for line, _, what in tree.includes(name):
            allowed = [files for library, files in LIBRARIES if fnmatch(what, library)]
            if allowed and not any(fnmatch(name, files) for files in allowed):
                yield f"{name}:{line}: <{what}> is for {' and '.join(allowed)} alone"


def secrets(tree):
    """each use of secret_expose is on the list tests/lint/secret_expose"""
    listed = {}
    for line in (tree.text("tests/lint/secret_expose") or "").splitlines():
        if line and not line.startswith("#"):
            name, uses, _ = line.split(None, 2)
            listed[name] = int(uses)
    for name in tree.below("common", *PLUGINS):
        found = len(re.findall(r"\bsecret_expose\(", tree.code(name)))
        if found != listed.pop(name, 0):
            yield f"{name}: {found} uses of secret_expose, which is not what the list says"
    for name in listed:
        yield f"tests/lint/secret_expose: '{name}' is not there"


FILE_LINES, USUAL_LINES, FUNCTION_LINES, USUAL_SHARE = 800, 500, 60, 0.9


def sizes(tree):
    """small files, and functions that fit on a screen"""
    names = tree.below("common", *PLUGINS, "tests")
    large = []
    for name in names:
        lines = tree.text(name).count("\n")
        if lines > FILE_LINES:
            yield f"{name}: {lines} lines, more than {FILE_LINES}"
        if lines >= USUAL_LINES:
            large.append(name)
        for function, first, length in functions(tree.code(name)):
            if length > FUNCTION_LINES:
                yield f"{name}:{first}: {function} has {length} lines, more than {FUNCTION_LINES}"
    if len(large) > (1 - USUAL_SHARE) * len(names):
        yield (f"{len(large)} of {len(names)} files have {USUAL_LINES} lines or more: "
               f"{' '.join(large)}")


# Undoing says what it does by its name (house rule 3).
BY_NAME = re.compile(r"\w+_(?:release|free|clear|close)\b|SCOPE_END\b|_Static_assert\b")
# At the left edge, up to the bracket: "int thing_verb(" with attributes before it.
FUNCTION = re.compile(r"[A-Za-z_][\w\s*]*?\b(\w+)\(")


def comments(tree):
    """a header opens with prose, and each of its functions has a comment or is named in one"""
    for name in tree.below("common", ends=(".h",)):
        text, code = tree.text(name).split("\n"), tree.code(name).split("\n")
        named = set(re.findall(r"\w+", "".join(re.findall(r"/\*.*?\*/", tree.text(name), re.S))))
        if not text[0].startswith("/*"):
            yield f"{name}:1: does not open with prose"
        told = False                   # a comment holds for the lines below it, up to an empty one
        for n, line in enumerate(code):
            if not text[n].strip():
                told = False
            if "*/" in text[n]:
                told = n > 0 and "#ifndef" not in "".join(text[n + 1:n + 2])
            declared = re.match(FUNCTION, line)
            if declared and not told and "/*" not in text[n]:
                if declared.group(1) not in named and not BY_NAME.match(declared.group(1)):
                    yield f"{name}:{n + 1}: {declared.group(1)} has no comment"
