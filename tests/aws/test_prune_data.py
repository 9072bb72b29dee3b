"""`configure --prune-data` on a real Vault: a secrets engine goes with its data only when it is ours, exported just now, and
its name is typed on a terminal."""
import fcntl
import hashlib
import json
import os
import subprocess
import termios
import threading
import time

import pytest

from test_configure import Bench, bench, names, pytestmark  # noqa: F401  (the fixture, and where it is skipped)

ATTIC = {"chest": 1, "deep/er/gold": 2, "deep/top": 3, "odd name+%2F": 4}


def attic_in(bench):  # noqa: F811
    """A secrets engine that a run made, that has data, and that the file has no more."""
    bench.edit("kv: {secret: {version: 2}}", "kv: {secret: {version: 2}, attic: {version: 2}}")
    bench.run()
    for path, value in ATTIC.items():
        put(bench, path, value)
    bench.edit(", attic: {version: 2}", "")
    return bench


@pytest.fixture
def attic(bench):  # noqa: F811
    return attic_in(bench)


@pytest.fixture(scope="module")
def stays(tmp_path_factory):
    """The same Vault for all tests after which it must be as it was."""
    made = attic_in(Bench(str(tmp_path_factory.mktemp("stays") / "vault")))
    yield made
    assert is_there(made)
    made.kube.close()
    made.vault.stop()


def put(bench, path, value):  # noqa: F811
    quoted = path.replace("%", "%25").replace(" ", "%20").replace("+", "%2B")
    assert bench.ask("POST", f"attic/data/{quoted}", {"data": {"value": value}})[0] == 200


def record(bench, **other):  # noqa: F811
    """An export's record, and the file that it names; what differs from a good one is given."""
    bench.put("attic.age", "age-encryption.org/v1\n...")
    paths = other.pop("listed", ATTIC)
    listing = "".join(f"{p}\n" for p in sorted(paths))
    with open(bench.at("attic.age"), "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    good = {"format": "helm-vault-aws-export/1", "vault": bench.ask("GET", "sys/seal-status")[1]["cluster_id"], "mount": "attic",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "paths": len(paths),
            "listing": hashlib.sha256(listing.encode()).hexdigest(), "file": "attic.age", "sha256": digest}
    bench.put("attic.json", json.dumps(good | other))
    return bench.at("attic.json")


def at_a_terminal(bench, answer, *words):  # noqa: F811
    """Exit status, and all that was said; the answer is typed when it is asked for. Nothing asked, nothing typed."""
    near, far = os.openpty()

    def take_terminal():
        os.setsid()
        fcntl.ioctl(far, termios.TIOCSCTTY, 0)
    argv = bench.argv("--prune-data", "attic", "--token-file", bench.at("root"), *words)
    process = subprocess.Popen(argv, env=bench.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               preexec_fn=take_terminal)
    guard = threading.Timer(60, process.kill)
    guard.start()
    said, typed = b"", False
    while chunk := os.read(process.stderr.fileno(), 4096):
        said += chunk
        if not typed and b"to go on: " in said:
            os.write(near, answer() if callable(answer) else answer)
            typed = True
    out = process.stdout.read()
    status = process.wait(timeout=60)
    guard.cancel()
    os.close(far)
    os.close(near)
    assert bench.root not in (said + out).decode()
    return status, (said + out).decode()


def is_there(bench):  # noqa: F811
    return "attic/" in bench.read("sys/mounts")


def test_it_goes_when_its_name_is_typed_and_the_export_is_fresh(attic):
    status, said = at_a_terminal(attic, b"attic\n", "--yes", "--export", record(attic))
    assert status == 0, said
    assert "with 4 paths in it" in said and "- secrets engine 'attic'" in said
    assert not is_there(attic)
    assert "kv/attic" not in attic.manifest()["made"] and "run" not in attic.manifest()
    assert attic.run()["changes"] == []
    assert at_a_terminal(attic, b"attic\n", "--export", record(attic))[0] == 4    # there is none any more


