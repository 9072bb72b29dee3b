"""An AWS that says no: moto for the data, and in front of it what moto leaves out.

Signatures, identity and resource policies, web identity, key and table states, lag and faults.
README.md says what it does and how to drive it; --help says how to start it.
"""
import argparse
import os
import signal
import socket
import ssl
import sys
import time
import traceback
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn

import auth
import authorize
import cloudwatch
import control
import eks
import faults
import logs
import motoapp
import tagging
import world
from calls import CallLog
from dynamodb import Dynamodb
from errors import AwsError, Dropped, render
from iam import Iam
from kms import Kms
from request import Request
from s3 import S3
from secretsmanager import SecretsManager
from service import Service
from ssm import Ssm
from sts import Sts

SERVICES = {"kms": Kms(), "dynamodb": Dynamodb(), "iam": Iam(), "sts": Sts(), "eks": eks.Eks(),
            "tag": tagging.Tagging(), "cloudwatch": cloudwatch.Cloudwatch(),
            "secretsmanager": SecretsManager(), "logs": logs.Logs(), "ssm": Ssm(), "s3": S3()}
UNSIGNED = {"sts:AssumeRoleWithWebIdentity"}


def work(req):
    """The call itself: who, on what, may they, and the answer. Under the lock."""
    service = SERVICES.get(req.service, Service())
    if req.action not in UNSIGNED:
        req.who = auth.authenticate(req)
    req.resources = service.resources(req)
    authorize.authorize(req, service)
    service.before(req)
    response = service.answer(req) or motoapp.ask(req)
    if response.status < 300:
        service.after(req, response)
        tagging.observe(req)
    return response


def serve(req, log):
    """The reply to an AWS call, None when the connection is to be closed instead."""
    started, code, response = time.time(), "", None
    try:
        if world.settings["latency_ms"]:
            time.sleep(world.settings["latency_ms"] / 1000)
        req.identify()
        if not req.service or not req.operation:
            raise AwsError("UnknownOperation", f"no operation in {req.method} {req.path}", 404)
        fault = faults.strike(req.action)
        with world.lock:
            response = work(req)
        response = faults.finish(fault, response)
    except AwsError as e:
        cloudwatch.observe(req, e)
        code, response = e.code, render(req, e)
    except Dropped as e:
        code, response = e.code, None
    except Exception:
        traceback.print_exc()
        code, response = "bug", render(req, AwsError("Internal", "the front failed: see its log"))
    if response and response.status >= 400 and not code:
        code = response.body[:200].decode("utf-8", "replace")
    if req.path != "/ping":     # what endpoints answer to anybody is no call of the API, and in no trail
        log.note(req, started, response, code)
    return response


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self):
        self.request.settimeout(75)
        super().setup()

    def handle(self):
        """The TLS handshake happens here, in the connection's own thread."""
        try:
            if isinstance(self.request, ssl.SSLSocket):
                self.request.do_handshake()
            super().handle()
        except OSError:
            pass

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self):
        req = Request(self.command, self.path, list(self.headers.items()), self._body(),
                      self.client_address)
        log = self.server.log
        own = req.path.startswith("/_sandbox/")
        response = control.serve(req, log) if own else serve(req, log)
        if response is None:
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _answer

    def log_message(self, *args):
        """Calls are in the call log; nothing goes to standard error."""


class Server(ThreadingMixIn, TCPServer):
    daemon_threads = allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address, log, tls):
        self.log, self.tls = log, tls
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Handler)

    def get_request(self):
        s, address = super().get_request()
        if self.tls:
            s = self.tls.wrap_socket(s, server_side=True, do_handshake_on_connect=False)
        return s, address


def arguments(argv):
    p = argparse.ArgumentParser(prog="front.py", description=__doc__.split("\n")[0])
    p.add_argument("--state", required=True, metavar="DIR", help="gets calls.jsonl and port")
    p.add_argument("--listen", default="127.0.0.1:0", metavar="IP:PORT", help="port 0: any")
    p.add_argument("--cert", metavar="FILE", help="PEM certificate chain of the front")
    p.add_argument("--key", metavar="FILE")
    p.add_argument("--http", action="store_true", help="no TLS; on a loopback address only")
    p.add_argument("--jwks-url", metavar="URL", help="the token issuer's public keys")
    p.add_argument("--jwks-ca", metavar="FILE")
    p.add_argument("--jwks-cert", metavar="FILE", help="client certificate for --jwks-url")
    p.add_argument("--jwks-key", metavar="FILE")
    p.add_argument("--issuer", metavar="URL", help="of clusters made by CreateCluster")
    p.add_argument("--cluster-endpoint", metavar="URL")
    p.add_argument("--cluster-ca", metavar="FILE")
    for name in world.settings:
        p.add_argument("--" + name.replace("_", "-"), type=float, default=0.0, metavar="N")
    a = p.parse_args(argv)
    a.host, _, port = a.listen.rpartition(":")
    a.host, a.port = a.host.strip("[]"), int(port)
    if a.http and not (a.host.startswith("127.") or a.host == "::1"):
        p.error("--http listens on a loopback address only")
    if not a.http and not (a.cert and a.key):
        p.error("--cert and --key, or --http")
    return a


def configure(a):
    """The command line into the world."""
    for name in world.settings:
        world.settings[name] = getattr(a, name)
    world.world.jwks = {"url": a.jwks_url, "ca": a.jwks_ca, "cert": a.jwks_cert, "key": a.jwks_key}
    world.world.cluster_defaults = {"issuer": a.issuer, "endpoint": a.cluster_endpoint}
    if a.cluster_ca:
        with open(a.cluster_ca, encoding="ascii") as f:
            world.world.cluster_defaults["ca"] = eks.encoded_ca(f.read())


def main(argv):
    a = arguments(argv)
    configure(a)
    os.makedirs(a.state, exist_ok=True)
    tls = None
    if not a.http:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(a.cert, a.key)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server = Server((a.host, a.port), CallLog(os.path.join(a.state, "calls.jsonl")), tls)
    # Written whole and then named, so that a reader never sees half a port.
    partial = os.path.join(a.state, ".port")
    with open(partial, "w", encoding="ascii") as f:
        f.write(f"{server.server_address[1]}\n")
    os.replace(partial, os.path.join(a.state, "port"))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
