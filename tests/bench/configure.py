"""configure measured: a file with many policies and roles, made in a new Vault and then run again, straight at its address
behind a wire, by a listener without TLS (a connection a call) and one with (one connection, HTTP/2). Vault is the real one,
with its storage in memory, so that no emulator's time is in it.

Told against two limits: the longest way as the run itself traced it (the round trips of its tables, one after the other, and
those of set-up), which takes Vault for infinitely fast; and the same file with one policy and one role, which takes every
step of that way with Vault's own time in it (enabling kubernetes auth alone is a tenth of a second). What is independent goes
out at once: so a hundred items should take hardly longer than two.

usage: configure.py VAULT_AWS_BINARY VAULT_BINARY [--rounds N] [--round-trip-ms N] [--each N]
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "aws"))
import certs  # noqa: E402
import wiring  # noqa: E402

# Round trips of set-up. Without TLS the first call's TCP, and that of the many beside it; with TLS 1.3 one connection's two.
SETUP = {"http": 2, "https": 2}
# In a small process of its own: what a process has ever held counts for what it becomes, too.
MEASURE = """
import json, os, subprocess, sys, time
start = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=sys.stderr)
_, status, used = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
sys.exit(process.returncode)
"""
CONFIG = """
disable_mlock = true
api_addr = "http://127.0.0.1:{http}"
storage "inmem" {{}}
listener "tcp" {{
	address = "127.0.0.1:{http}"
	tls_disable = true
}}
listener "tcp" {{
	address = "127.0.0.1:{https}"
	cluster_address = "127.0.0.1:{cluster}"
	tls_cert_file = "{cert}"
	tls_key_file = "{key}"
}}
"""


def wanted(each):
    """The file: `each` policies, and as many roles."""
    roles = {f"role-{i}": {"bound_service_account_names": [f"app-{i}"], "bound_service_account_namespaces": ["default"],
                           "audience": "vault", "token_policies": [f"policy-{i}"], "token_ttl": "24h"} for i in range(each)}
    return {"kv": {"secret": {"version": 2}},
            "kubernetes": {"kubernetes": {"kubernetes_host": "https://127.0.0.1:1", "disable_local_ca_jwt": True,
                                          "roles": roles}},
            "policies": {f"policy-{i}": f'path "secret/data/{i}" {{ capabilities = ["read"] }}' for i in range(each)}}


class Vault:
    """A new one, initialised and unsealed; its process's own time can be told from ours."""

    def __init__(self, binary, directory):
        self.dir = pathlib.Path(directory)
        cert, key = certs.certificate(self.dir, "localhost")
        self.cert = cert
        self.ports = dict(zip(("http", "https", "cluster"), wiring.free_ports(3)))
        config = self.dir / "vault.hcl"
        config.write_text(CONFIG.format(cert=cert, key=key, **self.ports))
        env = {k: v for k, v in os.environ.items() if not k.startswith("VAULT_")}
        self.process = subprocess.Popen([binary, "server", "-config", config], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env=env)
        while not self.ask("GET", "sys/seal-status"):
            if self.process.poll() is not None:
                sys.exit("vault ended at its start")
            time.sleep(0.05)
        made = self.ask("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self.ask("PUT", "sys/unseal", {"key": made["keys"][0]})
        self.token = self.dir / "token"
        self.token.write_text(made["root_token"])
        while not self.ask("GET", "sys/health"):
            time.sleep(0.05)

    def ask(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports['http']}/v1/{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return json.loads(reply.read())
        except (urllib.error.URLError, OSError):
            return None

    def processor(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.terminate()
        self.process.wait()


class Run:
    """One run: wall and processor seconds, peak memory in MiB, requests and round trips one after the other."""

    def __init__(self, argv, env, trace, vault):
        before = vault.processor()
        done = subprocess.run([sys.executable, "-S", "-E", "-c", MEASURE, *argv, "--trace", str(trace)], env=env,
                              capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{argv[0]} ended with {done.returncode}:\n{done.stderr[-4000:]}")
        self.wall, self.ours, self.memory = json.loads(done.stdout)
        self.theirs = vault.processor() - before
        lines = re.findall(r"^= (\d+) requests, at most (\d+)", trace.read_text(), re.M)
        self.requests, self.depth = (sum(int(line[i]) for line in lines) for i in (0, 1))
        self.writes = len(re.findall(r"^> (?:POST|PUT|DELETE|PATCH) ", trace.read_text(), re.M))
        self.connections = trace.read_text().count(" new connection")


def one_round(args, scheme, each):
    """A new Vault: made, and run again."""
    with tempfile.TemporaryDirectory() as directory:
        return made_twice(args, scheme, each, directory)


def made_twice(args, scheme, each, directory):
    vault = Vault(args.vault, directory)
    wire = None
    try:
        wire, near = wiring.start(args.delay, 0, vault.ports[scheme], args.round_trip_ms)
        file = vault.dir / "vault.json"
        file.write_text(json.dumps(wanted(each)))
        env = {"PATH": os.environ["PATH"], "HOME": str(vault.dir), "KUBECONFIG": "/dev/null",
               "VAULT_ADDR": f"{scheme}://127.0.0.1:{near}", "VAULT_CACERT": str(vault.cert)}
        argv = [args.binary, "configure", "-f", str(file), "--token-file", str(vault.token), "--yes"]
        return [Run(argv, env, vault.dir / f"trace-{i}", vault) for i in range(2)]
    finally:
        if wire:
            wire.terminate()
            wire.wait()
        vault.close()


def tell(args, scheme, name, runs, short):
    wall, one, chain = statistics.median(r.wall for r in runs), runs[0], statistics.median(r.wall for r in short)
    limit = (one.depth + SETUP[scheme]) * args.round_trip_ms / 1000
    print(f"{scheme:5} {name:9} median {wall:5.2f} s  min {min(r.wall for r in runs):5.2f}  {one.requests} requests ({one.writes} "
          f"writes), {one.connections} connections; with one policy and one role {chain:.2f} s: {wall / chain:.2f} x of it; longest "
          f"way {one.depth} round trips and {SETUP[scheme]} of set-up, {limit:.2f} s: {wall / limit:.2f} x of it; processor: ours "
          f"{statistics.median(r.ours for r in runs):.2f} s, Vault's {statistics.median(r.theirs for r in runs):.2f} s; peak memory "
          f"{max(r.memory for r in runs):.1f} MiB", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary", type=os.path.abspath)
    parser.add_argument("vault")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--round-trip-ms", type=int, default=50)
    parser.add_argument("--each", type=int, default=50)
    args = parser.parse_args()
    print(f"{args.each} policies, {args.each} roles, {args.rounds} rounds, {args.round_trip_ms} ms a round trip, "
          f"{os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as tools:
        args.delay = wiring.build(tools)
        for scheme in SETUP:
            rounds = [(one_round(args, scheme, args.each), one_round(args, scheme, 1)) for _ in range(args.rounds)]
            for i, name in enumerate(("made", "run again")):
                tell(args, scheme, name, [many[i] for many, _ in rounds], [few[i] for _, few in rounds])


if __name__ == "__main__":
    main()
