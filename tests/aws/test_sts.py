"""STS: identity, assumed roles, and web identity with an issuer of the test's own."""
import base64
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from certs import certificate
from harness import ACCOUNT, Front, allow, document, refused, root

ISSUER = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
SITE = ISSUER.removeprefix("https://")
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{SITE}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/vault"
SUBJECT = "system:serviceaccount:vault:vault"
AUDIENCE = "sts.amazonaws.com"
NOT_AUTHORIZED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Issuer:
    """An RSA key, its key set on a loopback port, and tokens signed with it.

    tls is an SSLContext for a key set behind TLS.
    """

    key = rsa.generate_private_key(65537, 2048)

    def __init__(self, tls=None):
        self.kid, self.status = "key-1", 200
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(issuer.status)
                self.end_headers()
                self.wfile.write(issuer.jwks())

            def log_message(self, *args):
                pass

        self.scheme = "https" if tls else "http"
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server.server_port}/openid/v1/jwks"

    def jwks(self):
        n = self.key.public_key().public_numbers().n
        key = {"kty": "RSA", "kid": self.kid, "alg": "RS256", "use": "sig",
               "n": b64(n.to_bytes(256, "big")), "e": "AQAB"}
        return json.dumps({"keys": [key]}).encode()

    def token(self, kid=None, key=None, alg="RS256", **claims):
        now = int(time.time())
        body = {"iss": ISSUER, "sub": SUBJECT, "aud": [AUDIENCE], "iat": now, "nbf": now,
                "exp": now + 600} | claims
        body = {k: v for k, v in body.items() if v is not None}
        head = {"alg": alg, "kid": kid or self.kid}
        text = ".".join(b64(json.dumps(part).encode()) for part in (head, body))
        signature = (key or self.key).sign(text.encode(), padding.PKCS1v15(), SHA256())
        return f"{text}.{b64(signature)}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def issuer():
    one = Issuer()
    yield one
    one.close()


def trust(**conditions):
    equals = {SITE + ":sub": SUBJECT, SITE + ":aud": AUDIENCE} | conditions
    return document(allow("sts:AssumeRoleWithWebIdentity", principal={"Federated": PROVIDER},
                          Condition={"StringEquals": equals}))


@pytest.fixture
def account(front, issuer):
    """A cluster with this issuer, its provider, and a role that trusts Vault's service account."""
    front.control("POST", "register-cluster", {
        "name": "c", "issuer": ISSUER, "endpoint": "https://e.example", "ca": "eA==",
        "jwks_url": issuer.url})
    iam = front.client("iam")
    iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=[AUDIENCE])
    iam.create_role(RoleName="vault", AssumeRolePolicyDocument=trust())
    return front


def assume(front, token, **more):
    """AssumeRoleWithWebIdentity as a pod calls it: unsigned."""
    params = {"RoleArn": ROLE, "RoleSessionName": "pod", "WebIdentityToken": token} | more
    return front.raw("sts", "AssumeRoleWithWebIdentity", params, credentials=None)


def code_of(reply):
    text = reply.body.decode()
    return text.split("<Code>")[1].split("<")[0]


def test_web_identity(account, issuer):
    front = account
    front.client("iam").put_role_policy(RoleName="vault", PolicyName="p",
                                        PolicyDocument=document(allow("kms:ListKeys", "*")))
    sts = front.client("sts")
    got = sts.assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="pod",
                                            WebIdentityToken=issuer.token())
    assert got["Provider"] == PROVIDER and got["Audience"] == AUDIENCE
    assert got["SubjectFromWebIdentityToken"] == SUBJECT
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/vault/pod"
    assert got["AssumedRoleUser"]["Arn"] == arn
    c = got["Credentials"]
    who = Credentials(c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])
    caller = front.client("sts", who).get_caller_identity()
    assert caller["Arn"] == arn and caller["UserId"].endswith(":pod")
    assert front.client("kms", who).list_keys()["Keys"] == []
    refused("AccessDeniedException", "dynamodb:ListTables",
            front.client("dynamodb", who).list_tables)


