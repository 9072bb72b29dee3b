"""The chart that stands in for hashicorp/vault, rendered by both Helms. Needs the built parts in VA_CACHE."""
import os
import subprocess

import pytest
import yaml

CACHE = os.environ.get("VA_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "helm-vault-aws")
CHART = os.path.join(os.path.dirname(__file__), "chart")
HA = {"server": {"ha": {"enabled": True}}}


@pytest.fixture(params=["helm3", "helm4"])
def helm(request):
    program = os.path.join(CACHE, "bin", request.param)

    def template(values):
        return subprocess.run([program, "template", "vault", CHART, "-n", "vault", "-f", "-"],
                              input=yaml.safe_dump(values), text=True, capture_output=True)
    return template


def objects(result):
    assert result.returncode == 0, result.stderr
    return {(o["kind"], o["metadata"]["name"]): o for o in yaml.safe_load_all(result.stdout) if o}


def values(config=None, **server):
    ha = {"enabled": True} | ({} if config is None else {"config": config})
    return {"server": {"ha": ha, **server}}


def config(result):
    return objects(result)["ConfigMap", "vault-config"]["data"]["extraconfig-from-values.hcl"]


def start_script(result):
    return objects(result)["StatefulSet", "vault"]["spec"]["template"]["spec"]["containers"][0]["args"][0]


def test_the_objects_have_the_names_of_the_real_chart(helm):
    assert set(objects(helm(HA))) == {
        ("ServiceAccount", "vault"), ("ConfigMap", "vault-config"), ("StatefulSet", "vault"),
        ("Role", "vault-discovery-role"), ("RoleBinding", "vault-discovery-rolebinding"),
        ("ClusterRoleBinding", "vault-server-binding"), ("PodDisruptionBudget", "vault"), ("Service", "vault"),
        ("Service", "vault-internal"), ("Service", "vault-active"), ("Service", "vault-standby")}


def test_pods_are_made_in_parallel_and_replaced_by_hand_only(helm):
    spec = objects(helm(HA))["StatefulSet", "vault"]["spec"]
    assert (spec["podManagementPolicy"], spec["updateStrategy"]) == ("Parallel", {"type": "OnDelete"})


def test_a_service_account_made_elsewhere_is_used_and_not_made(helm):
    found = objects(helm(values(serviceAccount={"create": False, "name": "mine"})))
    assert ("ServiceAccount", "mine") not in found
    assert found["StatefulSet", "vault"]["spec"]["template"]["spec"]["serviceAccountName"] == "mine"


def test_audit_volumes_are_claimed_for_each_pod(helm):
    spec = objects(helm(values(auditStorage={"enabled": True, "size": "20Gi", "storageClass": "gp3"})))["StatefulSet", "vault"]["spec"]
    claim, = spec["volumeClaimTemplates"]
    assert (claim["metadata"]["name"], claim["spec"]) == ("audit", {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "gp3", "resources": {"requests": {"storage": "20Gi"}}})
    assert {"name": "audit", "mountPath": "/vault/audit"} in spec["template"]["spec"]["containers"][0]["volumeMounts"]


def test_a_network_policy_selects_the_servers(helm):
    assert ("NetworkPolicy", "vault") not in objects(helm(HA))
    spec = objects(helm(values(networkPolicy={"enabled": True})))["NetworkPolicy", "vault"]["spec"]
    assert spec["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "vault", "app.kubernetes.io/instance": "vault"}
    assert spec["ingress"][0]["from"] == [{"namespaceSelector": {}}] and "egress" not in spec
    rules = [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443, "protocol": "TCP"}]}]
    spec = objects(helm(values(networkPolicy={"enabled": True, "ingress": [], "egress": rules})))["NetworkPolicy", "vault"]["spec"]
    assert (spec["ingress"], spec["egress"]) == ([], rules)


def test_the_configuration_is_a_template_and_memory_is_not_locked(helm):
    assert config(helm(values('ui = {{ eq .Release.Name "vault" }}\n'))) == "ui = true\ndisable_mlock = true"
    assert config(helm(values("disable_mlock = false\n"))) == "disable_mlock = false"
    assert config(helm(values('{"ui": true}'))) == '{"disable_mlock":true,"ui":true}'


@pytest.mark.parametrize("wrong, told", [
    ({}, "set server.ha.enabled=true"),
    (values({"ui": True}), "structured server config is not supported"),
    ({"server": {"ha": {"enabled": True, "replicas": "three"}}}, "replicas"),
])
def test_what_it_cannot_do_is_refused(helm, wrong, told):
    result = helm(wrong)
    assert result.returncode != 0 and told in result.stderr


def test_the_start_script_replaces_the_six_words_of_which_something_is_known(helm, tmp_path):
    script = start_script(helm(values(extraArgs="-log-level=debug")))
    script = script.replace("/tmp/storageconfig.hcl", f"{tmp_path}/out").replace("/vault/config", str(tmp_path))
    script = script.replace("/usr/local/bin/docker-entrypoint.sh", "echo")
    (tmp_path / "extraconfig-from-values.hcl").write_text(
        "HOST_IP POD_IP xHOSTNAMEx API_ADDR TRANSIT_ADDR RAFT_ADDR HOST_IP")
    known = {"HOST_IP": "10.0.0.1", "POD_IP": "10.1.0.1", "HOSTNAME": "vault-0", "RAFT_ADDR": "",
             "PATH": os.environ["PATH"]}
    run = subprocess.run(["/bin/sh", "-ec", script], env=known, text=True, capture_output=True)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "out").read_text() == "10.0.0.1 10.1.0.1 xvault-0x API_ADDR TRANSIT_ADDR RAFT_ADDR 10.0.0.1"
    assert run.stdout.split() == ["vault", "server", f"-config={tmp_path}/out", "-log-level=debug"]
