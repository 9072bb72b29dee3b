"""Random policies judged by the evaluator in C and by policy.py: both must say the same, by the
same statement.

  policy_peer.py [--seed N] [--cases N] PROGRAM

The same seed makes the same cases. The pieces are few, so that patterns, values and requests meet
often. The first difference is printed as a case that can be given to PROGRAM as it is.
"""
import argparse
import json
import random
import subprocess
import sys
from collections import Counter

import policy
import verdict

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/vault"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/vault/pod"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/vault"

ACTIONS = ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey", "dynamodb:GetItem", "dynamodb:Query"]
ACTION_PATTERNS = ACTIONS + ["*", "kms:*", "KMS:encrypt", "kms:?ncrypt", "kms:*crypt",
                             "dynamodb:*Item", "*:*", "kms:", "s3:*", "k*s:D*", "*:*y",
                             "dynamodb:Get????", "dynamodb:Get?????"]
RESOURCES = [KEY, TABLE, TABLE + "/index/i", KEY.replace("us-east-1", "eu-west-1"), "*",
             TABLE.replace("vault", "b\u00e9*t")]
RESOURCE_PATTERNS = RESOURCES + ["*", "arn:aws:kms:*", f"arn:aws:*:*:{ACCOUNT}:*", TABLE + "*",
                                 TABLE.replace("vault", "va*t"), TABLE.replace("vault", "b?${*}t"),
                                 KEY.replace("1234", "????"), KEY.upper(), "arn:*:key/*",
                                 "arn:aws:dynamodb:${aws:RequestedRegion}:" + ACCOUNT + ":table/${name}",
                                 "arn:aws:*:${aws:Nowhere, 'us-east-1'}:*",
                                 "arn:aws:*:${aws:Nowhere}:*", "${star}", "?", "**a*"]
KEYS = ["name", "many", "one", "none", "star", "aws:RequestedRegion", "number", "when", "flag",
        "ip", "arn"]
WORDS = ["vault", "VAULT", "va*", "v?ult", "*", "", "us-east-1", "${name}", "${many}", "${one}",
         "${absent}", "${star}", "${*}", "${?}${$}", "${absent, 'vault'}", "a", "b", "c\u00e9",
         "${"]
NUMBERS = ["5", "5.0", "-1", "0", "50", "x", "", "1e2", "100", 5, 0, -1]
TIMES = ["2026-01-01T00:00:00Z", "2025-06-15T15:06:40Z", "2025-06-15T16:06:40+01:00", "2025-06-15",
         "1750000000", "soon", "2025-06-15T15:06:40.500Z", 1750000000]
FLAGS = ["true", "false", "TRUE", True, False]
ADDRESSES = ["10.1.2.3", "10.0.0.0/8", "10.1.2.3/32", "10.1.2.0/23", "0.0.0.0/0", "::/0",
             "2001:db8::/32", "2001:db8::1", "x", "10.1.2.3/33", "10.1.2"]
ARNS = [SESSION, ROLE, "arn:aws:iam::*:role/*", "arn:aws:*", "*", "arn:*:role/vault",
        "arn:aws:sts::?23456789012:assumed-role/*",
        "arn:aws:iam::${aws:PrincipalAccount, '123456789012'}:role/${name}", "nothing"]