OTHER_KEY = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("token, code, status, words", [
    ({"sub": "system:serviceaccount:vault:other"}, "AccessDenied", 403, NOT_AUTHORIZED),
    ({"aud": ["other"]}, "InvalidIdentityToken", 400, "Incorrect token audience"),
    ({"iss": "https://elsewhere.example"}, "InvalidIdentityToken", 400,
     "No OpenIDConnect provider found in your account for https://elsewhere.example"),
    ({"exp": 1000}, "ExpiredTokenException", 400, "Token expired"),
    ({"nbf": int(time.time()) + 100000}, "IDPRejectedClaim", 403, "not yet valid"),
    ({"key": OTHER_KEY}, "InvalidIdentityToken", 400, "signature is invalid"),
    ({"kid": "key-2"}, "InvalidIdentityToken", 400, "Couldn't retrieve verification key"),
    ({"alg": "none"}, "InvalidIdentityToken", 400, "Couldn't retrieve verification key"),
    ({"sub": None}, "InvalidIdentityToken", 400, "sub"),
])
def test_refused_tokens(account, issuer, token, code, status, words):
    reply = assume(account, issuer.token(**token))
    assert (code_of(reply), reply.status) == (code, status)
    assert words in reply.body.decode()


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "not a token at all"])
def test_not_a_jwt(account, token):
    reply = assume(account, token)
    assert code_of(reply) == "InvalidIdentityToken" and b"not a valid JWT" in reply.body


def test_changed_claims_break_the_signature(account, issuer):
    head, body, signature = issuer.token(sub="system:serviceaccount:vault:other").split(".")
    body = b64(base64.urlsafe_b64decode(body + "==").replace(b":other", b":vault"))
    reply = assume(account, f"{head}.{body}.{signature}")
    assert b"Token signature is invalid" in reply.body


@pytest.mark.parametrize("more, code", [
    ({"RoleArn": ROLE + "x"}, "AccessDenied"),
    ({"DurationSeconds": "899"}, "ValidationError"),
    ({"DurationSeconds": "3601"}, "ValidationError"),
    ({"RoleSessionName": "a b"}, "ValidationError"),
])
def test_refused_parameters(account, issuer, more, code):
    assert code_of(assume(account, issuer.token(), **more)) == code


def test_audience_that_the_provider_lists_and_the_trust_does_not(account, issuer):
    account.client("iam").add_client_id_to_open_id_connect_provider(
        OpenIDConnectProviderArn=PROVIDER, ClientID="other")
    reply = assume(account, issuer.token(aud=["other"]))
    assert code_of(reply) == "AccessDenied" and NOT_AUTHORIZED in reply.body.decode()


def test_trust_policy_deny(account, issuer):
    deny = allow("sts:AssumeRoleWithWebIdentity", principal={"Federated": PROVIDER}, Effect="Deny")
    statements = json.loads(trust())["Statement"] + [deny]
    account.client("iam").update_assume_role_policy(RoleName="vault",
                                                    PolicyDocument=document(*statements))
    assert code_of(assume(account, issuer.token())) == "AccessDenied"


