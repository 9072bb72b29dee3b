"""Rules about every file: versions agree, and nothing stands there that is for its writer only."""
import re

TEXTS = [
    (re.compile(r"(?<![\w.$}])/root/[\w.]|(?<![\w.$}])/home/(?!(?:vault|ops|user)\b)\w+"),
     "a path of one machine"),
    (re.compile(r"\b(?:GOPROXY|GONOSUMDB|PIP_INDEX_URL|NPM_CONFIG_REGISTRY)\b|--(?:extra-)?index-url\b|--registry[ =]"),
     "a client's registry set by hand"),
    (re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b"), "a note of what is not done"),
    (re.compile(r"[ \t]+$", re.M), "spaces at the end of a line"),
    (re.compile(r"^(?:<<<<<<<|>>>>>>>) ", re.M), "an unresolved merge"),
]
# The rule itself; what programs print, and what parsers are fed, is as it is.
EXEMPT = ("tests/lint/rules_text.py", "tests/golden/helm/", "tests/golden/kubectl/",
          "tests/golden/sigv4/", "tests/fuzz/corpus/", "LICENSE")


def texts(tree):
    """no paths of one machine, no registries set by hand, no notes, no litter"""
    for name in tree.names:
        text = tree.text(name)
        if text is None or name.startswith(EXEMPT):
            continue
        for pattern, what in TEXTS:
            for m in pattern.finditer(text):
                line = text.count("\n", 0, m.start()) + 1
                yield f"{name}:{line}: {what}" + (f": '{m.group()}'" if m.group().strip() else "")


TOP = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "plugin.complete", "plugin.yaml",
       "common", "helm-plugin", "kubectl-plugin", "tests"}
LEFTOVER = re.compile(r"\.(?:orig|rej|bak|sw[op]|patch|diff)$|~$")


def names(tree):
    """nothing but the project at the top, and nowhere what a merge or an editor left"""
    for name in tree.names:
        top = name.split("/", 1)[0]
        if top not in TOP and not top.startswith("."):
            yield f"{name}: is not among what stands at the top"
        if LEFTOVER.search(name):
            yield f"{name}: a leftover"


def versions(tree):
    """one version: CMake's, plugin.yaml's, and what the programs say"""
    cmake = tree.text("CMakeLists.txt")
    found = re.search(r"project\([^)]*\bVERSION (\S+)", cmake)
    if not found:
        yield "CMakeLists.txt: no version"
        return
    version = found.group(1)
    plugin = re.search(r'^version: "?([^"\n]+)"?$', tree.text("plugin.yaml"), re.M)
    if not plugin or plugin.group(1) != version:
        yield f"plugin.yaml: not version {version}, which CMakeLists.txt has"
    if 'VA_VERSION="${PROJECT_VERSION}"' not in cmake:
        yield "CMakeLists.txt: VA_VERSION is not the project's version"
    for name in tree.below("common", "helm-plugin", "kubectl-plugin"):
        text = tree.text(name)
        for m in re.finditer(rf'(?<![\d.]){re.escape(version)}(?![\d.])', tree.text(name)):
            if not _in_comment(tree, name, m.start()):
                line = text.count("\n", 0, m.start()) + 1
                yield f"{name}:{line}: the version as a literal; it is VA_VERSION"


def _in_comment(tree, name, at):
    text = tree.text(name)
    return text.rfind("/*", 0, at) > text.rfind("*/", 0, at)
