#!/usr/bin/env python3
"""Runs the golden cases and compares; with UPDATE_GOLDEN=1 it records instead.

    golden.py BINDIR offline [CASE...]    cases that need no network
    golden.py BINDIR cloud [CASE...]      cases against the AWS front, in its own Python

CASE is a folder below tests/golden, such as helm/plan-new-account. Exit 77: skipped, with reason.
"""
import os
import shutil
import sys

import case
import venv_python

SKIPPED = 77


def check(one, seen):
    """Compare or record; True when all is as recorded."""
    if os.environ.get("UPDATE_GOLDEN") == "1":
        one.record(seen)
        return True
    differences = one.differences(seen)
    if differences:
        print(f"FAILED {one.name}: {' '.join(one.words())}\n{differences}", flush=True)
    return not differences


def run_offline(chosen):
    failed = 0
    for one in chosen:
        at = one.place()
        try:
            result = one.run(at, one.environment(at, {}), one.words())
            failed += not check(one, one.seen(result))
        finally:
            shutil.rmtree(at)
    return failed


def run_cloud(chosen):
    import cloud                        # needs the front's packages
    failed = 0
    with cloud.Account() as account:
        for one in chosen:
            at = one.place()
            try:
                env = one.environment(at, account.environment())
                account.prepare(one, at, env)
                result = one.run(at, env, one.words())
                failed += not check(one, one.seen(result, account.calls()))
            finally:
                shutil.rmtree(at)
    return failed


def main(argv):
    if len(argv) < 2 or argv[1] not in ("offline", "cloud"):
        sys.exit(__doc__)
    bindir, level, names = argv[0], argv[1], argv[2:]
    everything = [c for kind in case.PROGRAMS for c in case.cases(kind, bindir)]
    chosen = [c for c in everything
              if c.cloud == (level == "cloud") and (not names or c.name in names)]
    if not chosen:
        sys.exit(f"no case of level '{level}' is called so")
    if level == "cloud" and not venv_python.entered():
        print(f"skipped: {venv_python.WHY}")
        return SKIPPED
    failed = run_cloud(chosen) if level == "cloud" else run_offline(chosen)
    print(f"{len(chosen)} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
