"""`helm vault-aws recover` with key shares out of custody that it only reads: Parameter Store, S3, entries with one share each."""
import json
import os
import shutil
import subprocess

import pytest

from harness import ACCOUNT, REGION, allow, document
from test_custody import BUCKET, GPG, bucket, gpg, gpg_words, left_by_gpg, opened, opens_vault, people, read, run  # noqa: F401
from test_init import NAME, PLUGIN, pytestmark, start  # noqa: F401  (the fixture and the mark are used by name)

AGE = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
SPLIT = ["--split", "--shares", "3", "--threshold", "2"]


def recover(place, *words, status=0, env=None):
    argv = [PLUGIN, "recover", *words, "--cluster-name", "prod", "--region", REGION, "--vault-addr", place.server.env["VAULT_ADDR"]]
    given = {"PATH": "/usr/bin:/bin", "HOME": place.home, "AWS_EC2_METADATA_DISABLED": "true"} | place.server.env
    del given["VAULT_ADDR"]
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=120, env=given | (env or {}), check=False)
    assert ran.returncode == status, ran.stdout + ran.stderr
    return ran


@pytest.mark.parametrize("kind", ["ssm", "s3"])
def test_shares_are_read_from(start, kind):
    place = start()
    bucket(place)
    where = ["--custody", kind] + (["--custody-bucket", BUCKET] if kind == "s3" else [])
    run(place, [kind], "--shares", "3", "--threshold", "2")
    place.server.seal(read(place, kind, "root-token"))
    recover(place, "unseal", *where)
    assert not place.server.sealed()
    for word in ("generate-root", "rekey"):
        ran = recover(place, word, *where, status=2)
        assert f"--custody {kind}: a new value cannot lie there" in ran.stderr
        assert "--keys-from terminal" in ran.stderr


def split(place, kind):
    """Each share under a key of its own: the root token."""
    keys = [place.client("kms").create_key()["KeyMetadata"]["Arn"] for _ in range(3)]
    run(place, [kind], *SPLIT, *(w for k in keys for w in ("--share-kms-key", k)))
    return read(place, kind, "root-token")


def holder(place, kind, shares):
    """The environment of a user who may read these entries with one share each, and nothing else."""
    iam = place.client("iam")
    iam.create_user(UserName="holder")
    action, at = {"ssm": ("ssm:GetParameter", f"ssm:{REGION}:{ACCOUNT}:parameter/"),
                  "secretsmanager": ("secretsmanager:GetSecretValue", f"secretsmanager:{REGION}:{ACCOUNT}:secret:")}[kind]
    iam.put_user_policy(UserName="holder", PolicyName="p", PolicyDocument=document(
        allow("kms:Decrypt", "*"), *(allow(action, f"arn:aws:{at}{NAME}recovery-key-{i}*") for i in shares)))
    key = iam.create_access_key(UserName="holder")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


@pytest.mark.parametrize("kind", ["secretsmanager", "ssm"])
@pytest.mark.parametrize("shares", [(2, 3), (2,), ()])
def test_shares_of_their_own_are_read_as_far_as_they_may_be(start, kind, shares):
    place = start()
    token = split(place, kind)
    place.server.seal(token)
    env = holder(place, kind, shares)
    if len(shares) == 2:
        recover(place, "unseal", "--custody", kind, env=env)
        assert not place.server.sealed()
        return
    ran = recover(place, "unseal", "--custody", kind, env=env, status=4 if shares else 1)
    assert place.server.sealed()
    if shares:
        assert f"'{NAME}recovery-key-2' gives 1 key share, and Vault asks for 2" in ran.stderr
    else:
        assert f"reading '{NAME}recovery-keys'" in ran.stderr and "AccessDenied" in ran.stderr


