"""Clusters from memory (simulate/): the processes that record and replay, and whether what is found is what was recorded.

usage: simulated.py RECORDED REPLAYED N      the files hold what vault-check found, as JSON; of N simulated clusters
"""
import json
import os
import pathlib
import re
import subprocess
import sys

# What differs between two runs on one cluster: instants, and what is left of a second. The replay moves its times with the clock.
TIMES = re.compile(r"20\d\d-\d\d-\d\dT[\d:.]+Z|\b1\d{18}\b|[+-]\d+ m?s\b|\b\d+ (?:s|min|h|days?) ago")


def findings(text):
    """One list a cluster: its checks without their times."""
    reports = json.loads(text)
    reports = reports if isinstance(reports, list) else [reports]
    return [[TIMES.sub("(a time)", json.dumps(check, sort_keys=True)) for check in report["checks"]] for report in reports]


def compare(recorded, replayed, n):
    """Ends the bench where a simulated cluster was found to be another than the one it was recorded from."""
    (want,), have = findings(recorded), findings(replayed)
    if len(have) != n:
        sys.exit(f"{len(have)} clusters were reported on, not {n}")
    for number, checks in enumerate(have, 1):
        for a, b in zip(want, checks):
            if a != b:
                sys.exit(f"the simulated cluster {number} is not as it was recorded:\n  {a}\n  {b}")
        if len(want) != len(checks):
            sys.exit(f"the simulated cluster {number} has {len(checks)} findings, not {len(want)}")


class Simulator:
    """simulate record or replay, until it is left; then `said` is what it had to say."""
    def __init__(self, args, mode, file, *more):
        self.argv = [args.simulator, mode, file, "--pki", args.pki, *more]

    def __enter__(self):
        self.process = subprocess.Popen(self.argv, stdout=subprocess.PIPE, text=True)
        self.kube, self.aws = map(int, self.process.stdout.readline().split())
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        self.said, _ = self.process.communicate()
        if not kind and self.process.returncode:
            sys.exit(f"the simulator ended with {self.process.returncode}")

    def told(self):
        """What a replay counted. A request for which nothing was recorded ends the bench."""
        counts = json.loads(self.said)
        if counts["missed"]:
            sys.exit(f"{counts['missed']} requests were not recorded: {json.dumps(counts['unknown'], indent=1)}")
        return counts


def processor(process):
    """Seconds of processor time that a running process has had."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    compare(pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2]).read_text(), int(sys.argv[3]))
