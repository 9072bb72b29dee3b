# The parts that are built, each unmodified, and how. A part is kept while its stamp, made of its version and its
# recipe's own text, is what it was built with. Sourced after lib.sh.
# shellcheck shell=bash

PARTS=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl helm3 helm4 coredns vault)
MORE_PARTS=(external-secrets cert-manager) # built only where they are named, or with all
GO_DIR=$VA_CACHE/go # module and build cache, 23 GB; removed when all parts are there
WORK=$VA_CACHE/build
ESO_CHART=$VA_CACHE/external-secrets/chart
ESO_CRDS=$VA_CACHE/external-secrets/crds.yaml
CERT_MANAGER_KEPT=$VA_CACHE/cert-manager # its chart, and its two programs beside the controller

part_version() {
	case $1 in
	kube*) echo "$KUBERNETES $KUBERNETES_STAGING" ;;
	helm3) echo "$HELM3" ;;
	helm4) echo "$HELM4" ;;
	coredns) echo "$COREDNS" ;;
	vault) echo "$VAULT" ;;
	external-secrets) echo "$EXTERNAL_SECRETS" ;;
	cert-manager) echo "$CERT_MANAGER" ;;
	*) die 2 "no part is called '$1': there are ${PARTS[*]} ${MORE_PARTS[*]}" ;;
	esac
}

part_recipe() {
	case $1 in
	kube*) echo recipe_kubernetes ;;
	*) echo "recipe_${1//-/_}" ;;
	esac
}

part_stamp() {
	{
		echo "$1"
		part_version "$1"
		declare -f "$(part_recipe "$1")"
	} | sha256sum | cut -d' ' -f1
}

part_fresh() { [ -x "$BIN/$1" ] && [ "$(cat "$BIN/.$1.stamp" 2>/dev/null)" = "$(part_stamp "$1")" ]; }

# Downloads a module, holds it against `checksums`, prints a field of what go says about it. What the module needs in
# its turn is pinned by its own go.mod and vouched for by Go's checksum database.
module() { # path, version, field
	local json want
	json=$(cd / && go mod download -json "$1@$2")
	want=$(awk -v m="$1" -v v="$2" '$1 == m && $2 == v { print $3 }' "$SANDBOX_DIR/checksums")
	[ -n "$want" ] || die 1 "checksums has no line for '$1 $2'"
	python3 - "$want" "$3" "$json" <<-'P'
		import json, sys
		want, field, found = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
		if found["Sum"] != want:
		    sys.exit(f"error: {found['Path']}@{found['Version']} has the checksum {found['Sum']}, not {want}")
		print(found[field])
	P
}

# A recipe leaves the part at the path in $2. Each runs in a directory of its own and may say what it likes.

