#!/usr/bin/env python3
"""The project's rules as tests.

    lint.py RULE [ROOT]    the findings of one rule over a tree (this one); exit 1 if there are any
    lint.py --prove        each rule over its faulty example, faulty/RULE: it must find exactly what
                           the example's `expected` says, or the rule proves nothing
    lint.py --list         the rules
"""
import os
import sys

import rules_code
import rules_text
from source import Tree

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = {rule.__name__: rule for rule in (
    rules_code.layers, rules_code.calls, rules_code.libraries, rules_code.secrets, rules_code.sizes,
    rules_code.comments, rules_text.texts, rules_text.names, rules_text.versions)}


def prove():
    """Exit status of the proof."""
    wrong = 0
    for name, rule in RULES.items():
        example = os.path.join(HERE, "faulty", name)
        with open(os.path.join(example, "expected"), encoding="utf-8") as f:
            expected = f.read().splitlines()
        found = [line for line in rule(Tree(example)) if not line.startswith("expected:")]
        if not expected or sorted(found) != sorted(expected):
            wrong += 1
            print(f"the rule '{name}' does not find what is wrong in faulty/{name}:")
            print("\n".join([f"  missed: {line}" for line in expected if line not in found] +
                            [f"  extra:  {line}" for line in found if line not in expected]))
    return 1 if wrong else 0


def main(argv):
    if argv == ["--list"]:
        print("\n".join(RULES))
        return 0
    if argv == ["--prove"]:
        return prove()
    if not argv or argv[0] not in RULES or len(argv) > 2:
        sys.exit(__doc__)
    found = list(RULES[argv[0]](Tree(argv[1] if argv[1:] else os.path.join(HERE, "..", ".."))))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
