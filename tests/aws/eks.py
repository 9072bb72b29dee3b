"""EKS: clusters that stand for a real API server elsewhere."""
import base64

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
