# Faults of the table: where and what it is, what it bears, what Vault keeps in it, and the role's rights on it.
# shellcheck shell=bash disable=SC2034,SC2317
cases='
describe_table_missing dynamodb-allow-describe-table
get_item_missing dynamodb-allow-get-item
query_missing dynamodb-allow-query
batch_write_item_missing dynamodb-allow-batch-write-item
update_item_missing dynamodb-allow-update-item
delete_item_missing dynamodb-allow-delete-item
role_deny dynamodb-allow-get-item
create_table dynamodb-create-table warn
pitr_off dynamodb-pitr warn
unprotected dynamodb-protection warn
few_writes dynamodb-capacity
throttled dynamodb-throttles
table_key_disabled dynamodb-encryption
lock_held dynamodb-lock
half_initialised dynamodb-initialised fail unmended
not_initialised dynamodb-initialised warn unmended
region dynamodb-region
other_schema dynamodb-schema
creating dynamodb-status
table_missing dynamodb-table
'

ROLE_ARN=$(kubectl get serviceaccount "$RELEASE" -n "$NS" -o jsonpath='{.metadata.annotations.eks\.amazonaws\.com/role-arn}')
ROLE=${ROLE_ARN##*/}
TABLE=$(kubectl get configmap "$RELEASE-config" -n "$NS" -o jsonpath='{.data.extraconfig-from-values\.hcl}' |
	sed -n 's/^ *table *= *"\(.*\)"/\1/p')

# What the cases take for granted: a Vault that keeps its root key in the table.
status=$(kubectl exec -n "$NS" "$RELEASE-0" -- vault status -format=json 2>/dev/null) || true
[[ $status != *'"initialized": false'* ]] ||
	kubectl exec -n "$NS" "$RELEASE-0" -- vault operator init -recovery-shares=1 -recovery-threshold=1 >/dev/null

role_policy() { aws iam get-role-policy --role-name "$ROLE" --policy-name vault-policy --query PolicyDocument --output json; }
# The statement about the table changed by a Python statement over it, `s`.
change_statement() {
	aws iam put-role-policy --role-name "$ROLE" --policy-name vault-policy --policy-document "$(role_policy | python3 -c '
import json, sys
d = json.load(sys.stdin)
s = d["Statement"][1]
exec(sys.argv[1])
print(json.dumps(d))' "$1")"
}
without() { change_statement "s['Action'].remove('dynamodb:$1')"; }
inject_describe_table_missing() { without DescribeTable; }
inject_get_item_missing() { without GetItem; }
inject_query_missing() { without Query; }
inject_batch_write_item_missing() { without BatchWriteItem; }
inject_update_item_missing() { without UpdateItem; }
inject_delete_item_missing() { without DeleteItem; }
inject_create_table() { change_statement "s['Action'].append('dynamodb:CreateTable')"; }
inject_role_deny() {
	aws iam put-role-policy --role-name "$ROLE" --policy-name never --policy-document \
		'{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"dynamodb:Get*","Resource":"*"}]}'
}

inject_pitr_off() {
	aws dynamodb update-continuous-backups --table-name "$TABLE" --point-in-time-recovery-specification \
		PointInTimeRecoveryEnabled=false
}
inject_unprotected() { aws dynamodb update-table --table-name "$TABLE" --no-deletion-protection-enabled; }

provision() { # writes a second
	aws dynamodb update-table --table-name "$TABLE" --billing-mode PROVISIONED \
		--provisioned-throughput "ReadCapacityUnits=50,WriteCapacityUnits=$1"
}
inject_few_writes() { provision 1; }
inject_throttled() {
	provision 50
	front POST faults '{"match": "dynamodb:UpdateItem", "kind": "throttle", "provisioned": true, "count": 5}'
}

inject_table_key_disabled() {
	local key
	key=$(aws kms create-key --query KeyMetadata.Arn --output text)
	aws dynamodb update-table --table-name "$TABLE" --sse-specification "Enabled=true,SSEType=KMS,KMSMasterKeyId=$key"
	aws kms disable-key --key-id "$key"
}
restore_table_key_disabled() { aws dynamodb update-table --table-name "$TABLE" --sse-specification Enabled=false; }

# A holder that is gone, and whose clock was an hour ahead: nobody can lead until then.
inject_lock_held() {
	aws dynamodb put-item --table-name "$TABLE" --item "{\"Path\":{\"S\":\"core\"},\"Key\":{\"S\":\"_lock\"},
		\"Value\":{\"B\":\"Z29uZQ==\"},\"Identity\":{\"B\":\"Z29uZQ==\"},\"Expires\":{\"N\":\"$(($(date +%s) + 3600))000000042\"}}"
}

# Another environment for Vault's container, and the first pod anew with it.
configure() {
	kubectl set env "statefulset/$RELEASE" -n "$NS" -c vault "$@"
	kubectl delete pod "$RELEASE-0" -n "$NS" --wait=false
}
unconfigure() {
	kubectl set env "statefulset/$RELEASE" -n "$NS" -c vault AWS_DYNAMODB_TABLE- AWS_DYNAMODB_REGION- AWS_REGION-
	kubectl delete pod --wait=false -n "$NS" -l "app.kubernetes.io/instance=$RELEASE,component=server"
}
# Another table, on which the role has the same rights.
create() { # name, partition key, sort key
	change_statement "s['Resource'] = s['Resource'].rsplit('/', 1)[0] + '/*'"
	aws dynamodb create-table --table-name "$1" --billing-mode PAY_PER_REQUEST --attribute-definitions \
		"AttributeName=$2,AttributeType=S" "AttributeName=$3,AttributeType=S" --key-schema \
		"AttributeName=$2,KeyType=HASH" "AttributeName=$3,KeyType=RANGE"
}
remove() {
	aws dynamodb update-table --table-name "$1" --no-deletion-protection-enabled
	aws dynamodb delete-table --table-name "$1"
	change_statement "s['Resource'] = s['Resource'].rsplit('/', 1)[0] + '/$TABLE'"
	unconfigure
}

inject_not_initialised() {
	create other Path Key
	configure AWS_DYNAMODB_TABLE=other
}
restore_not_initialised() { remove other; }

# An init that got no further than the seal's configuration.
inject_half_initialised() {
	create other Path Key
	aws dynamodb put-item --table-name other --item \
		'{"Path":{"S":"core"},"Key":{"S":"seal-config"},"Value":{"B":"eyJ0eXBlIjoiYXdza21zIn0="}}'
	configure AWS_DYNAMODB_TABLE=other
}
restore_half_initialised() { remove other; }

inject_region() { configure AWS_REGION=eu-west-1; }
restore_region() { unconfigure; }

inject_other_schema() {
	create other id at
	configure AWS_DYNAMODB_TABLE=other
}
restore_other_schema() { remove other; }

inject_creating() {
	front POST set '{"creating_s": 40}'
	create other Path Key
	configure AWS_DYNAMODB_TABLE=other
}
restore_creating() {
	front POST set '{"creating_s": 0}'
	remove other
}

inject_table_missing() {
	create other Path Key
	aws dynamodb delete-table --table-name other
	configure AWS_DYNAMODB_TABLE=other
}
restore_table_missing() { remove other; }
