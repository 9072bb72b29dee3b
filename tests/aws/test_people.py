"""People in configure's file, against a real Vault: passwords, groups, OpenID Connect, and secrets that nobody sees.

Needs the binary that VAULT_BIN names, and the plugin: VAULT_AWS_BIN, else that of the release build.
"""
import json
import os
import subprocess
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from harness import ADMIN, REGION
from oidc import Provider
from test_configure import NOWHERE, Bench, names, pytestmark  # noqa: F401

PASSWORD, CLIENT_SECRET = "first-5ec2e7-password", "client-5ec2e7-secret"
PEOPLE = """
userpass:
  userpass:
    max_lease_ttl: 12h
    token_type: default-service
    listing_visibility: unauth
    description: people
    users:
      alice: {password: {env: ALICE_PASSWORD}, token_ttl: 1h}
entities:
  alice: {aliases: {userpass: alice}, metadata: {team: red}}
  bob: {}
groups:
  readers: {policies: [app-policy], members: [alice, bob]}
"""
OIDC = """
oidc:
  oidc:
    oidc_discovery_url: %(url)s
    oidc_discovery_ca_pem: "%(ca)s"
    oidc_client_id: vault
    oidc_client_secret: {file: %(secret)s}
    default_role: people
    roles:
      people:
        user_claim: email
        groups_claim: groups
        allowed_redirect_uris: [http://localhost:8250/oidc/callback]
        oidc_scopes: [profile]
        token_ttl: 1h
jwt:
  jwt:
    jwt_validation_pubkeys: ["%(key)s"]
    bound_issuer: %(url)s
    roles:
      ci:
        user_claim: sub
        bound_audiences: [pipelines]
        bound_claims: {project: vault, branch: [main, release]}
        claim_mappings: {project: project}
        token_policies: [app-policy]
        token_type: batch
groups:
  admins: {type: external, policies: [app-policy], alias: {mount: oidc, name: vault-admins}}
"""


class People(Bench):
    """With variables for the plugin, and AWS as the front has it."""

    def __init__(self, state):
        super().__init__(state)
        self.variables = {"ALICE_PASSWORD": PASSWORD}

    def env(self):
        aws = {k: v for k, v in self.vault.env.items() if k.startswith("AWS_")}
        return super().env() | aws | self.variables

    def argv(self, *words):
        return super().argv("--trace", self.at("trace"), *words)

    def add(self, text):
        with open(self.at("vault.yaml"), "a", encoding="utf-8") as f:
            f.write(text)

    def login(self, path, **body):
        status, answer = self.vault.ask("POST", f"/v1/auth/{path}", body)
        return answer["auth"] if status == 200 else status

    def by_password(self, password):
        return self.login("userpass/login/alice", password=password)

    def nowhere(self, *values):
        """In no log, trace or file that is not meant for it."""
        ran = subprocess.run(["grep", "-rlF", *(w for v in values for w in ("-e", v)), self.at("trace"),
                              self.at("vault.log"), self.at("vault.yaml"), self.at("front")],
                             capture_output=True, text=True, check=False)
        assert ran.returncode == 1, ran.stdout
        manifest = json.dumps(self.manifest())
        assert not [v for v in values if v in manifest]


@pytest.fixture
def bench(tmp_path):
    made = People(str(tmp_path / "vault"))
    yield made
    made.kube.close()
    made.vault.stop()


@pytest.fixture
def provider(tmp_path):
    made = Provider(tmp_path, CLIENT_SECRET)
    yield made
    made.close()


def changes(answer):
    return {f'{c["kind"]} {c["name"]}': {a["name"]: (a["old"], a["new"]) for a in c["attributes"]}
            for c in answer["changes"]}


def escaped(text):
    return text.replace("\n", "\\n")


