"""The Python that has the AWS front's packages: a virtual environment outside the tree."""
import os
import sys

CACHE = os.environ.get("VA_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "helm-vault-aws")
PYTHON = os.path.join(CACHE, "venv", "bin", "python")
WHY = f"no {PYTHON} (tests/run makes it)"


def entered():
    """Be run by it from here on. False: there is none. Returns only when we are, or cannot be."""
    if not os.access(PYTHON, os.X_OK):
        return False
    if os.path.realpath(sys.prefix) != os.path.realpath(os.path.join(CACHE, "venv")):
        os.execv(PYTHON, [PYTHON, *sys.argv])
    return True
