# What the sandbox's commands share: where things lie, how they speak, how a sandbox is found and entered.
# Sourced by each of them after `set -euo pipefail`.
# shellcheck shell=bash disable=SC2034

shopt -s inherit_errexit # a failure inside $(...) is a failure

SANDBOX_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$SANDBOX_DIR/../.." && pwd)
# shellcheck source=tests/sandbox/versions
. "$SANDBOX_DIR/versions"

PATH=$PATH:/usr/sbin:/sbin # where a user's shell does not look
VA_CACHE=${VA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/helm-vault-aws}
VA_SANDBOX=${VA_SANDBOX:-vault-aws}
export VA_CACHE VA_SANDBOX
BIN=$VA_CACHE/bin       # the built parts
VENV=$VA_CACHE/venv     # Python with moto
ALL_PKI=$VA_CACHE/pki   # certificates; images hold the CA, so both outlive a sandbox together
IMAGES=$VA_CACHE/images
STATE=$VA_CACHE/run/$VA_SANDBOX # all that belongs to one running sandbox
PKI=$STATE/pki                  # its own copy, which stays as it is while it runs
NETNS=/run/netns/$VA_SANDBOX
CGROUP=/sandbox-$VA_SANDBOX # pods' cgroups lie below it

# Addresses inside the network namespace; the same in every sandbox, since nothing leaves it.
NODE_IP=172.31.255.1
POD_RANGE=10.244.0.0/24
SERVICE_RANGE=10.96.0.0/24
API_SERVER=https://$NODE_IP:6443

# The AWS account that the front plays, and the cluster's place in it.
ACCOUNT=123456789012
REGION=us-east-1
CLUSTER=sandbox
CLUSTER_ARN=arn:aws:eks:$REGION:$ACCOUNT:cluster/$CLUSTER
ISSUER=https://oidc.eks.$REGION.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF

say() { printf '%s\n' "$*"; }
die() { # status, message
	printf 'error: %s\n' "$2" >&2
	exit "$1"
}

[[ $VA_SANDBOX =~ ^[a-z][a-z0-9-]{0,30}$ ]] ||
	die 2 "VA_SANDBOX is '$VA_SANDBOX': want up to 31 small letters, digits and dashes"

# Runs the calling script again through sudo where it is not root yet. The cache stays the user's own.
become_root() {
	[ "$(id -u)" != 0 ] || return 0
	command -v sudo >/dev/null || die 2 "root is missing: run as root, or install sudo"
	mkdir -p "$VA_CACHE"
	exec sudo env VA_CACHE="$VA_CACHE" VA_SANDBOX="$VA_SANDBOX" VAULT_CHART="${VAULT_CHART:-}" HELM="${HELM:-4}" \
		PATH="$PATH" bash "$0" "$@"
}

# One run at a time for this sandbox. The lock is descriptor 9: what outlives the script is started with 9>&-.
lock_sandbox() {
	mkdir -p "$VA_CACHE/run"
	exec 9>"$VA_CACHE/run/.$VA_SANDBOX.lock"
	flock -n 9 && return
	say "  waiting for another command on the sandbox '$VA_SANDBOX'"
	flock 9
}

inside() { nsenter --net="$NETNS" "$@"; }
kube() {
	inside env KUBECACHEDIR="$STATE/kube-cache" KUBERC=off \
		"$BIN/kubectl" --kubeconfig "$STATE/user/admin.conf" "$@"
}

# A process is named by its id and its start time together, so that a recycled id is never taken for ours.
process_start() { # pid: clock ticks after boot, or nothing where it has ended, be it buried or not
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	stat=${stat##*) } # the name in parentheses may hold spaces
	# shellcheck disable=SC2086 # the fields are to be split
	set -- $stat
	[ "$1" = Z ] || printf '%s' "${20}"
}

# The sandbox's supervisor: the parent of the first process in its pid namespace. Prints its id while it lives.
supervisor() {
	local pid start
	[ -f "$STATE/supervisor" ] && read -r pid start <"$STATE/supervisor" || return 1
	[ "$(process_start "$pid")" = "$start" ] && printf '%s' "$pid"
}

# Names of the parts that have ended though they should run, one a line.
ended_parts() {
	local name
	[ -f "$STATE/parts" ] || return 0
	while read -r name; do
		[ -f "$STATE/pid/$name" ] || say "$name"
	done <"$STATE/parts"
}

healthy() {
	supervisor >/dev/null && [ -f "$STATE/ready" ] && [ -z "$(ended_parts)" ] &&
		[ "$(kube get --raw /readyz --request-timeout 5s 2>/dev/null)" = ok ]
}
