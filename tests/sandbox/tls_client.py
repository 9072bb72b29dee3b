#!/usr/bin/env python3
"""Asks a server over TLS all the time, until standard input ends, and counts what was not answered.

usage: tls_client.py CA.pem ADDRESS NAME

Two clients at once: one that connects anew for each question, as most do, and one that keeps its
connection. Prints JSON: asked, failed (the first few reasons), and the certificates that were seen
(SHA-256, in order), each with the number of times.
"""
import hashlib
import http.client
import json
import socket
import ssl
import sys
import threading
import time

EVERY_S = 0.05


class Client(threading.Thread):
    def __init__(self, ca, address, name, keeps):
        super().__init__(daemon=True)
        self.context = ssl.create_default_context(cafile=ca)
        self.address, self.name, self.keeps = address, name, keeps
        self.asked, self.failed, self.seen, self.stop = 0, [], {}, threading.Event()

    def connect(self):
        raw = socket.create_connection((self.address, 8200), timeout=10)
        c = http.client.HTTPConnection(self.name, 8200, timeout=10)
        c.sock = self.context.wrap_socket(raw, server_hostname=self.name)
        shown = hashlib.sha256(c.sock.getpeercert(binary_form=True)).hexdigest()
        self.seen[shown] = self.seen.get(shown, 0) + 1
        return c

    def ask(self, c):
        self.asked += 1
        c.request("GET", "/v1/sys/health?standbyok=true&sealedcode=200&uninitcode=200")
        reply = c.getresponse()
        reply.read()
        if reply.status != 200:
            raise OSError(f"status {reply.status}")

    def run(self):
        c = None
        while not self.stop.is_set():
            try:
                c = c or self.connect()
                self.ask(c)
            except (OSError, http.client.HTTPException) as e:
                self.failed.append(f"{type(e).__name__}: {e}")
                c = None
            if c and not self.keeps:
                c.close()
                c = None
            time.sleep(EVERY_S)


def main():
    clients = [Client(*sys.argv[1:4], keeps) for keeps in (False, True)]
    for c in clients:
        c.start()
    sys.stdin.read()
    for c in clients:
        c.stop.set()
        c.join()
    print(json.dumps([{"asked": c.asked, "failed": len(c.failed), "why": c.failed[:3], "seen": c.seen} for c in clients]))


if __name__ == "__main__":
    main()
