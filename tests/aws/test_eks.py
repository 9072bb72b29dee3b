"""EKS: clusters registered through the control interface, and made by CreateCluster."""
import base64

import pytest

from harness import ACCOUNT, Front, refused

ISSUER = "https://oidc.eks.eu-west-1.amazonaws.com/id/AAAA"
PEM = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"


def register(front, **facts):
    given = {"name": "c1", "issuer": ISSUER, "endpoint": "https://10.0.0.1:6443", "ca": PEM}
    return front.control("POST", "register-cluster", given | facts)


def test_registered_cluster(front):
    assert register(front, region="eu-west-1").status == 200
    eks = front.client("eks", region="eu-west-1")
    assert eks.list_clusters()["clusters"] == ["c1"]
    cluster = eks.describe_cluster(name="c1")["cluster"]
    assert cluster["arn"] == f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/c1"
    assert cluster["identity"]["oidc"]["issuer"] == ISSUER
    assert cluster["endpoint"] == "https://10.0.0.1:6443"
    assert base64.b64decode(cluster["certificateAuthority"]["data"]).decode() == PEM
    assert cluster["status"] == "ACTIVE" and cluster["version"] == "1.34"
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert front.client("eks").list_clusters()["clusters"] == []
    assert front.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_registering_again_changes_the_facts(front):
    register(front)
    register(front, version="1.33", issuer=ISSUER + "B")
    cluster = front.client("eks").describe_cluster(name="c1")["cluster"]
    assert cluster["version"] == "1.33" and cluster["identity"]["oidc"]["issuer"] == ISSUER + "B"


def test_absent_cluster(front):
    refused("ResourceNotFoundException", "No cluster found for name: no.",
            front.client("eks").describe_cluster, name="no")
    reply = front.raw("eks", "/clusters/no")
    assert reply.status == 404 and reply.headers["x-amzn-errortype"] == "ResourceNotFoundException"
    assert reply.json() == {"message": "No cluster found for name: no."}


@pytest.mark.parametrize("missing", ["name", "issuer", "endpoint", "ca"])
def test_registration_is_checked(front, missing):
    reply = register(front, **{missing: ""})
    assert reply.status == 400 and missing in reply.json()["error"]


def test_created_cluster_shows_what_the_command_line_says(tmp_path):
    ca = tmp_path / "ca.crt"
    ca.write_text(PEM)
    front = Front(str(tmp_path / "state"), "--issuer", ISSUER, "--cluster-endpoint",
                  "https://10.9.9.9:6443", "--cluster-ca", str(ca))
    try:
        eks = front.client("eks")
        eks.create_cluster(name="made", roleArn=f"arn:aws:iam::{ACCOUNT}:role/eks",
                           resourcesVpcConfig={"subnetIds": ["subnet-1"]})
        cluster = eks.describe_cluster(name="made")["cluster"]
        assert cluster["identity"]["oidc"]["issuer"] == ISSUER
        assert cluster["endpoint"] == "https://10.9.9.9:6443"
        assert base64.b64decode(cluster["certificateAuthority"]["data"]).decode() == PEM
    finally:
        front.stop()


def test_pod_identity_associations(front):
    register(front)
    eks, role = front.client("eks"), f"arn:aws:iam::{ACCOUNT}:role/r"
    given = {"clusterName": "c1", "namespace": "vault", "serviceAccount": "vault", "roleArn": role}
    assert eks.list_pod_identity_associations(clusterName="c1")["associations"] == []
    made = eks.create_pod_identity_association(**given)["association"]
    assert made["roleArn"] == role and made["associationId"].startswith("a-")
    refused("ResourceInUseException", f"Association already exists: {made['associationId']}",
            eks.create_pod_identity_association, **given)
    listed = eks.list_pod_identity_associations(clusterName="c1", namespace="vault", serviceAccount="vault")
    assert [a["associationArn"] for a in listed["associations"]] == [made["associationArn"]]
    assert "roleArn" not in listed["associations"][0]
    assert eks.list_pod_identity_associations(clusterName="c1", namespace="x")["associations"] == []
    this = {"clusterName": "c1", "associationId": made["associationId"]}
    assert eks.describe_pod_identity_association(**this)["association"]["roleArn"] == role
    eks.delete_pod_identity_association(**this)
    refused("ResourceNotFoundException", f"Association not found: {made['associationId']}",
            eks.describe_pod_identity_association, **this)
    refused("ResourceNotFoundException", "No cluster found for name: no.",
            eks.list_pod_identity_associations, clusterName="no")
