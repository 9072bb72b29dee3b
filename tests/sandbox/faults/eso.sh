# Faults between External Secrets and Vault. tests/sandbox/eso has installed the operator, a store and a secret before; the
# fixes are commands of the vault CLI, with the token of the sandbox's own Vault.
# shellcheck shell=bash disable=SC2034,SC2317
cases='
no_role eso-store
old_object eso-old-objects
plain_service eso-store-server warn
operator_down eso-operator
other_namespace eso-store
other_account eso-store
other_audience eso-store
no_account eso-store
wrong_mount eso-store
wrong_server eso-store
key_data eso-path
path_data eso-path
no_policy eso-secrets
secret_absent eso-secrets
property_absent eso-secrets
store_absent eso-secrets
many_refreshes eso-refresh warn
'

VAULT_ADDR=http://$RELEASE-active.$NS.svc.cluster.local:8200 VAULT_TOKEN=
if [ -s "${KUBECONFIG%/*}/init.json" ]; then
	VAULT_TOKEN=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["root_token"])' "${KUBECONFIG%/*}/init.json")
else
	say "skip eso: External Secrets is not in this sandbox (tests/sandbox/eso)"
	cases=
fi
export VAULT_ADDR VAULT_TOKEN

patch_store() { kubectl patch clustersecretstore vault --type merge -p "{\"spec\":{\"provider\":{\"vault\":{$1}}}}"; }
patch_account() { patch_store "\"auth\":{\"kubernetes\":{\"serviceAccountRef\":{$1}}}"; }
patch_secret() { kubectl patch externalsecret database --type json -p "[{\"op\":\"replace\",\"path\":\"/spec/$1\",\"value\":$2}]"; }
sync() { kubectl annotate "$@" --overwrite "force-sync=$(date +%s%N)"; }

inject_operator_down() { kubectl scale deployment -n external-secrets external-secrets --replicas=0; }

# As an object that was made before an upgrade: v1beta1 is served for the moment that it takes to write one.
serve_old() { # true or false
	local i
	i=$(kubectl get crd externalsecrets.external-secrets.io -o json | python3 -c 'import json, sys
print([v["name"] for v in json.load(sys.stdin)["spec"]["versions"]].index("v1beta1"))')
	kubectl patch crd externalsecrets.external-secrets.io --type json \
		-p "[{\"op\":\"replace\",\"path\":\"/spec/versions/$i/served\",\"value\":$1}]"
}
write_old() {
	kubectl apply -f - <<-Y
		apiVersion: external-secrets.io/v1beta1
		kind: ExternalSecret
		metadata: {name: old, namespace: default}
		spec:
		  refreshInterval: 1h
		  secretStoreRef: {kind: ClusterSecretStore, name: vault}
		  target: {name: old}
		  data: [{secretKey: password, remoteRef: {key: app/database, property: password}}]
	Y
}
inject_old_object() {
	local i
	serve_old true
	for ((i = 0; i < 60; i++)); do
		write_old 2>/dev/null && break
		sleep 0.5
	done
	serve_old false
}
restore_old_object() { kubectl delete externalsecret old; }

inject_plain_service() { patch_store "\"server\":\"http://$RELEASE.$NS.svc:8200\""; }

inject_no_role() {
	vault delete auth/kubernetes/role/app
	sync clustersecretstore vault
}
inject_other_namespace() {
	vault write auth/kubernetes/role/app bound_service_account_namespaces=elsewhere
	sync clustersecretstore vault
}
inject_other_account() {
	vault write auth/kubernetes/role/app bound_service_account_names=somebody
	sync clustersecretstore vault
}
inject_other_audience() {
	vault write auth/kubernetes/role/app audience=other
	sync clustersecretstore vault
}
inject_no_account() { patch_account '"name":"ghost"'; }
inject_wrong_mount() { patch_store '"auth":{"kubernetes":{"mountPath":"k8s"}}'; }
inject_wrong_server() { patch_store "\"server\":\"http://vault-nowhere.$NS.svc:8200\""; }

inject_key_data() { patch_secret data/0/remoteRef/key '"data/app/database"'; }
inject_path_data() {
	patch_store '"path":"secret/data"'
	sync externalsecret database
}
inject_no_policy() {
	vault write auth/kubernetes/role/app token_policies=default
	sync externalsecret database
}
restore_no_policy() { vault write auth/kubernetes/role/app token_policies=app; }
inject_secret_absent() { patch_secret data/0/remoteRef/key '"app/absent"'; }
restore_secret_absent() { patch_secret data/0/remoteRef/key '"app/database"'; }
inject_property_absent() { patch_secret data/0/remoteRef/property '"absent"'; }
restore_property_absent() { patch_secret data/0/remoteRef/property '"password"'; }
inject_store_absent() { patch_secret secretStoreRef/name '"nobody"'; }

# It takes a minute's worth of a hundred secrets: one that is read each half second.
inject_many_refreshes() { patch_secret refreshInterval '"500ms"'; }
restore_many_refreshes() { patch_secret refreshInterval '"1h"'; }
