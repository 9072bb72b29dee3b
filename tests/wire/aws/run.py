"""Starts the AWS front of tests/aws on loopback, runs a program against it, and ends with its exit code.

The front needs moto: where this Python has none, that of the sandbox's virtual environment is taken, and without
one the exit code is 77 (skipped). The program finds endpoint, keys and profiles as any user of the AWS CLI would.
"""
import importlib.util
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77
CONFIG = """\
[profile base]
aws_access_key_id = {key}
aws_secret_access_key = {secret}
[profile role]
role_arn = arn:aws:iam::{account}:role/wire
source_profile = base
role_session_name = tester
[profile process]
credential_process = "{home}/my tool" 'AKIA and more'
[profile wrong]
aws_access_key_id = {key}
aws_secret_access_key = {key}
"""
TOOL = """#!/bin/sh
[ "$1" = 'AKIA and more' ] || exit 1
echo '{{"Version": 1, "AccessKeyId": "{key}", "SecretAccessKey": "{secret}"}}'
"""


def with_moto():
    """Goes on in a Python that has moto; gives up where there is none."""
    if importlib.util.find_spec("moto"):
        return
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = os.environ.get("VA_CACHE") or os.path.join(cache, "helm-vault-aws")
    python = os.path.join(cache, "venv", "bin", "python3")
    if not os.access(python, os.X_OK) or os.path.samefile(os.path.dirname(python), sys.prefix + "/bin"):
        print("skipped: no Python with moto here (tests/sandbox/build makes one)")
        sys.exit(SKIPPED)
    os.execv(python, [python, *sys.argv])


def home(folder, harness):
    """A home folder with profiles and a credential_process."""
    facts = {"key": harness.ADMIN.access_key, "secret": harness.ADMIN.secret_key, "home": folder,
             "account": harness.ACCOUNT}
    os.makedirs(os.path.join(folder, ".aws"))
    with open(os.path.join(folder, ".aws", "config"), "w", encoding="ascii") as f:
        f.write(CONFIG.format(**facts))
    with open(os.path.join(folder, "my tool"), "w", encoding="ascii") as f:
        f.write(TOOL.format(**facts))
    os.chmod(os.path.join(folder, "my tool"), 0o700)


def main():
    with_moto()
    sys.path.insert(0, os.path.join(HERE, "..", "..", "aws"))
    import harness
    with tempfile.TemporaryDirectory() as folder:
        front = harness.Front(os.path.join(folder, "front"))
        try:
            front.role("wire")
            home(os.path.join(folder, "home"), harness)
            env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
            env |= {"HOME": os.path.join(folder, "home"), "AWS_ENDPOINT_URL": front.url,
                    "AWS_REGION": harness.REGION}
            return subprocess.run(sys.argv[1:], env=env, check=False).returncode
        finally:
            front.stop()


if __name__ == "__main__":
    sys.exit(main())
