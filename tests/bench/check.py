"""Checking measured, inside the sandbox: kubectl vault-check with all its checks against a runbook's commands in turns, behind
one wire to the API server and one to AWS; then a hundred clusters in one run against one. The hundred are a hundred names of the
sandbox's one API server and one AWS, whose work is in the time: what is told is more than a hundred real clusters would take.

usage: check.py KUBECTL_VAULT_CHECK NODE_ADDRESS [--rounds N] [--round-trip-ms N] [--clusters N]
"""
import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import yaml

import wiring

HERE = pathlib.Path(__file__).resolve().parent
SETUP = 2                # round trips until a new connection takes a request: TCP, and TLS 1.3
TUNNEL = SETUP + 1       # and until one through a port-forward does: the WebSocket's upgrade too
API_SERVER = 6443


class Run:
    """One run of a program to its end: wall and processor time in seconds, the highest resident memory in MiB."""
    def __init__(self, argv, env):
        start = time.monotonic()
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen(argv, env=env, stdout=out, stderr=subprocess.STDOUT)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.wall = time.monotonic() - start
            self.processor, self.memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
            if process.returncode:
                out.seek(0)
                sys.exit(f"{argv[0]} ended with {process.returncode}:\n{out.read().decode()[-4000:]}")


def contexts(directory, config, port, n):
    """A kubeconfig of n clusters, each at an address of its own."""
    cluster = dict(config["clusters"][0]["cluster"])
    name = config["clusters"][0]["name"]
    many = dict(config, clusters=[], contexts=[])
    for i in range(n):
        # the first has the name of the cluster; the others are further ones of the same account and region
        own = name if i == 0 else f"{name}-{i}"
        many["clusters"].append({"name": own, "cluster": dict(cluster, server=f"https://127.0.{i // 250}.{i % 250 + 1}:{port}",
                                                              **{"tls-server-name": "127.0.0.1"})})
        many["contexts"].append({"name": own, "context": {"cluster": own, "user": config["users"][0]["name"]}})
    path = pathlib.Path(directory) / f"{n}.conf"
    path.write_text(yaml.safe_dump(many))
    return str(path)


def longest_way(argv, env, directory):
    """Requests, and round trips one after the other, as the run itself traced them."""
    trace = pathlib.Path(directory) / "trace"
    Run([*argv, "--trace", str(trace)], env)
    requests, depth = re.findall(r"^= (\d+) requests, at most (\d+)", trace.read_text(), re.M)[-1]
    return int(requests), int(depth)


def measure(args, directory, kube_port):
    config = yaml.safe_load(open(os.environ["KUBECONFIG"]))
    one = dict(os.environ, KUBECONFIG=contexts(directory, config, kube_port, 1), AWS_PAGER="",
               PATH=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")
    many = dict(one, KUBECONFIG=contexts(directory, config, kube_port, args.clusters))
    check = [args.binary, "-n", "vault"]
    ours, theirs = [], []
    for _ in range(args.rounds):
        ours.append(Run(check, one))
        theirs.append(Run(["bash", str(HERE / "with_kubectl.sh")], one))
    requests, depth = longest_way(check, one, directory)
    wall = statistics.median(r.wall for r in ours)
    limit = (depth + SETUP) * args.round_trip_ms / 1000
    print(f"{args.rounds} rounds in turns, {args.round_trip_ms} ms a round trip, {os.cpu_count()} cores")
    for name, runs in (("kubectl vault-check", ours), ("kubectl and aws", theirs)):
        walls = [r.wall for r in runs]
        print(f"{name:24} median {statistics.median(walls):6.2f} s  min {min(walls):6.2f}  max {max(walls):6.2f}"
              f"  {statistics.median(walls) / wall:5.1f} x  processor {statistics.median(r.processor for r in runs):5.2f} s")
    tunnelled = limit + TUNNEL * args.round_trip_ms / 1000
    print(f"{requests} requests; longest way {depth} round trips and {SETUP} of set-up: {limit:.2f} s; measured "
          f"{wall / limit:.2f} x of it, {wall / tunnelled:.2f} x with a tunnel's {TUNNEL} of set-up; peak memory "
          f"{max(r.memory for r in ours):.1f} MiB", flush=True)
    hundred = Run([*check, "--contexts", "all"], many)
    print(f"{args.clusters} clusters             {hundred.wall:6.2f} s, {hundred.wall / wall:.1f} x one; processor "
          f"{hundred.processor:.2f} s; peak memory {hundred.memory:.1f} MiB")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("node")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--round-trip-ms", type=int, default=50)
    parser.add_argument("--clusters", type=int, default=100)
    args = parser.parse_args()
    wires = []
    try:
        with tempfile.TemporaryDirectory() as directory:
            delay = wiring.build(directory)
            kube, port = wiring.start(delay, "0.0.0.0:0", f"{args.node}:{API_SERVER}", args.round_trip_ms)
            wires.append(kube)
            wires.append(wiring.start(delay, "127.0.0.1:443", f"{args.node}:443", args.round_trip_ms)[0])
            measure(args, directory, port)
    finally:
        for process in wires:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
