# The certificates of a sandbox. They name addresses that every sandbox has, so all of them share one set, which is
# kept until the CA nears its end or this file changes. Sourced after lib.sh.
# shellcheck shell=bash

# Regions whose host names the AWS front's certificate covers. A wildcard stands for one label only: a region that is
# missing here ends in a TLS error instead of an answer.
CERTIFIED_REGIONS=(us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1 eu-west-1 eu-west-2 eu-central-1
	eu-north-1 ap-southeast-1 ap-southeast-2 ap-northeast-1 ap-south-1)

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

certificate() { # file name, subject, alternative names
	new_key "$1.key"
	printf '%s\n' "subjectAltName=$3" extendedKeyUsage=serverAuth,clientAuth basicConstraints=critical,CA:FALSE \
		subjectKeyIdentifier=hash authorityKeyIdentifier=keyid >"$1.ext"
	openssl req -new -key "$1.key" -subj "$2" |
		openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
}

aws_names() {
	local region
	printf 'DNS:*.amazonaws.com'
	for region in "${CERTIFIED_REGIONS[@]}"; do
		printf ',DNS:*.%s.amazonaws.com' "$region" "ddb.$region" "eks.$region" "$region.eks"
	done
}

pki_fresh() { # stamp
	[ "$(cat "$ALL_PKI/stamp" 2>/dev/null)" = "$1" ] &&
		openssl x509 -checkend 864000 -noout -in "$ALL_PKI/ca.crt" >/dev/null
}

make_pki() {
	local names stamp
	stamp=$(sha256sum <"$SANDBOX_DIR/pki.sh")
	pki_fresh "$stamp" && return
	rm -rf "$ALL_PKI"
	mkdir -p -m 700 "$ALL_PKI"
	(
		cd "$ALL_PKI"
		new_key ca.key
		openssl req -x509 -key ca.key -out ca.crt -subj "/CN=sandbox CA" -days 3650 \
			-addext keyUsage=critical,keyCertSign,cRLSign
		names=$(printf 'DNS:%s,' localhost kubernetes kubernetes.default{,.svc,.svc.cluster.local})
		certificate apiserver /CN=kube-apiserver "${names}IP:127.0.0.1,IP:10.96.0.1,IP:$NODE_IP"
		certificate admin /O=system:masters/CN=admin DNS:admin
		certificate kubelet-client /O=system:masters/CN=apiserver-kubelet-client DNS:apiserver
		certificate kubelet /O=system:nodes/CN=system:node:sandbox "DNS:sandbox,IP:127.0.0.1,IP:$NODE_IP"
		certificate webhook /CN=pod-identity-webhook "IP:$NODE_IP"
		certificate aws /CN=aws "$(aws_names)"
		# IAM accepts RS256 tokens only, so this pair is RSA.
		openssl genrsa -out sa.key 2048 2>/dev/null
		openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
		echo "$stamp" >stamp
	)
}
