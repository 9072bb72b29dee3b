# What shells and pipes see of both programs. $1: folder of the programs.
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

for program in vault-aws kubectl-vault_check; do
	# whoever reads only the first line is no failure of ours to complain about
	{ "$bin/$program" help 2>"$work/err" || :; } | head -n 1 | grep -q : || fail "$program help"
	[ ! -s "$work/err" ] || fail "$program: $(cat "$work/err")"

	# a full disk is
	code=0
	"$bin/$program" help >/dev/full 2>"$work/err" || code=$?
	[ $code = 1 ] || fail "$program on a full disk: exit $code"
	grep -q '^error: writing the answer: ' "$work/err" || fail "$program on a full disk is silent"

	# usage: exit 2, the answer empty
	code=0
	"$bin/$program" --no-such-option >"$work/out" 2>"$work/err" || code=$?
	[ $code = 2 ] || fail "$program: exit $code, not 2"
	[ ! -s "$work/out" ] || fail "$program: errors on stdout"

	# completion is silent, whatever it is asked
	"$bin/$program" __complete no such '--=' >"$work/out" 2>"$work/err" || fail "$program __complete"
	[ "$(tail -n 1 "$work/out")" = ":4" ] || fail "$program __complete: $(cat "$work/out")"
	[ ! -s "$work/err" ] || fail "$program __complete talks"
done
