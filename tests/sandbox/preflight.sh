# What the machine must have, looked at before any work: a line for each thing that is missing, then exit 2.
# Sourced after lib.sh.
# shellcheck shell=bash

RUN_MEMORY_MB=2000    # a cluster with three Vaults takes 1.3 GB
RUN_DISK_MB=3000      # images, unpacked images, etcd's preallocated log
BUILD_MEMORY_MB=3000  # the linker's appetite for kube-apiserver and vault
BUILD_DISK_MB=29000   # Go's module cache 9 GB, its build cache 14 GB, the parts 1 GB; a fifth to spare

missing=()

preflight_end() {
	[ ${#missing[@]} != 0 ] || return 0
	printf 'error: %s\n' "${missing[@]}" >&2
	exit 2
}

need_mb() { # what, how many there are, how many are needed, what for
	[ "$2" -ge "$3" ] || missing+=("$1 is missing: $4 takes $3 MB, there are $2 MB")
}

free_disk_mb() { # the nearest directory that exists
	local at=$VA_CACHE
	while [ ! -d "$at" ]; do at=$(dirname "$at"); done
	df -Pm "$at" | awk 'NR == 2 { print $4 }'
}

free_memory_mb() { awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo; }

check_programs() {
	local pair name
	for pair in "${DEBIAN[@]}"; do
		name=${pair%%:*}
		have "$name" || missing+=("'$name' is missing: Debian's package ${pair#*:} has it, tests/sandbox/prepare gets it")
	done
}

# A program on PATH, a file, or a Python module.
have() {
	case $1 in
	/*) [ -e "$1" ] ;;
	*.py) python3 -c "import ${1%.py}" 2>/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

try() { "$@" >/dev/null 2>&1; }

check_kernel() {
	try unshare --net --pid --mount --fork true ||
		missing+=("namespaces are missing: the kernel, or a container around this shell, refuses network, pid and mount")
	try unshare --net ip link add sbx0 type bridge ||
		missing+=("the kernel's bridge is missing: modprobe bridge")
	try unshare --net ip link add sbx1 type veth ||
		missing+=("the kernel's veth is missing: modprobe veth")
	try unshare --net iptables -t nat -A POSTROUTING -m comment --comment sandbox -j MASQUERADE ||
		missing+=("iptables' nat table is missing: the kernel has no nf_tables or ip_tables with NAT")
	check_cgroups
}

# Version 2 as systemd mounts it, or version 1 with the controllers that pods need.
check_cgroups() {
	local c
	if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
		for c in cpu memory pids; do
			grep -qw $c /sys/fs/cgroup/cgroup.controllers || missing+=("the cgroup controller '$c' is missing")
		done
	else
		for c in cpu cpuset memory pids; do
			[ -d /sys/fs/cgroup/$c ] ||
				missing+=("the cgroup controller '$c' is missing: nothing is mounted on /sys/fs/cgroup/$c")
		done
	fi
}

# The sandbox hides these directories from its own processes, so that nothing of theirs stays behind in them.
check_cache_place() {
	case $VA_CACHE/ in
	/run/* | /var/run/* | /var/lib/* | /var/log/* | /proc/* | /sys/*)
		missing+=("a place for the cache is missing: VA_CACHE is '$VA_CACHE', not outside /run, /var/lib and /var/log") ;;
	/*) ;;
	*) missing+=("a place for the cache is missing: VA_CACHE is '$VA_CACHE', want an absolute path") ;;
	esac
}

preflight_build() {
	have python3 || missing+=("'python3' is missing: tests/sandbox/prepare gets it")
	need_mb disk "$(free_disk_mb)" $BUILD_DISK_MB "building in '$VA_CACHE'"
	need_mb memory "$(free_memory_mb)" $BUILD_MEMORY_MB "building"
	preflight_end
}

# For a run: as root. With "build", also what the parts that are not there yet need.
preflight_run() {
	check_cache_place
	check_programs
	have ip && have iptables && have unshare && check_kernel
	need_mb memory "$(free_memory_mb)" $RUN_MEMORY_MB "a cluster"
	if [ "${1:-}" = build ]; then
		need_mb disk "$(free_disk_mb)" $BUILD_DISK_MB "building in '$VA_CACHE'"
	else
		need_mb disk "$(free_disk_mb)" $RUN_DISK_MB "a cluster in '$VA_CACHE'"
	fi
	preflight_end
}
