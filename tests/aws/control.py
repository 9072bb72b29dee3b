"""The front's own interface, on any host name, below /_sandbox/.

  calls             GET the calls so far, DELETE forgets them
  faults            GET what is armed, POST a fault or a list (see faults.py), DELETE disarms all
  set               POST {name: value} of world.settings
  organization      GET the service control policy over the account, POST sets it, DELETE takes it
                    away; as in AWS it does not bind the administrator
  reset             POST empties the account
  expire-sessions   POST makes all temporary credentials handed out so far expire
  register-cluster  POST {name, issuer, endpoint, ca, region?, version?, jwks_url?}
"""
import json

import eks
import faults
import policy
import tagging
import webidentity
import world
from errors import Response


class ControlError(Exception):
    """The request to the control interface makes no sense."""


def _set(values):
    for name, value in values.items():
        if name not in world.settings:
            raise ControlError(f"no setting '{name}'; there are {', '.join(world.settings)}")
        world.settings[name] = float(value)
    return world.settings


def _reset(_):
    with world.lock:
        world.world.reset()
        webidentity.forget_keys()
    return {}


def _expire_sessions(_):
    with world.lock:
        for session in world.world.sessions.values():
            session.expires = 0
        return {"expired": len(world.world.sessions)}


def _register(facts):
    missing = [k for k in ("name", "issuer", "endpoint", "ca") if not facts.get(k)]
    if missing:
        raise ControlError(f"register-cluster needs {', '.join(missing)}")
    with world.lock:
        made = eks.register(facts)
        tagging.note(facts.get("region") or "us-east-1")
    return made


def _organization(document):
    policy.check_identity(document)
    world.world.organization = document
    return document


def _leave_organization(_):
    world.world.organization = None
    return {}


def _arm(listed):
    faults.arm(policy.listed(listed))
    return faults.armed()


def _clear_faults(_):
    faults.clear()
    return []


def serve(req, log):
    """The reply to a request below /_sandbox/."""
    def forget(_):
        log.clear()
        return []

    routes = {("GET", "calls"): lambda _: log.listed(), ("DELETE", "calls"): forget,
              ("GET", "faults"): lambda _: faults.armed(), ("POST", "faults"): _arm,
              ("DELETE", "faults"): _clear_faults, ("POST", "set"): _set,
              ("GET", "organization"): lambda _: world.world.organization,
              ("POST", "organization"): _organization,
              ("DELETE", "organization"): _leave_organization,
              ("POST", "reset"): _reset, ("POST", "register-cluster"): _register,
              ("POST", "expire-sessions"): _expire_sessions}
    route = routes.get((req.method, req.path.removeprefix("/_sandbox/")))
    if route is None:
        return _json(404, {"error": f"no {req.method} {req.path}"})
    try:
        return _json(200, route(json.loads(req.body or b"{}")))
    except (ControlError, policy.BadPolicy, ValueError, TypeError, AttributeError) as e:
        return _json(400, {"error": str(e)})


def _json(status, value):
    return Response(status, [("Content-Type", "application/json")], json.dumps(value).encode())