def test_a_new_role_takes_time_to_get_there(account, issuer):
    """STS knows a new role later than IAM does, and until then it says what it says of none."""
    account.control("POST", "set", {"iam_lag_s": 3600})
    iam = account.client("iam")
    arn = iam.create_role(RoleName="new", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    assert code_of(assume(account, issuer.token(), RoleArn=arn)) == "AccessDenied"
    key_policy = document(allow("kms:*", "*", {"AWS": root()}),
                          allow("kms:Encrypt", "*", {"AWS": arn}))
    refused("MalformedPolicyDocumentException", "invalid principals",
            account.client("kms").create_key, Policy=key_policy)
    account.control("POST", "set", {"iam_lag_s": 0})
    assert assume(account, issuer.token(), RoleArn=arn).status == 200
    account.client("kms").create_key(Policy=key_policy)


def test_provider_not_registered(front, issuer):
    front.control("POST", "register-cluster", {
        "name": "c", "issuer": ISSUER, "endpoint": "https://e.example", "ca": "eA==",
        "jwks_url": issuer.url})
    reply = assume(front, issuer.token())
    assert b"No OpenIDConnect provider found" in reply.body


def test_issuer_that_does_not_answer(account, issuer):
    issuer.status = 503
    reply = assume(account, issuer.token())
    assert (code_of(reply), reply.status) == ("IDPCommunicationError", 400)


def test_keys_behind_tls_and_a_client_certificate(tmp_path):
    """As an API server serves them: its own authority, and no key set for strangers."""
    cert, key = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    tls.load_verify_locations(cert)
    tls.verify_mode = ssl.CERT_REQUIRED
    issuer = Issuer(tls)
    known = ["--issuer", ISSUER, "--jwks-url", issuer.url, "--jwks-ca", cert]
    identified = [*known, "--jwks-cert", cert, "--jwks-key", key]
    try:
        for n, (options, status) in enumerate(((identified, 200), (known, 400))):
            front = Front(str(tmp_path / str(n)), *options)
            try:
                iam = front.client("iam")
                iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=[AUDIENCE])
                iam.create_role(RoleName="vault", AssumeRolePolicyDocument=trust())
                assert assume(front, issuer.token()).status == status
            finally:
                front.stop()
    finally:
        issuer.close()


def test_admin_identity(front):
    got = front.client("sts").get_caller_identity()
    assert got["Arn"].startswith(f"arn:aws:iam::{ACCOUNT}:user/")
    assert got["Account"] == ACCOUNT and got["UserId"].startswith("AIDA")


def test_assume_role(front):
    role = front.role("r")
    who = front.session(role, "me")
    got = front.client("sts", who).get_caller_identity()
    assert got["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/me"


def test_assume_role_wants_trust_also_of_the_admin(front):
    trust_nobody = document(allow("sts:AssumeRole", principal={"Service": "ec2.amazonaws.com"}))
    front.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust_nobody)
    sts = front.client("sts")
    for name in ("r", "absent"):
        refused("AccessDenied", "is not authorized to perform: sts:AssumeRole", sts.assume_role,
                RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}", RoleSessionName="me")


def test_assume_role_from_a_role(front):
    """Trust in the account leaves it to the caller's policies, trust in the role does not."""
    who = front.session(front.role("caller"))
    sts = front.client("sts", who)
    by_account = front.role("by-account")
    refused("AccessDenied", "no identity-based policy", sts.assume_role, RoleArn=by_account,
            RoleSessionName="me")
    named = document(allow("sts:AssumeRole",
                           principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/caller"}))
    arn = front.client("iam").create_role(RoleName="named", AssumeRolePolicyDocument=named)
    got = sts.assume_role(RoleArn=arn["Role"]["Arn"], RoleSessionName="me")
    assert got["AssumedRoleUser"]["Arn"].endswith("assumed-role/named/me")


def test_external_id(front):
    wanted = document(allow("sts:AssumeRole", principal={"AWS": root()},
                            Condition={"StringEquals": {"sts:ExternalId": "42"}}))
    role = front.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=wanted)
    sts, arn = front.client("sts"), role["Role"]["Arn"]
    refused("AccessDenied", "", sts.assume_role, RoleArn=arn, RoleSessionName="me")
    sts.assume_role(RoleArn=arn, RoleSessionName="me", ExternalId="42")


def test_credentials_die_with_the_role(front):
    who = front.session(front.role("r"))
    front.client("iam").delete_role(RoleName="r")
    refused("InvalidClientTokenId", "invalid", front.client("sts", who).get_caller_identity)