# k8s.io/kubernetes replaces its staging modules by directories; a wrapper module names their releases instead. Without
# the version the server calls itself v0.0.0, and charts with a kubeVersion refuse it.
recipe_kubernetes() {
	local mod v=k8s.io/component-base/version minor=${KUBERNETES#v1.}
	mod=$(module k8s.io/kubernetes "$KUBERNETES" GoMod)
	{
		printf 'module sandbox/kubernetes\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes %s\n\n' "$KUBERNETES"
		sed -nE "s|^\s*(k8s\.io/[a-z0-9-]+) => \./staging.*|replace \1 => \1 $KUBERNETES_STAGING|p" "$mod" | sort -u
	} >go.mod
	go build -ldflags "-s -w -X $v.gitVersion=$KUBERNETES -X $v.gitMajor=1 -X $v.gitMinor=${minor%%.*}" \
		-o "$2" "k8s.io/kubernetes/cmd/$1"
}

# Helm's own builds set its version in full. Without the other two, Helm 3's `template` believes in Kubernetes 1.20.
recipe_helm3() {
	local v=helm.sh/helm/v3 minor=${KUBERNETES#v1.}
	module helm.sh/helm/v3 "$HELM3" Path
	GOBIN=$PWD go install -ldflags "-s -w -X $v/internal/version.version=$HELM3 \
		-X $v/pkg/chartutil.k8sVersionMajor=1 -X $v/pkg/chartutil.k8sVersionMinor=${minor%%.*}" \
		"helm.sh/helm/v3/cmd/helm@$HELM3"
	mv helm "$2"
}

recipe_helm4() {
	module helm.sh/helm/v4 "$HELM4" Path
	GOBIN=$PWD go install -ldflags "-s -w -X helm.sh/helm/v4/internal/version.version=$HELM4" \
		"helm.sh/helm/v4/cmd/helm@$HELM4"
	mv helm "$2"
}

recipe_coredns() {
	module github.com/coredns/coredns "$COREDNS" Path
	GOBIN=$PWD go install -ldflags "-s -w" "github.com/coredns/coredns@$COREDNS"
	mv coredns "$2"
}

# The two replaces are those of Vault's own go.mod, which go drops for a dependency; sdk and api resolve by themselves.
recipe_vault() {
	module github.com/hashicorp/vault "$VAULT" Path
	cat >go.mod <<-M
		module sandbox/vault

		go 1.25.3

		require github.com/hashicorp/vault $VAULT

		replace github.com/99designs/keyring => github.com/Jeffail/keyring v1.2.3

		replace github.com/ma314smith/signedxml v1.1.1 => github.com/moov-io/signedxml v1.1.1
	M
	go build -ldflags "-s -w -X github.com/hashicorp/vault/version.fullVersion=${VAULT#v}" \
		-o "$2" github.com/hashicorp/vault
}

# Its own go.sum goes beside, since the checksum database does not answer for one of its dependencies.
recipe_external_secrets() {
	local dir
	dir=$(module github.com/external-secrets/external-secrets "$EXTERNAL_SECRETS" Dir)
	cat >go.mod <<-M
		module sandbox/external-secrets

		go 1.25.1

		require github.com/external-secrets/external-secrets $EXTERNAL_SECRETS

		replace github.com/Masterminds/sprig/v3 => github.com/external-secrets/sprig/v3 v3.3.0
	M
	install -m 644 "$dir/go.sum" go.sum
	go build -ldflags "-s -w" -o "$2" github.com/external-secrets/external-secrets
	keep_external_secrets_chart "$dir"
}

# Its chart and CRDs, for tests/sandbox/eso. The subchart that the chart names is not there and not wanted.
keep_external_secrets_chart() { # directory of the module
	rm -rf "$ESO_CHART"
	mkdir -p "$ESO_CHART"
	cp -r "$1/deploy/charts/external-secrets/." "$1/deploy/crds/bundle.yaml" "$ESO_CHART"
	chmod -R u+w "$ESO_CHART"
	rm -f "$ESO_CHART/Chart.lock"
	sed -i '/^dependencies:/,$d' "$ESO_CHART/Chart.yaml"
	mv "$ESO_CHART/bundle.yaml" "$ESO_CRDS"
}

# Its three programs: the controller is the part, the others are kept beside the chart.
recipe_cert_manager() {
	local dir mod=github.com/cert-manager/cert-manager
	dir=$(module "$mod" "$CERT_MANAGER" Dir)
	printf 'module sandbox/cert-manager\n\ngo 1.19\n\nrequire %s %s\n' "$mod" "$CERT_MANAGER" >go.mod
	install -m 644 "$dir/go.sum" go.sum
	mkdir programs
	go build -ldflags "-s -w -X $mod/pkg/util.AppVersion=$CERT_MANAGER" -o programs \
		"$mod/cmd/controller" "$mod/cmd/webhook" "$mod/cmd/cainjector"
	keep_cert_manager_chart "$dir"
	mv programs/webhook programs/cainjector "$CERT_MANAGER_KEPT"
	mv programs/controller "$2"
}

# Its chart, put together as its own release does: with a version, and with the CRDs among the templates.
keep_cert_manager_chart() { # directory of the module
	local crd chart=$CERT_MANAGER_KEPT/chart
	rm -rf "$CERT_MANAGER_KEPT"
	mkdir -p "$chart"
	cp -r "$1/deploy/charts/cert-manager/." "$chart"
	chmod -R u+w "$chart"
	sed -E "s/^(version|appVersion): .*/\1: $CERT_MANAGER/" "$chart/Chart.template.yaml" >"$chart/Chart.yaml"
	{
		echo '{{- if .Values.installCRDs }}'
		for crd in "$1"/deploy/crds/*.yaml; do
			cat "$crd"
			echo ---
		done
		echo '{{- end }}'
	} >"$chart/templates/crds.yaml"
}
