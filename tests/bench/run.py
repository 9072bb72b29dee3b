"""Provisioning measured: helm vault-aws apply against the AWS CLI and threaded boto3, in turns, on one emulator behind one
wire, so that what is told is ratios of one run on one machine.

usage: run.py VAULT_AWS_BINARY [--rounds N] [--round-trip-ms N]
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "aws"))
import certs  # noqa: E402
import wiring  # noqa: E402

ISSUER = "https://oidc.eks.us-east-1.amazonaws.com/id/BENCH"
SYSTEM_CAS = "/etc/ssl/certs/ca-certificates.crt"


def start(*argv, **how):
    return subprocess.Popen([sys.executable, *map(str, argv)], stdout=subprocess.PIPE, text=True, **how)


class Bench:
    def __init__(self, directory, binary, round_trip_ms):
        self.dir, self.binary, self.ms = pathlib.Path(directory), binary, round_trip_ms
        cert, key = certs.certificate(self.dir, "localhost")
        self.front = start(HERE.parent / "aws/front.py", "--state", self.dir, "--listen", "127.0.0.1:0", "--cert", cert,
                           "--key", key)
        port_file = self.dir / "port"
        while not port_file.exists() or not port_file.read_text():
            if self.front.poll() is not None:
                sys.exit("the AWS front ended at its start")
            time.sleep(0.05)
        self.port = int(port_file.read_text())
        self.bundle = self.dir / "bundle.crt"     # the system's own CAs too: one alone hides the cost of a handshake
        self.bundle.write_text(open(SYSTEM_CAS).read() + open(cert).read())
        self.wire, self.far = wiring.start(wiring.build(self.dir), 0, self.port, round_trip_ms)
        self.env = dict(os.environ, AWS_ENDPOINT_URL=f"https://localhost:{self.far}", AWS_CA_BUNDLE=str(self.bundle),
                        AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1",
                        AWS_SECRET_ACCESS_KEY="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", KUBECONFIG="/dev/null",
                        AWS_PAGER="", AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
                        XDG_STATE_HOME=str(self.dir / "state"), PATH=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")

    def control(self, what, body):
        import ssl
        context = ssl.create_default_context(cafile=self.bundle)
        request = urllib.request.Request(f"https://localhost:{self.port}/_sandbox/{what}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        return urllib.request.urlopen(request, context=context).read()

    def fresh(self):
        self.control("reset", {})
        self.control("register-cluster", {"name": "bench", "region": "us-east-1", "issuer": ISSUER,
                                          "endpoint": "https://127.0.0.1:1", "ca": "Zm9v"})

    def timed(self, argv):
        t = time.monotonic()
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True)
        took = time.monotonic() - t
        if done.returncode:
            sys.exit(f"{argv[0]} failed:\n{done.stdout}{done.stderr}")
        return took

    def ours(self):
        return [self.binary, "apply", "--cluster-name", "bench", "--region", "us-east-1", "--environment", "bench", "--yes"]

    def close(self):
        for process in (self.wire, self.front):
            process.terminate()
            process.wait()


def peak_mib(argv, env):
    script = "import resource,subprocess,sys; subprocess.run(sys.argv[1:], capture_output=True); " \
             "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    out = subprocess.run([sys.executable, "-c", script, *argv], env=env, capture_output=True, text=True).stdout
    return int(out) / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--round-trip-ms", type=int, default=50)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(directory, os.path.abspath(args.binary), args.round_trip_ms)
        try:
            runs = {"helm vault-aws apply": bench.ours(), "AWS CLI script": ["bash", str(HERE / "with_cli.sh")],
                    "boto3, threads": [sys.executable, str(HERE / "with_boto3.py")]}
            took = {name: [] for name in runs}
            again = []
            for _ in range(args.rounds):
                for name, argv in runs.items():
                    bench.fresh()
                    took[name].append(bench.timed(argv))
                    if argv is runs["helm vault-aws apply"]:
                        again.append(bench.timed(argv))
            bench.fresh()
            memory = peak_mib(bench.ours(), bench.env)
        finally:
            bench.close()
    best = statistics.median(took["helm vault-aws apply"])
    limit = (4 + 2) * args.round_trip_ms / 1000
    print(f"{args.rounds} rounds in turns, {args.round_trip_ms} ms a round trip, {os.cpu_count()} cores")
    for name, times in took.items():
        print(f"{name:24} median {statistics.median(times):6.2f} s  min {min(times):6.2f}  max {max(times):6.2f}"
              f"  {statistics.median(times) / best:5.1f} x")
    print(f"{'the same, nothing to do':24} median {statistics.median(again):6.2f} s")
    print(f"longest way 4 round trips and 2 of set-up: {limit:.2f} s; measured {best / limit:.2f} x of it; peak memory {memory:.1f} MiB")


if __name__ == "__main__":
    main()
