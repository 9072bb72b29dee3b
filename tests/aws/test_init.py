"""`helm vault-aws init` on a real Vault, by --vault-addr: keys into custody once, whatever happens on the way.

Needs the binary that VAULT_BIN names, and the plugin: VAULT_AWS_BIN, or what the release preset has built.
"""
import http.client
import http.server
import json
import os
import pty
import shutil
import subprocess
import threading
from urllib.parse import urlsplit

import boto3
import pytest

import vault_account
from harness import ACCOUNT, ADMIN, REGION
from realvault import NEEDS_BOTH, PLUGIN, Server

pytestmark = NEEDS_BOTH
NAME = "helm-vault-aws/prod/vault/vault/"
CUSTODY = "alias/vault-custody"


class Place:
    """A Vault on a front, with a custody key and a home for the plugin."""

    def __init__(self, server, home):
        self.server, self.home = server, home
        kms = self.client("kms")
        self.custody_key = kms.create_key(Description="custody")["KeyMetadata"]["Arn"]
        kms.create_alias(AliasName=CUSTODY, TargetKeyId=self.custody_key)

    def client(self, service, region=REGION):
        return boto3.client(service, region_name=region, endpoint_url=self.server.env["AWS_ENDPOINT_URL"],
                            aws_access_key_id=ADMIN.access_key, aws_secret_access_key=ADMIN.secret_key)

    def init(self, *words, address=None, key=CUSTODY, env=None, ok=True):
        """Runs the plugin; with `ok` it must end well."""
        argv, given = self.call(*words, address=address, key=key)
        ran = subprocess.run(argv, capture_output=True, text=True, timeout=120, env=given | (env or {}), check=False)
        if ok:
            assert ran.returncode == 0, ran.stderr
        return ran

    def call(self, *words, address=None, key=CUSTODY):
        """Command line and environment. key None: no custody in Secrets Manager."""
        custody = ["--custody", "secretsmanager", "--custody-kms-key", key] if key else []
        argv = [PLUGIN, "init", "--cluster-name", "prod", "--region", REGION, *custody, "--dynamodb-table-name", vault_account.TABLE, "--kms-key-id",
                vault_account.ALIAS, "--vault-addr", address or self.server.env["VAULT_ADDR"], *words]
        given = {"PATH": "/usr/bin:/bin", "HOME": self.home, "AWS_EC2_METADATA_DISABLED": "true"} | self.server.env
        del given["VAULT_ADDR"]
        return argv, given

    def entry(self, word):
        return self.client("secretsmanager").get_secret_value(SecretId=NAME + word)["SecretString"]

    def spools(self):
        return [os.path.join(at, f) for at, _, files in os.walk(self.home) for f in files if "/init" in at]

    def fault(self, **fault):
        self._faults("POST", json.dumps(fault))

    def clear_faults(self):
        self._faults("DELETE")

    def _faults(self, method, body=None):
        at = urlsplit(self.server.env["AWS_ENDPOINT_URL"])
        c = http.client.HTTPConnection(at.hostname, at.port, timeout=30)
        c.request(method, "/_sandbox/faults", body)
        assert c.getresponse().status == 200
        c.close()


@pytest.fixture
def start(tmp_path):
    home, made = str(tmp_path / "home"), []
    os.makedirs(home)

    def begin(without=()):
        made.append(Server(str(tmp_path / "vault"), without))
        return Place(made[-1], home)
    yield begin
    for server in made:
        server.stop()


