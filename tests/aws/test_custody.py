"""`helm vault-aws init` on a real Vault into each kind of custody: what is kept opens Vault, and nobody else sees it."""
import base64
import json
import os
import shutil
import subprocess

import boto3
import pytest

from harness import ACCOUNT, REGION, allow, document
import vault_account
from test_init import CUSTODY, NAME, PLUGIN, pytestmark, start  # noqa: F401  (the fixture and the mark are used by name)

BUCKET = "vault-keys"
BLOCK = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
GPG = pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is not installed")


def bucket(place, versioning="Enabled", block=BLOCK):
    s3 = place.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    if versioning:
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": versioning})
    if block:
        s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=block)
    return s3


def run(place, kinds, *words, ok=True, **more):
    """init into these kinds; those in AWS get the custody key."""
    aws = [k for k in kinds if k in ("secretsmanager", "ssm", "s3")]
    argv = [w for k in kinds for w in ("--custody", k)]
    argv += ["--custody-kms-key", CUSTODY] if aws else []
    argv += ["--custody-bucket", BUCKET] if "s3" in kinds else []
    return place.init(*argv, *words, key=None, ok=ok, **more)


def read(place, kind, word, client=None):
    client = client or place.client(kind)
    if kind == "ssm":
        return client.get_parameter(Name="/" + NAME + word, WithDecryption=True)["Parameter"]["Value"]
    if kind == "s3":
        return client.get_object(Bucket=BUCKET, Key=NAME + word)["Body"].read().decode()
    return client.get_secret_value(SecretId=NAME + word)["SecretString"]


def opens_vault(place, token, shares):
    """The token is Vault's root token, and the shares (hexadecimal) are enough to make another."""
    assert place.server.ask("GET", "/v1/auth/token/lookup-self", token=token)[0] == 200
    status, attempt = place.server.ask("PUT", "/v1/sys/generate-root/attempt", {}, token=token)
    assert status == 200, attempt
    for share in shares:
        status, attempt = place.server.ask("PUT", "/v1/sys/generate-root/update",
                                           {"key": share, "nonce": attempt["nonce"]}, token=token)
        assert status == 200, attempt
    assert attempt["complete"] is True


def uninitialised(place):
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": False}
    return True


@pytest.mark.parametrize("kind", ["ssm", "s3"])
def test_keys_are_kept_under_the_custody_key_and_open_vault(start, kind):
    place = start()
    s3, trace = bucket(place), os.path.join(place.home, "trace")
    ran = run(place, [kind], "--shares", "3", "--threshold", "2", "--trace", trace, "--debug")
    kept, token = json.loads(read(place, kind, "recovery-keys")), read(place, kind, "root-token")
    opens_vault(place, token, kept["recovery_keys"][:2])
    if kind == "ssm":
        have = place.client("ssm").get_parameter_history(Name="/" + NAME + "root-token")["Parameters"]
        assert [h["Version"] for h in have] == [1, 2] and have[-1]["KeyId"] == place.custody_key
        assert have[-1]["Type"] == "SecureString"
        tags = place.client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId="/" + NAME + "root-token")["TagList"]
        assert {"Key": "helm-vault-aws/cluster", "Value": "prod"} in tags
    else:
        have = s3.head_object(Bucket=BUCKET, Key=NAME + "root-token")
        assert have["SSEKMSKeyId"] == place.custody_key and have["ServerSideEncryption"] == "aws:kms"
        assert len(s3.list_object_versions(Bucket=BUCKET, Prefix=NAME + "root-token")["Versions"]) == 2
    assert place.spools() == []
    with open(trace, encoding="utf-8") as f:
        seen = ran.stdout + ran.stderr + f.read()
    for secret in (token, *kept["recovery_keys"], *kept["recovery_keys_base64"]):
        assert secret not in seen
    assert json.loads(run(place, [kind], "-o", "json").stdout)["changed"] is False
    assert read(place, kind, "root-token") == token


