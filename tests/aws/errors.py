"""What AWS says when it says no: one error inside, and the shape each protocol gives it.

Names of errors differ between the protocols ("AccessDeniedException" in JSON is "AccessDenied" in
the query protocol), so the front raises one common name where there are two and render() picks.
"""
import json
import uuid
import zlib
from xml.sax.saxutils import escape

# common name: (name in the JSON protocols, name in the query protocol, status in the latter)
COMMON = {
    "AccessDenied": ("AccessDeniedException", "AccessDenied", 403),
    "MissingDigest": ("InvalidRequest", "InvalidRequest", 400),
    "DigestMismatch": ("XAmzContentSHA256Mismatch", "XAmzContentSHA256Mismatch", 400),
    "SignatureDoesNotMatch": ("InvalidSignatureException", "SignatureDoesNotMatch", 403),
    "IncompleteSignature": ("IncompleteSignatureException", "IncompleteSignature", 403),
    "MissingToken": ("MissingAuthenticationTokenException", "MissingAuthenticationToken", 403),
    "UnknownKey": ("UnrecognizedClientException", "InvalidClientTokenId", 403),
    "ExpiredToken": ("ExpiredTokenException", "ExpiredToken", 403),
    "Throttled": ("ThrottlingException", "Throttling", 400),
    "UnknownOperation": ("UnknownOperationException", "InvalidAction", 400),
    "Invalid": ("ValidationException", "ValidationError", 400),
    "Internal": ("InternalFailure", "InternalFailure", 500),
    "Unavailable": ("ServiceUnavailable", "ServiceUnavailable", 503),
}
# What S3 calls them, where that is another name than the query protocol's.
S3_NAMES = {"UnknownKey": ("InvalidAccessKeyId", 403), "MissingToken": ("AccessDenied", 403), "Throttled": ("SlowDown", 503),
            "Internal": ("InternalError", 500), "ExpiredToken": ("ExpiredToken", 400),
            "UnknownOperation": ("MethodNotAllowed", 405)}
CORAL = "com.amazon.coral.service#"
CORAL_VALIDATE = "com.amazon.coral.validate#"
DYNAMO = "com.amazonaws.dynamodb.v20120810#"
NAMESPACES = {"sts": "https://sts.amazonaws.com/doc/2011-06-15/",
              "iam": "https://iam.amazonaws.com/doc/2010-05-08/"}


class AwsError(Exception):
    """A refusal. code is a key of COMMON or the service's own; status overrides the default."""

    def __init__(self, code, message, status=None):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Dropped(Exception):
    """The connection is to be closed without a reply; code goes to the call log."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Response:
    """A reply on its way out: status, a list of (name, value), a body of bytes."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def replace_body(self, body):
        """Change the body and the checksum that DynamoDB sends with it (SDKs verify it)."""
        self.body = body
        self.headers = [(n, str(zlib.crc32(body)) if n.lower() == "x-amz-crc32" else v)
                        for n, v in self.headers]

    def replace_json(self, value):
        self.replace_body(json.dumps(value, separators=(",", ":")).encode())


def content_type(req):
    if req.protocol == "query":
        return "text/xml"
    if req.protocol == "rest-json":
        return "application/json"
    return "application/x-amz-json-1." + ("0" if req.service == "dynamodb" else "1")


def reply(req, status, body, extra=()):
    """A reply of the front's own, with the headers that AWS always sends."""
    headers = [("Content-Type", content_type(req)), ("x-amzn-RequestId", str(uuid.uuid4())), *extra]
    if req.service == "dynamodb":
        headers.append(("x-amz-crc32", str(zlib.crc32(body))))
    return Response(status, headers, body)


def reply_json(req, value, status=200):
    return reply(req, status, json.dumps(value, separators=(",", ":")).encode())


def reply_xml(req, result):
    """A query protocol success: result is the inside of <OperationResult>, None for none."""
    op, rid = req.operation, str(uuid.uuid4())
    inside = "" if result is None else f"<{op}Result>{result}</{op}Result>"
    body = (f'<{op}Response xmlns="{NAMESPACES[req.service]}">{inside}'
            f"<ResponseMetadata><RequestId>{rid}</RequestId></ResponseMetadata></{op}Response>")
    return reply(req, 200, body.encode())


def render(req, error):
    """The reply that carries an AwsError in the protocol of the request."""
    names = COMMON.get(error.code)
    if req.protocol == "query":
        return _render_query(req, error, names)
    if req.protocol == "rest-xml":
        return _render_s3(req, error, names)
    code = names[0] if names else error.code
    if req.protocol == "rest-json":
        default = names[2] if names else 404 if code == "ResourceNotFoundException" else 400
        body = json.dumps({"message": error.message}).encode()
        return reply(req, error.status or default, body, [("x-amzn-ErrorType", code)])
    status = error.status or (names[2] if names and names[2] >= 500 else 400)
    if req.service == "dynamodb":
        code = (CORAL_VALIDATE if "Validation" in code else CORAL if names else DYNAMO) + code
    # The authorization layer in front of a JSON service writes "Message", the service "message".
    key = "Message" if error.code == "AccessDenied" else "message"
    return reply(req, status, json.dumps({"__type": code, key: error.message}).encode())


def _render_s3(req, error, names):
    """An answer to HEAD has no body: the server leaves it out."""
    code, status = S3_NAMES.get(error.code) or ((names[1], names[2]) if names else (error.code, 400))
    body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{escape(code)}</Code><Message>{escape(error.message)}'
            "</Message><RequestId>4442587FB7D0A2F9</RequestId><HostId>x</HostId></Error>")
    return Response(error.status or status, [("Content-Type", "application/xml"), ("x-amz-request-id", "4442587FB7D0A2F9")],
                    body.encode())


def _render_query(req, error, names):
    code, status = (names[1], names[2]) if names else (error.code, 400)
    status = error.status or status
    kind = "Sender" if status < 500 else "Receiver"
    space = NAMESPACES.get(req.service, NAMESPACES["iam"])
    response = reply(req, status, b"")
    rid = dict(response.headers)["x-amzn-RequestId"]
    response.body = (
        f'<ErrorResponse xmlns="{space}">\n  <Error>\n    <Type>{kind}</Type>\n'
        f"    <Code>{escape(code)}</Code>\n    <Message>{escape(error.message)}</Message>\n"
        f"  </Error>\n  <RequestId>{rid}</RequestId>\n</ErrorResponse>\n").encode()
    return response
