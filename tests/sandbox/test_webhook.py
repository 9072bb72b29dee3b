"""What the pod identity webhook does to a pod, by the rules of EKS's own."""
import copy

import webhook

ROLE = "arn:aws:iam::123456789012:role/vault"
ANNOTATIONS = {"eks.amazonaws.com/role-arn": ROLE}
TOKEN = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"


def pod(*containers, **metadata):
    return {"metadata": metadata, "spec": {"containers": list(containers) or [{"name": "vault"}]}}


def environment(container):
    return {variable["name"]: variable["value"] for variable in container["env"]}


def test_a_pod_whose_account_asks_for_nothing_is_left_alone():
    assert webhook.mutate(pod(), {}, "us-east-1") is None


def test_a_pod_gets_variables_mount_and_token():
    spec = webhook.mutate(pod(), ANNOTATIONS, "eu-west-1")
    container = spec["containers"][0]
    assert environment(container) == {
        "AWS_STS_REGIONAL_ENDPOINTS": "regional", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "eu-west-1",
        "AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": TOKEN}
    assert container["volumeMounts"] == [
        {"name": "aws-iam-token", "mountPath": TOKEN.removesuffix("/token"), "readOnly": True}]
    assert spec["volumes"] == [{"name": "aws-iam-token", "projected": {"sources": [{"serviceAccountToken": {
        "audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"}}]}}]


def test_a_region_of_the_pods_own_stays_the_only_one():
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        container = {"name": "vault", "env": [{"name": name, "value": "ap-south-1"}]}
        spec = webhook.mutate(pod(container), ANNOTATIONS, "us-east-1")
        regions = {n: v for n, v in environment(spec["containers"][0]).items() if n.endswith("REGION")}
        assert regions == {name: "ap-south-1"}


def test_init_containers_are_equipped_and_skipped_ones_are_not():
    wanted = pod({"name": "vault"}, {"name": "sidecar"}, annotations={"eks.amazonaws.com/skip-containers": "sidecar"})
    wanted["spec"]["initContainers"] = [{"name": "first"}]
    spec = webhook.mutate(wanted, ANNOTATIONS, "us-east-1")
    assert environment(spec["initContainers"][0])["AWS_ROLE_ARN"] == ROLE
    assert environment(spec["containers"][0])["AWS_ROLE_ARN"] == ROLE
    assert "env" not in spec["containers"][1]


def test_the_account_chooses_audience_and_lifetime_but_not_below_ten_minutes():
    def token(seconds):
        annotations = ANNOTATIONS | {"eks.amazonaws.com/audience": "mine", "eks.amazonaws.com/token-expiration": seconds}
        spec = webhook.mutate(pod(), annotations, "us-east-1")
        return spec["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]

    assert token("7200") == {"audience": "mine", "expirationSeconds": 7200, "path": "token"}
    assert token("60")["expirationSeconds"] == 600


def test_a_pod_that_was_equipped_before_is_not_changed():
    spec = webhook.mutate(pod(), ANNOTATIONS, "us-east-1")
    again = webhook.mutate({"metadata": {}, "spec": copy.deepcopy(spec)}, ANNOTATIONS, "us-east-1")
    assert again == spec
