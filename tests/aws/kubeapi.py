"""As much of a Kubernetes API server as our tests without a cluster take: accounts, TokenRequest, TokenReview, Secrets; no pod.

Plain HTTP on loopback. Tokens look like Kubernetes' own, with a signature that nobody checks: whoever
holds a token that was given out here is taken for its account.
"""
import base64
import http.server
import json
import re
import secrets
import threading
import time

SECRET = re.compile(r"^/api/v1/namespaces/([^/]+)/secrets(?:/([^/?]+))?")
ACCOUNT = re.compile(r"^/api/v1/namespaces/([^/]+)/serviceaccounts/([^/?]+)(/token)?")


def _part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class KubeApi:
    """accounts: {(namespace, name): uid}. secrets: {(namespace, name): object}. calls: (method, path) in order.
    refuse: reviews say no."""

    def __init__(self):
        self.accounts, self.tokens, self.calls, self.refuse, self.secrets = {}, {}, [], False, {}
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                api.calls.append((self.command, self.path.split("?")[0]))
                status, value = api.answer(self.command, self.path, body)
                text = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PATCH = _serve

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method, path, body):
        """Status and object of the reply."""
        if path == "/apis/authentication.k8s.io/v1/tokenreviews":
            return 201, self.review(json.loads(body))
        if path.split("?")[0].endswith("/pods"):
            return 200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []}
        m = SECRET.match(path)
        if m:
            return self.secret(method, m.group(1), m.group(2), body)
        m = ACCOUNT.match(path)
        if not m:
            return self.status(404)
        where = m.group(1), m.group(2)
        if method == "PATCH" and not m.group(3):
            self.accounts.setdefault(where, secrets.token_hex(8))
            return 201, self.account(where)
        if where not in self.accounts:
            return self.status(404)
        if m.group(3):
            return 201, self.token(where, json.loads(body)["spec"])
        return 200, self.account(where)

    def secret(self, method, namespace, name, body):
        """Read, create or apply one; written over only what was read."""
        if method == "GET":
            have = self.secrets.get((namespace, name))
            return (200, have) if have else self.status(404)
        made = json.loads(body)
        where = namespace, name or made["metadata"]["name"]
        have, version = self.secrets.get(where), made["metadata"].get("resourceVersion")
        if have and (method == "POST" or (version and version != have["metadata"]["resourceVersion"])):
            return self.status(409)
        made["metadata"]["resourceVersion"] = secrets.token_hex(4)
        self.secrets[where] = made
        return 200 if have else 201, made

    @staticmethod
    def status(code):
        return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}

    def account(self, where):
        return {"kind": "ServiceAccount", "apiVersion": "v1",
                "metadata": {"namespace": where[0], "name": where[1], "uid": self.accounts[where]}}

    def token(self, where, spec):
        """TokenRequest's answer."""
        now = int(time.time())
        claims = {"aud": spec["audiences"], "iat": now, "nbf": now, "exp": now + spec["expirationSeconds"],
                  "iss": self.url, "sub": "system:serviceaccount:" + ":".join(where),
                  "kubernetes.io": {"namespace": where[0],
                                    "serviceaccount": {"name": where[1], "uid": self.accounts[where]}}}
        token = ".".join((_part({"alg": "RS256", "kid": "k"}), _part(claims), _part({"r": secrets.token_hex(16)})))
        self.tokens[token] = where, spec["audiences"]
        return {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
                "status": {"token": token, "expirationTimestamp": "2099-01-01T00:00:00Z"}}

    def review(self, asked):
        """TokenReview's answer."""
        known = None if self.refuse else self.tokens.get(asked["spec"]["token"])
        status = {"authenticated": False, "error": "the token is not known here"}
        if known:
            where, audiences = known
            status = {"authenticated": True, "audiences": audiences,
                      "user": {"username": "system:serviceaccount:" + ":".join(where),
                               "uid": self.accounts[where],
                               "groups": ["system:serviceaccounts", "system:authenticated"]}}
        return asked | {"status": status}
