# Faults of the cluster: nodes, images, memory, pods left behind, services, the right to review tokens, network policies.
# The sandbox's network enforces no policy: there it is the evaluation that is put to the test. What pods cannot reach is cut
# in the sandbox's own firewall.
# shellcheck shell=bash disable=SC2034,SC2317
cases='
too_few_nodes cluster-schedule
image_missing cluster-image
oom_loop cluster-memory
config_older cluster-config-age
update_waits cluster-update warn
budget_missing cluster-budget warn
budget_blocks cluster-budget warn
service_selector cluster-services
service_missing cluster-services
no_reviewer cluster-reviewer
policy_dns cluster-network-dns
policy_peers cluster-network-peers
policy_api cluster-network-api
policy_aws cluster-network-aws
policy_kube cluster-network-kube
port_dropped cluster-from-pod-sts fail unmended
port_refused cluster-from-pod-sts fail unmended
names_dropped cluster-from-pod-sts fail unmended
'
options=(--from-pod)

SET=statefulset/$RELEASE
patch_set() { kubectl patch "$SET" -n "$NS" --type "$1" -p "$2"; }
# A standby's name, as soon as there is one.
standby() {
	local i name
	for ((i = 0; i < 120; i++)); do
		name=$(kubectl get pod -n "$NS" -l "app.kubernetes.io/instance=$RELEASE,vault-active=false" \
			-o jsonpath='{range .items[*]}{.metadata.name} {end}')
		name=${name%% *}
		[ -z "$name" ] || break
		sleep 0.5
	done
	say "${name:?no standby}"
}

inject_too_few_nodes() {
	patch_set merge '{"spec":{"template":{"spec":{"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[
		{"labelSelector":{"matchLabels":{"component":"server"}},"topologyKey":"kubernetes.io/hostname"}]}}}}}}'
	kubectl delete pod -n "$NS" "$(standby)"
}
restore_too_few_nodes() { settle_revision; }

inject_image_missing() {
	kubectl set image -n "$NS" "$SET" vault=hashicorp/vault:0.0.0
	kubectl delete pod -n "$NS" "$(standby)"
}

inject_oom_loop() {
	kubectl set resources -n "$NS" "$SET" -c vault --limits=memory=16Mi
	kubectl delete pod -n "$NS" "$(standby)"
}
restore_oom_loop() {
	patch_set json '[{"op":"remove","path":"/spec/template/spec/containers/0/resources/limits"}]'
	settle_revision
}

# Every pod as the template now is, so that the next case starts from nothing.
settle_revision() {
	local revision pod
	revision=$(kubectl get "$SET" -n "$NS" -o jsonpath='{.status.updateRevision}')
	for pod in $(kubectl get pod -n "$NS" -l "app.kubernetes.io/instance=$RELEASE,component=server,controller-revision-hash!=$revision" -o name); do
		kubectl delete -n "$NS" "$pod"
		kubectl wait -n "$NS" --for=create "$pod" --timeout=60s
		kubectl wait -n "$NS" --for=condition=Ready "$pod" --timeout=120s
	done
}

inject_config_older() {
	local config pod
	config=$(kubectl get configmap -n "$NS" "$RELEASE-config" -o json | python3 -c 'import json, sys
data = json.load(sys.stdin)["data"]
print(json.dumps({"data": {k: v + "\n# changed\n" for k, v in data.items()}}))')
	kubectl patch configmap -n "$NS" "$RELEASE-config" --type merge -p "$config"
	pod=$(standby)
	sleep 1.1 # the API server's times are whole seconds
	kubectl delete pod -n "$NS" "$pod"
	kubectl wait -n "$NS" --for=create "pod/$pod" --timeout=60s
	kubectl wait -n "$NS" --for=condition=Ready "pod/$pod" --timeout=120s
}

inject_update_waits() { patch_set merge '{"spec":{"template":{"metadata":{"annotations":{"changed":"'"$SECONDS"'"}}}}}'; }

inject_budget_missing() { kubectl delete pdb -n "$NS" --all; }
inject_budget_blocks() { kubectl patch pdb -n "$NS" "$RELEASE" --type merge -p '{"spec":{"maxUnavailable":0}}'; }

inject_service_selector() { kubectl patch service -n "$NS" "$RELEASE-active" --type merge -p '{"spec":{"selector":{"vault-active":"yes"}}}'; }
inject_service_missing() { kubectl delete service -n "$NS" "$RELEASE"; }

inject_no_reviewer() { kubectl delete clusterrolebinding "$RELEASE-server-binding"; }

# A policy that allows what its lines say, and nothing else in that direction.
policy() { # Egress or Ingress, rules
	kubectl apply -f - <<-Y
		apiVersion: networking.k8s.io/v1
		kind: NetworkPolicy
		metadata: {name: cut, namespace: $NS}
		spec:
		  podSelector: {matchLabels: {app.kubernetes.io/name: vault}}
		  policyTypes: [$1]
		  ${1,,}: $2
	Y
}
dns='{ports: [{port: 53, protocol: UDP}, {port: 53}]}' aws='{ports: [{port: 443}]}' kube='{ports: [{port: 6443}]}'
peers='{to: [{podSelector: {}}], ports: [{port: 8200, endPort: 8202}]}'
inject_policy_dns() { policy Egress "[$aws, $kube, $peers]"; }
inject_policy_peers() { policy Egress "[$aws, $kube, $dns]"; }
inject_policy_aws() { policy Egress "[$dns, $kube, $peers]"; }
inject_policy_kube() { policy Egress "[$dns, $aws, $peers]"; }
inject_policy_api() { policy Ingress "[{from: [{podSelector: {}}], ports: [{port: 8201}]}]"; }
uncut() { kubectl delete networkpolicy -n "$NS" --all; }
restore_policy_dns() { uncut; }
restore_policy_peers() { uncut; }
restore_policy_aws() { uncut; }
restore_policy_kube() { uncut; }
restore_policy_api() { uncut; }

# From pods to the AWS front or to the names, both on the node.
firewall() { iptables "$1" INPUT ! -i lo -p "$2" --dport "$3" -j "${@:4}"; }
inject_port_dropped() { firewall -I tcp 443 DROP; }
restore_port_dropped() { firewall -D tcp 443 DROP; }
inject_port_refused() { firewall -I tcp 443 REJECT --reject-with tcp-reset; }
restore_port_refused() { firewall -D tcp 443 REJECT --reject-with tcp-reset; }
inject_names_dropped() { firewall -I udp 53 DROP; }
restore_names_dropped() { firewall -D udp 53 DROP; }
