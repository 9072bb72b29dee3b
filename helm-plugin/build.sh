#!/bin/sh
# Builds both programs from this source tree and puts them into bin/, where plugin.yaml looks.
# helm runs it as install and update hook; by hand it does the same.
set -eu

cd -P "$(dirname "$0")/.."    # helm reaches a source folder through a link; CMake keeps the path that it is given
missing=
log=build/release.log

# need PACKAGE COMMAND...: notes the Debian package when the command fails
need() {
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}

need gcc command -v "${CC:-cc}"
need cmake command -v cmake
need make sh -c 'command -v make || command -v ninja'
need pkg-config command -v pkg-config
need libcurl4-openssl-dev pkg-config --atleast-version=7.88 libcurl
need libssl-dev pkg-config --atleast-version=3 libcrypto
need libyaml-dev pkg-config --exists yaml-0.1
need libcjson-dev pkg-config --exists libcjson
need libexpat1-dev pkg-config --exists expat
if [ -n "$missing" ]; then
	echo "vault-aws: cannot be built here, these Debian packages are missing:$missing" >&2
	echo "vault-aws: sudo apt-get install$missing" >&2
	echo "vault-aws: then helm plugin uninstall vault-aws, and install it again" >&2
	exit 1
fi

mkdir -p build bin
generator=
[ -f build/release/CMakeCache.txt ] || command -v make >/dev/null 2>&1 || generator='-G Ninja'
echo "vault-aws: building both programs (about half a minute)"
# shellcheck disable=SC2086
if ! { cmake --preset release -DVA_WERROR=OFF $generator && cmake --build --preset release --parallel; } >"$log" 2>&1; then
	tail -n 25 "$log" >&2
	echo "vault-aws: the build failed, all of it is in $(pwd)/$log" >&2
	exit 1
fi
for program in vault-aws kubectl-vault_check; do
	# moved, not written over: an old one may be running
	cp "build/release/bin/$program" "bin/.$program.new"
	mv "bin/.$program.new" "bin/$program"
done
echo "vault-aws: built $(bin/vault-aws version)"
