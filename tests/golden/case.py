"""One golden case: a folder that says what is run, and what comes of it.

    cmd       the words after the program's name, as a shell would split them
    env       NAME=value lines on top of the bare environment; NAME= takes one away
    stdin     what standard input holds (nothing when absent)
    cloud     needs the AWS front; its lines make the account what it is (cloud.py)
    stdout, stderr, exit    what must come out
    calls.txt               the calls that reached AWS, how often and how answered

Whatever else lies in the folder is put into the directory that the program runs in; `home/` is the
user's home. What differs from run to run is made the same (steady): places, ports, random ids and
seconds become words, and what comes in the order in which calls happen to end is sorted.
"""
import difflib
import os
import re
import shlex
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = {"helm": "vault-aws", "kubectl": "kubectl-vault_check"}
OWN = {"cmd", "env", "stdin", "cloud", "stdout", "stderr", "exit", "calls.txt"}
MANY_POLLS = "N x "          # in calls.txt: asked again until it was so, as often as that took
TIMEOUT_S = 120
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=mrk-)[0-9a-f]{32}")
NOW = re.compile(r"\b20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z")
PROGRESS = re.compile(r"\[ *[0-9.]+s\] ")


class Result:
    """What came out of one run."""

    def __init__(self, done, folder):
        self.exit, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr
        self.folder = folder


class Case:
    def __init__(self, kind, name, bindir):
        self.name, self.folder = f"{kind}/{name}", os.path.join(HERE, kind, name)
        self.bindir = os.path.abspath(bindir)
        self.program = os.path.join(self.bindir, PROGRAMS[kind])
        self.cloud = os.path.exists(os.path.join(self.folder, "cloud"))

    def text(self, name):
        """A file of the case; '' when it has none."""
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def words(self):
        return shlex.split(self.text("cmd"), comments=True)

    def place(self):
        """A fresh directory with the case's own files and a home; the caller removes it."""
        at = os.path.realpath(tempfile.mkdtemp(prefix="golden-"))
        for name in os.listdir(self.folder):
            source, target = os.path.join(self.folder, name), os.path.join(at, name)
            if os.path.isdir(source):
                shutil.copytree(source, target)
            elif name not in OWN:
                shutil.copy(source, target)
        os.makedirs(os.path.join(at, "home"), exist_ok=True)
        return at

    def environment(self, at, more):
        env = {"PATH": "/usr/bin:/bin", "HOME": os.path.join(at, "home"), "LC_ALL": "C.UTF-8",
               "AWS_EC2_METADATA_DISABLED": "true"} | more
        for line in self.text("env").splitlines():
            name, _, value = line.partition("=")
            env[name] = value.replace("$HERE", at)
        return {name: value for name, value in env.items() if value}

    def run(self, at, env, words, kind=None):
        """kind: of the program, where it is not the case's own."""
        program = os.path.join(self.bindir, PROGRAMS[kind]) if kind else self.program
        done = subprocess.run([program, *words], cwd=at, env=env, capture_output=True,
                              input=self.text("stdin").encode(), timeout=TIMEOUT_S, check=False)
        done.stdout = done.stdout.decode("utf-8", "backslashreplace")
        done.stderr = done.stderr.decode("utf-8", "backslashreplace")
        return Result(done, at)

    def seen(self, result, calls=None):
        """What is compared, by file name."""
        ids, talk = {}, result.stderr
        if calls is not None:
            talk = _sort_errors(_sort_progress(talk))
        out = {"stdout": self._steady(result.stdout, result.folder, ids),
               "stderr": self._steady(talk, result.folder, ids),
               "exit": f"{result.exit}\n"}
        if calls is not None:
            out["calls.txt"] = calls
            if MANY_POLLS in calls:
                out["stderr"] = re.sub(r"^\d+ requests", "N requests", out["stderr"], flags=re.M)
        return out

    def _steady(self, text, at, ids):
        text = text.replace(at, "$HERE").replace(self.bindir, "$BIN")
        text = re.sub(r"127\.0\.0\.1:[0-9]{4,5}\b", "127.0.0.1:PORT", text)
        text = NOW.sub("NOW", text)
        return UUID.sub(lambda m: ids.setdefault(m.group(), f"UUID-{len(ids) + 1}"), text)

    def differences(self, seen):
        """Text of all that is not as recorded; '' when nothing is."""
        out = []
        for name, text in seen.items():
            want = self.text(name)
            if not os.path.exists(os.path.join(self.folder, name)):
                out.append(f"{self.name}/{name} is missing; UPDATE_GOLDEN=1 writes it\n")
            if want != text:
                out += difflib.unified_diff(want.splitlines(True), text.splitlines(True),
                                            f"{self.name}/{name}, recorded", "seen")
        return "".join(line if line.endswith("\n") else line + "\n" for line in out)

    def record(self, seen):
        for name, text in seen.items():
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
                f.write(text)


def _sort_progress(text):
    """Runs of progress lines in order of their words, their times as words."""
    out, run = [], []
    for line in text.splitlines(True):
        if PROGRESS.match(line):
            run.append(re.sub(r"\([0-9.]+s\)", "(TIME)", PROGRESS.sub("[TIME] ", line, count=1)))
            continue
        out += sorted(run) + [line]
        run = []
    return "".join(out + sorted(run))


def _sort_errors(text):
    """Several errors of calls at once: by their words, without the name of the first one's step."""
    lines, blocks = text.splitlines(True), []
    first = next((i for i, line in enumerate(lines) if line.startswith("error: ")), len(lines))
    for line in lines[first:]:
        if line.startswith("error: "):
            blocks.append(re.sub(r"^error: [a-z-]+\.[a-z-]+: ", "error: ", line))
        else:
            blocks[-1] += line
    return text if len(blocks) < 2 else "".join(lines[:first] + sorted(blocks))


def cases(kind, bindir):
    return [Case(kind, name, bindir) for name in sorted(os.listdir(os.path.join(HERE, kind)))
            if os.path.exists(os.path.join(HERE, kind, name, "cmd"))]
