"""helm vault-aws recover seal-migrate on three real Vault servers: another KMS key, also of another region, to Shamir, from
Shamir; killed on the way.

Needs the binary that VAULT_BIN names, and the plugin: VAULT_AWS_BIN, else that of the release build.
"""
import base64
import json
import os
import signal
import subprocess
import time

import pytest

import vault_account
from harness import ADMIN, REGION, Front
from realvault import BINARY, NEEDS_BOTH, PLUGIN, TOOLS
from release import Release
from test_sts import AUDIENCE, ISSUER, Issuer, trust

pytestmark = NEEDS_BOTH
SERVERS = 3
FAR = "eu-west-1"
NAME = "helm-vault-aws/prod/vault/vault/recovery-keys"
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "%s"}}]
users: [{name: test, user: {token: caller}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
"""


def stanza(key):
    return f'seal "awskms" {{\n  region = "{REGION}"\n  kms_key_id = "{key}"\n}}\n'


class Place:
    """An initialised release on a front, its recovery keys in hand and, one a line, in a text."""

    def __init__(self, state, multi_region=False):
        self.state, self.issuer = state, Issuer()
        self.front = Front(os.path.join(state, "front"))
        account = vault_account.provision(self.front, multi_region=multi_region)
        self.old = account["key"]
        self.new = self.front.client("kms").create_key(Description="new")["KeyMetadata"]["Arn"]
        self._trust()
        environment = TOOLS.vault_environment(self.front, account["credentials"], state)
        self.release = Release(state, BINARY, environment, TOOLS.free_ports(2 * SERVERS), stanza(self.old), account["role"],
                               self.issuer.token)
        self.servers = list(self.release.servers.values())
        self._initialise()
        with open(os.path.join(state, "kubeconfig"), "w", encoding="utf-8") as f:
            f.write(KUBECONFIG % self.release.url)

    def _trust(self):
        """The role trusts the service account too, as the pods' would."""
        self.front.control("POST", "register-cluster", {"name": "prod", "issuer": ISSUER, "endpoint": "https://e.example",
                                                        "ca": "eA==", "jwks_url": self.issuer.url})
        iam = self.front.client("iam")
        iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=[AUDIENCE])
        both = json.loads(trust())
        own = iam.get_role(RoleName="vault-role")["Role"]["AssumeRolePolicyDocument"]
        both["Statement"] += own["Statement"]
        iam.update_assume_role_policy(RoleName="vault-role", PolicyDocument=json.dumps(both))

    def _initialise(self):
        first = self.servers[0]
        self.until(lambda: first.ask("GET", "/v1/sys/seal-status")[0] == 200)
        status, made = first.ask("PUT", "/v1/sys/init", {"recovery_shares": 3, "recovery_threshold": 2})
        assert status == 200, made
        self.root, self.shares = made["root_token"], made["recovery_keys_base64"]
        self.until(lambda: all(not s["sealed"] for s in self.seals()) and self.active() is not None)

    def far_key(self):
        return self.front.client("kms", region=FAR).create_key(Description="far")["KeyMetadata"]["Arn"]

    def until(self, true):
        deadline = time.monotonic() + 120
        while True:
            try:
                if true():
                    return
            except OSError:
                pass
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def seals(self):
        return [s.ask("GET", "/v1/sys/seal-status")[1] for s in self.servers]

    def active(self):
        return next((s.name for s in self.servers if s.ask("GET", "/v1/sys/leader")[1].get("is_self")), None)

    def stored(self, path, key):
        """An item of the table, as bytes."""
        got = self.front.client("dynamodb").get_item(TableName=vault_account.TABLE, ConsistentRead=True,
                                                     Key={"Path": {"S": path}, "Key": {"S": key}})
        return got["Item"]["Value"]["B"]

    def start(self, *words, token=False, custody=False):
        argv = [PLUGIN, "recover", "seal-migrate", "-n", "vault", "--cluster-name", "prod", "--region", REGION,
                "--dynamodb-table-name", vault_account.TABLE, *words, *([] if custody else ["--keys-from", "-"])]
        env = {"PATH": "/usr/bin:/bin", "HOME": self.state, "KUBECONFIG": os.path.join(self.state, "kubeconfig"),
               "HELM_BIN": self.release.helm, "AWS_ENDPOINT_URL": self.front.url, "AWS_REGION": REGION,
               "AWS_ACCESS_KEY_ID": ADMIN.access_key, "AWS_SECRET_ACCESS_KEY": ADMIN.secret_key,
               "AWS_EC2_METADATA_DISABLED": "true"}
        if token:
            env["VAULT_TOKEN"] = self.root
        return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)

    def run(self, *words, status=0, token=False, shares=None, custody=False):
        """Its answer (-o json), or what it said. The shares are typed, unless they are in custody."""
        process = self.start("-o", "json", *words, token=token, custody=custody)
        out, said = process.communicate("\n".join(self.shares if shares is None else shares), timeout=300)
        given = self.release.given()
        assert '"upgrade"' in given or '"get"' in given or status
        for secret in [self.root, *self.shares]:
            assert secret not in out + said + given
        assert process.returncode == status, out + said
        return json.loads(out) if status == 0 else said

    def into_custody(self):
        """As init would have left them."""
        tags = {"ManagedBy": "helm-vault-aws", "helm-vault-aws/cluster": "prod", "helm-vault-aws/namespace": "vault",
                "helm-vault-aws/release": "vault"}
        entry = {"recovery_threshold": 2, "recovery_keys_base64": self.shares,
                 "recovery_keys": [base64.b64decode(s).hex() for s in self.shares]}
        self.front.client("secretsmanager").create_secret(
            Name=NAME, SecretString=json.dumps(entry), Description="recovery keys of Vault, as helm vault-aws got them",
            Tags=[{"Key": k, "Value": v} for k, v in tags.items()])

    def description(self):
        return self.front.client("secretsmanager").describe_secret(SecretId=NAME)["Description"]

    def close(self):
        self.release.close()
        self.front.stop()
        self.issuer.close()

    def assert_kms(self, key):
        assert {(s["type"], s["sealed"]) for s in self.seals()} == {("awskms", False)}
        assert key.encode() in self.stored("core/hsm", "barrier-unseal-keys")
        assert key.encode() in self.stored("core", "recovery-key")
        assert json.loads(self.stored("core", "seal-config"))["type"] == "awskms"

    def assert_shamir(self):
        assert {(s["type"], s["sealed"]) for s in self.seals()} == {("shamir", False)}
        assert json.loads(self.stored("core", "seal-config"))["type"] == "shamir"
        assert "seal" not in self.release.values()["server"]["ha"]["config"]

    def log(self):
        texts = []
        for s in self.servers:
            with open(os.path.join(s.folder, "vault.log"), encoding="utf-8") as f:
                texts.append(f.read())
        return "".join(texts)


