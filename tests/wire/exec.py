"""An API server that runs commands in pods over WebSocket, as Kubernetes does: one behaviour a pod's name.

What is no exec goes to portforward.py. Counted, for GET /hits/...: exec/POD, upgrades asked for, and
exec/POD/CODE, closes that came with this code.
"""
import json
import os
import urllib.parse

import portforward
import servers

OUT, TALK, RESULT = 1, 2, 3
KILO32 = 32 << 10


def result(ws, body):
    ws.channel(RESULT, json.dumps(body).encode())


def ends(ws, code=0):
    """Says how the command ended, and closes: as the API server does, without waiting."""
    if code == 0:
        result(ws, {"metadata": {}, "status": "Success"})
    else:
        result(ws, {"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
                    "message": f"command terminated with non-zero exit code: exit status {code}",
                    "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]}})
    ws.close()
    ws.settle()


def echo(ws, words):
    """The command's words and its container, a line each; stderr between."""
    ws.channel(OUT, b"")
    for word in words["container"] + words["command"]:
        ws.channel(OUT, word.encode() + b"\n")
        ws.channel(TALK, b"said " + word.encode() + b"\n")
    ends(ws)


def fails(ws, words):
    ws.channel(TALK, b"no such luck\n")
    ends(ws, 3)


def parts(ws, words):
    """In parts of two bytes, with pings between them."""
    data = bytes([OUT]) + b"in many parts"
    for at in range(0, len(data), 2):
        ws.frame(0 if at else 2, data[at:at + 2], fin=False)
        ws.frame(9, b"still there?")
    ws.frame(0, b"")
    ends(ws)


def long(ws, words):
    for _ in range(20):
        ws.channel(OUT, b"x" * KILO32)
        ws.channel(TALK, b"y" * KILO32)
    ends(ws)


def endless(ws, words):
    while True:
        ws.channel(OUT, b"x" * KILO32)


def missing(ws, words):
    ws.channel(OUT, b"")
    result(ws, {"metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
                "message": "Internal error occurred: error executing command in container: failed to exec in container: "
                           "exec: \"nosuch\": executable file not found in $PATH: unknown"})
    ws.close()
    ws.settle()


def cut(ws, words):
    ws.channel(OUT, b"half")
    ws.close()
    ws.settle()


def vanishes(ws, words):
    ws.channel(OUT, b"half")
    ws.c.reset()


def hangs(ws, words):
    ws.channel(OUT, b"half")
    ws.settle()


def strange(ws, words):
    ws.channel(7, b"?")
    ws.settle()


def no_code(ws, words):
    result(ws, {"status": "Failure", "reason": "NonZeroExitCode"})
    ws.close()
    ws.settle()


PODS = {"echo": echo, "old": echo, "fails": fails, "parts": parts, "long": long, "endless": endless, "missing": missing,
        "cut": cut, "vanishes": vanishes, "hangs": hangs, "strange": strange, "no-code": no_code}
STATUSES = dict(portforward.STATUSES, **{
    "other-container": (400, "BadRequest", "container nope is not valid for pod other-container")})


def offered(headers):
    return [word.strip() for word in headers.get("sec-websocket-protocol", "").split(",")]


class Listener(portforward.WebSocket):
    """The client says nothing but pongs and its close."""

    def count(self, what):
        servers.HITS[f"/exec/{self.pod}/{what}"] += 1


def serve(c, url, headers):
    pod = url.path.split("/")[6]
    servers.HITS[f"/exec/{pod}"] += 1
    if offered(headers) != ["v5.channel.k8s.io", "v4.channel.k8s.io"]:
        raise AssertionError("the protocols of exec are not offered")
    words = urllib.parse.parse_qs(url.query, keep_blank_values=True)
    words.setdefault("container", [])
    if pod in STATUSES:
        portforward.status(c, *STATUSES[pod])
    elif pod == "silent":
        c.hold()
    elif pod == "hangs-up":
        return
    elif pod == "other-protocol":
        portforward.upgrade(c, headers, protocol="v3.channel.k8s.io")
        c.hold()
    else:
        portforward.upgrade(c, headers, protocol=offered(headers)[pod == "old"])
        PODS[pod](Listener(c, pod, None), words)


def serve_api(folder, sock):
    c = servers.Connection(sock)
    _, target, headers, _ = c.request()
    url = urllib.parse.urlsplit(target)
    if url.path.endswith("/exec"):
        return serve(c, url, headers)
    return portforward.serve(folder, c, url, headers)


def server(folder):
    return lambda sock: serve_api(os.fspath(folder), sock)
