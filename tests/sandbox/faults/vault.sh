# Faults of the servers themselves: sealed, not initialised, labels and Service astray, and a fault that the log names.
# This family starts from an empty table, since sealing by hand takes the root token.
# shellcheck shell=bash disable=SC2034,SC2317
cases='
sealed vault-unsealed
two_active vault-labels
label_lost vault-labels
selector vault-service
key_disabled vault-log
no_audit vault-audit warn
certificate_expired vault-certificate fail unmended
uninitialized vault-initialized warn
'

CONFIG=$(kubectl get configmap "$RELEASE-config" -n "$NS" -o jsonpath='{.data}')
TABLE=$(grep -o 'table *= *\\"[^\\"]*' <<<"$CONFIG" | sed 's/.*"//')
KEY=$(grep -o 'arn:aws:kms:[a-z0-9-]*:[0-9]*:key/[0-9a-f-]*' <<<"$CONFIG" | head -n 1)
SET=statefulset/$RELEASE
REPLICAS=$(kubectl get "$SET" -n "$NS" -o jsonpath='{.spec.replicas}')

# Until the command succeeds; false when patience is over.
eventually() {
	local end=$((SECONDS + PATIENCE_S))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.5
	done
}
pod_with() { kubectl get pod -n "$NS" -l "app.kubernetes.io/instance=$RELEASE,component=server,$1" -o jsonpath='{.items[0].metadata.name}'; }

empty_table() {
	aws dynamodb scan --table-name "$TABLE" --projection-expression '#p, #k' \
		--expression-attribute-names '{"#p":"Path","#k":"Key"}' --output json | python3 -c '
import json, sys
keys = [{"DeleteRequest": {"Key": i}} for i in json.load(sys.stdin)["Items"]]
for at in range(0, len(keys), 25):
	print(json.dumps({sys.argv[1]: keys[at:at + 25]}))' "$TABLE" | while read -r batch; do
		aws dynamodb batch-write-item --request-items "$batch" </dev/null
	done
}
not_initialized() { kubectl exec -n "$NS" "$RELEASE-0" -c vault -- vault status -format=json | grep -q '"initialized": false'; }
start_over() {
	kubectl scale -n "$NS" "$SET" --replicas=0
	kubectl wait -n "$NS" --for=delete pod -l "app.kubernetes.io/instance=$RELEASE,component=server" --timeout=120s
	empty_table
	kubectl scale -n "$NS" "$SET" --replicas="$REPLICAS"
	local pod
	for ((pod = 0; pod < REPLICAS; pod++)); do
		eventually kubectl exec -n "$NS" "$RELEASE-$pod" -c vault -- sh -c 'vault status; [ $? = 2 ]'
	done
}
init() {
	VAULT_TOKEN=$(kubectl exec -n "$NS" "$RELEASE-0" -c vault -- vault operator init -recovery-shares=1 -recovery-threshold=1 \
		-format=json | python3 -c 'import json, sys; print(json.load(sys.stdin)["root_token"])')
	export VAULT_TOKEN
	kubectl wait -n "$NS" --for=condition=Ready pod -l "app.kubernetes.io/instance=$RELEASE,component=server" --timeout=120s
	eventually pod_with vault-active=true
}
as_root() { # pod, command ...
	local pod=$1
	shift
	printf %s "$VAULT_TOKEN" | kubectl exec -i -n "$NS" "$pod" -c vault -- sh -c 'VAULT_TOKEN=$(cat) "$@"' sh "$@"
}
start_over >/dev/null
init >/dev/null
as_root "$(pod_with vault-active=true)" vault audit enable file file_path=stdout >/dev/null

# Another server takes over, and sealed is only the one that was active.
inject_sealed() { as_root "$(pod_with vault-active=true)" vault operator seal; }
inject_two_active() { kubectl label pod -n "$NS" "$(pod_with vault-active=false)" vault-active=true --overwrite; }
inject_label_lost() { kubectl label pod -n "$NS" "$(pod_with vault-active=true)" vault-active-; }
inject_selector() {
	kubectl patch service -n "$NS" "$RELEASE-active" --type merge -p '{"spec":{"selector":{"component":"severs","extra":"x"}}}'
}
# Who starts now finds it out; the others serve on.
inject_key_disabled() {
	aws kms disable-key --key-id "$KEY"
	kubectl delete pod -n "$NS" "$(pod_with vault-active=false)"
}
restore_key_disabled() {
	aws kms enable-key --key-id "$KEY"
	kubectl wait -n "$NS" --for=condition=Ready pod -l "app.kubernetes.io/instance=$RELEASE,component=server" --timeout=120s
}

# The listener with TLS, for this case alone, and a certificate whose day is over.
expired_certificate() { # folder
	printf 'subjectAltName=IP:127.0.0.1,DNS:%s.%s.svc,DNS:%s-active.%s.svc\n' "$RELEASE" "$NS" "$RELEASE" "$NS" >"$1/names"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=vault -keyout "$1/tls.key" -out "$1/csr"
	openssl x509 -req -in "$1/csr" -signkey "$1/tls.key" -days -1 -extfile "$1/names" -out "$1/tls.crt"
}
as_of() { kubectl get -n "$NS" "$1" -o json | python3 -c '
import json, sys
o = json.load(sys.stdin)
m = o["metadata"]
o["metadata"] = {k: m[k] for k in ("name", "namespace", "labels", "annotations") if k in m}
o.pop("status", None)
print(json.dumps(o))'; }
everybody_anew() {
	kubectl delete pod -n "$NS" -l "app.kubernetes.io/instance=$RELEASE,component=server"
	eventually kubectl wait -n "$NS" --for=condition=Ready pod -l "app.kubernetes.io/instance=$RELEASE,component=server" --timeout=60s
}
inject_certificate_expired() {
	local folder
	SET_BEFORE=$(as_of "$SET") CONFIG_BEFORE=$(as_of "configmap/$RELEASE-config")
	folder=$(mktemp -d)
	expired_certificate "$folder" 2>/dev/null
	kubectl create secret generic faulty-tls -n "$NS" --from-file="$folder/tls.crt" --from-file="$folder/tls.key"
	rm -r "$folder"
	python3 -c '
import json, re, sys
c = json.load(sys.stdin)
name = "extraconfig-from-values.hcl"
tls = "tls_cert_file = \"/vault/tls/tls.crt\"\n  tls_key_file = \"/vault/tls/tls.key\""
c["data"][name] = re.sub(r"tls_disable\s*=\s*\"?(true|1)\"?", tls, c["data"][name])
print(json.dumps(c))' <<<"$CONFIG_BEFORE" | kubectl replace -f -
	kubectl patch "$SET" -n "$NS" --type strategic -p '{"spec":{"template":{"spec":{
		"volumes":[{"name":"tls","secret":{"secretName":"faulty-tls"}}],
		"containers":[{"name":"vault","volumeMounts":[{"name":"tls","mountPath":"/vault/tls","readOnly":true}],
			"env":[{"name":"VAULT_ADDR","value":"https://127.0.0.1:8200"}]}]}}}}'
	everybody_anew
}
restore_certificate_expired() {
	kubectl replace -f - <<<"$CONFIG_BEFORE"
	kubectl replace -f - <<<"$SET_BEFORE"
	kubectl delete secret faulty-tls -n "$NS"
	everybody_anew
}
inject_no_audit() { as_root "$(pod_with vault-active=true)" vault audit disable file; }
inject_uninitialized() { start_over; }
