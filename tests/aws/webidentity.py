"""Web identity tokens: what STS does with the JWT of a Kubernetes service account.

The token's signature is checked against the issuer's key set, which for a cluster in the sandbox
is the API server's own /openid/v1/jwks. Only RS256 is known, as in EKS.
"""
import base64
import http.client
import json
import ssl
import time
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

import policy
from errors import AwsError
from world import iam_backend, visible_role, world

NOT_A_JWT = ("The ID Token provided is not a valid JWT. "
             "(You may see this error if you sent an Access Token)")
NO_KEY = ("Couldn't retrieve verification key from your identity provider,  please reference "
          "AssumeRoleWithWebIdentity documentation for requirements")
KEYS_KEPT_S = 30
_kept = {}      # URL -> (time, keys)


def _b64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def forget_keys():
    _kept.clear()


def _fetch(url):
    """The RSA keys of a key set, by kid; OSError when the issuer cannot be asked."""
    parts, jwks = urlsplit(url), world.jwks
    if parts.scheme == "https":
        tls = ssl.create_default_context(cafile=jwks.get("ca"))
        if jwks.get("cert"):
            tls.load_cert_chain(jwks["cert"], jwks["key"])
        c = http.client.HTTPSConnection(parts.hostname, parts.port, context=tls, timeout=5)
    else:
        c = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    try:
        c.request("GET", parts.path)
        reply = c.getresponse()
        if reply.status != 200:
            raise OSError(f"{url} answered {reply.status}")
        return {k["kid"]: k for k in json.loads(reply.read())["keys"] if k["kty"] == "RSA"}
    finally:
        c.close()


def _issuer_key(issuer, kid):
    """The public key, None when the issuer's set has no such key."""
    url = world.issuer_jwks.get(issuer)
    if not url and issuer in world.issuers():
        url = world.jwks.get("url")
    if not url:
        return None
    when, keys = _kept.get(url, (0, {}))
    if time.time() - when > KEYS_KEPT_S or kid not in keys:
        try:
            keys = _fetch(url)
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            raise AwsError("IDPCommunicationError",
                           "Could not communicate with the identity provider") from None
        _kept[url] = (time.time(), keys)
    found = keys.get(kid)
    if found is None:
        return None
    numbers = RSAPublicNumbers(*(int.from_bytes(_b64(found[n]), "big") for n in ("e", "n")))
    return numbers.public_key()


def _parse(token):
    """Header, claims, signed text and signature of a JWT."""
    try:
        head, body, signature = token.split(".")
        header, claims = json.loads(_b64(head)), json.loads(_b64(body))
        signature = _b64(signature)
        if not isinstance(header, dict) or not isinstance(claims, dict):
            raise ValueError
    except ValueError:
        raise AwsError("InvalidIdentityToken", NOT_A_JWT) from None
    missing = [c for c in ("iss", "sub", "aud", "exp") if c not in claims]
    if missing:
        raise AwsError("InvalidIdentityToken", "Missing a required claim: " + missing[0])
    return header, claims, f"{head}.{body}".encode(), signature


def verify(token):
    """The claims of a token that holds, and moto's OIDC provider for its issuer."""
    header, claims, text, signature = _parse(token)
    issuer = claims["iss"]
    providers = iam_backend().open_id_providers.values()
    provider = next((p for p in providers if "https://" + p.url == issuer), None)
    if provider is None:
        raise AwsError("InvalidIdentityToken",
                       f"No OpenIDConnect provider found in your account for {issuer}")
    key = _issuer_key(issuer, header.get("kid"))
    if key is None or header.get("alg") != "RS256":
        raise AwsError("InvalidIdentityToken", NO_KEY)
    try:
        key.verify(signature, text, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise AwsError("InvalidIdentityToken", "Token signature is invalid") from None
    now = int(time.time())
    if claims["exp"] <= now:
        raise AwsError("ExpiredTokenException", f"Token expired: current date/time {now} must be "
                       f"before the expiration date/time {claims['exp']}")
    if claims.get("nbf", 0) > now + 300:
        raise AwsError("IDPRejectedClaim", "Token is not yet valid", 403)
    if not set(policy.listed(claims["aud"])) & set(provider.client_id_list):
        raise AwsError("InvalidIdentityToken", "Incorrect token audience")
    return claims, provider


def trusted_role(arn, claims, provider):
    """The role, if its trust policy lets this token in; one refusal for all that may be wrong."""
    role = visible_role(arn)
    site = provider.url.lower()
    ctx = {site + ":sub": claims["sub"], site + ":aud": policy.listed(claims["aud"]),
           site + ":iss": claims["iss"]}
    if role is None or not _trusts(role, provider.arn, ctx):
        raise AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    return role


def _trusts(role, provider_arn, ctx):
    hit = []
    for s in policy.parse(role.assume_role_policy_document):
        principal = s.get("Principal")
        named = isinstance(principal, dict) and provider_arn in policy.listed(
            principal.get("Federated", []))
        if named and policy.matches(s, "sts:AssumeRoleWithWebIdentity", role.arn, ctx):
            hit.append(s["Effect"])
    return bool(hit) and "Deny" not in hit
