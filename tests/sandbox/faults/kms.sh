# Faults of the seal key: the key, its policy, the role's rights on it, and which key is configured.
# shellcheck shell=bash disable=SC2034,SC2317
cases='
describe_missing kms-allow-describe
encrypt_missing kms-allow-encrypt
decrypt_missing kms-allow-decrypt
role_deny kms-allow-decrypt
boundary_deny kms-allow-encrypt
boundary_gap kms-allow-describe
organisation kms-allow-decrypt fail unmended
policy_deny kms-key-policy
policy_shut kms-key-policy
disabled kms-key-state
pending kms-key-state
rotation_off kms-rotation warn
region kms-region
usage kms-key-usage
alias_gone kms-key
alias_moved kms-alias fail lives
other_key kms-wrapping-key fail lives
old_key_pending kms-wrapping-key fail lives
'

ROLE_ARN=$(kubectl get serviceaccount "$RELEASE" -n "$NS" -o jsonpath='{.metadata.annotations.eks\.amazonaws\.com/role-arn}')
ROLE=${ROLE_ARN##*/}
KEY=$(kubectl get configmap "$RELEASE-config" -n "$NS" -o jsonpath='{.data}' | grep -o 'arn:aws:kms:[a-z0-9-]*:[0-9]*:key/[0-9a-f-]*' | head -n 1)
ALIAS=$(aws kms list-aliases --key-id "$KEY" --query 'Aliases[0].AliasName' --output text)
NEVER='arn:aws:iam::123456789012:policy/never'

# What the cases take for granted: a Vault whose root key is wrapped.
status=$(kubectl exec -n "$NS" "$RELEASE-0" -- vault status -format=json 2>/dev/null) || true
[[ $status != *'"initialized": false'* ]] ||
	kubectl exec -n "$NS" "$RELEASE-0" -- vault operator init -recovery-shares=1 -recovery-threshold=1 >/dev/null

role_policy() { aws iam get-role-policy --role-name "$ROLE" --policy-name vault-policy --query PolicyDocument --output json; }
# The role's policy changed by a Python statement over its statements `s`.
change_role_policy() {
	aws iam put-role-policy --role-name "$ROLE" --policy-name vault-policy --policy-document "$(role_policy | python3 -c '
import json, sys
d = json.load(sys.stdin)
s = d["Statement"]
exec(sys.argv[1])
print(json.dumps(d))' "$1")"
}
without() { change_role_policy "s[0]['Action'].remove('kms:$1')"; }
inject_describe_missing() { without DescribeKey; }
inject_encrypt_missing() { without Encrypt; }
inject_decrypt_missing() { without Decrypt; }

deny() { printf '{"Version":"2012-10-17","Statement":[{"Sid":"Never","Effect":"Deny","Action":"%s","Resource":"*"}]}' "$1"; }
inject_role_deny() { aws iam put-role-policy --role-name "$ROLE" --policy-name never --policy-document "$(deny kms:Decrypt)"; }

bound() { # policy document
	aws iam create-policy --policy-name never --policy-document "$1"
	aws iam put-role-permissions-boundary --role-name "$ROLE" --permissions-boundary "$NEVER"
}
unbound() {
	local version
	aws iam delete-role-permissions-boundary --role-name "$ROLE"
	for version in $(aws iam list-policy-versions --policy-arn "$NEVER" --query 'Versions[?!IsDefaultVersion].VersionId' --output text); do
		aws iam delete-policy-version --policy-arn "$NEVER" --version-id "$version"
	done
	aws iam delete-policy --policy-arn "$NEVER"
}
inject_boundary_deny() {
	bound '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":"kms:E*","Resource":"*"}]}'
}
restore_boundary_deny() { unbound; }
inject_boundary_gap() { bound '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}]}'; }
restore_boundary_gap() { unbound; }

inject_organisation() {
	front POST organization '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}]}'
}
restore_organisation() { front DELETE organization; }

key_policy() { aws kms get-key-policy --key-id "$KEY" --policy-name default --query Policy --output text; }
inject_policy_deny() {
	aws kms put-key-policy --key-id "$KEY" --policy-name default --policy "$(key_policy | python3 -c 'import json, sys
d = json.load(sys.stdin)
d["Statement"].append({"Sid": "NotThem", "Effect": "Deny", "Principal": {"AWS": sys.argv[1]}, "Action": "kms:Decrypt", "Resource": "*"})
print(json.dumps(d))' "$ROLE_ARN")"
}
inject_policy_shut() {
	aws kms put-key-policy --key-id "$KEY" --policy-name default --bypass-policy-lockout-safety-check --policy \
		'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/admin"},
		"Action":"kms:*","Resource":"*"}]}'
}

inject_disabled() { aws kms disable-key --key-id "$KEY"; }
inject_pending() { aws kms schedule-key-deletion --key-id "$KEY" --pending-window-in-days 7; }
inject_rotation_off() { aws kms disable-key-rotation --key-id "$KEY"; }

# Another environment for Vault's container, and the first pod anew with it.
configure() {
	kubectl set env "statefulset/$RELEASE" -n "$NS" -c vault "$@"
	kubectl delete pod "$RELEASE-0" -n "$NS" --wait=false
}
unconfigure() {
	kubectl set env "statefulset/$RELEASE" -n "$NS" -c vault AWS_REGION- AWS_DEFAULT_REGION- VAULT_AWSKMS_SEAL_KEY_ID-
	kubectl delete pod --wait=false -n "$NS" -l "app.kubernetes.io/instance=$RELEASE,component=server"
}

inject_region() { configure AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1 AWS_DYNAMODB_REGION="$AWS_REGION"; }
restore_region() {
	kubectl set env "statefulset/$RELEASE" -n "$NS" -c vault AWS_DYNAMODB_REGION-
	unconfigure
}

inject_usage() {
	configure VAULT_AWSKMS_SEAL_KEY_ID="$(aws kms create-key --key-usage SIGN_VERIFY --key-spec RSA_2048 --query KeyMetadata.Arn --output text)"
}
restore_usage() { unconfigure; }

inject_alias_gone() {
	configure VAULT_AWSKMS_SEAL_KEY_ID="$ALIAS"
	aws kms delete-alias --alias-name "$ALIAS"
}
restore_alias_gone() { unconfigure; }

other_key() { aws kms create-key --query KeyMetadata.Arn --output text; }
inject_alias_moved() {
	configure VAULT_AWSKMS_SEAL_KEY_ID="$ALIAS"
	aws kms update-alias --alias-name "$ALIAS" --target-key-id "$(other_key)"
}
restore_alias_moved() { unconfigure; }

# A Vault that starts with another key wraps the root key by that one, once it could open it: so back by the same way.
seal_by() { change_role_policy "s[0]['Resource'] = $1; del s[2:]"; }
sealed_by_key() {
	passes kms-wrapping-key &&
		[ "$(of_report "next(e['value'] for e in c['kms-key']['evidence'] if e['name'] == 'configured key')")" = "$KEY" ]
}
seal_back() {
	seal_by "['$other', '$KEY']"
	unconfigure
	until_true kms sealed_by_key
	seal_by "'$KEY'"
}

inject_other_key() {
	other=$(other_key)
	seal_by "'$other'"
	configure VAULT_AWSKMS_SEAL_KEY_ID="$other"
}
restore_other_key() { seal_back; }

inject_old_key_pending() {
	other=$(other_key)
	seal_by "['$other', '$KEY']"
	aws kms schedule-key-deletion --key-id "$KEY" --pending-window-in-days 7
	configure VAULT_AWSKMS_SEAL_KEY_ID="$other"
}
restore_old_key_pending() { seal_back; }
