"""One request off the wire, and what it asks for: service, region, operation, parameters."""
import json
import re
from urllib.parse import parse_qs, unquote, urlsplit

import s3
import sigv4
from errors import AwsError

TARGETS = {"TrentService": "kms", "DynamoDB_20120810": "dynamodb",
           "ResourceGroupsTaggingAPI_20170126": "tag", "secretsmanager": "secretsmanager",
           "AmazonSSM": "ssm", "GraniteServiceVersion20100801": "cloudwatch",
           "Logs_20140328": "logs"}
QUERY_VERSIONS = {"2011-06-15": "sts", "2010-05-08": "iam"}
# What IAM calls a service in an action, and what the others call it.
SIGNING = {"tag": "tagging", "cloudwatch": "monitoring"}
HOSTS = {"tag": "tagging", "cloudwatch": "monitoring"}
ACTION_PREFIX = {"tagging": "tag", "monitoring": "cloudwatch"}
EKS = [("GET", r"/clusters", "ListClusters"),
       ("POST", r"/clusters", "CreateCluster"),
       ("GET", r"/clusters/(?P<name>[^/]+)", "DescribeCluster"),
       ("DELETE", r"/clusters/(?P<name>[^/]+)", "DeleteCluster"),
       ("GET", r"/clusters/(?P<name>[^/]+)/pod-identity-associations",
        "ListPodIdentityAssociations"),
       ("POST", r"/clusters/(?P<name>[^/]+)/pod-identity-associations",
        "CreatePodIdentityAssociation"),
       ("GET", r"/clusters/(?P<name>[^/]+)/pod-identity-associations/(?P<associationId>[^/]+)",
        "DescribePodIdentityAssociation"),
       ("DELETE", r"/clusters/(?P<name>[^/]+)/pod-identity-associations/(?P<associationId>[^/]+)",
        "DeletePodIdentityAssociation")]


class Request:
    """connection is the peer's (address, port). who is None until the caller is known."""

    def __init__(self, method, target, pairs, body, connection):
        self.method, self.target, self.body, self.connection = method, target, body, connection
        self.pairs = [(n.lower(), v) for n, v in pairs]
        self.headers = dict(self.pairs)
        self.path, self.query = urlsplit(target).path, urlsplit(target).query
        self.host = self.headers.get("host", "").rsplit(":", 1)[0]
        self.service = self.operation = self.who = self.identity = None
        self.protocol, self.params, self.resources = "query", {}, ["*"]
        self._place()

    def _place(self):
        """The service and region that the address stands for.

        A name of AWS's own decides both. Any other (a loopback address that AWS_ENDPOINT_URL
        names) leaves them to the credential scope, and host_region is then None.
        """
        self.endpoint = self.host_region = self.bucket = None
        self.region = "us-east-1"
        name = self.host.removesuffix(".amazonaws.com")
        if name != self.host:
            labels = name.split(".")
            if len(labels) > 1 and labels[1] == "ddb":      # <account>.ddb.<region>
                labels = ["dynamodb", *labels[2:]]
            if "s3" in labels[1:]:                          # <bucket>.s3.<region>
                at = labels.index("s3", 1)
                self.bucket, labels = ".".join(labels[:at]), labels[at:]
            self.endpoint = labels[0]
            self.host_region = labels[1] if len(labels) > 1 else "us-east-1"
            self.region = self.host_region
            return
        try:
            scope = sigv4.scope_of(self.headers)
        except sigv4.Rejected:
            return
        if scope:
            self.endpoint, self.region = scope.service, scope.region

    def identify(self):
        """Find service, operation and parameters the way the service itself would."""
        call = self.headers.get("x-amz-target")
        kind = self.headers.get("content-type", "")
        try:
            if self.endpoint == "s3":
                self.service, self.protocol = "s3", "rest-xml"
                s3.identify(self)
            elif call:
                self._identify_json(call)
            elif kind.startswith("application/x-www-form-url") or self.endpoint in ("iam", "sts"):
                self._identify_query()
            else:
                self._identify_path()
        except ValueError:      # not UTF-8, not JSON, not an object
            raise AwsError("SerializationException", "the body cannot be read") from None

    def _identify_json(self, call):
        prefix, _, self.operation = call.rpartition(".")
        default = ACTION_PREFIX.get(self.endpoint, self.endpoint)
        self.service, self.protocol = TARGETS.get(prefix, default), "json"
        self.params = json.loads(self.body or b"{}")
        if not isinstance(self.params, dict):
            raise ValueError

    def _identify_query(self):
        text = self.body.decode() if self.body else self.query
        self.params = {k: v[0] for k, v in parse_qs(text, keep_blank_values=True).items()}
        self.service = self.endpoint or QUERY_VERSIONS.get(self.params.get("Version"))
        self.operation = self.params.get("Action")

    def _identify_path(self):
        self.service, self.protocol = self.endpoint, "rest-json"
        for method, pattern, name in EKS if self.endpoint == "eks" else []:
            m = re.fullmatch(pattern, self.path)
            if m and method == self.method:
                self.operation = name
                self.params = {k: unquote(v) for k, v in m.groupdict().items()}
        if self.operation and self.body:
            self.params = json.loads(self.body) | self.params

    def need(self, name):
        """A parameter that the call cannot do without."""
        if name not in self.params:
            raise AwsError("Invalid", f"1 validation error detected: Value null at '{name}' "
                           "failed to satisfy constraint: Member must not be null")
        return self.params[name]

    @property
    def action(self):
        return f"{self.service}:{self.operation}"

    @property
    def service_host(self):
        """The name under which AWS itself serves this call."""
        if self.service == "iam":
            return "iam.amazonaws.com"
        return f"{HOSTS.get(self.service, self.service)}.{self.region}.amazonaws.com"

    def members(self, name):
        """The values of a query protocol list, in order: Name.member.1, Name.member.2 ..."""
        out, i = [], 1
        while f"{name}.member.{i}" in self.params:
            out.append(self.params[f"{name}.member.{i}"])
            i += 1
        return out

    def request_tags(self):
        """The tags that this request sets, as a dict; the three spellings of AWS."""
        if self.protocol == "query":
            out, i = {}, 1
            while f"Tags.member.{i}.Key" in self.params:
                base = f"Tags.member.{i}."
                out[self.params[base + "Key"]] = self.params.get(base + "Value", "")
                i += 1
            return out
        tags = self.params.get("Tags") or self.params.get("tags") or {}
        if isinstance(tags, dict):
            return dict(tags)
        return {t.get("TagKey", t.get("Key")): t.get("TagValue", t.get("Value", "")) for t in tags}
