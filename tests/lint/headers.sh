#!/bin/sh
# Each header of common/ compiles alone, by each compiler that is there: it includes what it uses.
# usage: headers.sh ROOT [FLAG...]
set -eu
root=$1
shift
failed=0
clang=$(command -v clang || command -v clang-14 || true)
for compiler in gcc $clang; do
	command -v "$compiler" >/dev/null || continue
	for header in "$root"/common/*/*.h; do
		name=${header#"$root"/common/}
		# Twice, so that a missing guard shows too.
		printf '#include "%s"\n#include "%s"\n' "$name" "$name" |
			"$compiler" -std=gnu11 -fsyntax-only -Wall -Wextra -Wstrict-prototypes -Werror -D_GNU_SOURCE \
				-DVA_VERSION='""' -I"$root/common" "$@" -x c - || { echo "$compiler: $name"; failed=1; }
	done
done
exit $failed