@pytest.fixture
def place(tmp_path):
    made = Place(str(tmp_path))
    yield made
    made.close()


@pytest.fixture
def replica_place(tmp_path):
    made = Place(str(tmp_path), multi_region=True)
    yield made
    made.close()


def test_another_key_standbys_first_and_nothing_the_second_time(place):
    active = place.active()
    said = place.run("--to-key", place.new, status=2)
    assert "nobody can be asked" in said and "gets the policy 'vault-seal-migrate'" in said
    assert place.release.deleted == [] and place.release.values()["revision"] == 1
    answer = place.run("--to-key", place.new, "--yes", token=True)
    assert (answer["changed"], answer["wrapped_by"], answer["wrapped_before_by"]) == (True, place.new, place.old)
    assert sorted(place.release.deleted) == ["vault-0", "vault-1", "vault-2"] and place.release.deleted[-1] == active
    assert place.release.forwarded == [active]         # to step down; no share went anywhere
    assert "stepping down from active operation" in place.log()
    place.assert_kms(place.new)
    policy = place.front.client("iam").get_role_policy(RoleName="vault-role", PolicyName="vault-seal-migrate")
    assert policy["PolicyDocument"]["Statement"][0]["Resource"] == [place.new, place.old]
    assert place.run("--to-key", place.new)["changed"] is False
    assert len(place.release.deleted) == SERVERS and place.release.values()["revision"] == 2