def test_a_user_logs_in_and_has_what_the_group_has(bench):
    bench.add(PEOPLE)
    made = changes(bench.run())
    assert {"auth method userpass", "user userpass/alice", "entity alice", "entity bob", "entity alias userpass/alice",
            "group readers"} <= set(made)
    assert made["user userpass/alice"]["password"] == (None, "(from the variable 'ALICE_PASSWORD')")
    auth = bench.by_password(PASSWORD)
    assert auth["identity_policies"] == ["app-policy"] and auth["lease_duration"] == 3600
    method = bench.read("sys/auth")["userpass/"]
    assert method["description"] == "people"
    assert (method["config"]["token_type"], method["config"]["listing_visibility"]) == ("default-service", "unauth")
    before = len(bench.audited())
    assert bench.run()["changes"] == []
    assert {operation for operation, _ in bench.audited()[before:]} == {"read", "list"}
    bench.nowhere(PASSWORD)


def test_a_new_password_is_noticed_and_an_own_one_is_left(bench):
    bench.add(PEOPLE)
    bench.run()
    bench.ask("POST", "auth/userpass/users/alice", {"password": "her-own-choice"})
    assert bench.run()["changes"] == []
    bench.edit("token_ttl: 1h}", "token_ttl: 2h}")
    assert changes(bench.run("--yes")) == {"user userpass/alice": {"token_ttl": ("3600", "7200")}}
    assert bench.by_password("her-own-choice")["lease_duration"] == 7200
    bench.variables["ALICE_PASSWORD"] = "second-5ec2e7"
    said = bench.run(status=2)
    assert "--yes" in said and "second-5ec2e7" not in said
    [change] = bench.run("--yes")["changes"]
    assert change["attributes"] == [{"name": "password", "old": "(another, or not known)",
                                     "new": "(from the variable 'ALICE_PASSWORD')"}]
    assert bench.by_password("second-5ec2e7")["identity_policies"] == ["app-policy"]
    assert bench.by_password("her-own-choice") == 400
    assert bench.run()["changes"] == []
    bench.nowhere(PASSWORD, "second-5ec2e7")


def test_drift_among_people_is_told_and_mended(bench):
    bench.add(PEOPLE)
    bench.run()
    bench.ask("POST", "identity/group/name/readers", {"policies": ["default"], "member_entity_ids": []})
    bench.ask("POST", "identity/entity/name/alice", {"metadata": {"team": "blue"}})
    bench.ask("POST", "sys/auth/userpass/tune", {"listing_visibility": "hidden", "max_lease_ttl": "1h"})
    assert changes(bench.run("--yes")) == {
        "group readers": {"policies": ('["default"]', '["app-policy"]'), "members": ("[]", '["alice","bob"]')},
        "entity alice": {"metadata": ('{"team":"blue"}', '{"team":"red"}')},
        "auth method userpass": {"listing_visibility": ("hidden", "unauth"), "max_lease_ttl": ("3600", "43200")}}
    assert bench.run()["changes"] == []


def test_who_logged_in_before_becomes_the_entity_of_the_file(bench):
    bench.add(PEOPLE.split("entities:")[0])
    bench.run()
    assert bench.by_password(PASSWORD).get("identity_policies") is None
    bench.add("entities:" + PEOPLE.split("entities:")[1])
    [(old, new)] = [v["entity"] for k, v in changes(bench.run("--yes")).items() if k == "entity alias userpass/alice"]
    assert old.startswith("entity_") and new == "alice"
    assert bench.by_password(PASSWORD)["identity_policies"] == ["app-policy"]
    assert bench.run()["changes"] == []


def test_prune_takes_people_it_made_and_no_others(bench):
    bench.add(PEOPLE)
    bench.run()
    bench.ask("POST", "identity/group/name/foreign", {"policies": ["default"]})
    with open(bench.at("vault.yaml"), encoding="utf-8") as f:
        bench.put("vault.yaml", f.read().replace(PEOPLE, ""))
    kept = bench.run()
    assert {d["kind"] for d in kept["dropped"]} == {"auth method", "user", "entity", "entity alias", "group"}
    assert bench.by_password(PASSWORD)["identity_policies"] == ["app-policy"]
    answer = bench.run("--prune", "--yes")
    assert names(answer, "remove") == {"auth method userpass", "user userpass/alice", "entity alice", "entity bob",
                                       "entity alias userpass/alice", "group readers"}
    assert "userpass/" not in bench.read("sys/auth")
    assert bench.read("identity/group/name/readers") == bench.read("identity/entity/name/alice") == 404
    assert bench.read("identity/group/name/foreign") != 404
    assert not [m for m in bench.manifest()["made"] if m.split("/")[0] in ("user", "entity", "alias", "group")]
    assert bench.run("--prune", "--yes")["changes"] == []


