#!/bin/bash
# The same account by hand: what `helm vault-aws apply` makes, with the AWS CLI, one command after the other.
set -euo pipefail
prefix=bench-vault
aws sts get-caller-identity >/dev/null
issuer=$(aws eks describe-cluster --name bench --query cluster.identity.oidc.issuer --output text)
site=${issuer#https://}
account=$(aws sts get-caller-identity --query Account --output text)
aws iam create-open-id-connect-provider --url "$issuer" --client-id-list sts.amazonaws.com >/dev/null
key=$(aws kms create-key --description bench --tags TagKey=a,TagValue=b --query KeyMetadata.Arn --output text)
aws kms create-alias --alias-name "alias/$prefix-unseal" --target-key-id "$key"
aws kms enable-key-rotation --key-id "$key"
aws dynamodb create-table --table-name $prefix --billing-mode PAY_PER_REQUEST --deletion-protection-enabled \
	--attribute-definitions AttributeName=Path,AttributeType=S AttributeName=Key,AttributeType=S \
	--key-schema AttributeName=Path,KeyType=HASH AttributeName=Key,KeyType=RANGE >/dev/null
until [ "$(aws dynamodb describe-table --table-name $prefix --query Table.TableStatus --output text)" = ACTIVE ]; do sleep 0.2; done
aws dynamodb update-continuous-backups --table-name $prefix \
	--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true >/dev/null
aws iam create-role --role-name $prefix --assume-role-policy-document "{\"Version\":\"2012-10-17\",\"Statement\":[{
	\"Effect\":\"Allow\",\"Principal\":{\"Federated\":\"arn:aws:iam::$account:oidc-provider/$site\"},
	\"Action\":\"sts:AssumeRoleWithWebIdentity\",\"Condition\":{\"StringEquals\":{
	\"$site:sub\":\"system:serviceaccount:vault:vault\",\"$site:aud\":\"sts.amazonaws.com\"}}}]}" >/dev/null
aws iam put-role-policy --role-name $prefix --policy-name vault-policy --policy-document "{\"Version\":\"2012-10-17\",
	\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"kms:DescribeKey\",\"kms:Encrypt\",\"kms:Decrypt\"],\"Resource\":\"$key\"},
	{\"Effect\":\"Allow\",\"Action\":[\"dynamodb:DescribeTable\",\"dynamodb:GetItem\",\"dynamodb:Query\",
	\"dynamodb:BatchWriteItem\",\"dynamodb:UpdateItem\",\"dynamodb:DeleteItem\"],
	\"Resource\":\"arn:aws:dynamodb:us-east-1:$account:table/$prefix\"}]}"
