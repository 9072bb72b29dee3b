"""moto's WSGI application, asked in process."""
import io
import sys
from urllib.parse import unquote

from botocore.model import OperationNotFoundError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

import wire
from errors import AwsError, Response

_app = DomainDispatcherApplication(create_backend_app)
# The front's server sets these itself.
OWN_HEADERS = ("content-length", "connection", "server", "date", "transfer-encoding")


def _environ(req):
    """The WSGI environment. Host and path are AWS's own, whatever address the client used."""
    path, _, query = req.target.partition("?")
    env = {"REQUEST_METHOD": req.method, "SCRIPT_NAME": "", "PATH_INFO": unquote(path, "latin-1"),
           "QUERY_STRING": query, "RAW_URI": req.target, "REQUEST_URI": req.target,
           "SERVER_NAME": req.service_host, "SERVER_PORT": "443", "SERVER_PROTOCOL": "HTTP/1.1",
           "REMOTE_ADDR": req.connection[0], "wsgi.version": (1, 0), "wsgi.url_scheme": "https",
           "wsgi.input": io.BytesIO(req.body), "wsgi.errors": sys.stderr,
           "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False}
    for name, value in req.pairs:
        key = name.upper().replace("-", "_")
        env[key if key == "CONTENT_TYPE" else "HTTP_" + key] = value
    env["HTTP_HOST"] = req.service_host
    env["CONTENT_LENGTH"] = str(len(req.body))
    return env


def ask(req):
    """moto's reply to a request, as AWS would have written it."""
    got = {}

    def start(status, headers, exc_info=None):
        got.update(status=int(status.split()[0]), headers=headers)

    try:
        body = b"".join(_app(_environ(req), start))
    except (NotImplementedError, OperationNotFoundError):
        raise AwsError("UnknownOperation", f"Could not find operation {req.operation}") from None
    headers = [(n, v) for n, v in got["headers"] if n.lower() not in OWN_HEADERS]
    response = Response(got["status"], headers, body)
    wire.normalize(req, response)
    return response