@pytest.mark.parametrize("typed", [b"yes\n", b"\n", b"atti\n"])
def test_another_word_is_no_consent(stays, typed):
    status, said = at_a_terminal(stays, typed, "--export", record(stays), "--yes")
    assert status == 4 and "nothing was changed" in said
    assert is_there(stays)


def test_without_a_terminal_yes_does_not_count(stays):
    said = stays.run("--yes", "--prune", "--prune-data", "attic", "--export", record(stays), status=4)
    assert "must be typed" in said and is_there(stays)
    answer = stays.run("--prune-data", "attic", "--export", record(stays), "--dry-run")
    assert names(answer, "remove") == {"secrets engine attic"}
    assert is_there(stays)


def test_prune_alone_leaves_it(stays):
    assert stays.run("--yes", "--prune")["dropped"] == [
        {"kind": "secrets engine", "name": "attic", "kept": "it holds data", "paths": 3, "removed": False}]
    assert is_there(stays)


@pytest.mark.parametrize("other,word", [
    ({"mount": "cellar"}, "is of 'cellar'"),
    ({"vault": "00000000-0000-0000-0000-000000000000"}, "another Vault"),
    ({"time": "2026-01-01T00:00:00Z"}, "minutes old"),
    ({"time": "2099-01-01T00:00:00Z"}, "from the future"),
    ({"paths": 3}, "has 3 paths"),
    ({"listed": ["chest", "deep/er/gold", "deep/top", "other"]}, "other paths"),
    ({"file": "gone.age"}, "gone.age"),
    ({"sha256": "0" * 64}, "its digest is another"),
])
def test_an_export_that_does_not_cover_it_is_not_enough(stays, other, word):
    status, said = at_a_terminal(stays, b"attic\n", "--export", record(stays, **other))
    assert status == 4 and word in said and "type its name" not in said
    assert is_there(stays)


def test_without_an_export_it_stays(stays):
    status, said = at_a_terminal(stays, b"attic\n")
    assert status == 4 and "no export" in said and "with 4 paths" in said and is_there(stays)


def test_what_is_written_while_the_name_is_typed_keeps_it(attic):
    def late():
        put(attic, "late", 5)
        return b"attic\n"
    status, said = at_a_terminal(attic, late, "--export", record(attic))
    assert status == 4 and "has 5" in said and is_there(attic)


def test_what_the_file_has_or_nobody_made_is_never_removed(stays):
    stays.ask("POST", "sys/mounts/foreign", {"type": "kv"})
    said = stays.run("--prune-data", "secret/", status=2)
    assert "the file has the secrets engine 'secret'" in said
    assert "no secrets engine 'foreign' was made" in stays.run("--prune-data", "foreign", status=4)
    assert "did you mean 'attic'" in stays.run("--prune-data", "atic", status=4)
    assert "no secrets engine 'vault-aws'" in stays.run("--prune-data", "vault-aws", status=4)
    assert {"secret/", "foreign/", "attic/", "vault-aws/"} <= set(stays.read("sys/mounts"))


def test_a_record_that_is_none_is_refused_before_vault_is_asked(stays):
    stays.put("attic.json", '{"format": "other", "mount": 7, "paths": -1, "sha256": "xyz"}')
    before = len(stays.audited())
    said = stays.run("--prune-data", "attic", "--export", stays.at("attic.json"), status=2)
    for part in ("attic.json:1:", "'other' is not known", "must have 'mount'", "must have 'vault'", "must have 'paths'",
                 "no SHA-256"):
        assert part in said, said
    assert "goes with '--prune-data" in stays.run("--export", stays.at("attic.json"), status=2)
    assert len(stays.audited()) == before


def test_one_that_somebody_removed_is_written_off(attic):
    attic.ask("DELETE", "sys/mounts/attic")
    attic.edit("24h", "12h")
    assert attic.run("--yes")["applied"]
    assert "kv/attic" not in attic.manifest()["made"]
    assert attic.ask("DELETE", "sys/mounts/attic")[0] == 204    # a reply that was lost: asked again, nothing is wrong
