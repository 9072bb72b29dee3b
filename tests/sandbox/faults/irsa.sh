# Faults of identity: service account, role, trust policy, OIDC provider, webhook.
# shellcheck shell=bash disable=SC2034,SC2317
cases='
annotation_missing irsa-annotation
annotation_spaced irsa-annotation
wrong_account irsa-role-account
wrong_role irsa-role
role_missing irsa-role
provider_missing irsa-provider
provider_audience irsa-provider-audience
trust_action irsa-trust-action
trust_issuer irsa-trust-provider
trust_subject irsa-trust-subject
trust_key irsa-trust-subject
trust_audience irsa-trust-audience
trust_wildcard irsa-trust-conditions
trust_condition irsa-trust-conditions
trust_deny irsa-trust-conditions
pod_older irsa-pod-age
pod_skipped irsa-pod-skip
webhook_absent irsa-webhook
association irsa-pod-identity warn
'

ANNOTATION=eks.amazonaws.com/role-arn
annotation() {
	kubectl get serviceaccount "$RELEASE" -n "$NS" -o jsonpath='{.metadata.annotations.eks\.amazonaws\.com/role-arn}'
}
annotate() { kubectl annotate serviceaccount "$RELEASE" -n "$NS" --overwrite "$ANNOTATION$1"; }
ROLE_ARN=$(annotation) ROLE=${ROLE_ARN##*/}

inject_annotation_missing() { annotate -; }
inject_annotation_spaced() { annotate "=$ROLE_ARN "; }
inject_wrong_account() { annotate "=${ROLE_ARN/:123456789012:/:210987654321:}"; }

trust() { aws iam get-role --role-name "$ROLE" --query Role.AssumeRolePolicyDocument --output json; }
set_trust() { aws iam update-assume-role-policy --role-name "$ROLE" --policy-document "$1"; }
# The trust policy changed by a Python statement over the document `d` and its statement `s`.
change_trust() {
	set_trust "$(trust | python3 -c 'import json, sys
d = json.load(sys.stdin)
s = d["Statement"][0]
claims = s["Condition"]["StringEquals"]
sub, aud = (next(k for k in claims if k.endswith(end)) for end in (":sub", ":aud"))
exec(sys.argv[1])
print(json.dumps(d))' "$1")"
}
inject_trust_action() { change_trust 's["Action"] = "sts:AssumeRole"'; }
inject_trust_issuer() {
	set_trust "$(trust | sed 's,/id/[0-9A-F]*,/id/FEDCBA9876543210FEDCBA9876543210,g')"
}
inject_trust_subject() { change_trust 'claims[sub] = "system:serviceaccount:default:vault"'; }
inject_trust_key() { change_trust 'claims["https://" + sub] = claims.pop(sub)'; }
inject_trust_audience() { change_trust 'claims[aud] = "vault"'; }
inject_trust_wildcard() { change_trust 'claims[sub] = "system:serviceaccount:*:vault"'; }
inject_trust_condition() { change_trust 'claims["sts:ExternalId"] = "42"'; }
inject_trust_deny() { change_trust 'd["Statement"].append({**s, "Effect": "Deny"})'; }

inject_wrong_role() {
	aws iam create-role --role-name other --assume-role-policy-document \
		"$(trust | sed 's/system:serviceaccount:[a-z:-]*/system:serviceaccount:default:other/')"
	annotate "=${ROLE_ARN%/*}/other"
}
restore_wrong_role() { aws iam delete-role --role-name other; }

inject_role_missing() {
	local policy
	for policy in $(aws iam list-role-policies --role-name "$ROLE" --query 'PolicyNames[]' --output text); do
		aws iam delete-role-policy --role-name "$ROLE" --policy-name "$policy"
	done
	aws iam delete-role --role-name "$ROLE"
}

issuer() { kubectl get --raw /.well-known/openid-configuration | python3 -c 'import json, sys; print(json.load(sys.stdin)["issuer"])'; }
provider() {
	local url
	url=$(issuer)
	say "${ROLE_ARN%%:role/*}:oidc-provider/${url#https://}"
}
inject_provider_missing() { aws iam delete-open-id-connect-provider --open-id-connect-provider-arn "$(provider)"; }
inject_provider_audience() {
	aws iam remove-client-id-from-open-id-connect-provider --open-id-connect-provider-arn "$(provider)" \
		--client-id sts.amazonaws.com
}

remake_pod() { # until the new one is there, running or not
	local old
	old=$(kubectl get pod "$1" -n "$NS" -o jsonpath='{.metadata.uid}')
	kubectl delete pod "$1" -n "$NS"
	kubectl wait --for=create pod "$1" -n "$NS" --timeout=60s
	[ "$(kubectl get pod "$1" -n "$NS" -o jsonpath='{.metadata.uid}')" != "$old" ]
}
inject_pod_older() {
	annotate -
	remake_pod "$RELEASE-0"
	annotate "=$ROLE_ARN"
}
inject_pod_skipped() {
	kubectl patch statefulset "$RELEASE" -n "$NS" --type merge -p \
		'{"spec":{"template":{"metadata":{"annotations":{"eks.amazonaws.com/skip-containers":"vault"}}}}}'
	remake_pod "$RELEASE-0"
}

inject_webhook_absent() {
	webhook=$(kubectl get mutatingwebhookconfiguration pod-identity-webhook -o json | python3 -c 'import json, sys
o = json.load(sys.stdin)
o["metadata"] = {"name": o["metadata"]["name"]}
print(json.dumps(o))')
	kubectl delete mutatingwebhookconfiguration pod-identity-webhook
	remake_pod "$RELEASE-0"
}
# The fix wrote into the StatefulSet what the webhook gives: that goes again.
restore_webhook_absent() {
	kubectl apply -f - <<<"$webhook"
	kubectl rollout undo statefulset "$RELEASE" -n "$NS"
	remake_pod "$RELEASE-0"
}

inject_association() {
	aws eks create-pod-identity-association --cluster-name sandbox --namespace "$NS" --service-account "$RELEASE" \
		--role-arn "$ROLE_ARN"
}
