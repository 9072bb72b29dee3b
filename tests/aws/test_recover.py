"""`helm vault-aws recover` on a real Vault, with the KMS seal and with Shamir's, by --vault-addr.

Needs the binary that VAULT_BIN names, and the plugin: VAULT_AWS_BIN, or what the release preset has built.
"""
import http.client
import json
import os
import pty
import shutil
import subprocess
from urllib.parse import urlsplit

import pytest

from harness import REGION
from realvault import NEEDS_BOTH, PLUGIN, Server
from test_init import CUSTODY, NAME, Place

pytestmark = NEEDS_BOTH
NAMES = ["--cluster-name", "prod", "--region", REGION]
KEYS, TOKEN = "recovery-keys", "root-token"


class Bench(Place):
    """A Vault whose keys are in custody: by init, or (Shamir's seal) put there as init would."""

    def __init__(self, state, home, seal):
        server = Server(state, seal=seal)
        super().__init__(server, home)
        self.secrets = set()
        if seal == "awskms":
            self.init("--shares", "5", "--threshold", "3")
        else:
            self.adopt(*self.shamir())
        self.root = self.entry(TOKEN)
        self.shares()
        server.until_active()

    def shamir(self):
        status, made = self.server.ask("PUT", "/v1/sys/init", {"secret_shares": 5, "secret_threshold": 3})
        assert status == 200, made
        for key in made["keys"][:3]:
            self.server.ask("PUT", "/v1/sys/unseal", {"key": key})
        return made["keys"], made["root_token"]

    def adopt(self, keys, token):
        tags = [{"Key": k, "Value": v} for k, v in (
            ("ManagedBy", "helm-vault-aws"), ("helm-vault-aws/cluster", "prod"),
            ("helm-vault-aws/namespace", "vault"), ("helm-vault-aws/release", "vault"))]
        held = json.dumps({"recovery_threshold": 3, "recovery_keys": keys})
        for word, value in ((KEYS, held), (TOKEN, token)):
            self.client("secretsmanager").create_secret(Name="helm-vault-aws/prod/vault/vault/" + word, SecretString=value,
                                                        KmsKeyId=CUSTODY, Tags=tags)

    def shares(self):
        """What custody holds now; from here on none of it may be seen."""
        keys = json.loads(self.entry(KEYS))["recovery_keys"]
        self.secrets |= {*keys, self.entry(TOKEN)}
        return keys

    def recover(self, *words, status=0, typed=None, env=None, address=None):
        trace = os.path.join(self.home, "trace")
        argv = [PLUGIN, "recover", *words, *NAMES, "--vault-addr", address or self.server.env["VAULT_ADDR"], "--trace", trace]
        given = {"PATH": "/usr/bin:/bin", "HOME": self.home, "AWS_EC2_METADATA_DISABLED": "true"} | self.server.env
        del given["VAULT_ADDR"]
        ran = subprocess.run(argv, input=typed, capture_output=True, text=True, timeout=120, env=given | (env or {}), check=False)
        with open(trace, encoding="utf-8") as f:
            said = ran.stdout + ran.stderr + f.read()
        assert not [s for s in self.secrets if s in said]
        assert ran.returncode == status, ran.stdout + ran.stderr
        return ran

    def seal(self):
        self.server.seal(self.entry(TOKEN))

    def sealed(self):
        return self.server.sealed()

    def look_up(self, token):
        return self.server.ask("GET", "/v1/auth/token/lookup-self", token=token)[0]

    def unfault(self):
        at = urlsplit(self.server.env["AWS_ENDPOINT_URL"])
        c = http.client.HTTPConnection(at.hostname, at.port, timeout=30)
        c.request("DELETE", "/_sandbox/faults")
        assert c.getresponse().status == 200
        c.close()

    def put(self, word, value):
        self.client("secretsmanager").put_secret_value(SecretId="helm-vault-aws/prod/vault/vault/" + word, SecretString=value)


@pytest.fixture(params=["awskms", "shamir"])
def bench(request, tmp_path):
    home = str(tmp_path / "home")
    os.makedirs(home)
    made = Bench(str(tmp_path / "vault"), home, request.param)
    yield made
    made.server.stop()


kms_alone = pytest.mark.parametrize("bench", ["awskms"], indirect=True)


# ---- unseal