def test_to_shamir_and_back(place):
    place.into_custody()
    before = place.description()
    answer = place.run("--to", "shamir", "--yes", token=True, custody=True)
    assert answer["changed"] and answer["seal"] == "shamir"
    place.assert_shamir()
    assert place.description().startswith("unseal keys of Vault")
    assert len(place.release.deleted) == SERVERS
    assert place.run("--to", "shamir", custody=True)["changed"] is False
    answer = place.run("--to-key", place.new, "--yes", token=True, custody=True)
    assert answer["wrapped_by"] == place.new
    place.assert_kms(place.new)
    assert place.description() == before
    assert len(place.release.deleted) == 2 * SERVERS
    # what were unseal keys are recovery keys
    nonce = place.servers[0].ask("PUT", "/v1/sys/generate-root/attempt", {})[1]["nonce"]
    for share in place.shares[:2]:
        status, got = place.servers[0].ask("PUT", "/v1/sys/generate-root/update", {"key": share, "nonce": nonce})
        assert status == 200
    assert got["complete"]


def test_another_region_by_way_of_shamir(place):
    far = place.far_key()
    said = place.run("--to-key", far, status=2)
    assert "by way of      Shamir" in said and f"AWS_REGION={FAR}" in said
    assert place.release.deleted == [] and place.release.values()["revision"] == 1
    answer = place.run("--to-key", far, "--yes", token=True)
    assert (answer["by_way_of"], answer["to_region"], answer["wrapped_by"]) == ("shamir", FAR, far)
    place.assert_kms(far)
    assert place.release.values()["server"]["extraEnvironmentVars"] == {
        "AWS_REGION": FAR, "AWS_DEFAULT_REGION": FAR, "AWS_DYNAMODB_REGION": REGION}
    assert len(place.release.deleted) == 2 * SERVERS
    assert place.run("--to-key", far.split("/")[1], "--to-region", FAR)["changed"] is False
    # Nobody needs shares any more, nor the old key.
    place.front.client("kms").disable_key(KeyId=place.old)
    for name in place.release.servers:
        place.release.servers[name].stop()
        place.release.servers[name].start()
    place.until(lambda: all(not s["sealed"] for s in place.seals()))


def test_a_replica_in_another_region_takes_no_shares(replica_place):
    place, key = replica_place, replica_place.old
    place.front.client("kms").replicate_key(KeyId=key, ReplicaRegion=FAR)
    replica = key.replace(REGION, FAR)
    answer = place.run("--to-key", replica, "--yes", shares=[])
    assert "by_way_of" not in answer and (answer["wrapped_by"], answer["wrapped_before_by"]) == (replica, key)
    place.assert_kms(replica)
    assert len(place.release.deleted) == SERVERS and place.release.forwarded == []
    assert place.run("--to-key", replica)["changed"] is False


@pytest.mark.parametrize("way", ["key", "shamir", "region"])
def test_killed_again_and_again_it_ends(place, way):
    key = place.far_key() if way == "region" else place.new
    words = ["--to", "shamir"] if way == "shamir" else ["--to-key", key]
    for seconds in (0.4, 0.8, 1.6, 3.2):
        process = place.start(*words, "--yes")
        process.stdin.write("\n".join(place.shares))
        process.stdin.close()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        process.stdout.close()
        process.stderr.close()
    place.run(*words, "--yes")
    if way == "shamir":
        place.assert_shamir()
    else:
        place.assert_kms(key)
    assert place.run(*words)["changed"] is False


def test_wrong_shares_leave_the_others_open(place):
    wrong = [base64.b64encode(os.urandom(33)).decode() for _ in range(3)]
    said = place.run("--to", "shamir", "--yes", status=1, shares=wrong)
    assert "vault-" in said
    assert [s["sealed"] for s in place.seals()].count(True) == 1 and place.active() is not None
    place.run("--to", "shamir", "--yes")
    place.assert_shamir()


def test_a_key_policy_that_says_no_stops_it_before_any_pod(place):
    deny = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user/admin"}, "Action": "kms:*", "Resource": "*"}]}
    place.front.client("kms").put_key_policy(KeyId=place.new, PolicyName="default", Policy=json.dumps(deny))
    place.front.control("POST", "set", {"iam_lag_s": 0})
    said = place.run("--to-key", place.new, "--yes", status=4)
    assert "may not use the key" in said
    assert place.release.deleted == [] and place.release.values()["revision"] == 1
