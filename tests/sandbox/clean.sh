# Removes a sandbox, whole or in ruins, from every state in which a killed run can leave it. Sourced after lib.sh.
# shellcheck shell=bash

# Waits up to ten seconds until a command fails.
until_not() {
	local i
	for ((i = 0; i < 100; i++)); do
		"$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	return 1
}

netns_pids() { ip netns pids "$VA_SANDBOX" 2>/dev/null || true; }
has_netns_pids() { [ -n "$(netns_pids)" ]; }

# The one process whose end is the end of all. It needs no farewell: nothing of what it does is kept.
kill_supervisor() {
	local pid
	pid=$(supervisor) || return 0
	kill -KILL "$pid" 2>/dev/null || true
	until_not supervisor || die 1 "the sandbox's process $pid does not end"
}

# What else lives in the network namespace: shells and commands, and the sandbox itself when its state directory is gone.
# A process is in it or is not, so no recycled id is ever hit.
kill_netns() {
	local pid signal
	[ -e "$NETNS" ] || return 0
	for signal in TERM KILL; do
		for pid in $(netns_pids); do
			kill -$signal "$pid" 2>/dev/null || true
		done
		until_not has_netns_pids && break
	done
	ip netns delete "$VA_SANDBOX" || rm -f "$NETNS"
}

cgroup_directories() { find /sys/fs/cgroup -depth -type d -path "*$CGROUP*" 2>/dev/null || true; }

# A cgroup can be removed a moment after its last process has gone.
remove_cgroups() {
	local i dir dirs
	for ((i = 0; i < 50; i++)); do
		dirs=$(cgroup_directories)
		[ -n "$dirs" ] || return 0
		while read -r dir; do
			rmdir "$dir" 2>/dev/null || true
		done <<<"$dirs"
		sleep 0.1
	done
	die 1 "cgroups of the sandbox cannot be removed: $dirs"
}

# A process in its last breath may still write.
remove_state() {
	local i
	for ((i = 0; i < 50; i++)); do
		rm -rf --one-file-system "$STATE" 2>/dev/null && return
		sleep 0.1
	done
	rm -rf --one-file-system "$STATE"
}

clean_sandbox() {
	[ "$(readlink /proc/self/ns/net)" != "net:[$(stat -Lc %i "$NETNS" 2>/dev/null)]" ] ||
		die 2 "this shell is inside the sandbox '$VA_SANDBOX': leave it first"
	kill_supervisor
	kill_netns
	remove_cgroups
	remove_state
}
