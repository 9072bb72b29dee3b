# The images, made from directories, with the sandbox's CA among the system's: so programs in a pod trust the AWS front
# as they would trust AWS. Kept while CA and binaries are the same. Sourced after lib.sh and pki.sh.
# shellcheck shell=bash

# What an image is made of; a change of any of it makes all anew.
images_stamp() {
	local part
	{
		cat "$ALL_PKI/ca.crt" "$SANDBOX_DIR/images.sh" "$SANDBOX_DIR/mkimage.py" /etc/ssl/certs/ca-certificates.crt
		echo "$PAUSE_IMAGE ${VAULT_IMAGES[*]} $EXTERNAL_SECRETS_IMAGE"
		for part in vault external-secrets; do
			[ ! -f "$BIN/$part" ] || stat -Lc '%s %Y' "$BIN/$part"
		done
	} | sha256sum
}

image_root() { # directory: a root with shell, users and CA
	local command
	mkdir -p "$1"/{bin,tmp,proc,sys,dev,etc/ssl/certs}
	chmod 1777 "$1/tmp"
	cat /etc/ssl/certs/ca-certificates.crt "$ALL_PKI/ca.crt" >"$1/etc/ssl/certs/ca-certificates.crt"
	printf '%s::%s:/bin/sh\n' root:x:0:0 /root vault:x:100:1000 /home/vault nonroot:x:65532:65532 / >"$1/etc/passwd"
	printf '%s\n' root:x:0: vault:x:1000: nonroot:x:65532: >"$1/etc/group"
	cp "$(command -v busybox)" "$1/bin/busybox"
	for command in $("$1/bin/busybox" --list); do
		[ -e "$1/bin/$command" ] || ln -s busybox "$1/bin/$command"
	done
}

image() { # name of the tar, options of mkimage.py
	python3 "$SANDBOX_DIR/mkimage.py" "$IMAGES/$1.tar" "$IMAGES/$1" "${@:2}"
	rm -rf "${IMAGES:?}/$1"
}

image_pause() {
	image_root "$IMAGES/pause"
	image pause --name "$PAUSE_IMAGE" --entrypoint /bin/sleep 2147483647
}

image_vault() {
	local root=$IMAGES/vault name names=()
	image_root "$root"
	mkdir -p "$root"/{usr/local/bin,vault/config,vault/file,vault/logs,home/vault}
	cp -L "$BIN/vault" "$root/bin/vault"
	printf '#!/bin/sh\nexec "$@"\n' >"$root/usr/local/bin/docker-entrypoint.sh"
	chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"
	for name in "${VAULT_IMAGES[@]}"; do names+=(--name "$name"); done
	image vault "${names[@]}" --entrypoint /usr/local/bin/docker-entrypoint.sh
}

image_external_secrets() {
	image_root "$IMAGES/external-secrets"
	cp -L "$BIN/external-secrets" "$IMAGES/external-secrets/bin/"
	image external-secrets --name "$EXTERNAL_SECRETS_IMAGE" --entrypoint /bin/external-secrets --user 65532
}

make_images() {
	local stamp
	stamp=$(images_stamp)
	[ "$(cat "$IMAGES/stamp" 2>/dev/null)" = "$stamp" ] && return
	rm -rf "$IMAGES"
	mkdir -p "$IMAGES"
	image_pause
	image_vault
	[ ! -x "$BIN/external-secrets" ] || image_external_secrets
	echo "$stamp" >"$IMAGES/stamp"
}
