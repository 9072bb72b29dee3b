"""The tree that the rules read: its files, and C with comments and literals blanked out."""
import functools
import os
import re

# What is built, or wrong on purpose.
SKIPPED = {".git", "build", "bin", "__pycache__", ".pytest_cache", "faulty"}
LITERAL = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^#\s*include\s+([<"])([^>"]+)[>"]', re.M)


class Tree:
    """A source tree; names in it are relative, with slashes."""

    def __init__(self, root):
        self.root = root

    @functools.cached_property
    def names(self):
        out = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(f for f in folders if f not in SKIPPED)
            out += [os.path.relpath(os.path.join(folder, f), self.root) for f in files]
        return sorted(out)

    def below(self, *folders, ends=(".c", ".h")):
        """Names below any of the folders, that end so."""
        starts = tuple(f.rstrip("/") + "/" for f in folders)
        return [n for n in self.names if n.startswith(starts) and n.endswith(tuple(ends))]

    @functools.lru_cache(maxsize=None)
    def text(self, name):
        """The text of a file; None when it is not text."""
        with open(os.path.join(self.root, name), "rb") as f:
            data = f.read()
        return None if b"\0" in data else data.decode("utf-8", "replace")

    @functools.lru_cache(maxsize=None)
    def code(self, name):
        """C without its comments and literals; every line stays where it is."""
        return LITERAL.sub(lambda m: "".join(c if c == "\n" else " " for c in m.group()),
                           self.text(name))

    def includes(self, name):
        """(line, opening bracket, what) of each include."""
        text = self.text(name)
        return [(line_at(text, m.start()), m.group(1), m.group(2)) for m in INCLUDE.finditer(text)]


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def functions(code):
    """(name, first line, lines) of each function; code as Tree.code gives it.

    Rows of a table in it, one brace pair a line, are data and do not count.
    """
    lines, out, start, rows = code.split("\n"), [], None, 0
    for n, line in enumerate(lines, 1):
        if re.match(r"[A-Za-z_][\w\s*]*\b\w+\(", line) and not line.rstrip().endswith(";"):
            start, rows = (n, re.search(r"(\w+)\(", line).group(1)), 0
        elif line.startswith("}") and start:
            out.append((start[1], start[0], n - start[0] + 1 - rows))
            start = None
        elif re.match(r"\s+\{.*\},\s*$", line):
            rows += 1
        elif line[:1].strip() and not line.startswith(("{", "#")) and not line[0].isspace():
            start = None
    return out
