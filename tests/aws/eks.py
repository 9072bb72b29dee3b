"""EKS: clusters that stand for a real API server elsewhere."""
import base64
import secrets
import string
from urllib.parse import parse_qs

from errors import AwsError, reply_json
from service import Service
from world import ACCOUNT, eks_backend, world

DEFAULT_VERSION = "1.34"
SERVICE_ROLE = (f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/eks.amazonaws.com/"
                "AWSServiceRoleForAmazonEKS")


class Eks(Service):
    def resources(self, req):
        if "name" in req.params:
            return [f"arn:aws:eks:{req.region}:{ACCOUNT}:cluster/{req.params['name']}"]
        return ["*"]

    def tags(self, req, resource):
        cluster = eks_backend(req.region).clusters.get(req.params.get("name"))
        return dict(cluster.tags) if cluster else {}

    def answer(self, req):
        own = {"ListPodIdentityAssociations": _list, "CreatePodIdentityAssociation": _create,
               "DescribePodIdentityAssociation": _describe, "DeletePodIdentityAssociation": _delete}
        return own[req.operation](req) if req.operation in own else None

    def after(self, req, response):
        if req.operation in ("CreateCluster", "DescribeCluster"):
            body = response.json()
            body["cluster"] |= _seen_as(req.region, body["cluster"])
            response.replace_json(body)


def _seen_as(region, cluster):
    """The fields in which moto would make something up."""
    facts = world.cluster_defaults | world.clusters.get((region, cluster["name"]), {})
    out = {"status": "ACTIVE", "version": facts.get("version") or DEFAULT_VERSION,
           "accessConfig": {"authenticationMode": "API"}}
    if facts.get("issuer"):
        out["identity"] = {"oidc": {"issuer": facts["issuer"]}}
    if facts.get("endpoint"):
        out["endpoint"] = facts["endpoint"]
    if facts.get("ca"):
        out["certificateAuthority"] = {"data": facts["ca"]}
    return out


def encoded_ca(given):
    """A CA as DescribeCluster shows it: base64 of PEM. Takes PEM or what is base64 already."""
    return base64.b64encode(given.encode()).decode() if given.startswith("-----") else given


def register(facts):
    """Make a cluster exist: {name, issuer, endpoint, ca, region?, version?, jwks_url?}.

    It has no OIDC provider in IAM: to make or find that is the product's work.
    """
    region = facts.get("region") or "us-east-1"
    backend = eks_backend(region)
    if facts["name"] not in backend.clusters:
        backend.create_cluster(name=facts["name"], role_arn=SERVICE_ROLE,
                               resources_vpc_config={"subnetIds": ["subnet-1"]}, tags={})
    world.clusters[region, facts["name"]] = {
        "issuer": facts["issuer"], "endpoint": facts["endpoint"], "ca": encoded_ca(facts["ca"]),
        "version": facts.get("version")}
    if facts.get("jwks_url"):
        world.issuer_jwks[facts["issuer"]] = facts["jwks_url"]
    return {"arn": f"arn:aws:eks:{region}:{ACCOUNT}:cluster/{facts['name']}"}


# Pod Identity associations: only that they are there. No pod gets credentials by them.

def _associations(req):
    if req.params["name"] not in eks_backend(req.region).clusters:
        raise AwsError("ResourceNotFoundException",
                       f"No cluster found for name: {req.params['name']}.", 404)
    return world.associations.setdefault((req.region, req.params["name"]), {})


def _association(req):
    one = _associations(req).get(req.params["associationId"])
    if one is None:
        raise AwsError("ResourceNotFoundException", "Association not found: "
                       f"{req.params['associationId']}", 404)
    return one


def _list(req):
    """Without roleArn, as in AWS."""
    asked = {k: v[0] for k, v in parse_qs(req.query).items() if k in ("namespace", "serviceAccount")}
    shown = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId")
    return reply_json(req, {"associations": [
        {k: one[k] for k in shown} for one in _associations(req).values()
        if all(one[k] == v for k, v in asked.items())]})


def _create(req):
    kept, cluster = _associations(req), req.params["name"]
    asked = {k: req.need(k) for k in ("namespace", "serviceAccount", "roleArn")}
    for one in kept.values():
        if all(one[k] == asked[k] for k in ("namespace", "serviceAccount")):
            raise AwsError("ResourceInUseException", "Association already exists: "
                           f"{one['associationId']}", 409)
    made = "a-" + "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(17))
    kept[made] = asked | {
        "clusterName": cluster, "associationId": made, "tags": {},
        "associationArn": f"arn:aws:eks:{req.region}:{ACCOUNT}:podidentityassociation/{cluster}/{made}"}
    return reply_json(req, {"association": kept[made]})


def _describe(req):
    return reply_json(req, {"association": _association(req)})


def _delete(req):
    one = _association(req)
    del _associations(req)[one["associationId"]]
    return reply_json(req, {"association": one})
