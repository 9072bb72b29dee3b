# What a person or a test needs to get in: kubeconfigs as for an EKS cluster, the CA bundle, name resolution, Helm's own
# directories. All below $STATE/user, none of it in the user's home. Sourced after lib.sh.
# shellcheck shell=bash

# A request to the AWS front's control interface.
front() { # path, options of curl
	inside curl -s --cacert "$PKI/ca.crt" --resolve "sts.amazonaws.com:443:$NODE_IP" \
		"https://sts.amazonaws.com/_sandbox/$1" "${@:2}"
}

# A program in place of this one, inside, where names come from the sandbox's DNS.
# shellcheck disable=SC2016 # expanded by the inner bash, whose $0 is the directory
enter() {
	exec nsenter --net="$NETNS" unshare --mount bash -c 'mount --bind "$0/resolv.conf" /etc/resolv.conf &&
		mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf && exec "$@"' "$STATE/user" "$@"
}

# A command as the user whom the cache belongs to: the one behind sudo, else root.
OWNER=()
if [ -n "${SUDO_UID:-}" ]; then
	OWNER=(setpriv --reuid "$SUDO_UID" --regid "$SUDO_GID" --init-groups
		env HOME="$(getent passwd "$SUDO_UID" | cut -d: -f6)")
fi
as_owner() { "${OWNER[@]}" "$@"; }

# Cluster, context and user carry the cluster's ARN, as `aws eks update-kubeconfig` writes them.
kubeconfig() { # lines of the user, indented
	cat <<-Y
		apiVersion: v1
		kind: Config
		clusters:
		- name: $CLUSTER_ARN
		  cluster:
		    server: $API_SERVER
		    certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")
		contexts:
		- name: $CLUSTER_ARN
		  context: {cluster: "$CLUSTER_ARN", user: "$CLUSTER_ARN"}
		current-context: $CLUSTER_ARN
		users:
		- name: $CLUSTER_ARN
		  user:
		$1
	Y
}

certificate_user() {
	printf '    client-certificate-data: %s\n    client-key-data: %s' \
		"$(base64 -w0 "$PKI/admin.crt")" "$(base64 -w0 "$PKI/admin.key")"
}

# An exec plugin with the arguments of EKS's own; the environment says where the token is.
exec_user() {
	cat <<-Y
		    exec:
		      apiVersion: client.authentication.k8s.io/v1beta1
		      command: $SANDBOX_DIR/eks-token
		      args: [--region, $REGION, eks, get-token, --cluster-name, $CLUSTER, --output, json]
		      env: [{name: SANDBOX_TOKEN_FILE, value: $STATE/user/token}]
		      interactiveMode: Never
	Y
}

write_access() {
	local user=$STATE/user node=$STATE/node helm
	(
		umask 077
		mkdir -p "$user/aws" "$node"
		openssl rand -hex 20 >"$user/token"
		echo "$(cat "$user/token"),admin,admin,system:masters" >"$node/tokens.csv"
		kubeconfig "$(certificate_user)" >"$user/admin.conf"
		kubeconfig "$(exec_user)" >"$user/exec.conf"
		cp "$user/admin.conf" "$node/admin.conf"
		: >"$user/aws/config"
		: >"$user/aws/credentials"
	)
	cat /etc/ssl/certs/ca-certificates.crt "$PKI/ca.crt" >"$user/ca-bundle.crt"
	echo "nameserver $NODE_IP" >"$user/resolv.conf"
	sed 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf >"$user/nsswitch.conf"
	for helm in 3 4; do
		mkdir -p "$user/helm$helm/bin"
		ln -s "$BIN/helm$helm" "$user/helm$helm/bin/helm"
	done
	chmod 755 "$STATE"
	chown -R "${SUDO_UID:-0}:${SUDO_GID:-0}" "$user"
}
