# The archive that krew installs, and its manifest: made here, checked, published nowhere. Both are made of what the build
# has left; twice the same build gives twice the same archive.
# $1: folder of the programs; $2: where archive and manifest are kept (else nowhere). VA_RELEASES_URL: below which address
# archives are to be had, a folder a version.
set -eu
bin=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${2:-$work/out}
releases=${VA_RELEASES_URL:-https://example.org/helm-vault-aws/releases}
mkdir -p "$out" "$work/tree"

fail() { echo "FAIL $*"; exit 1; }
ok() { echo "ok   $*"; }

version=$(sed -n 's/^version: *"\{0,1\}\([0-9.]*\)"\{0,1\}$/\1/p' "$root/plugin.yaml")
case $(uname -m) in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac

# krew wants the binary and a licence in the archive (krew.sigs.k8s.io, "Create and publish a plugin").
make_archive() { # file
	install -m 0755 "$bin/kubectl-vault_check" "$work/tree/kubectl-vault_check"
	install -m 0644 "$root/LICENSE" "$work/tree/LICENSE"
	tar -C "$work/tree" --owner=0 --group=0 --numeric-owner --mtime=@0 --sort=name -cf - LICENSE kubectl-vault_check | gzip -9n >"$1"
}

make_manifest() { # archive
	cat <<M
apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: vault-check
spec:
  version: v$version
  shortDescription: Find out why a Vault on EKS does not work
  description: |
    Follows the chain from the pods of a HashiCorp Vault over service account and IAM role to KMS key and DynamoDB
    table, names the first link that is broken, and prints what mends it. Changes nothing and starts no pod.
  caveats: |
    Needs credentials for AWS beside those for the cluster. 'kubectl vault-check policy' prints the rights for both.
  platforms:
  - selector:
      matchLabels:
        os: linux
        arch: $arch
    uri: $releases/v$version/kubectl-vault_check-linux-$arch.tar.gz
    sha256: $(sha256sum <"$1" | cut -d ' ' -f 1)
    bin: kubectl-vault_check
    files:
    - from: kubectl-vault_check
      to: .
    - from: LICENSE
      to: .
M
}

archive=$out/kubectl-vault_check-linux-$arch.tar.gz
make_archive "$archive"
make_manifest "$archive" >"$out/vault-check.yaml"
make_archive "$work/again.tar.gz"
cmp -s "$archive" "$work/again.tar.gz" || fail "the same build gives another archive"
[ "$(tar -tzf "$archive" | tr '\n' ' ')" = "LICENSE kubectl-vault_check " ] || fail "the archive holds $(tar -tzf "$archive")"
ok "the archive holds the program and the licence"

# What krew does: unpack, and call the program by the name that kubectl finds it under.
mkdir "$work/installed"
tar -xzf "$archive" -C "$work/installed"
[ -x "$work/installed/kubectl-vault_check" ] || fail "the program cannot be run"
said=$("$work/installed/kubectl-vault_check" version)
[ "$said" = "kubectl vault-check $version" ] || fail "the program says '$said', the manifest $version"
"$work/installed/kubectl-vault_check" list >/dev/null || fail "the program does not run from the archive"
head -n 3 "$work/installed/LICENSE" | grep -q 'Apache License' || fail "LICENSE is no licence"
ok "the program runs from the archive: $said"

# krew's own rules (pkg/index/validation): names, version, digest, and files that are in the archive.
grep -qE '^  version: v[0-9]+\.[0-9]+\.[0-9]+$' "$out/vault-check.yaml" || fail "the version is none of semver"
grep -qE '^    sha256: [0-9a-f]{64}$' "$out/vault-check.yaml" || fail "no digest in the manifest"
[ "$(sed -n 's/^    sha256: //p' "$out/vault-check.yaml")" = "$(sha256sum <"$archive" | cut -d ' ' -f 1)" ] || fail "another digest"
description=$(sed -n 's/^  shortDescription: //p' "$out/vault-check.yaml")
[ ${#description} -le 50 ] || fail "the short description has ${#description} characters"
for file in $(sed -n 's/^    - from: //p' "$out/vault-check.yaml"); do
	tar -tzf "$archive" "$file" >/dev/null || fail "'$file' is not in the archive"
done
ok "the manifest is one of krew's"