class LossyProxy:
    """Hands requests on to Vault, and closes the connection instead of answering sys/init."""

    def __init__(self, address):
        target = urlsplit(address)
        proxy = self
        self.inits = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                c = http.client.HTTPConnection(target.hostname, target.port, timeout=60)
                c.request(self.command, self.path, body, {"Content-Type": "application/json"})
                got = c.getresponse()
                answer = got.read()
                c.close()
                if self.path == "/v1/sys/init":
                    proxy.inits += 1
                    self.close_connection = True
                    return
                self.send_response(got.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_PUT = _pass

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def test_keys_are_in_custody_and_open_vault(start):
    place = start()
    trace = os.path.join(place.home, "trace")
    ran = place.init("--shares", "3", "--threshold", "2", "--trace", trace, "--debug")
    kept, token = json.loads(place.entry("recovery-keys")), place.entry("root-token")
    assert len(kept["recovery_keys"]) == len(kept["recovery_keys_base64"]) == 3
    assert (kept["recovery_threshold"], kept["cluster"], kept["release"]) == (2, "prod", "vault")
    assert place.server.ask("GET", "/v1/auth/token/lookup-self", token=token)[0] == 200
    # The recovery keys are those of this Vault: enough of them make a new root token.
    status, attempt = place.server.ask("PUT", "/v1/sys/generate-root/attempt", {}, token=token)
    assert status == 200, attempt
    for share in kept["recovery_keys"][:2]:
        status, attempt = place.server.ask("PUT", "/v1/sys/generate-root/update",
                                           {"key": share, "nonce": attempt["nonce"]}, token=token)
        assert status == 200, attempt
    assert attempt["complete"] is True
    assert place.spools() == []
    with open(trace, encoding="utf-8") as f:
        seen = ran.stdout + ran.stderr + f.read()
    for secret in (token, *kept["recovery_keys"], *kept["recovery_keys_base64"]):
        assert secret not in seen
    assert "vault:/v1/sys/init" in seen          # it was a trace of the call


def test_entries_carry_our_tags_and_the_custody_key(start):
    place = start()
    place.init("--tags", "team=platform")
    for word in ("recovery-keys", "root-token"):
        have = place.client("secretsmanager").describe_secret(SecretId=NAME + word)
        tags = {t["Key"]: t["Value"] for t in have["Tags"]}
        assert have["KmsKeyId"] == place.custody_key
        assert tags["ManagedBy"] == "helm-vault-aws" and tags["team"] == "platform"
        assert {tags["helm-vault-aws/" + n] for n in ("namespace", "release")} == {"vault"}
        assert tags["helm-vault-aws/cluster"] == "prod"


def test_copies_are_in_other_regions(start):
    place = start()
    there = boto3.client("kms", region_name="eu-west-1", endpoint_url=place.server.env["AWS_ENDPOINT_URL"],
                         aws_access_key_id=ADMIN.access_key, aws_secret_access_key=ADMIN.secret_key)
    key = there.create_key()["KeyMetadata"]["Arn"]
    ran = place.init("--custody-replica", f"eu-west-1={key}")
    assert "copies in eu-west-1" in ran.stdout
    copy = boto3.client("secretsmanager", region_name="eu-west-1", endpoint_url=place.server.env["AWS_ENDPOINT_URL"],
                        aws_access_key_id=ADMIN.access_key, aws_secret_access_key=ADMIN.secret_key)
    for word in ("recovery-keys", "root-token"):
        assert copy.get_secret_value(SecretId=NAME + word)["SecretString"] == place.entry(word)


@pytest.mark.skipif(not shutil.which("age"), reason="age is not installed")
@pytest.mark.parametrize("key", [None, CUSTODY])
def test_files_are_opened_by_age(start, key):
    place = start()
    folder, identity = os.path.join(place.home, "keys"), os.path.join(place.home, "identity")
    recipients = []
    for name in (identity, identity + "2"):
        subprocess.run(["age-keygen", "-o", name], check=True, capture_output=True)
        recipients.append(subprocess.run(["age-keygen", "-y", name], check=True, capture_output=True, text=True).stdout.strip())
    words = ["--custody", "file", "--out", folder, "--recipient", recipients[0], "--recipient", recipients[1]]
    place.init(*words, key=key)
    opened = {}
    for word in ("recovery-keys", "root-token"):
        path = os.path.join(folder, word + ".age")
        assert os.stat(path).st_mode & 0o777 == 0o600
        for name in (identity, identity + "2"):
            opened[word] = subprocess.run(["age", "--decrypt", "-i", name, path], check=True, capture_output=True, text=True).stdout
        if key:
            assert opened[word] == place.entry(word)
    assert len(json.loads(opened["recovery-keys"])["recovery_keys"]) == 5
    assert place.server.ask("GET", "/v1/auth/token/lookup-self", token=opened["root-token"])[0] == 200
    assert sorted(os.listdir(folder)) == ["recovery-keys.age", "root-token.age"]
    assert place.spools() == []
    assert json.loads(place.init(*words, "-o", "json", key=key).stdout)["changed"] is False


def test_another_account_is_refused(start):
    place = start()
    ran = place.init("--account", "999988887777", ok=False)
    assert ran.returncode == 4 and "999988887777" in ran.stderr
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": False}


def test_second_run_changes_nothing(start):
    place = start()
    place.init()
    before = place.entry("recovery-keys"), place.entry("root-token")
    ran = place.init("-o", "json")
    assert json.loads(ran.stdout)["changed"] is False
    assert (place.entry("recovery-keys"), place.entry("root-token")) == before


@pytest.mark.parametrize("name", [vault_account.ALIAS, "id"])
def test_seal_key_is_no_custody_key(start, name):
    place = start()
    key = name if name != "id" else place.client("kms").describe_key(KeyId=vault_account.ALIAS)["KeyMetadata"]["KeyId"]
    ran = place.init(key=key, ok=False)
    assert ran.returncode == 2 and "is the seal key" in ran.stderr
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": False}


def test_a_custody_key_that_is_not_there_is_told_how_to_be_made(start):
    place = start()
    ran = place.init(key="alias/not-there", ok=False)
    assert ran.returncode == 1 and "reading the custody key 'alias/not-there'" in ran.stderr, ran.stderr
    hint = ran.stderr.split("hint: ")[1].strip()
    assert hint == (f"aws kms create-alias --region {REGION} --alias-name alias/not-there --target-key-id "
                    f'"$(aws kms create-key --region {REGION} --query KeyMetadata.KeyId --output text)"')
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": False}


def caller(place, without):
    """An access key of a user who may do what init takes but for one action."""
    iam = place.client("iam")
    iam.create_user(UserName="operator")
    rights = [*vault_account.NINE, "dynamodb:Scan", "dynamodb:ListTagsOfResource", "dynamodb:TagResource",
              "dynamodb:UntagResource", "kms:GenerateDataKey", "secretsmanager:*"]
    statement = [{"Effect": "Allow", "Action": [a for a in rights if a != without], "Resource": "*"}]
    if without.startswith("secretsmanager:"):
        statement.append({"Effect": "Deny", "Action": without, "Resource": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:*"})
    iam.put_user_policy(UserName="operator", PolicyName="p",
                        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    made = iam.create_access_key(UserName="operator")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}


@pytest.mark.parametrize("action", ["kms:Encrypt", "kms:Decrypt", "dynamodb:UpdateItem", "dynamodb:DeleteItem",
                                    "dynamodb:BatchWriteItem", "dynamodb:Query", "dynamodb:GetItem"])
def test_a_missing_right_is_found_before(start, action):
    place = start()
    ran = place.init(env=caller(place, action), ok=False)
    assert ran.returncode == 4, ran.stderr
    assert f"may not do {action}" in ran.stderr
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": False}
    place.init()


@pytest.mark.parametrize("action", ["secretsmanager:CreateSecret", "secretsmanager:GetSecretValue",
                                    "secretsmanager:TagResource", "kms:GenerateDataKey",
                                    "dynamodb:ListTagsOfResource", "dynamodb:TagResource"])
def test_custody_is_proven_before(start, action):
    place = start()
    ran = place.init(env=caller(place, action), ok=False)
    assert ran.returncode == 1, ran.stderr
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": False}
    place.init()
    assert json.loads(place.entry("recovery-keys"))["recovery_keys"]


def test_custody_denied_after_the_call_keeps_the_keys_sealed(start):
    place = start()
    ran = place.init(env=caller(place, "secretsmanager:UpdateSecret"), ok=False)
    assert ran.returncode == 1 and "the keys wait encrypted in" in ran.stderr
    spool, = place.spools()
    assert os.stat(spool).st_mode & 0o777 == 0o600
    with open(spool, encoding="utf-8") as f:
        assert "hvs." not in f.read()
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": True}
    ran = place.init()
    assert "are in custody now" in ran.stdout
    assert place.spools() == []
    assert place.server.ask("GET", "/v1/auth/token/lookup-self", token=place.entry("root-token"))[0] == 200


def test_reply_lost_is_said_and_nothing_is_repeated(start):
    place = start()
    proxy = LossyProxy(place.server.env["VAULT_ADDR"])
    try:
        ran = place.init(address=proxy.address, ok=False)
    finally:
        proxy.stop()
    assert proxy.inits == 1
    assert ran.returncode == 4 and "nobody has the keys" in ran.stderr, ran.stderr
    ran = place.init(ok=False)
    assert ran.returncode == 4 and "nobody has them" in ran.stderr and "its pods have to go down first" in ran.stderr
    assert len(place.spools()) == 1


def test_a_vault_of_somebody_else_is_said_so(start):
    place = start()
    assert place.server.initialise()[0] == 200
    ran = place.init(ok=False)
    assert ran.returncode == 4 and "initialised already, by somebody else" in ran.stderr
    assert "its recovery keys made anew by a rekey" in ran.stderr
    with pytest.raises(place.client("secretsmanager").exceptions.ResourceNotFoundException):
        place.entry("recovery-keys")


def test_a_refused_init_is_recognised(start):
    """Vault's own role lacks kms:Encrypt, which a proof with other credentials cannot see."""
    place = start(["kms:Encrypt"])
    ran = place.init(ok=False)
    assert ran.returncode == 1 and "initialising Vault: Vault says 400" in ran.stderr
    ran = place.init(ok=False)
    assert ran.returncode == 4 and "nobody has them" in ran.stderr


@pytest.mark.parametrize("match", ["secretsmanager:CreateSecret", "secretsmanager:UpdateSecret"])
def test_custody_full(start, match):
    """Before the call nothing is done; after it the keys wait in the spool, and go into custody once there is room."""
    place = start()
    place.fault(match=match, kind="error", code="LimitExceededException", message="quota of secrets", count=99)
    ran = place.init(ok=False)
    before = match.endswith("CreateSecret")
    assert ran.returncode == 1 and "quota of secrets" in ran.stderr, ran.stderr
    assert ("the keys wait encrypted in" in ran.stderr) != before
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": not before}
    place.clear_faults()
    place.init()
    assert place.server.ask("GET", "/v1/auth/token/lookup-self", token=place.entry("root-token"))[0] == 200
    assert place.spools() == []


@pytest.mark.parametrize("match", ["kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt"])
def test_kms_throttled_for_long(start, match):
    place = start()
    place.fault(match=match, kind="throttle", count=99)
    ran = place.init(ok=False)
    assert ran.returncode == 1 and f"{match}: asked too often" in ran.stderr, ran.stderr
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": False}
    place.clear_faults()
    place.init()
    assert place.spools() == []


def test_wrong_threshold(start):
    place = start()
    for words in (("--shares", "3", "--threshold", "4"), ("--shares", "3", "--threshold", "1"), ("--shares", "0")):
        ran = place.init(*words, ok=False)
        assert ran.returncode == 2, ran.stderr
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": False}


def test_throttled_and_lost_replies_of_aws_are_got_over(start):
    place = start()
    for match in ("kms:GenerateDataKey", "secretsmanager:CreateSecret", "secretsmanager:UpdateSecret"):
        place.fault(match=match, kind="throttle", count=1)
        place.fault(match=match, kind="lost", count=1, skip=1)
    place.init()
    assert place.entry("root-token").startswith("hvs.")


def on_a_terminal(argv, env):
    """Its exit code, and all that it showed."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(argv[0], argv, env)
    seen = b""
    while True:
        try:
            piece = os.read(fd, 4096)
        except OSError:          # the other end is closed
            break
        if not piece:
            break
        seen += piece
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


@pytest.mark.parametrize("words", [[], ["--show-root-token"]])
def test_root_token_is_shown_on_a_terminal_when_asked_for(start, words):
    place = start()
    code, seen = on_a_terminal(*place.call(*words))
    assert code == 0, seen
    token, keys = place.entry("root-token"), json.loads(place.entry("recovery-keys"))
    assert (token in seen) == bool(words)
    assert not [k for k in keys["recovery_keys"] + keys["recovery_keys_base64"] if k in seen]
    assert "They cannot unseal" in seen and NAME + "recovery-keys" in seen and "aws secretsmanager put-resource-policy" in seen
    assert "proved with the credentials used here" in seen       # there is no cluster


def test_root_token_is_not_shown_off_a_terminal(start):
    place = start()
    ran = place.init("--show-root-token", ok=False)
    assert ran.returncode == 2 and "no terminal" in ran.stderr
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": False}
