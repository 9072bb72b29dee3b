"""Faults on command: what goes wrong, for which call, how often.

A fault is {match, kind, count, skip, ...}. match is a pattern on the action ("kms:*"), the first
fault that fits is used; it passes over `skip` calls (default 0), then strikes `count` (default 1).

  throttle  the protocol's throttling error; with provisioned: true DynamoDB's own
  500, 503  InternalFailure, ServiceUnavailable
  error     code, message, status as given
  delay     waits `seconds`, then goes on as usual
  drop      the connection is closed before the work is done
  lost      the work is done, the connection closed without a reply
  garbage   the work is done, the reply is `body` with `status` (200) and no sense in it
"""
import fnmatch
import threading
import time

from errors import AwsError, Dropped, Response

KINDS = {"throttle", "500", "503", "error", "delay", "drop", "lost", "garbage"}
NEEDED = {"error": "code", "delay": "seconds"}
GARBAGE = "\x00\x01<html>{{ gateway ]]"

_faults = []
_lock = threading.Lock()


def arm(listed):
    """Add faults; ValueError when one of them makes no sense, and then none is added."""
    for f in listed:
        kind = str(f.get("kind"))
        if kind not in KINDS or "match" not in f:
            raise ValueError(f"a fault needs 'match' and a 'kind' of {', '.join(sorted(KINDS))}")
        if kind in NEEDED and NEEDED[kind] not in f:
            raise ValueError(f"a fault of kind '{kind}' needs '{NEEDED[kind]}'")
    with _lock:
        _faults.extend({"count": 1, "skip": 0} | f | {"kind": str(f["kind"])} for f in listed)


def clear():
    with _lock:
        _faults.clear()


def armed():
    with _lock:
        return [dict(f) for f in _faults]


def _take(action):
    """The fault that strikes this call, or None."""
    with _lock:
        for f in _faults:
            if f["count"] > 0 and fnmatch.fnmatchcase(action, f["match"]):
                if f["skip"] > 0:
                    f["skip"] -= 1
                    continue
                f["count"] -= 1
                return dict(f)
    return None


def strike(action):
    """Before the work: raise, wait, or return the fault that finish() applies after it."""
    f = _take(action)
    kind = f and f["kind"]
    if kind == "throttle":
        own = "ProvisionedThroughputExceededException"
        raise AwsError(own if f.get("provisioned") else "Throttled", "Rate exceeded")
    if kind in ("500", "503"):
        raise AwsError("Internal" if kind == "500" else "Unavailable", "injected", int(kind))
    if kind == "error":
        raise AwsError(f["code"], f.get("message", ""), f.get("status"))
    if kind == "delay":
        time.sleep(f["seconds"])
    if kind == "drop":
        raise Dropped("dropped")
    return f


def finish(fault, response):
    """After the work: the reply as it stands, or what the fault makes of it."""
    kind = fault and fault["kind"]
    if kind == "lost":
        raise Dropped("lost")
    if kind == "garbage":
        body = fault.get("body", GARBAGE).encode()
        return Response(fault.get("status", 200), [("Content-Type", "text/html")], body)
    return response
