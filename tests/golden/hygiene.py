#!/usr/bin/env python3
"""Every golden case with a cloud once more, at the highest trace level and with planted secrets.

    hygiene.py BINDIR

The credentials are a role session's, so secret key and session token are new in every run; they are
given in each way in turn (WAYS), beside a planted bearer token of Kubernetes. Then whatever the
program wrote, to stdout, stderr, the trace and any file, is searched for each of them, in plain,
in base64, in hexadecimal and escaped for an address, and for any part of PART characters.
"""
import base64
import json
import os
import secrets
import shutil
import sys
from urllib.parse import quote

import case
import venv_python

SKIPPED = 77
PART = 16
KUBECONFIG = """apiVersion: v1
kind: Config
current-context: here
clusters: [{name: here, cluster: {server: "%s"}}]
users: [{name: here, user: {token: "%s"}}]
contexts: [{name: here, context: {cluster: here, user: here}}]
"""


def forms(secret):
    """How a secret could come out."""
    raw = secret.encode()
    return [raw, base64.b64encode(raw).rstrip(b"="), base64.urlsafe_b64encode(raw).rstrip(b"="),
            raw.hex().encode(), quote(secret, safe="").encode()]


def leaks(secret, data):
    """The part of a secret that is in the data; None when there is none."""
    for form in forms(secret):
        for at in range(len(form) - PART + 1):
            if form[at:at + PART] in data:
                return form[at:at + PART].decode()
    return None


def prove_search():
    """The search must find what it is for, or all else here proves nothing."""
    secret = secrets.token_urlsafe(40) + "/+"
    for form in forms(secret) + [secret[7:7 + PART].encode()]:
        if not leaks(secret, b"> header: " + form + b"\n"):
            sys.exit(f"the search does not find '{form.decode()}'")
    if leaks(secret, b"> header: " + secrets.token_hex(400).encode()):
        sys.exit("the search finds what is not there")


def in_environment(_, credentials):
    return {"AWS_ACCESS_KEY_ID": credentials.access_key, "AWS_SESSION_TOKEN": credentials.token,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key}


def in_shared_file(at, credentials):
    os.makedirs(os.path.join(at, "home", ".aws"), exist_ok=True)
    with open(os.path.join(at, "home", ".aws", "credentials"), "w", encoding="ascii") as f:
        f.write(f"[default]\naws_access_key_id = {credentials.access_key}\n"
                f"aws_secret_access_key = {credentials.secret_key}\n"
                f"aws_session_token = {credentials.token}\n")
    return {}


def by_process(at, credentials):
    told = os.path.join(at, "home", "told.json")
    os.makedirs(os.path.join(at, "home", ".aws"), exist_ok=True)
    with open(told, "w", encoding="ascii") as f:
        json.dump({"Version": 1, "AccessKeyId": credentials.access_key,
                   "SecretAccessKey": credentials.secret_key,
                   "SessionToken": credentials.token}, f)
    with open(os.path.join(at, "home", ".aws", "config"), "w", encoding="ascii") as f:
        f.write(f"[default]\ncredential_process = /bin/cat {told}\n")
    return {}


WAYS = (in_environment, in_shared_file, by_process)


def planted(one, account, at, way):
    """The environment that leads to planted secrets, and these."""
    import harness
    env = one.environment(at, account.environment())
    account.prepare(one, at, env)
    role = account.front.role("planted", [harness.allow("*", "*")])
    credentials = account.front.session(role)
    account.front.control("DELETE", "calls")
    bearer = secrets.token_urlsafe(60)
    if "KUBECONFIG" not in env and not os.path.exists(os.path.join(at, "home", ".kube")):
        env["KUBECONFIG"] = os.path.join(at, "kubeconfig")
        with open(env["KUBECONFIG"], "w", encoding="ascii") as f:
            f.write(KUBECONFIG % (account.front.url, bearer))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        env.pop(name, None)
    env.update(way(at, credentials))
    return env, (credentials.secret_key, credentials.token, bearer)


def files_below(at):
    return {os.path.join(folder, name) for folder, _, names in os.walk(at) for name in names}


def written(result, at, before):
    """All that came out, by where it came out."""
    out = {"stdout": result.stdout.encode(), "stderr": result.stderr.encode()}
    for path in sorted(files_below(at) - before):
        with open(path, "rb") as f:
            out[os.path.relpath(path, at)] = f.read()
    return out


def problems(one, account, at, way):
    """What is wrong with one case, a line each."""
    env, hidden = planted(one, account, at, way)
    before = files_below(at)
    out = written(one.run(at, env, [*one.words(), "--debug", "--trace", "trace.log"]), at, before)
    callers = {c["principal"] for c in account.front.calls()}
    if one.text("calls.txt") and not any(":assumed-role/planted/" in (c or "") for c in callers):
        yield "no call was made with the planted credentials"
    if not out.get("trace.log", b"").startswith(b"> "):
        yield "the trace shows no call"
    for where, data in out.items():
        for secret in hidden:
            part = leaks(secret, data)
            if part:
                yield f"{where} holds '{part}', which is of a secret"


def main(argv):
    if len(argv) != 1:
        sys.exit(__doc__)
    if not venv_python.entered():
        print(f"skipped: {venv_python.WHY}")
        return SKIPPED
    prove_search()
    import cloud                        # needs the front's packages
    failed = 0
    chosen = [c for kind in case.PROGRAMS for c in case.cases(kind, argv[0]) if c.cloud]
    with cloud.Account() as account:
        for n, one in enumerate(chosen):
            way, at = WAYS[n % len(WAYS)], one.place()
            try:
                found = list(problems(one, account, at, way))
            finally:
                shutil.rmtree(at)
            if found:
                print(f"FAILED {one.name}, {way.__name__}: " + "; ".join(found))
            failed += bool(found)
    print(f"{len(chosen)} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
