# The hook of a source install says which packages are missing, before it builds. $1 is not used.
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

mkdir "$work/tools"
ln -s "$(command -v sh)" "$(command -v dirname)" "$work/tools"
for tool in cc make; do
	echo '#!/bin/sh' >"$work/tools/$tool"
	chmod 755 "$work/tools/$tool"
done
code=0
PATH="$work/tools" sh "$root/helm-plugin/build.sh" >"$work/out" 2>"$work/err" || code=$?
[ $code = 1 ] || fail "exit $code, not 1"
grep -q 'missing: cmake pkg-config libcurl4-openssl-dev libssl-dev libyaml-dev libcjson-dev libexpat1-dev$' \
	"$work/err" || fail "$(cat "$work/err")"
[ ! -s "$work/out" ] || fail "went on: $(cat "$work/out")"