@pytest.mark.skipif(not shutil.which("age-keygen"), reason="age is not installed")
def test_files_with_one_share_each_are_opened_as_far_as_they_may_be(start):
    place = start()
    folder, words, to = os.path.join(place.home, "keys"), ["--custody", "file"], []
    identities = [os.path.join(place.home, f"identity-{i}") for i in range(4)]
    for path in identities:
        subprocess.run(["age-keygen", "-o", path], check=True, capture_output=True)
        to.append(subprocess.run(["age-keygen", "-y", path], check=True, capture_output=True, text=True).stdout.strip())
    os.makedirs(folder)
    run(place, ["file"], *SPLIT, "--out", folder, "--root-recipient", to[3], *(w for r in to[:3] for w in ("--recipient", r)))
    token = subprocess.run(["age", "-d", "-i", identities[3], os.path.join(folder, "root-token.age")], check=True,
                           capture_output=True, text=True).stdout
    place.server.seal(token)
    words += ["--out", folder]
    assert "not encrypted to this identity" in recover(place, "unseal", *words, "--identity", identities[3], status=1).stderr
    assert "gives 1 key share, and Vault asks for 2" in recover(place, "unseal", *words, "--identity", identities[1], status=4).stderr
    recover(place, "unseal", *words, "--identity", identities[0], "--identity", identities[2])
    assert not place.server.sealed()
    ran = recover(place, "rekey", "--yes", *words, "--identity", identities[0], "--recipient", to[0], status=4)
    assert "each key share has an entry of its own" in ran.stderr


@GPG
def test_files_that_gpg_encrypts_give_shares_and_take_new_ones(start, people, tmp_path):  # noqa: F811
    place, made = start(), people(3)
    keys = os.path.join(place.home, "keys")
    where, holder = ["--custody", "file", "--out", keys], {"GNUPGHOME": made[0][0]}
    run(place, ["file"], *gpg_words(place, made))
    token, old = opened(place, made[2][0], "root-token.pgp"), opened(place, made[0][0], "recovery-keys.pgp")
    place.server.until_active()
    place.server.seal(token)
    assert "No secret key" in recover(place, "unseal", *where, status=1).stderr
    assert "the package 'gnupg' has it" in recover(place, "unseal", *where, env={"PATH": str(tmp_path)}, status=2).stderr
    recover(place, "unseal", *where, env=holder)
    place.server.until_active()
    # To the second alone, by the first; and then as the files lie where that was killed before it was promoted.
    rekey = ["rekey", "--yes", *where, "--recipient", made[1][1]]
    recover(place, *rekey, env=holder)
    new = opened(place, made[1][0], "recovery-keys.pgp")
    assert new != old == opened(place, made[0][0], "recovery-keys.pgp.previous")
    assert sorted(os.listdir(keys)) == ["recovery-keys.pgp", "recovery-keys.pgp.previous", "root-token.pgp"]
    assert all(os.stat(os.path.join(keys, f)).st_mode & 0o777 == 0o600 for f in os.listdir(keys))
    os.replace(os.path.join(keys, "recovery-keys.pgp"), os.path.join(keys, "recovery-keys.pgp.pending"))
    os.replace(os.path.join(keys, "recovery-keys.pgp.previous"), os.path.join(keys, "recovery-keys.pgp"))
    holder = {"GNUPGHOME": made[1][0]}
    ran = recover(place, *rekey, "-o", "json", env=holder)
    assert json.loads(ran.stdout)["of_earlier_run"] is True and opened(place, made[1][0], "recovery-keys.pgp") == new
    assert "would be a second one beside it" in recover(place, *rekey[:-1], AGE, env=holder, status=4).stderr
    # Who has the shares need not be able to read the root token.
    words = ["generate-root", *where, "--recipient", made[2][1]]
    assert "may hold a root token" in recover(place, *words, env=holder, status=4).stderr
    ran = recover(place, *words, "--replace", "--yes", env=holder)
    opens_vault(place, opened(place, made[2][0], "root-token.pgp"), json.loads(new)["recovery_keys"][:2])
    assert opened(place, made[2][0], "root-token.pgp") != token == opened(place, made[2][0], "root-token.pgp.previous")
    assert f"gpg --decrypt {keys}/root-token.pgp" in ran.stdout and not left_by_gpg(place)


def test_a_rekey_does_not_undo_a_split(start):
    place = start()
    token = split(place, "secretsmanager")
    ran = recover(place, "rekey", "--yes", "--custody-kms-key", place.custody_key, status=4)
    assert "each key share has an entry of its own" in ran.stderr
    with pytest.raises(place.client("secretsmanager").exceptions.ResourceNotFoundException):
        read(place, "secretsmanager", "recovery-keys")
    recover(place, "generate-root", "--replace", "--yes")
    new = read(place, "secretsmanager", "root-token")
    assert new != token and place.server.ask("GET", "/v1/auth/token/lookup-self", token=new)[0] == 200
