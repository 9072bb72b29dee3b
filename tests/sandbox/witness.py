"""What the API server and the AWS front wrote down of a run, and whether that is what was promised. Says what is not, and ends
with 1 then.

usage: witness.py same BEFORE AFTER            two snapshots are equal
       witness.py looked AUDIT CALLS           nothing in the logs of a run could change anything
       witness.py needed AUDIT CALLS GRANTED POLICY    what was granted is what was needed: objects of RBAC (JSON), IAM policy
"""
import json
import sys

# What the tool calls itself, in both logs.
AGENT = "kubectl-vault-check/"
READS = ("Get", "List", "Describe", "Simulate", "Query", "Scan", "BatchGet")
# As Vault's role: a login that takes nothing, a round trip through the key, and writes whose condition cannot hold.
TRIALS = {"sts:AssumeRoleWithWebIdentity": 200, "kms:Encrypt": 200, "kms:Decrypt": 200, "dynamodb:BatchWriteItem": 200,
          "dynamodb:UpdateItem": 400, "dynamodb:DeleteItem": 400}
# A token is signed and kept nowhere; a tunnel is opened by a GET, and by a POST in older clients.
OBJECTLESS = {("create", "serviceaccounts/token"), ("create", "pods/portforward")}

# Granted, and of no use for a healthy Vault of the sandbox.
SPARE = {
    ("create", "", "pods/portforward"): "newer API servers ask for it where a GET opens the tunnel",
    ("get", "", "nodes/proxy"): "the room on audit volumes, which this Vault has not",
    ("list", "", "events"): "in the release's namespace: the support archive's",
    "iam:GetPolicy": "managed policies and boundaries, which this role has not",
    "iam:GetPolicyVersion": "as before",
    "eks:DescribeCluster": "where the API server does not tell its issuer",
}


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [one for one in map(json.loads, file) if AGENT in (one.get("userAgent") or one.get("agent") or "")]


def differences(before, after, at=""):
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            if name not in before or name not in after:
                yield f"{at}/{name}: {'came' if name in after else 'went'}"
            else:
                yield from differences(before[name], after[name], f"{at}/{name}")
    elif before != after:
        yield f"{at}: {json.dumps(before)[:300]} became {json.dumps(after)[:300]}"


def same(before, after):
    before, after = (json.load(open(path, encoding="utf-8")) for path in (before, after))
    if not before:
        yield "the snapshot is empty"
    yield from differences(before, after)


def resource(one):
    """(verb, API group, resource with its part, namespace) of a line of the audit log; without an object, of its path."""
    ref = one.get("objectRef")
    if not ref:
        return one["verb"], None, one["requestURI"].split("?")[0], None
    part = f"/{ref['subresource']}" if "subresource" in ref else ""
    return one["verb"], ref.get("apiGroup", ""), ref["resource"] + part, ref.get("namespace")


def looked(audit, calls):
    asked, called = lines(audit), lines(calls)
    if not asked or not called:
        yield "a log has no line of the run"
    for one in asked:
        verb, _, what, _ = resource(one)
        if verb not in ("get", "list") and (verb, what) not in OBJECTLESS:
            yield f"{verb} {what} {one['requestURI']}"
    for one in called:
        action, status = one["action"], one["status"]
        if action.split(":")[1].startswith(READS):
            continue
        if status != TRIALS.get(action) or (status == 400 and "ConditionalCheckFailed" not in one["code"]):
            yield f"{action} as {one['principal']}: {status} {one['code']}"
    tried = {one["action"] for one in called}
    yield from (f"no {action}: the trials were not run" for action in TRIALS.keys() - tried)


def grants(objects):
    """(verb, API group, resource, namespace) of each rule; namespace None: of the cluster."""
    for it in objects:
        for rule in it.get("rules", []):
            for verb in rule["verbs"]:
                for group in rule.get("apiGroups", [None]):
                    for what in rule.get("resources") or rule["nonResourceURLs"]:
                        yield verb, group, what, it["metadata"].get("namespace")


def needed(audit, calls, granted, policy):
    asked, called = lines(audit), lines(calls)
    yield from (f"refused: {resource(one)}" for one in asked if one["responseStatus"].get("code") in (401, 403))
    yield from (f"refused: {one['action']} for {one['principal']}" for one in called if "AccessDenied" in one["code"])
    used = {resource(one) for one in asked}
    for verb, group, what, namespace in grants(json.load(open(granted, encoding="utf-8"))["items"]):
        fits = {u for u in used if u[:3] == (verb, group, what) and namespace in (None, u[3])}
        if not fits and (verb, group, what) not in SPARE:
            yield f"granted and not needed: {verb} {what} in {namespace or 'the cluster'}"
    actions = {action for s in json.load(open(policy, encoding="utf-8"))["Statement"] for action in s["Action"]}
    yield from (f"granted and not needed: {a}" for a in sorted(actions - {c["action"] for c in called} - SPARE.keys()))


if __name__ == "__main__":
    wrong = list({"same": same, "looked": looked, "needed": needed}[sys.argv[1]](*sys.argv[2:]))
    sys.stdout.writelines(f"{one}\n" for one in wrong[:40])
    sys.exit(bool(wrong))
