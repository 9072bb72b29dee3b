"""The state of the account: moto's backends, and what the front itself remembers beside them.

There is one world in a process, as there is one moto. Everything in here is guarded by `lock`:
moto's conditional writes have two winners now and then without it, which breaks Vault's HA lock.
"""
import threading
import time

from moto.dynamodb.models import dynamodb_backends
from moto.eks.models import eks_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.moto_api._internal import moto_api_backend

ACCOUNT = "123456789012"
ADMIN_KEYS = {"AKIAIOSFODNN7EXAMPLE": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
ADMIN_ARN = f"arn:aws:iam::{ACCOUNT}:user/admin"
ADMIN_ID = "AIDAJQABLZS4A3QDU576Q"

lock = threading.RLock()

# What POST /_sandbox/set may change. Seconds unless the name says otherwise.
settings = {
    "latency_ms": 0.0,      # waited before each call
    "tag_lag_s": 0.0,       # how far a search by tag lags behind the tags
    "creating_s": 0.0,      # how long a new table is CREATING
    "iam_lag_s": 0.0,       # how long STS and KMS do not know a new role or user
    "backups_s": 0.0,       # how long after ACTIVE point in time recovery cannot be switched on
    "saving_s": 0.0,        # how long a new backup is CREATING
}


class Session:
    """Temporary credentials handed out for a role; expires is in seconds since 1970."""

    def __init__(self, secret, token, role_arn, name, expires):
        self.secret, self.token, self.role_arn = secret, token, role_arn
        self.name, self.expires = name, expires


class World:
    """What moto does not keep. reset() empties both."""

    def __init__(self):
        self.cluster_defaults = {}      # issuer, endpoint, ca of clusters made by CreateCluster
        self.jwks = {}                  # how to fetch signing keys: url, ca, cert, key
        self._empty()

    def _empty(self):
        self.sessions = {}              # access key id -> Session
        self.clusters = {}              # (region, name) -> {issuer, endpoint, ca, version}
        self.associations = {}          # (region, cluster) -> {id: Pod Identity association}
        self.issuer_jwks = {}           # issuer -> URL of its keys, where not the default
        self.rotation = {}              # key ARN -> (period in days, when it was set)
        self.table_ready = {}           # table ARN -> time at which it becomes ACTIVE
        self.on_demand = {}             # table ARN -> when it was switched to on-demand billing
        self.table_backups = {}         # table ARN -> time from which PITR can be switched on
        self.backup_ready = {}          # backup ARN -> time at which it becomes AVAILABLE
        self.iam_born = {}              # ARN of a role or user -> when it was made
        self.organization = None        # the service control policy over the account, None: none
        self.throttles = []             # (time, region, table, operation) that DynamoDB throttled
        self.tag_history = {}           # region -> ARN -> [(time, tags or None when gone)]

    def issuers(self):
        """The issuers whose keys the default key set holds."""
        known = {c["issuer"] for c in self.clusters.values()}
        return known | {self.cluster_defaults.get("issuer")}

    def reset(self):
        """Empty the account; settings, faults and the call log stay."""
        moto_api_backend.reset()
        self._empty()


world = World()


def iam_backend():
    return iam_backends[ACCOUNT]["aws"]


def kms_backend(region):
    return kms_backends[ACCOUNT][region]


def dynamodb_backend(region):
    return dynamodb_backends[ACCOUNT][region]


def eks_backend(region):
    return eks_backends[ACCOUNT][region]


def now():
    return time.time()


def role_named(name):
    return next((r for r in iam_backend().roles.values() if r.name == name), None)


def role_by_arn(arn):
    return next((r for r in iam_backend().roles.values() if r.arn == arn), None)


def visible_role(arn):
    """The role as other services see it: IAM's writes take time to get there."""
    return role_by_arn(arn) if has_spread(arn) else None


def has_spread(arn):
    return world.iam_born.get(arn, 0) + settings["iam_lag_s"] <= now()
