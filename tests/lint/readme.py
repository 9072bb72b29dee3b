#!/usr/bin/env python3
"""README.md's lists equal the programs' own tables.

    readme.py BINDIR TABLES README.md [--update]

A list stands between `<!-- generated: NAME -->` and `<!-- end -->`; NAME is commands, inputs or
checks. --update writes them. The table of exit codes is prose, so only its codes are compared.
TABLES is the program made of tables.c.
"""
import difflib
import json
import os
import re
import subprocess
import sys

PROGRAMS = (("helm vault-aws", "vault-aws"), ("kubectl vault-check", "kubectl-vault_check"))
REGION = re.compile(r"(<!-- generated: (\w+) -->\n)(.*?)(<!-- end -->)", re.S)


def answer(*argv):
    return subprocess.run(argv, capture_output=True, check=True, text=True).stdout


def line(cells):
    return "| " + " | ".join(c.replace("|", "\\|").replace("<", "&lt;") for c in cells) + " |\n"


def table(titles, rows):
    return line(titles) + "|---" * len(titles) + "|\n" + "".join(map(line, rows))


def commands(bindir, _):
    rows = []
    for typed, program in PROGRAMS:
        words = answer(os.path.join(bindir, program), "__complete", "help", "").splitlines()
        rows += [[f"`{typed} {name}`", summary]
                 for name, summary in (w.split("\t") for w in words if "\t" in w)]
    return table(["command", "does"], rows)


def inputs(_, tables):
    def default(key):
        if key["fallback"] is not None:
            return f"`{key['fallback']}`"
        return "found" if key["found"] else "required" if key["required"] else ""

    return table(["key", "default", "is"],
                 [[f"`{k['name']}`", default(k), k["help"]] for k in tables["inputs"]])


def checks(bindir, _):
    rows = json.loads(answer(os.path.join(bindir, PROGRAMS[1][1]), "list", "-o", "json"))
    return table(["check", "family", "what must be true"],
                 [[f"`{c['id']}`", c["family"], c["title"]] for c in rows])


LISTS = {f.__name__: f for f in (commands, inputs, checks)}


def wrong_codes(text, tables):
    """What is wrong with the table of exit codes; '' when nothing is."""
    rows = re.findall(r"^\| ([\d, ]+) \| ", text.partition("## Exit codes")[2], re.M)
    told = sorted(int(code) for row in rows for code in row.split(","))
    real = sorted(set(tables["exit_codes"]))
    return "" if told == real else f"exit codes: README.md has {told}, the programs have {real}\n"


def main(argv):
    if len(argv) not in (3, 4) or argv[3:] not in ([], ["--update"]):
        sys.exit(__doc__)
    bindir, tables, path = argv[0], json.loads(answer(argv[1])), argv[2]
    with open(path, encoding="utf-8") as f:
        text = f.read()
    found = {m.group(2) for m in REGION.finditer(text)}
    if found != set(LISTS):
        print(f"README.md has the lists {sorted(found)}; there are {sorted(LISTS)}")
        return 1
    fresh = REGION.sub(lambda m: m.group(1) + LISTS[m.group(2)](bindir, tables) + m.group(4), text)
    problems = wrong_codes(text, tables)
    if argv[3:]:
        with open(path, "w", encoding="utf-8") as f:
            f.write(fresh)
    elif fresh != text:
        problems += "".join(difflib.unified_diff(text.splitlines(True), fresh.splitlines(True),
                                                 "README.md", "the programs"))
        problems += "cmake --build BUILD --target readme    writes them anew\n"
    print(problems, end="")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