@pytest.mark.parametrize("kind", ["secretsmanager", "ssm", "s3"])
def test_who_has_no_token_finds_it_in_custody(start, kind):
    place = start()
    bucket(place)
    trace, file = os.path.join(place.home, "trace"), os.path.join(place.home, "vault.yaml")
    with open(file, "w", encoding="utf-8") as f:
        f.write("policies:\n  reader: 'path \"secret/*\" { capabilities = [\"read\"] }'\n")
    argv = [PLUGIN, "configure", "-f", file, "--cluster-name", "prod", "--region", REGION, "--dry-run", "--trace", trace,
            "--vault-addr", place.server.env["VAULT_ADDR"]]
    env = {"PATH": "/usr/bin:/bin", "HOME": place.home, "AWS_EC2_METADATA_DISABLED": "true"} | place.server.env
    del env["VAULT_ADDR"]
    run(place, [kind], "--shares", "1", "--threshold", "1")
    token = read(place, kind, "root-token")
    if kind == "s3":
        ran = subprocess.run(argv, capture_output=True, text=True, timeout=120, env=env, check=False)
        assert ran.returncode == 1 and "--custody-bucket BUCKET has it looked for in S3 too" in ran.stderr, ran.stderr
        argv += ["--custody-bucket", BUCKET]
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=120, env=env, check=False)
    assert ran.returncode == 0 and "reader" in ran.stdout, ran.stderr
    where = {"secretsmanager": "Secrets Manager", "ssm": "Parameter Store", "s3": f"the bucket '{BUCKET}'"}[kind]
    assert f"token: '{NAME}root-token' in {where}" in ran.stderr
    with open(trace, encoding="utf-8") as f:
        assert token not in ran.stdout + ran.stderr + f.read()


def test_a_bucket_must_be_safe(start):
    place = start()
    s3 = bucket(place, None, BLOCK)
    for versioning, block, says in (
            (None, BLOCK, "versioning is off"), ("Suspended", BLOCK, "versioning is suspended"),
            ("Enabled", None, "lacks BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets"),
            ("Enabled", BLOCK | {"BlockPublicPolicy": False}, "lacks BlockPublicPolicy")):
        if versioning:
            s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": versioning})
        if block:
            s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=block)
        else:
            s3.delete_public_access_block(Bucket=BUCKET)
        ran = run(place, ["s3"], ok=False)
        assert ran.returncode == 4 and says in ran.stderr, ran.stderr
        assert "aws s3api put-" in ran.stderr
        assert uninitialised(place)


def test_an_object_of_another_is_left(start):
    place = start()
    s3 = bucket(place)
    s3.put_object(Bucket=BUCKET, Key=NAME + "recovery-keys", Body=b"theirs")
    ran = run(place, ["s3"], ok=False)
    assert ran.returncode == 4 and "without our tags" in ran.stderr
    assert read(place, "s3", "recovery-keys") == "theirs"
    assert uninitialised(place)


def test_a_parameter_that_cannot_hold_them_is_refused_before(start):
    place = start()
    ran = run(place, ["ssm"], "--shares", "100", "--threshold", "50", ok=False)
    assert ran.returncode == 2 and "no more than 8192 go in" in ran.stderr
    assert uninitialised(place)


def test_the_advanced_tier_is_chosen_where_it_takes_it(start):
    place = start()
    run(place, ["ssm"], "--shares", "50", "--threshold", "3")
    value = read(place, "ssm", "recovery-keys")
    assert 4096 < len(value) <= 8192
    assert place.client("ssm").get_parameter_history(Name="/" + NAME + "recovery-keys")["Parameters"][-1]["Tier"] == "Advanced"


# ---- rights ----

# In the order in which they are missed.
RIGHTS = {"ssm": ["ssm:GetParameterHistory", "ssm:PutParameter", "ssm:AddTagsToResource", "ssm:GetParameter"],
          "s3": ["s3:GetBucketVersioning", "s3:GetBucketPublicAccessBlock", "s3:ListBucket", "s3:PutObject", "s3:GetObject"]}
KEY = {"ssm": ["kms:DescribeKey", "kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt"],
       "s3": ["kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt"]}