def test_sealed_by_hand_shares_unseal(bench):
    bench.seal()
    assert bench.sealed()
    answer = json.loads(bench.recover("unseal", "-o", "json").stdout)
    assert not bench.sealed()
    assert [s["was_sealed"] for s in answer["servers"]] == [True] and answer["wrong_shares"] == []
    assert bench.look_up(bench.root) == 200
    assert "nothing was sealed" in bench.recover("unseal").stdout


def test_a_wrong_share_is_named_by_its_place(bench):
    keys = bench.shares()
    wrong = keys[1][:10] + ("0" if keys[1][10] != "0" else "1") + keys[1][11:]
    bench.put(KEYS, json.dumps({"recovery_threshold": 3, "recovery_keys": [keys[0], wrong, *keys[2:]]}))
    bench.secrets.add(wrong)
    bench.seal()
    ran = bench.recover("unseal")
    assert not bench.sealed()
    assert "share 2 of 5 in 'helm-vault-aws/prod/vault/vault/recovery-keys' is wrong" in ran.stderr
    bench.seal()
    ran = bench.recover("unseal", "--keys-from", "-", typed=f"{keys[0]}\n{wrong}\n{keys[2]}\n", status=4)
    assert bench.sealed() and "the shares 1, 2, 3 in 'standard input' together" in ran.stderr


def test_shares_are_typed(bench):
    keys = bench.shares()
    bench.seal()
    ran = bench.recover("unseal", "--keys-from", "-", typed="\n".join(keys[:2]), status=2)
    assert "gives 2 key shares, and Vault asks for 3" in ran.stderr
    ran = bench.recover("unseal", "--keys-from", "-", typed=f"{keys[0]}\nzz\n\n{keys[2]}x\n", status=2)
    assert "line 2" in ran.stderr and "line 4" in ran.stderr
    assert bench.sealed()
    bench.recover("unseal", "--keys-from", "-", typed="\n".join(keys[2:]) + "\n")
    assert not bench.sealed()


@kms_alone
def test_shares_are_typed_at_a_terminal_without_echo(bench):
    keys = bench.shares()
    bench.seal()
    argv = [PLUGIN, "recover", "unseal", "--keys-from", "terminal", *NAMES, "--vault-addr", bench.server.env["VAULT_ADDR"]]
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(PLUGIN, argv, {"PATH": "/usr/bin:/bin", "HOME": bench.home})
    seen = b""
    for i in range(4):
        question = f"key share {i + 1} of 3 (is not shown): ".encode()
        while question not in seen:
            try:
                seen += os.read(fd, 4096)
            except OSError:          # the other end is closed
                break
        if question in seen:
            os.write(fd, keys[i + 1].encode() + b"\n")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, seen
    os.close(fd)
    assert not bench.sealed()
    assert not [k for k in keys if k.encode() in seen]


def test_somebody_elses_shares_count_along(bench):
    keys = bench.shares()
    for theirs in (keys[4], keys[4][:10] + ("0" if keys[4][10] != "0" else "1") + keys[4][11:]):
        bench.seal()
        assert bench.server.ask("PUT", "/v1/sys/unseal", {"key": theirs})[1]["progress"] == 1
        ran = bench.recover("unseal")
        assert not bench.sealed() and "is wrong" not in ran.stderr
        bench.server.until_active()


