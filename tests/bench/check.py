"""Checking measured, inside the sandbox: kubectl vault-check with all its checks against a runbook's commands, in turns, behind
one wire to the API server and one to AWS. First on the sandbox itself, whose servers share these cores with the client; then on
a cluster that is said again from a recording of the sandbox (simulate/), so that the time is the client's own; then a hundred of
those at once against one. Of each part the processor time is told of whoever worked: the client, the simulator, the wires.

usage: check.py KUBECTL_VAULT_CHECK --node ADDRESS --pki DIR --simulator PROGRAM [--rounds N] [--round-trip-ms N] [--clusters N]
"""
import argparse
import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import yaml

import simulated
import wiring

HERE = pathlib.Path(__file__).resolve().parent
SETUP = 2                # round trips until a new connection takes a request: TCP, and TLS 1.3
TUNNEL = SETUP + 1       # and until one through a port-forward does: the WebSocket's upgrade too
API_SERVER = 6443


class Run:
    """One run of a program to its end: wall and processor time in seconds, the highest resident memory in MiB, and the file that
    holds what it said. What this process holds itself is no less than what a child of it is told to have: so it stays small."""
    def __init__(self, argv, env, said=None):
        self.said = said
        start = time.monotonic()
        with open(said, "w+b") if said else tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(argv, env=env, stdout=out, stderr=err)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.wall = time.monotonic() - start
            self.processor, self.memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
            if process.returncode:
                for file in (out, err):
                    file.seek(0)
                    print(file.read().decode()[-4000:], file=sys.stderr)
                sys.exit(f"{' '.join(argv)} ended with {process.returncode}")


