#!/bin/bash
# The questions that a runbook asks when a Vault does not unseal, with kubectl and the AWS CLI: fewer than vault-check asks.
# Against whatever KUBECONFIG and the environment's AWS are. Ends with an error when one is not answered.
set -euo pipefail
NS=vault

pods=$(kubectl -n $NS get pods -l app.kubernetes.io/name=vault -o name)
kubectl -n $NS get pods -l app.kubernetes.io/name=vault -o json >/dev/null
role_arn=$(kubectl -n $NS get serviceaccount vault -o jsonpath='{.metadata.annotations.eks\.amazonaws\.com/role-arn}')
config=$(kubectl -n $NS get configmap vault-config -o jsonpath='{.data}')
key=$(grep -oE 'kms_key_id[ =\\"]+[^"\\]+' <<<"$config" | head -n 1 | sed 's/.*"//')
table=$(grep -oE 'table[ =\\"]+[^"\\]+' <<<"$config" | head -n 1 | sed 's/.*"//')
role=${role_arn##*/}

aws sts get-caller-identity >/dev/null
aws iam get-role --role-name "$role" >/dev/null
policies=$(aws iam list-role-policies --role-name "$role" --query PolicyNames --output text)
for policy in $policies; do
	aws iam get-role-policy --role-name "$role" --policy-name "$policy" >/dev/null
done
issuer=$(kubectl get --raw /.well-known/openid-configuration | grep -oE '"issuer":"[^"]+' | sed 's/.*https:..//')
account=$(cut -d: -f5 <<<"$role_arn")
aws iam get-open-id-connect-provider --open-id-connect-provider-arn "arn:aws:iam::$account:oidc-provider/$issuer" >/dev/null
aws kms describe-key --key-id "$key" >/dev/null
aws kms get-key-rotation-status --key-id "$key" >/dev/null
aws kms get-key-policy --key-id "$key" --policy-name default >/dev/null
aws dynamodb describe-table --table-name "$table" >/dev/null
aws dynamodb describe-continuous-backups --table-name "$table" >/dev/null
for pod in $pods; do
	kubectl -n $NS exec "$pod" -- vault status >/dev/null
	kubectl -n $NS logs "$pod" --tail=200 >/dev/null
done
kubectl -n $NS get endpoints vault-active -o json >/dev/null 2>&1