def operator(place, kind, without=None):
    """An access key of a user who may do what this custody takes, and no more, but for one action."""
    iam = place.client("iam")
    if not hasattr(place, "operator_key"):
        iam.create_user(UserName="operator")
        place.operator_key = iam.create_access_key(UserName="operator")["AccessKey"]
    seal = place.client("kms").describe_key(KeyId=vault_account.ALIAS)["KeyMetadata"]["Arn"]
    table = ["dynamodb:" + a for a in ("Scan", "ListTagsOfResource", "TagResource", "UntagResource")]
    parts = [allow([*vault_account.DYNAMODB, *table], f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{vault_account.TABLE}"),
             allow(vault_account.KMS, seal), allow([a for a in KEY[kind] if a != without], place.custody_key)]
    own = [a for a in RIGHTS[kind] if a != without]
    if kind == "ssm":
        parts.append(allow(own, f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{NAME}*"))
    else:
        of_bucket = ("s3:GetBucketVersioning", "s3:GetBucketPublicAccessBlock", "s3:ListBucket")
        parts.append(allow([a for a in own if a in of_bucket], f"arn:aws:s3:::{BUCKET}"))
        parts.append(allow([a for a in own if a not in of_bucket], f"arn:aws:s3:::{BUCKET}/{NAME}*"))
    iam.put_user_policy(UserName="operator", PolicyName="p", PolicyDocument=document(*parts))
    return {"AWS_ACCESS_KEY_ID": place.operator_key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": place.operator_key["SecretAccessKey"]}


@pytest.mark.parametrize("kind", ["ssm", "s3"])
def test_every_right_of_the_readme_is_needed_and_they_are_enough(start, kind):
    place = start()
    bucket(place)
    for action in [*KEY[kind][:-1], *RIGHTS[kind], KEY[kind][-1]]:
        ran = run(place, [kind], env=operator(place, kind, action), ok=False)
        assert ran.returncode != 0, f"without {action}: {ran.stdout}"
        assert uninitialised(place), action
    run(place, [kind], env=operator(place, kind))
    assert read(place, kind, "root-token").startswith("hvs.")


def test_throttled_and_lost_replies_are_got_over(start):
    place = start()
    bucket(place)
    for match in ("ssm:PutParameter", "s3:PutObject", "s3:GetObject", "ssm:GetParameter"):
        place.fault(match=match, kind="throttle", count=1)
        place.fault(match=match, kind="lost", count=1, skip=1)
    run(place, ["ssm", "s3"])
    assert read(place, "ssm", "root-token") == read(place, "s3", "root-token")


# ---- split ----

def test_split_each_share_opens_to_one_alone(start):
    place = start()
    kms, iam, admin = place.client("kms"), place.client("iam"), place.client("sts")
    keys, roles, words = [], [], []
    trust = document(allow("sts:AssumeRole", principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    for i in range(3):
        keys.append(kms.create_key()["KeyMetadata"]["Arn"])
        roles.append(iam.create_role(RoleName=f"holder-{i}", AssumeRolePolicyDocument=trust)["Role"]["Arn"])
        iam.put_role_policy(RoleName=f"holder-{i}", PolicyName="p", PolicyDocument=document(
            allow("ssm:GetParameter", "*"), allow("kms:Decrypt", keys[i])))
        words += ["--share-kms-key", keys[i], "--share-reader", roles[i]]
    ran = run(place, ["ssm"], "--split", "--shares", "3", "--threshold", "2", *words, "-o", "json")
    told = {row["entry"]: row for row in json.loads(ran.stdout)["custody"]}
    assert json.loads(ran.stdout)["most_shares_in_one_entry"] == 1
    shares = []
    for i in range(3):
        kept = json.loads(read(place, "ssm", f"recovery-key-{i + 1}"))
        assert len(kept["recovery_keys"]) == len(kept["recovery_keys_base64"]) == 1 and kept["recovery_key"] == i + 1
        shares += kept["recovery_keys"]
        row = told[f"recovery-key-{i + 1}"]
        assert (row["kms_key"], row["reader"]) == (keys[i], roles[i])
        statement, = row["policy"]["Statement"]
        assert statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] == roles[i]
        assert statement["Condition"]["StringEquals"]["kms:EncryptionContext:PARAMETER_ARN"].endswith(f"/recovery-key-{i + 1}")
    assert len(set(shares)) == 3
    opens_vault(place, read(place, "ssm", "root-token"), shares[1:])
    for i in range(3):
        got = admin.assume_role(RoleArn=roles[i], RoleSessionName="holder")["Credentials"]
        client = boto3.client("ssm", region_name=REGION, endpoint_url=place.server.env["AWS_ENDPOINT_URL"],
                              aws_access_key_id=got["AccessKeyId"], aws_secret_access_key=got["SecretAccessKey"],
                              aws_session_token=got["SessionToken"])
        for other in (*range(1, 4), "root"):
            word = f"recovery-key-{other}" if other != "root" else "root-token"
            if other == i + 1:
                assert json.loads(read(place, "ssm", word, client))["recovery_keys"] == [shares[i]]
            else:
                with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
                    read(place, "ssm", word, client)
    assert json.loads(run(place, ["ssm"], "--split", "--shares", "3", "--threshold", "2", *words, "-o", "json").stdout)["changed"] is False


# ---- PGP ----

def gpg(home, *words, **more):
    return subprocess.run(["gpg", "--batch", "--homedir", home, "--pinentry-mode", "loopback", "--passphrase", "", *words],
                          check=True, capture_output=True, **more)


@pytest.fixture
def people(tmp_path):
    """Homes with a key each, and the files of their public keys: armoured and plain by turns."""
    made = []

    def make(n):
        for i in range(n):
            home = str(tmp_path / f"g{i}")
            os.makedirs(home, 0o700)
            algo = ["rsa2048", "sign,cert,encr"] if i % 2 else ["future-default", "default"]
            gpg(home, "--quick-gen-key", f"Holder {i} <h{i}@example.invalid>", *algo, "never")
            public = os.path.join(home, "public")
            armour = ["--armor"] if i % 2 == 0 else []
            with open(public, "wb") as f:
                f.write(gpg(home, *armour, "--export").stdout)
            made.append((home, public))
        return made
    yield make
    for home, _ in made:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True)


def pgp_words(place, made, shares):
    words = ["--out", os.path.join(place.home, "keys"), "--root-pgp-key", made[-1][1]]
    for _, public in made[:shares]:
        words += ["--pgp-key", public]
    return words + ["--shares", str(shares), "--threshold", "2"]


@GPG
@pytest.mark.parametrize("beside", [[], ["ssm", "s3", "secretsmanager"]])
def test_with_pgp_each_share_opens_to_its_holder_alone(start, people, beside):
    place, made = start(), people(4)
    bucket(place)
    trace, keys = os.path.join(place.home, "trace"), os.path.join(place.home, "keys")
    words = pgp_words(place, made, 3)
    ran = run(place, ["pgp", *beside], *words, "--trace", trace, "--debug")
    assert sorted(os.listdir(keys)) == ["recovery-key-1.gpg", "recovery-key-2.gpg", "recovery-key-3.gpg", "root-token.gpg"]
    shares = [gpg(made[i][0], "--decrypt", os.path.join(keys, f"recovery-key-{i + 1}.gpg")).stdout.decode() for i in range(3)]
    token = gpg(made[3][0], "--decrypt", os.path.join(keys, "root-token.gpg")).stdout.decode()
    opens_vault(place, token, shares[1:])
    with pytest.raises(subprocess.CalledProcessError):
        gpg(made[0][0], "--decrypt", os.path.join(keys, "recovery-key-2.gpg"))
    seen = ran.stdout + ran.stderr
    for at, _, files in os.walk(place.home):
        for name in files:
            assert os.stat(os.path.join(at, name)).st_mode & 0o077 == 0 or name == "trace"
            with open(os.path.join(at, name), "rb") as f:
                seen += f.read().decode("latin-1")
    for kind in beside:
        kept, root = json.loads(read(place, kind, "recovery-keys")), read(place, kind, "root-token")
        assert kept["encryption"] == "pgp" and "recovery_keys" not in kept
        seen += json.dumps(kept) + root
        for i, message in enumerate(kept["recovery_keys_base64"]):
            with open(os.path.join(keys, f"recovery-key-{i + 1}.gpg"), "rb") as f:
                assert base64.b64decode(message) == f.read()
    for secret in (token, *shares):
        assert secret not in seen
    assert not [s for s in place.spools() if s.endswith(".json")]
    assert json.loads(run(place, ["pgp", *beside], *words, "-o", "json").stdout)["changed"] is False


# ---- files that gpg encrypts ----

def gpg_words(place, made):
    """Recovery keys to the first two, the root token to the third."""
    return ["--out", os.path.join(place.home, "keys"), "--shares", "3", "--threshold", "2", "--recipient", made[0][1],
            "--recipient", made[1][1], "--root-recipient", made[2][1]]


def opened(place, home, name):
    return gpg(home, "--decrypt", os.path.join(place.home, "keys", name)).stdout.decode()


def left_by_gpg(place):
    """Files in our folders for gpg, and agents in it."""
    files = [os.path.join(at, f) for at, _, names in os.walk(place.home) for f in names if at.endswith("gpg")]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as f:
                line = f.read()
        except OSError:
            continue
        if "gpg-agent" in line and place.home in line or "dirmngr" in line and place.home in line:
            files.append(line)
    return files


@GPG
@pytest.mark.parametrize("beside", [[], ["secretsmanager"]])
def test_files_are_encrypted_by_gpg(start, people, beside):
    place, made = start(), people(3)
    trace, keys = os.path.join(place.home, "trace"), os.path.join(place.home, "keys")
    words = gpg_words(place, made)
    ran = run(place, ["file", *beside], *words, "--trace", trace, "--debug")
    assert sorted(os.listdir(keys)) == ["recovery-keys.pgp", "root-token.pgp"]
    assert [os.stat(os.path.join(keys, f)).st_mode & 0o777 for f in os.listdir(keys)] == [0o600, 0o600]
    kept, token = json.loads(opened(place, made[0][0], "recovery-keys.pgp")), opened(place, made[2][0], "root-token.pgp")
    assert opened(place, made[1][0], "recovery-keys.pgp") == json.dumps(kept, separators=(",", ":"))
    for home, name in ((made[2][0], "recovery-keys.pgp"), (made[0][0], "root-token.pgp")):
        with pytest.raises(subprocess.CalledProcessError):
            opened(place, home, name)
    place.server.until_active()
    opens_vault(place, token, kept["recovery_keys"][:2])
    for kind in beside:
        assert read(place, kind, "root-token") == token and json.loads(read(place, kind, "recovery-keys")) == kept
    seen = ran.stdout + ran.stderr
    for at, _, files in os.walk(place.home):
        for name in files:
            with open(os.path.join(at, name), "rb") as f:
                seen += f.read().decode("latin-1")
    for secret in (token, *kept["recovery_keys"], *kept["recovery_keys_base64"]):
        assert secret not in seen
    assert f"gpg --decrypt {keys}/root-token.pgp" in ran.stdout
    assert not [s for s in place.spools() if s.endswith(".json")] and not left_by_gpg(place)
    assert json.loads(run(place, ["file", *beside], *words, "-o", "json").stdout)["changed"] is False


@GPG
def test_killed_before_gpg_has_made_the_files(start, people, tmp_path):
    """Each goes on where the secret key of one file is, and nobody initialises again."""
    place, made = start(), people(3)
    keys, program, calls = os.path.join(place.home, "keys"), tmp_path / "bin" / "gpg", tmp_path / "calls"
    os.makedirs(program.parent)
    # Two messages are made before the call, of the data keys.
    program.write_text(f"""#!/bin/sh
case " $* " in
*" --encrypt "*) echo >>{calls}; [ "$(wc -l <{calls})" -le 2 ] || {{ kill -9 $PPID; exit 1; }} ;;
esac
exec {shutil.which("gpg")} "$@"
""", encoding="ascii")
    program.chmod(0o755)
    words = gpg_words(place, made)
    ran = run(place, ["file"], *words, env={"PATH": f"{program.parent}:/usr/bin:/bin"}, ok=False)
    assert ran.returncode == -9
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": True} and os.listdir(keys) == []
    spool, = [s for s in place.spools() if s.endswith(".json")]
    assert os.stat(spool).st_mode & 0o777 == 0o600
    with open(spool, encoding="utf-8") as f:
        assert "hvs." not in f.read()
    ran = run(place, ["file"], *words, ok=False)
    assert ran.returncode == 4, ran.stderr
    for says in ("'recovery-keys.pgp' waits encrypted to", "Holder 0 <h0@example.invalid>", spool, "No secret key", "run the same init there"):
        assert says in ran.stderr, ran.stderr
    ran = run(place, ["file"], *words[:-1], made[1][1], ok=False)
    assert ran.returncode == 4 and "made 'root-token.pgp' for other keys" in ran.stderr, ran.stderr
    ran = run(place, ["file"], *words, env={"GNUPGHOME": made[1][0]}, ok=False)
    assert ran.returncode == 4 and "'root-token.pgp' waits" in ran.stderr and "recovery-keys.pgp' waits" not in ran.stderr, ran.stderr
    assert os.listdir(keys) == ["recovery-keys.pgp"]
    run(place, ["file"], *words, env={"GNUPGHOME": made[2][0]})
    shares = json.loads(opened(place, made[0][0], "recovery-keys.pgp"))["recovery_keys"]
    place.server.until_active()
    opens_vault(place, opened(place, made[2][0], "root-token.pgp"), shares[1:])
    assert not [s for s in place.spools() if s.endswith(".json")] and not left_by_gpg(place)


@GPG
def test_recipients_that_will_not_do_are_told_all_at_once(start, people, tmp_path):
    place, made = start(), people(1)
    made_at = ["--faked-system-time", "20200101T000000"]
    files = {}
    for word, how in (("expired", [*made_at, "--quick-gen-key", "E <e@x.invalid>", "rsa2048", "sign,cert,encr", "2d"]),
                      ("signs", ["--quick-gen-key", "S <s@x.invalid>", "rsa2048", "sign", "never"])):
        gpg(made[0][0], *how)
        files[word] = str(tmp_path / word)
        with open(files[word], "wb") as f:
            f.write(gpg(made[0][0], "--armor", "--export", f"{word[0]}@x.invalid").stdout)
    out = ["--out", str(tmp_path / "o")]
    ran = run(place, ["file"], *out, "--recipient", files["expired"], "--recipient", files["signs"], "--recipient", made[0][1], ok=False)
    assert ran.returncode == 2, ran.stderr
    assert f"--recipient: '{files['expired']}': it has expired" in ran.stderr
    assert f"--recipient: '{files['signs']}': nothing can be encrypted to it" in ran.stderr
    ran = run(place, ["file"], *out, "--recipient", made[0][1], env={"PATH": str(tmp_path)}, ok=False)
    assert ran.returncode == 2 and "the package 'gnupg' has it" in ran.stderr, ran.stderr
    assert uninitialised(place) and not os.path.exists(tmp_path / "o") and not [s for s in place.spools() if s.endswith(".json")]


@GPG
def test_keys_that_will_not_do_are_told_all_at_once(start, people, tmp_path):
    place, made = start(), people(2)
    secret, junk, both = (str(tmp_path / n) for n in ("secret", "junk", "both"))
    with open(secret, "wb") as f:
        f.write(gpg(made[0][0], "--armor", "--export-secret-keys").stdout)
    with open(junk, "w", encoding="ascii") as f:
        f.write("no key\n")
    with open(both, "wb") as f:
        f.write(gpg(made[1][0], "--export").stdout + gpg(made[1][0], "--export").stdout)
    again = str(tmp_path / "again")
    shutil.copy(made[1][1], again)
    ran = run(place, ["pgp"], "--out", str(tmp_path / "o"), "--shares", "4", "--threshold", "2", "--pgp-key", again,
              "--pgp-key", junk, "--pgp-key", both, "--pgp-key", made[1][1], "--root-pgp-key", made[1][1], ok=False)
    assert ran.returncode == 2, ran.stderr
    for says in ("no valid OpenPGP data found", "there are 2 keys in it", "are the same key"):
        assert says in ran.stderr, ran.stderr
    ran = run(place, ["pgp"], "--out", str(tmp_path / "o"), "--shares", "1", "--threshold", "1", "--pgp-key", secret,
              "--root-pgp-key", str(tmp_path / "none"), ok=False)
    assert ran.returncode == 2 and "is a secret key" in ran.stderr and "--root-pgp-key: reading" in ran.stderr, ran.stderr
    assert uninitialised(place)


@GPG
def test_without_gpg_nothing_is_begun(start, people, tmp_path):
    place, made = start(), people(3)
    ran = run(place, ["pgp"], *pgp_words(place, made, 2), env={"PATH": str(tmp_path)}, ok=False)
    assert ran.returncode == 2 and "gpg is needed" in ran.stderr
    assert uninitialised(place)


@GPG
@pytest.mark.parametrize("kinds", [["ssm"], ["ssm", "pgp"]])
def test_custody_denied_after_the_call_is_finished_by_the_next_run(start, people, kinds):
    place = start()
    words = pgp_words(place, people(3), 2) if "pgp" in kinds else []
    env = operator(place, "ssm")
    place.client("iam").put_user_policy(UserName="operator", PolicyName="d", PolicyDocument=document(
        allow("ssm:PutParameter", "*", Effect="Deny", Condition={"StringEquals": {"ssm:Overwrite": "true"}})))
    ran = run(place, kinds, *words, env=env, ok=False)
    assert ran.returncode == 1 and "the keys wait encrypted in" in ran.stderr, ran.stderr
    assert place.server.ask("GET", "/v1/sys/init")[1] == {"initialized": True}
    for spool in place.spools():
        with open(spool, encoding="utf-8") as f:
            assert "hvs." not in f.read()
    ran = run(place, kinds, *words)
    assert "are in custody now" in ran.stdout
    assert len(json.loads(read(place, "ssm", "recovery-keys"))["recovery_keys_base64"]) == (2 if words else 5)
    assert not [s for s in place.spools() if s.endswith(".json")]
    assert json.loads(run(place, kinds, *words, "-o", "json").stdout)["changed"] is False
