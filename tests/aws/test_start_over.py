"""`helm vault-aws init` that starts over: a real Vault in a pod that goes down and comes back.

Needs the binary that VAULT_BIN names, and the plugin: VAULT_AWS_BIN, or what the release preset has built.
"""
import json
import os
import pty
import subprocess
import time

import pytest

import podcluster
import vault_account
from harness import ADMIN, REGION
from podcluster import Cluster, items, note
from realvault import BINARY, NEEDS_BOTH, PLUGIN
from test_configure import KUBECONFIG

pytestmark = NEEDS_BOTH
NAME = "helm-vault-aws/prod/vault/vault/"
TABLE = vault_account.TABLE
FLAG = "core/seal-initialization-flag"


class Place:
    """A cluster of one pod with a custody key, and a home for each machine that runs the plugin."""

    def __init__(self, state, without=()):
        self.state = state
        self.cluster = Cluster(state, BINARY, without)
        self.front = self.cluster.front
        kms = self.front.client("kms")
        kms.create_alias(AliasName="alias/vault-custody", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        with open(os.path.join(state, "kubeconfig"), "w", encoding="utf-8") as f:
            f.write(KUBECONFIG % self.cluster.url)

    def command(self, *words, machine="a"):
        home = os.path.join(self.state, machine)
        os.makedirs(home, exist_ok=True)
        argv = [PLUGIN, "init", "--cluster-name", "prod", "--region", REGION, "--custody", "secretsmanager", "--custody-kms-key",
                "alias/vault-custody", "--vault-namespace", "vault", *words]
        env = {"PATH": "/usr/bin:/bin", "HOME": home, "KUBECONFIG": os.path.join(self.state, "kubeconfig"),
               "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": self.front.url, "AWS_REGION": REGION,
               "AWS_ACCESS_KEY_ID": ADMIN.access_key, "AWS_SECRET_ACCESS_KEY": ADMIN.secret_key}
        return {"args": argv, "env": env}

    def init(self, *words, machine="a", status=0):
        # A session of its own has no terminal that could be asked.
        ran = subprocess.run(**self.command(*words, machine=machine), capture_output=True, text=True, timeout=240,
                             check=False, start_new_session=True)
        assert ran.returncode == status, ran.stdout + ran.stderr
        return ran

    def typed(self, line, *words):
        """On a terminal, where a line is typed; exit status and all that was shown."""
        child = self.command(*words)
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(child["args"][0], child["args"], child["env"])
        shown, answered = b"", False
        while True:
            try:
                got = os.read(fd, 4096)
            except OSError:
                got = b""
            if not got:
                break
            shown += got
            if not answered and b"type its name" in shown:
                os.write(fd, line.encode() + b"\n")
                answered = True
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    def fault(self, **fault):
        assert self.front.control("POST", "faults", fault).status == 200

    def entry(self, word):
        return self.front.client("secretsmanager").get_secret_value(SecretId=NAME + word)["SecretString"]

    def opens(self):
        """The root token in custody is this Vault's, the note is gone, and the pod is there as before."""
        assert self.cluster.ask("GET", "/v1/auth/token/lookup-self", token=self.entry("root-token"))[0] == 200
        assert note(self.front) is None
        assert (self.cluster.replicas, self.cluster.annotations) == (1, {})
        assert [f for _, _, files in os.walk(os.path.join(self.state, "a")) for f in files if f.endswith("vault-vault.json")] == []

    def lose_the_reply(self):
        self.cluster.cut = 1
        ran = self.init(status=4)
        assert "nobody has the keys" in ran.stderr
        assert note(self.front).startswith("lost ")


@pytest.fixture
def start(tmp_path):
    made = []

    def begin(without=()):
        state = str(tmp_path / f"s{len(made)}")
        os.makedirs(state)
        made.append(Place(state, without))
        return made[-1]
    yield begin
    for place in made:
        place.cluster.stop()


def test_a_fresh_init_leaves_what_the_table_of_items_says(start):
    """Seen with this very Vault: whatever it writes at first, and after a restart, is taken for fresh."""
    place = start()
    assert place.cluster.ask("PUT", "/v1/sys/init", {"recovery_shares": 5, "recovery_threshold": 3})[0] == 200
    place.cluster.restart()
    assert "core/keyring" in items(place.front) and len(items(place.front)) > 40
    ran = place.init("--start-over", status=4)
    assert "what no fresh init writes" not in ran.stderr
    assert "nothing shows that it is ruined" in ran.stderr


def test_goes_through_and_leaves_no_note(start):
    place = start()
    place.init()
    place.opens()
    assert place.cluster.writes == []
    assert json.loads(place.init("-o", "json").stdout)["changed"] is False


def test_reply_lost_is_started_over_by_the_next(start):
    place = start()
    place.lose_the_reply()
    ran = place.init()
    assert "the reply of the init of" in ran.stderr
    place.opens()
    assert [w for w in place.cluster.writes if w.startswith("scale")] == ["scale 0", "scale 1"]


def test_another_machine_goes_on(start):
    place = start()
    place.lose_the_reply()
    place.init(machine="b")
    assert place.cluster.ask("GET", "/v1/auth/token/lookup-self", token=place.entry("root-token"))[0] == 200
    assert note(place.front) is None
    ran = place.init(machine="a")
    assert "its keys are in custody" in ran.stdout


def test_killed_before_the_reply_waits_for_its_lease(start):
    """Killed where sys/init is under way: from its note alone nobody knows whether it still waits."""
    place = start()
    place.cluster.front.control("POST", "faults", {"match": "dynamodb:BatchWriteItem", "kind": "delay", "seconds": 5, "count": 1,
                                                   "skip": 1})
    child = subprocess.Popen(**place.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while not (note(place.front) or "").startswith("begun") or not items(place.front):
        assert child.poll() is None
        time.sleep(0.02)
    child.kill()
    child.wait()
    podcluster.age_note(place.front, 120)
    place.init()
    place.opens()


@pytest.mark.parametrize("action", ["dynamodb:DeleteItem", "dynamodb:Scan"])
def test_killed_while_starting_over(start, action):
    place = start()
    place.lose_the_reply()
    skip = 2 if action.endswith("Scan") else 0
    place.fault(match=action, kind="delay", seconds=5, count=1, skip=skip)
    child = subprocess.Popen(**place.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while place.cluster.replicas or place.front.control("GET", "faults").json()[0]["count"]:
        assert child.poll() is None
        time.sleep(0.02)
    child.kill()
    child.wait()
    place.front.control("DELETE", "faults")
    assert place.cluster.replicas == 0 and place.cluster.annotations
    podcluster.age_note(place.front, 120)
    place.init()
    place.opens()


def test_pod_restarted_while_custody_takes_the_keys(start):
    place = start()
    place.fault(match="secretsmanager:UpdateSecret", kind="delay", seconds=3, count=2)
    child = subprocess.Popen(**place.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while place.front.control("GET", "faults").json()[0]["count"] == 2:
        assert child.poll() is None
        time.sleep(0.02)
    place.cluster.restart()
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    assert "were read back" in out
    place.opens()


def test_pod_restarted_while_it_initialises(start):
    place = start()
    place.fault(match="dynamodb:BatchWriteItem", kind="delay", seconds=3, count=1, skip=6)
    child = subprocess.Popen(**place.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while place.front.control("GET", "faults").json()[0]["count"]:
        assert child.poll() is None
        time.sleep(0.02)
    place.cluster.restart()
    _, err = child.communicate(timeout=120)
    assert child.returncode in (1, 4), err
    assert "lost" in err
    podcluster.age_note(place.front, 120)
    place.init()
    place.opens()


def ruined(start):
    place = start(["kms:Encrypt"])
    assert place.cluster.ask("PUT", "/v1/sys/init", {"recovery_shares": 5, "recovery_threshold": 3})[0] == 400
    assert FLAG in items(place.front)
    place.front.client("iam").put_role_policy(RoleName="vault-role", PolicyName="vault-policy",
                                              PolicyDocument=vault_account.least_policy(place.cluster.account["key"]))
    return place


def test_a_ruined_table_is_recognised_and_started_over_when_asked(start):
    place = ruined(start)
    before = items(place.front)
    assert "init --start-over backs the table up" in place.init(status=4).stderr
    ran = place.init("--start-over", status=4)
    assert "without a terminal" in ran.stderr
    status, shown = place.typed("vault-dat", "--start-over")
    assert status == 4 and "that is not" in shown, shown
    assert items(place.front) == before and place.cluster.writes == []
    place.front.control("POST", "set", {"saving_s": 1.5})
    status, shown = place.typed(TABLE, "--start-over")
    assert status == 0, shown
    place.opens()
    backup, = place.front.client("dynamodb").list_backups(TableName=TABLE)["BackupSummaries"]
    assert backup["BackupStatus"] == "AVAILABLE" and backup["BackupName"] in shown


def test_a_vault_in_use_is_never_started_over(start):
    place = start()
    status, made = place.cluster.ask("PUT", "/v1/sys/init", {"recovery_shares": 1, "recovery_threshold": 1})
    assert status == 200
    for _ in range(200):
        if place.cluster.ask("GET", "/v1/sys/health")[0] == 200:
            break
        time.sleep(0.1)
    assert place.cluster.ask("POST", "/v1/sys/mounts/kv", {"type": "kv"}, made["root_token"])[0] == 204
    before = items(place.front)
    ran = place.init("--start-over", status=4)
    for words in ("nothing shows that it is ruined", "is unsealed", "what no fresh init writes: 'core/mounts'"):
        assert words in ran.stderr, ran.stderr
    assert items(place.front) == before and place.cluster.writes == []


def test_keys_in_custody_are_not_started_over(start):
    place = start()
    place.init()
    ran = place.init("--start-over", status=4)
    assert "can still open this Vault" in ran.stderr and "recovery-keys" in ran.stderr
    place.opens()


def test_a_lock_that_is_held_stops_it(start):
    """Another Vault uses the same table: its lock outlives our pods. The pods come back."""
    place = start()
    place.lose_the_reply()
    dynamodb = place.front.client("dynamodb")

    expires = str(int((time.time() + 600) * 1e9))
    place.cluster.on_gone = lambda: dynamodb.put_item(TableName=TABLE, Item={
        "Path": {"S": "core"}, "Key": {"S": "_lock"}, "Value": {"B": b"x"}, "Identity": {"B": b"y"}, "Expires": {"N": expires}})
    before = len(items(place.front))
    ran = place.init(status=5)
    assert "somebody holds the lock" in ran.stderr
    assert len(items(place.front)) >= before - 2
    assert (place.cluster.replicas, place.cluster.annotations) == (1, {})
