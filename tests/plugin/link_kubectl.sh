# helm vault-aws link-kubectl: where it puts things, and what it leaves alone. $1: folder of the programs.
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work/home"
mkdir -p "$HOME/tools"
PATH="$HOME/tools:/usr/bin:/bin"

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

link() {
	code=0
	"$bin/vault-aws" link-kubectl "$@" >"$work/out" 2>"$work/err" || code=$?
}

# the first folder on PATH below the home
link
[ $code = 0 ] || fail "exit $code"
[ "$(readlink "$HOME/tools/kubectl-vault_check")" = "$bin/kubectl-vault_check" ] || fail "the link"
[ ! -s "$work/err" ] || fail "talked: $(cat "$work/err")"
kubectl-vault_check version | grep -q '^kubectl vault-check [0-9]' || fail "does not run"
kubectl_complete-vault_check ver | grep -q '^version' || fail "does not complete"

# again: nothing to do
link
grep -q "^left as it is: $HOME/tools/kubectl-vault_check" "$work/out" || fail "not idempotent"

# an older one of ours is renewed
ln -sfn /gone/bin/kubectl-vault_check "$HOME/tools/kubectl-vault_check"
link
grep -q "^renewed: $HOME/tools/kubectl-vault_check" "$work/out" || fail "not renewed"
[ -x "$HOME/tools/kubectl-vault_check" ] || fail "renewed to nothing"

# what is not ours stays, and then nothing is written at all
rm "$HOME/tools/"*
echo theirs >"$HOME/tools/kubectl-vault_check"
link
[ $code = 4 ] || fail "exit $code, not 4"
[ "$(cat "$HOME/tools/kubectl-vault_check")" = theirs ] || fail "overwritten"
[ ! -e "$HOME/tools/kubectl_complete-vault_check" ] || fail "half done"
rm "$HOME/tools/kubectl-vault_check"
echo theirs >"$HOME/tools/kubectl_complete-vault_check"
link
[ $code = 4 ] || fail "exit $code, not 4"
[ "$(cat "$HOME/tools/kubectl_complete-vault_check")" = theirs ] || fail "completion overwritten"
[ ! -e "$HOME/tools/kubectl-vault_check" ] || fail "half done"

# a folder by name, absent so far, not on PATH
cd "$work"
link new/folder/
[ $code = 0 ] || fail "exit $code"
[ -x "$work/new/folder/kubectl-vault_check" ] || fail "relative folder"
grep -q "^warning: '$work/new/folder' is not on PATH" "$work/err" || fail "no warning"

# without a folder of the user's on PATH
PATH=/usr/bin:/bin
link
[ -x "$HOME/.local/bin/kubectl-vault_check" ] || fail "no ~/.local/bin"