def test_the_operator_alone_makes_and_removes_people(bench):
    bench.run("--yes", "--revoke-root")
    bench.add(PEOPLE)
    assert "group readers" in changes(bench.run("--yes", "--revoke-root", token=False))
    auth = bench.by_password(PASSWORD)
    assert auth["identity_policies"] == ["app-policy"]
    assert bench.run("--revoke-root", token=False)["changes"] == []
    with open(bench.at("vault.yaml"), encoding="utf-8") as f:
        bench.put("vault.yaml", f.read().replace(PEOPLE, ""))
    assert "group readers" in names(bench.run("--prune", "--yes", "--revoke-root", token=False), "remove")
    assert bench.by_password(PASSWORD) in (403, 404)


def test_the_operator_repeats_a_file_with_people_before_root_goes(bench):
    bench.add(PEOPLE)
    assert bench.run("--yes", "--revoke-root")["root_revoked"]


def test_a_group_of_another_type_is_refused_before_anything_is_done(bench):
    bench.ask("POST", "identity/group/name/readers", {"type": "external"})
    bench.add(PEOPLE)
    assert "the group 'readers' is of type 'external' in Vault" in bench.run("--yes", status=4)
    assert bench.read("sys/audit") == {}


def oidc_file(bench, provider):
    with open(provider.ca_file, encoding="utf-8") as f:
        ca = f.read()
    bench.put("client-secret", CLIENT_SECRET + "\n")
    os.chmod(bench.at("client-secret"), 0o600)
    return OIDC % {"url": provider.url, "ca": escaped(ca), "key": escaped(provider.public_key()),
                   "secret": bench.at("client-secret")}


def by_browser(bench, provider, **claims):
    """The whole way: Vault's address for the browser, the provider's code, and back to Vault."""
    where = {"role": "people", "redirect_uri": "http://localhost:8250/oidc/callback", "client_nonce": "n-0"}
    status, answer = bench.vault.ask("POST", "/v1/auth/oidc/oidc/auth_url", where)
    assert status == 200, answer
    asked = {k: v[0] for k, v in parse_qs(urlsplit(answer["data"]["auth_url"]).query).items()}
    code = provider.code(claims | {"nonce": asked["nonce"]})
    status, answer = bench.vault.ask("GET", f'/v1/auth/oidc/oidc/callback?state={asked["state"]}&code={code}&client_nonce=n-0')
    return answer["auth"] if status == 200 else answer


def test_openid_connect_people_and_pipelines(bench, provider):
    bench.add(oidc_file(bench, provider))
    made = changes(bench.run())
    assert made["auth configuration oidc"]["oidc_client_secret"] == (None, f"(from the file '{bench.at('client-secret')}')")
    assert made["group admins"]["alias"] == (None, "oidc/vault-admins")
    auth = by_browser(bench, provider, sub="1", email="alice@example.com", groups=["vault-admins"])
    assert auth["identity_policies"] == ["app-policy"] and provider.seen == [CLIENT_SECRET]
    assert by_browser(bench, provider, sub="2", email="bob@example.com", groups=["others"]).get("identity_policies") is None
    token = {"sub": "p1", "aud": "pipelines", "project": "vault", "branch": "main"}
    assert bench.login("jwt/login", role="ci", jwt=provider.token(token))["token_policies"] == ["app-policy", "default"]
    assert bench.login("jwt/login", role="ci", jwt=provider.token(token | {"branch": "topic"})) == 400
    assert bench.run()["changes"] == []
    bench.nowhere(CLIENT_SECRET)