class Bench:
    def __init__(self, args, directory):
        self.args, self.dir = args, pathlib.Path(directory)
        self.config = yaml.safe_load(open(os.environ["KUBECONFIG"]))
        self.delay = wiring.build(directory)
        self.check = [args.binary, "-n", "vault"]
        self.runbook = ["bash", str(HERE / "with_kubectl.sh")]

    def env(self, port, n=1):
        """The environment of a client that knows n clusters, each at an address of its own."""
        cluster, user = dict(self.config["clusters"][0]["cluster"]), self.config["users"][0]["name"]
        many = dict(self.config, clusters=[], contexts=[], **{"current-context": "cluster-1"})
        for i in range(n):
            # the user has the name of the EKS cluster, so all of them are that one again
            many["clusters"].append({"name": f"cluster-{i + 1}", "cluster": dict(
                cluster, server=f"https://127.0.{i // 250}.{i % 250 + 1}:{port}", **{"tls-server-name": "127.0.0.1"})})
            many["contexts"].append({"name": f"cluster-{i + 1}", "context": {"cluster": f"cluster-{i + 1}", "user": user}})
        path = self.dir / f"{n}.conf"
        path.write_text(yaml.safe_dump(many))
        return dict(os.environ, KUBECONFIG=str(path), AWS_PAGER="",
                    PATH=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")

    @contextlib.contextmanager
    def wires(self, kube, aws):
        """Both wires, to these far ends; the port of the API server's."""
        held = []
        try:
            for near, far in (("0.0.0.0:0", kube), ("127.0.0.1:443", aws)):
                held.append(wiring.start(self.delay, near, far, self.args.round_trip_ms))
            yield held[0][1], [process for process, _ in held]
        finally:
            for process, _ in held:
                process.terminate()
                process.wait()

    def record(self, file):
        """Writes what the sandbox answers; the file with what vault-check found, which asks last: of two answers the later is kept."""
        more = ["--servers", self.args.node, "--aws", "127.0.0.1:443"]
        with simulated.Simulator(self.args, "record", file, *more) as recorder:
            env = self.env(recorder.kube)
            Run(self.runbook, env)
            return Run([*self.check, "-o", "json"], env, self.dir / "recorded.json").said

    def longest_way(self, env):
        """Requests, and round trips one after the other, as the run itself traced them."""
        trace = self.dir / "trace"
        Run([*self.check, "--trace", str(trace)], env)
        requests, depth = re.findall(r"^= (\d+) requests, at most (\d+)", trace.read_text(), re.M)[-1]
        return int(requests), int(depth)

    def turns(self, env):
        """Both in turns; the median of vault-check, in seconds."""
        ms = self.args.round_trip_ms
        ours, theirs = [], []
        for _ in range(self.args.rounds):
            ours.append(Run(self.check, env))
            theirs.append(Run(self.runbook, env))
        requests, depth = self.longest_way(env)
        wall = statistics.median(r.wall for r in ours)
        for name, runs in (("kubectl vault-check", ours), ("kubectl and aws", theirs)):
            walls = [r.wall for r in runs]
            print(f"{name:24} median {statistics.median(walls):6.2f} s  min {min(walls):6.2f}  max {max(walls):6.2f}"
                  f"  {statistics.median(walls) / wall:5.1f} x  processor {statistics.median(r.processor for r in runs):5.2f} s")
        limit = (depth + SETUP) * ms / 1000
        print(f"{requests} requests; longest way {depth} round trips and {SETUP} of set-up: {limit:.2f} s; measured "
              f"{wall / limit:.2f} x of it, {wall / (limit + TUNNEL * ms / 1000):.2f} x with a tunnel's {TUNNEL} of set-up; "
              f"peak memory {max(r.memory for r in ours):.1f} MiB", flush=True)
        return wall

    def many(self, port, found, workers):
        """One and many in turns, each compared with what was recorded; what every process had of the processors."""
        n, rounds = self.args.clusters, {1: [], self.args.clusters: []}
        for _ in range(min(self.args.rounds, 3)):
            for count, runs in rounds.items():
                before = [simulated.processor(w) for w in workers]
                more = ["--contexts", "all"] if count > 1 else []
                run = Run([*self.check, "-o", "json", *more], self.env(port, count), self.dir / "replayed.json")
                run.others = [simulated.processor(w) - b for w, b in zip(workers, before)]
                subprocess.run([sys.executable, simulated.__file__, found, run.said, str(count)], check=True)
                runs.append(run)
        walls = {count: statistics.median(r.wall for r in runs) for count, runs in rounds.items()}
        for count, runs in rounds.items():
            simulator, *wires = (statistics.median(each) for each in zip(*(r.others for r in runs)))
            print(f"{f'{count} at once':24} median {walls[count]:6.2f} s  {walls[count] / walls[1]:5.1f} x  processor "
                  f"{statistics.median(r.processor for r in runs):5.2f} s, of the simulator {simulator:.2f} s, of the wires "
                  f"{sum(wires):.2f} s; peak memory {max(r.memory for r in runs):.1f} MiB", flush=True)


def measure(bench, args):
    print(f"{args.rounds} rounds in turns, {args.round_trip_ms} ms a round trip, {os.cpu_count()} cores\n\nthe sandbox:", flush=True)
    with bench.wires(f"{args.node}:{API_SERVER}", f"{args.node}:443") as (port, _):
        bench.turns(bench.env(port))
    file = str(bench.dir / "recording")
    found = bench.record(file)
    with simulated.Simulator(args, "replay", file) as simulator:
        with bench.wires(f"127.0.0.1:{simulator.kube}", f"127.0.0.1:{simulator.aws}") as (port, wires):
            print("\nsimulated clusters, found to be as the sandbox was:", flush=True)
            bench.turns(bench.env(port))
            bench.many(port, found, [simulator.process, *wires])
        used = simulated.processor(simulator.process)
    counts = simulator.told()
    print(f"the simulator: {counts['answered']} answers on {counts['connections']} connections, {counts['tunnels']} of them "
          f"tunnels; {used / counts['answered'] * 1e6:.0f} us of a processor for an answer, TLS in it")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--node", required=True)
    parser.add_argument("--pki", required=True)
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--round-trip-ms", type=int, default=50)
    parser.add_argument("--clusters", type=int, default=100)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        measure(Bench(args, directory), args)


if __name__ == "__main__":
    main()
