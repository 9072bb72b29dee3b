# Clients that ask Vault all the time while its listener's certificate changes. Sourced by the scripts that change it,
# which have $here, $OUT and fail.
# shellcheck shell=bash disable=SC2154

part() { kubectl -n vault get secret "$1" -o "go-template={{index .data \"$2\"}}" | base64 -d; }
fingerprint() { part vault-tls tls.crt | openssl x509 -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f; }

# Nobody may see an answer fail, and both certificates are seen.
asking() { # file with who is trusted, then a command that leaves another certificate
	local ca=$1 before after address
	shift
	before=$(fingerprint)
	address=$(kubectl -n vault get service vault-active -o 'jsonpath={.spec.clusterIP}')
	mkfifo "$OUT/asking"
	python3 "$here/tls_client.py" "$ca" "$address" vault-active.vault.svc <"$OUT/asking" >"$OUT/asked" &
	exec 7>"$OUT/asking"
	"$@"
	exec 7>&-
	wait $!
	rm "$OUT/asking"
	after=$(fingerprint)
	[ "$before" != "$after" ] || fail "the certificate is the one before"
	python3 - "$OUT/asked" "$before" "$after" <<-P || fail "$(cat "$OUT/asked")"
		import json, sys
		new, kept = json.load(open(sys.argv[1]))
		assert not new["failed"] and not kept["failed"], "unanswered"
		assert list(new["seen"]) == sys.argv[2:4], "not the two certificates, in their order"
		assert list(kept["seen"]) == sys.argv[2:3] and sum(kept["seen"].values()) == 1, "the kept connection was cut"
		assert new["asked"] > 20 and kept["asked"] > 20, "hardly asked"
	P
}

asked() { python3 -c 'import json, sys; a, b = json.load(open(sys.argv[1])); print(a["asked"] + b["asked"])' "$OUT/asked"; }