def test_a_new_client_secret_is_written_and_what_the_file_leaves_out_stays(bench, provider):
    bench.add(oidc_file(bench, provider))
    bench.run()
    config = bench.read("auth/oidc/config")
    bench.ask("POST", "auth/oidc/config", {k: v for k, v in config.items() if k not in ("status", "default_role")} |
              {"oidc_client_secret": CLIENT_SECRET, "bound_issuer": provider.url})
    provider.client_secret = "another-5ec2e7"
    bench.put("client-secret", provider.client_secret)
    assert set(changes(bench.run("--yes"))["auth configuration oidc"]) == {"default_role", "oidc_client_secret"}
    assert bench.read("auth/oidc/config")["bound_issuer"] == provider.url
    assert by_browser(bench, provider, sub="1", email="a@example.com", groups=["vault-admins"])["identity_policies"]
    assert provider.seen == ["another-5ec2e7"]
    bench.edit("name: vault-admins", "name: vault-owners")
    assert changes(bench.run("--yes")) == {"group admins": {"alias": ("oidc/vault-admins", "oidc/vault-owners")}}
    assert bench.run()["changes"] == []


def test_a_provider_that_vault_cannot_reach_stops_it_and_the_next_run_converges(bench, provider):
    bench.add(oidc_file(bench, provider).replace(provider.url + "\n    oidc_discovery_ca", "https://127.0.0.1:1\n    oidc_discovery_ca"))
    said = bench.run(status=1)
    assert "discovery URL" in said and "Vault's pods must reach 'https://127.0.0.1:1'" in said
    bench.edit("https://127.0.0.1:1\n", provider.url + "\n")
    assert bench.run("--yes")["applied"]
    assert bench.run()["changes"] == []


def keep(bench, name, value):
    client = boto3.client("secretsmanager", region_name=REGION, endpoint_url=bench.vault.env["AWS_ENDPOINT_URL"],
                          aws_access_key_id=ADMIN.access_key, aws_secret_access_key=ADMIN.secret_key)
    return client.create_secret(Name=name, SecretString=value)["ARN"]


def test_secrets_come_from_secrets_manager(bench):
    arn = keep(bench, "prod/people", json.dumps({"alice": PASSWORD, "number": 1}))
    keep(bench, "prod/plain", "plain-5ec2e7")
    users = ("alice: {password: {secretsmanager: %s, key: alice}}\n      bob: {password: {secretsmanager: prod/plain}}\n"
             "      carol: {password: {secretsmanager: prod/none}}\n"
             "      dave: {password: {secretsmanager: prod/people, key: number}}" % arn)
    bench.add(PEOPLE.replace("alice: {password: {env: ALICE_PASSWORD}, token_ttl: 1h}", users))
    said = bench.run("--region", REGION, *NOWHERE, status=2)
    assert said.count('"text"') == 2 and "prod/none" in said and "'prod/people' in Secrets Manager has no text 'number'" in said
    assert ".yaml:" in said and PASSWORD not in said
    bench.edit("      carol: {password: {secretsmanager: prod/none}}\n", "")
    bench.edit("      dave: {password: {secretsmanager: prod/people, key: number}}", "")
    bench.run("--region", REGION)
    assert bench.by_password(PASSWORD)["identity_policies"] == ["app-policy"]
    assert bench.login("userpass/login/bob", password="plain-5ec2e7") != 400
    assert bench.run("--region", REGION)["changes"] == []
    bench.nowhere(PASSWORD, "plain-5ec2e7")


def test_all_that_is_wrong_with_secrets_is_told_at_once(bench):
    bench.put("open", "x")
    os.chmod(bench.at("open"), 0o644)
    bench.add(f"""
userpass:
  userpass:
    users:
      a: {{password: hunter-5ec2e7}}
      b: {{password: {{env: NOBODY_SET_IT}}}}
      c: {{password: {{file: {bench.at("open")}}}}}
      d: {{password: {{file: {bench.at("nowhere")}}}}}
      e: {{password: {{env: LONG}}}}
groups:
  g: {{policies: [ap-policy], members: [alise]}}
entities:
  alice: {{}}
""")
    bench.variables["LONG"] = "x" * 73
    said = bench.run(*NOWHERE, status=2)
    for part in ("'password' is a secret, and must not stand here itself", "{env: NAME}, {file: PATH}",
                 "the variable 'NOBODY_SET_IT' is not set", "may be read by others (mode 0644)", "chmod 600", "nowhere'",
                 "longer than the 72 bytes", "the group 'g' names the policy 'ap-policy'", "did you mean 'app-policy'?",
                 "the file has no entity 'alise'", "did you mean 'alice'?"):
        assert part in said, said
    assert "hunter-" not in said and said.count('"text"') == 7
