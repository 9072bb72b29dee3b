"""moto's replies made to look as AWS's do on the wire, where the difference could hide a bug.

moto adds headers that AWS does not send (an error header in the JSON protocols would let a client
pass that never reads __type), writes nulls where AWS leaves a field out, and repeats messages.
"""
import json
import re

from errors import CORAL_VALIDATE, DYNAMO, content_type

# moto's words for what is not there, and AWS's.
WORDS = [(rb"<Message>Role ([^<]+) not found<",
          rb"<Message>The role with name \1 cannot be found.<"),
         (rb"<Message>Policy Document ([^<]+) not attached to role [^<]+<",
          rb"<Message>The role policy with name \1 cannot be found.<")]
NOT_AWS = {"access-control-allow-origin", "status"}


def normalize(req, response):
    """Change a reply of moto's in place."""
    drop = NOT_AWS | ({"x-amzn-errortype"} if req.protocol == "json" else set())
    headers = [(n, v) for n, v in response.headers if n.lower() not in drop]
    if req.protocol == "rest-xml":
        response.headers = headers
        return
    response.headers = [(n, content_type(req) if n.lower() == "content-type" else v)
                        for n, v in headers]
    if req.protocol == "query":
        if response.status >= 400:
            body = re.sub(rb"<message>.*?</message>", b"", response.body, flags=re.S)
            for ours, theirs in WORDS:
                body = re.sub(ours, theirs, body)
            response.replace_body(body)
    elif response.body:
        _normalize_json(req, response)


def _normalize_json(req, response):
    body = response.json()
    if body is None:
        response.replace_body(b"")      # moto writes null where AWS sends no body at all
        return
    body = {k: v for k, v in body.items() if v is not None}
    if body.get("__type") == DYNAMO + "ValidationException":
        body["__type"] = CORAL_VALIDATE + "ValidationException"
    if json.dumps(body) != json.dumps(response.json()):
        response.replace_json(body)