FAMILIES = [
    (["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase",
      "StringNotEqualsIgnoreCase", "BinaryEquals"], WORDS),
    (["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals",
      "NumericGreaterThan", "NumericGreaterThanEquals"], NUMBERS),
    (["DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
      "DateGreaterThanEquals"], TIMES),
    (["Bool"], FLAGS),
    (["Null"], FLAGS),
    (["IpAddress", "NotIpAddress"], ADDRESSES),
    (["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"], ARNS),
]
TYPICAL = {"number": NUMBERS, "when": TIMES, "flag": FLAGS, "ip": ADDRESSES, "arn": ARNS}
PRINCIPALS = ["*", {"AWS": "*"}, {"AWS": ROLE}, {"AWS": [ROLE, SESSION]}, {"AWS": ACCOUNT},
              {"Service": "x.amazonaws.com"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
              {"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}, {"AWS": "arn:aws:iam::999999999999:root"},
              {"AWS": ["arn:aws:iam::123456789012:role/x", "999999999999"]}]


class Maker:
    """Cases from one random source."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def some(self, pool, most=3):
        """One, or a list."""
        r = self.random
        if r.random() < 0.5:
            return r.choice(pool)
        return [r.choice(pool) for _ in range(r.randint(0, most))]

    def operator(self, name):
        r = self.random
        prefix = r.choice(["", "", "", "ForAnyValue:", "ForAllValues:"]) if name != "Null" else ""
        whole = prefix + name + ("IfExists" if name != "Null" and r.random() < 0.2 else "")
        return whole if r.random() < 0.9 else whole.lower()

    def condition(self):
        block = {}
        for _ in range(self.random.randint(1, 2)):
            names, values = self.random.choice(FAMILIES)
            wants = self.some(values)
            if names == ["Null"]:
                wants = self.random.choice(values)
            fitting = [k for k, pool in TYPICAL.items() if pool is values] or KEYS
            key = self.random.choice(fitting if self.random.random() < 0.7 else KEYS)
            block.setdefault(self.operator(self.random.choice(names)), {})[key] = wants
        return block

    def statement(self, principals):
        r = self.random
        s = {"Effect": r.choice(["Allow", "Allow", "Deny"]),
             r.choice(["Action", "Action", "Action", "NotAction"]): self.some(ACTION_PATTERNS)}
        s[r.choice(["Resource", "Resource", "NotResource"])] = self.some(RESOURCE_PATTERNS)
        if r.random() < 0.5:
            s["Condition"] = self.condition()
        if principals:
            name = r.choice(["Principal", "Principal", "Principal", "NotPrincipal"])
            s[name] = r.choice(PRINCIPALS)
        return s

    def document(self, principals=False):
        statements = [self.statement(principals) for _ in range(self.random.randint(1, 3))]
        return {"Version": "2012-10-17",
                "Statement": statements if len(statements) > 1 else statements[0]}

    def context(self):
        r, ctx = self.random, {"aws:RequestedRegion": "us-east-1"}
        ctx |= {"name": "vault", "star": r.choice(["*", "?$", "va*t"]),
                "many": [r.choice("ab"), "vault"], "one": ["vault"], "none": [], "number": str(r.choice(NUMBERS)),
                "when": str(r.choice(TIMES)), "flag": r.choice(["true", "false"]),
                "ip": r.choice(["10.1.2.3", "10.1.4.9", "10.200.0.1", "2001:db8::7", "x"]),
                "arn": r.choice([SESSION, ROLE, "x", "a:b:c"])}
        for key in r.sample(sorted(ctx), r.randint(0, 4)):
            del ctx[key]
        return ctx

    def case(self):
        r = self.random
        return {"identity": [self.document() for _ in range(r.randint(0, 3))],
                "boundary": self.document() if r.random() < 0.3 else None,
                "resource_policy": self.document(True) if r.random() < 0.4 else None,
                "action": r.choice(ACTIONS), "resource": r.choice(RESOURCES),
                "context": self.context(), "arns": [ROLE, SESSION], "account": ACCOUNT}


def by_python(case):
    ctx = {k.lower(): v for k, v in case["context"].items()}
    policies = verdict.Policies(case["identity"], case["resource_policy"], case["boundary"],
                                arns=set(case["arns"]), account=case["account"])
    return verdict.decide(policies, case["action"], case["resource"], ctx)


def differ(case, line):
    """What the two do not agree on; None when they do."""
    ours, theirs = line.split(), by_python(case)
    if ours[0] != theirs.word:
        return f"C says {line!r}, Python {theirs.word} {theirs.reason}"
    layers = {"boundary": "boundary", "resource-based": "resource", "identity-based": "identity"}
    layer = next((name for words, name in layers.items() if words in theirs.reason), None)
    if theirs.word != "allow" and ours[1] != layer:
        return f"C says {line!r}, Python {theirs.word} {theirs.reason}"
    documents = {"identity": case["identity"], "boundary": [case["boundary"]],
                 "resource": [case["resource_policy"]]}
    if len(ours) == 4:
        statement = policy.listed(documents[ours[1]][int(ours[2])]["Statement"])[int(ours[3])]
        if theirs.said and ours[1] != "resource" and statement != theirs.said[0]:
            return f"C says {line!r}, Python names {json.dumps(theirs.said[0])}"
    return None


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("program")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--cases", type=int, default=4000)
    args = p.parse_args()
    maker = Maker(args.seed)
    cases = [maker.case() for _ in range(args.cases)]
    text = "".join(json.dumps(c) + "\n" for c in cases)
    lines = subprocess.run([args.program], input=text, capture_output=True, text=True,
                           check=True).stdout.splitlines()
    if len(lines) != len(cases):
        sys.exit(f"{len(cases)} cases, {len(lines)} answers")
    for case, line in zip(cases, lines):
        wrong = differ(case, line)
        if wrong:
            print(json.dumps(case))
            sys.exit(wrong)
    words = Counter(line.split()[0] for line in lines)
    print(f"{len(cases)} cases, one answer: " + ", ".join(f"{n} {word}" for word,
                                                          n in sorted(words.items())))
    if min(words[w] for w in ("allow", "deny", "implicit")) < len(cases) // 20:
        sys.exit("the cases are too much of one kind")


main()
