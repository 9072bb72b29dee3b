"""A provider of OpenID Connect on loopback, with TLS: discovery, keys, and codes for tokens.

Whoever knows the client's secret gets for a code the ID token of the person that the code was made for.
"""
import base64
import http.server
import json
import secrets
import ssl
import threading
import time
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

import certs

CLIENT, KID = "vault", "k1"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Provider:
    """client_secret: what the client must show. seen: each secret that was shown."""

    def __init__(self, directory, client_secret):
        self.client_secret, self.seen, self.codes = client_secret, [], {}
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ca_file, key_file = certs.certificate(directory)
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                status, value = provider.answer(self.path, body, self.headers.get("Authorization"))
                text = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = _serve

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key_file)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def public_key(self):
        return self.key.public_key().public_bytes(serialization.Encoding.PEM,
                                                  serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def answer(self, path, body, authorization):
        """Status and JSON of the reply."""
        if path == "/.well-known/openid-configuration":
            return 200, {"issuer": self.url, "authorization_endpoint": self.url + "/authorize",
                         "token_endpoint": self.url + "/token", "jwks_uri": self.url + "/keys",
                         "response_types_supported": ["code"], "subject_types_supported": ["public"],
                         "id_token_signing_alg_values_supported": ["RS256"]}
        if path == "/keys":
            n = self.key.public_key().public_numbers()
            return 200, {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KID,
                                   "n": b64(n.n.to_bytes(256, "big")), "e": b64(n.e.to_bytes(3, "big"))}]}
        if path != "/token":
            return 404, {}
        asked = {k: v[0] for k, v in parse_qs(body).items()}
        shown = asked.get("client_secret")
        if authorization:
            shown = base64.b64decode(authorization.split()[1]).decode().split(":", 1)[1]
        self.seen.append(shown)
        if shown != self.client_secret or asked.get("code") not in self.codes:
            return 401, {"error": "invalid_client"}
        token = self.token(self.codes.pop(asked["code"]))
        return 200, {"access_token": secrets.token_hex(8), "token_type": "Bearer", "id_token": token}

    def code(self, claims):
        """What the browser of a person that has logged in brings back."""
        made = secrets.token_hex(8)
        self.codes[made] = claims
        return made

    def token(self, claims):
        """Signed, of this issuer, for the client unless the claims say otherwise."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "nbf": now, "exp": now + 600} | claims
        head = b64(json.dumps({"alg": "RS256", "kid": KID, "typ": "JWT"}).encode())
        said = f"{head}.{b64(json.dumps(claims).encode())}"
        return f"{said}.{b64(self.key.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
