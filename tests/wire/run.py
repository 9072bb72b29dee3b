"""Starts the servers of servers.py on loopback, runs a program against them, ends with its exit code.

The program finds the ports in its environment (WIRE_PLAIN, WIRE_TLS, ...) and the certificates in
WIRE_DIR.
"""
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the tree stays as it was

import certificates
import servers


def main():
    with tempfile.TemporaryDirectory() as folder:
        certificates.make(folder)
        env = dict(os.environ, WIRE_DIR=folder)
        for name, port in servers.start(folder).items():
            env["WIRE_" + name.upper()] = str(port)
        # What libcurl would take from the environment if it were let to: a proxy that is not there,
        # and a file for the keys of its TLS sessions.
        for name in ("https_proxy", "http_proxy", "ALL_PROXY"):
            env[name] = "http://127.0.0.1:9"
        env["SSLKEYLOGFILE"] = os.path.join(folder, "tls-keys")
        return subprocess.run(sys.argv[1:], env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