@kms_alone
@pytest.mark.skipif(not shutil.which("age"), reason="age is not installed")
def test_shares_are_read_from_files(bench):
    """What Debian's age has written is opened here."""
    folder, identity = os.path.join(bench.home, "keys"), os.path.join(bench.home, "identity")
    os.makedirs(folder)
    subprocess.run(["age-keygen", "-o", identity], check=True, capture_output=True)
    to = subprocess.run(["age-keygen", "-y", identity], check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run(["age", "-r", to, "-o", os.path.join(folder, "recovery-keys.age")], check=True, text=True,
                   input=bench.entry(KEYS))
    bench.seal()
    words = ["--custody", "file", "--out", folder, "--identity"]
    bench.recover("unseal", *words, identity)
    assert not bench.sealed()
    subprocess.run(["age-keygen", "-o", identity + "2"], check=True, capture_output=True)
    bench.seal()
    assert "not encrypted to this identity" in bench.recover("unseal", *words, identity + "2", status=1).stderr


# ---- generate-root

def revoke(bench, token):
    assert bench.server.ask("PUT", "/v1/auth/token/revoke-self", token=token)[0] == 204


def attempt(bench):
    return bench.server.ask("GET", "/v1/sys/generate-root/attempt")[1]


def stages(bench, word):
    have = bench.client("secretsmanager").describe_secret(SecretId="helm-vault-aws/prod/vault/vault/" + word)
    return {stage: version for version, held in have["VersionIdsToStages"].items() for stage in held}


def test_a_new_root_token_goes_into_custody(bench):
    ran = bench.recover("generate-root", status=4)
    assert "the root token in 'helm-vault-aws/prod/vault/vault/root-token' is valid" in ran.stderr
    assert not attempt(bench)["started"]
    revoke(bench, bench.root)
    answer = json.loads(bench.recover("generate-root", "-o", "json").stdout)
    assert answer["entry"].endswith("root-token") and not answer["previous_stays_valid"]
    token = bench.entry(TOKEN)
    assert token != bench.root and bench.look_up(token) == 200
    assert bench.server.ask("GET", "/v1/auth/token/lookup-self", token=token)[1]["data"]["policies"] == ["root"]
    assert bench.client("secretsmanager").get_secret_value(SecretId="helm-vault-aws/prod/vault/vault/root-token",
                                                          VersionStage="AWSPREVIOUS")["SecretString"] == bench.root
    assert not attempt(bench)["started"] and not notes(bench)
    bench.recover("generate-root", status=4)
    assert bench.entry(TOKEN) == token
    assert json.loads(bench.recover("generate-root", "--replace", "--yes", "-o", "json").stdout)["previous_stays_valid"]
    assert bench.look_up(bench.entry(TOKEN)) == 200 and bench.look_up(token) == 200
    bench.shares()
    assert "no terminal" in bench.recover("generate-root", "--show-root-token", status=2).stderr


def notes(bench):
    return [os.path.join(at, f) for at, _, files in os.walk(bench.home) for f in files
            if at.endswith(("/generate-root", "/rekey"))]


def test_somebody_elses_generation_is_left_alone(bench):
    keys = bench.shares()
    revoke(bench, bench.root)
    theirs = bench.server.ask("PUT", "/v1/sys/generate-root/attempt", {})[1]
    bench.server.ask("PUT", "/v1/sys/generate-root/update", {"key": keys[0], "nonce": theirs["nonce"]})
    ran = bench.recover("generate-root", status=4)
    assert theirs["nonce"] in ran.stderr and "1 of 3 shares given" in ran.stderr
    assert attempt(bench)["progress"] == 1
    assert "nobody can be asked" in bench.recover("generate-root", "--cancel", status=2).stderr
    assert attempt(bench)["progress"] == 1
    assert "is cancelled" in bench.recover("generate-root", "--cancel", "--yes").stdout
    assert not attempt(bench)["started"]
    assert "none" not in bench.recover("generate-root", "--cancel").stdout
    bench.recover("generate-root")
    assert bench.look_up(bench.entry(TOKEN)) == 200


@kms_alone
def test_a_token_that_custody_refuses_is_revoked(bench):
    revoke(bench, bench.root)
    bench.fault(match="secretsmanager:PutSecretValue", kind="error", code="AccessDeniedException", count=9)
    ran = bench.recover("generate-root", status=1)
    assert "which was revoked again" in ran.stderr
    assert bench.entry(TOKEN) == bench.root
    status, made = bench.server.ask("GET", "/v1/sys/generate-root/attempt")
    assert not made["started"]


@kms_alone
@pytest.mark.skipif(not shutil.which("age"), reason="age is not installed")
def test_a_new_root_token_goes_into_a_file(bench):
    folder, identity = os.path.join(bench.home, "keys"), os.path.join(bench.home, "identity")
    os.makedirs(folder)
    subprocess.run(["age-keygen", "-o", identity], check=True, capture_output=True)
    to = subprocess.run(["age-keygen", "-y", identity], check=True, capture_output=True, text=True).stdout.strip()
    words = ["generate-root", "--custody", "file", "--out", folder, "--recipient", to]
    keys = "\n".join(bench.shares())
    bench.recover(*words, "--keys-from", "-", typed=keys)

    def opened():
        return subprocess.run(["age", "-d", "-i", identity, os.path.join(folder, "root-token.age")], check=True,
                              capture_output=True, text=True).stdout
    first = opened()
    assert bench.look_up(first) == 200
    assert "may hold a root token" in bench.recover(*words, "--keys-from", "-", typed=keys, status=4).stderr
    assert "is valid" in bench.recover(*words, "--keys-from", "-", "--identity", identity, typed=keys, status=4).stderr
    revoke(bench, first)
    bench.recover(*words, "--keys-from", "-", "--identity", identity, typed=keys)
    assert bench.look_up(opened()) == 200
    assert sorted(os.listdir(folder)) == ["root-token.age", "root-token.age.previous"]
    assert all(os.stat(os.path.join(folder, f)).st_mode & 0o777 == 0o600 for f in os.listdir(folder))


# ---- rekey

def rekey_path(bench):
    recovery = bench.server.ask("GET", "/v1/sys/seal-status")[1]["recovery_seal"]
    return "/v1/sys/rekey-recovery-key/" if recovery else "/v1/sys/rekey/"


def opens(bench, keys):
    """Whether enough of these shares are Vault's: a generation of a root token takes them, and goes no further."""
    made = bench.server.ask("PUT", "/v1/sys/generate-root/attempt", {})[1]
    for key in keys[:made["required"]]:
        status, answer = bench.server.ask("PUT", "/v1/sys/generate-root/update", {"key": key, "nonce": made["nonce"]})
    if status != 200:
        bench.server.ask("DELETE", "/v1/sys/generate-root/attempt")
    return status == 200 and answer["complete"]


def test_new_shares_are_verified_and_the_old_ones_refused(bench):
    old = bench.shares()
    before = stages(bench, KEYS)
    assert "nobody can be asked" in bench.recover("rekey", status=2).stderr
    assert opens(bench, old)
    answer = json.loads(bench.recover("rekey", "--yes", "--shares", "4", "--threshold", "2", "-o", "json").stdout)
    assert (answer["shares"], answer["threshold"], answer["of_earlier_run"]) == (4, 2, False)
    new = bench.shares()
    assert len(new) == 4 and json.loads(bench.entry(KEYS))["recovery_threshold"] == 2
    assert opens(bench, new) and not opens(bench, old)
    after = stages(bench, KEYS)
    assert after["AWSPREVIOUS"] == before["AWSCURRENT"]
    status = bench.server.ask("GET", "/v1/sys/seal-status")[1]
    assert (status["n"], status["t"]) == (4, 2)
    assert not notes(bench)
    bench.seal()
    bench.recover("unseal")
    assert not bench.sealed()


def test_somebody_elses_rekey_is_left_alone(bench):
    path = rekey_path(bench)
    theirs = bench.server.ask("PUT", path + "init", {"secret_shares": 1, "secret_threshold": 1})[1]
    ran = bench.recover("rekey", "--yes", status=4)
    assert theirs["nonce"] in ran.stderr and "begun by somebody else" in ran.stderr
    assert bench.server.ask("GET", path + "init")[1]["nonce"] == theirs["nonce"]
    assert "is cancelled" in bench.recover("rekey", "--cancel", "--yes").stdout
    assert not bench.server.ask("GET", path + "init")[1]["started"]


@pytest.mark.parametrize("match, kind", [("secretsmanager:PutSecretValue", "error"),
                                         ("secretsmanager:UpdateSecretVersionStage", "error")])
def test_custody_refuses_in_the_middle(bench, match, kind):
    """Before they are staged the old ones hold, after it the new ones; the next run finishes."""
    old = bench.shares()
    bench.fault(match=match, kind=kind, code="AccessDeniedException", count=9)
    ran = bench.recover("rekey", "--yes", status=1)
    staged = match.endswith("Stage")
    if staged:
        pending = bench.client("secretsmanager").get_secret_value(SecretId="helm-vault-aws/prod/vault/vault/recovery-keys",
                                                                  VersionStage="AWSPENDING")["SecretString"]
        bench.secrets |= set(json.loads(pending)["recovery_keys"])
        assert opens(bench, json.loads(pending)["recovery_keys"]) and bench.shares() == old
    else:
        assert "the shares stay as they are" in ran.stderr and opens(bench, old)
    assert not bench.server.ask("GET", rekey_path(bench) + "init")[1]["started"]
    bench.unfault()
    answer = json.loads(bench.recover("rekey", "--yes", "-o", "json").stdout)
    assert answer["of_earlier_run"] is staged
    assert opens(bench, bench.shares())


def test_shares_that_were_never_verified_are_left(bench):
    """Staged by a run that was killed, and Vault has forgotten its rekey: the old ones hold, and a new rekey is made."""
    old = bench.shares()
    bench.client("secretsmanager").put_secret_value(
        SecretId="helm-vault-aws/prod/vault/vault/recovery-keys", VersionStages=["AWSPENDING"],
        SecretString=json.dumps({"recovery_threshold": 3, "rekey_nonce": "x", "recovery_keys": ["ab" * 33, "cd" * 33, "ef" * 33]}))
    answer = json.loads(bench.recover("rekey", "--yes", "-o", "json").stdout)
    assert answer["of_earlier_run"] is False
    assert opens(bench, bench.shares()) and not opens(bench, old)


@kms_alone
def test_a_vault_without_custody_gets_one(bench):
    keys = bench.shares()
    bench.client("secretsmanager").delete_secret(SecretId="helm-vault-aws/prod/vault/vault/recovery-keys",
                                                 ForceDeleteWithoutRecovery=True)
    typed = {"typed": "\n".join(keys)}
    assert "needs a KMS key" in bench.recover("rekey", "--yes", "--keys-from", "-", status=2, **typed).stderr
    bench.recover("rekey", "--yes", "--keys-from", "-", "--custody-kms-key", CUSTODY, **typed)
    assert opens(bench, bench.shares()) and not opens(bench, keys)


@kms_alone
def test_copies_in_other_regions_carry_the_new_shares(bench):
    """A copy that cannot be read is told once the new shares hold, and the next run finishes what is missing."""
    abroad = [bench.client("secretsmanager", region) for region in ("eu-west-1", "us-east-2")]
    bench.client("secretsmanager").replicate_secret_to_regions(
        SecretId=NAME + KEYS, AddReplicaRegions=[{"Region": r} for r in ("eu-west-1", "us-east-2")])
    old = bench.shares()
    # Of its values the current one and what is staged are read first, and then the current one again.
    bench.fault(match="secretsmanager:GetSecretValue", kind="error", code="AccessDeniedException", message="not here", skip=4, count=9)
    ran = bench.recover("rekey", "--yes", status=1)
    bench.unfault()
    assert "the copy in " in ran.stderr and "not here" in ran.stderr, ran.stderr
    new = bench.shares()
    assert new != old and opens(bench, new) and notes(bench)
    answer = json.loads(bench.recover("rekey", "-o", "json").stdout)
    assert answer["of_earlier_run"] is True and answer["shares"] == 5 and bench.shares() == new
    assert not notes(bench) and opens(bench, new)
    assert "copies in eu-west-1, us-east-2" in bench.recover("rekey", "--yes").stdout
    for client in abroad:
        assert json.loads(client.get_secret_value(SecretId=NAME + KEYS)["SecretString"])["recovery_keys"] == bench.shares() != new


@kms_alone
@pytest.mark.skipif(not shutil.which("age"), reason="age is not installed")
def test_new_shares_go_into_files(bench):
    folder, identity = os.path.join(bench.home, "keys"), os.path.join(bench.home, "identity")
    os.makedirs(folder)
    subprocess.run(["age-keygen", "-o", identity], check=True, capture_output=True)
    to = subprocess.run(["age-keygen", "-y", identity], check=True, capture_output=True, text=True).stdout.strip()
    old = bench.entry(KEYS)
    path = os.path.join(folder, "recovery-keys.age")
    subprocess.run(["age", "-r", to, "-o", path], check=True, text=True, input=old)
    words = ["rekey", "--yes", "--custody", "file", "--out", folder, "--identity", identity, "--recipient", to]
    bench.recover(*words)

    def opened(suffix=""):
        ran = subprocess.run(["age", "-d", "-i", identity, path + suffix], check=True, capture_output=True, text=True)
        return ran.stdout
    new = json.loads(opened())["recovery_keys"]
    assert opened(".previous") == old
    assert opens(bench, new) and not opens(bench, json.loads(old)["recovery_keys"])
    # Killed between verification and promotion, as the files lie then.
    shutil.copyfile(path, path + ".pending")
    subprocess.run(["age", "-r", to, "-o", path + ".old"], check=True, text=True, input=old)
    os.replace(path + ".old", path)
    assert json.loads(bench.recover(*words, "-o", "json").stdout)["of_earlier_run"] is True
    assert json.loads(opened())["recovery_keys"] == new and opens(bench, new)
    assert sorted(os.listdir(folder)) == ["recovery-keys.age", "recovery-keys.age.previous"]


# ---- rotate

def test_the_barrier_key_is_rotated(bench):
    answer = json.loads(bench.recover("rotate", "-o", "json").stdout)
    assert (answer["term_before"], answer["term"]) == (1, 2)
    assert answer["installed"] > answer["installed_before"]
    assert bench.server.ask("GET", "/v1/sys/key-status", token=bench.root)[1]["data"]["term"] == 2
