# The cluster's parts: what each of them is started with. Runs inside the sandbox's namespaces. Sourced after lib.sh.
# shellcheck shell=bash

NODE=$STATE/node # data and sockets of the parts
CONTAINERD_SOCKET=$NODE/containerd.sock

# A part runs as a child of the first process, with a log and a pid file of its name. The pid file comes first: a part on
# the list that has none counts as ended.
start() { # name, command ...
	local name=$1
	shift
	"$@" >"$STATE/log/$name.out" 2>&1 &
	PIDS[$!]=$name
	echo "$!" >"$STATE/pid/$name"
	echo "$name" >>"$STATE/parts"
}

# etcd's data does not outlive the sandbox: no need to wait for the disk.
start_etcd() {
	start etcd etcd --data-dir "$NODE/etcd" --unsafe-no-fsync \
		--listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
		--listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
		--initial-cluster default=http://127.0.0.1:2380
}

# Who asked for what, a line each: users and what runs in pods, without the cluster's own parts. As a careful cluster has it:
# bodies of all but what holds secrets by its nature, so that a test can look for one that went where it does not belong.
write_audit_policy() {
	install -m 644 /dev/null "$STATE/log/audit.jsonl" # else root alone may read it
	cat >"$NODE/audit-policy.yaml" <<-Y
		apiVersion: audit.k8s.io/v1
		kind: Policy
		omitStages: [RequestReceived, ResponseStarted]
		rules:
		- {level: None, userGroups: ["system:nodes", "system:serviceaccounts:kube-system"]}
		- {level: None, users: ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler"]}
		- {level: Metadata, resources: [{group: "", resources: [secrets, configmaps]}, {group: authentication.k8s.io, resources: [tokenreviews]}]}
		- {level: Request, resources: [{group: "", resources: [serviceaccounts/token]}]}
		- {level: RequestResponse}
	Y
}

# The issuer is that of an EKS cluster, so that the tokens of pods and of TokenRequest look as they do there.
start_apiserver() {
	write_audit_policy
	start apiserver "$BIN/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
		--bind-address=0.0.0.0 --secure-port=6443 --advertise-address="$NODE_IP" \
		--tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
		--client-ca-file="$PKI/ca.crt" --token-auth-file="$NODE/tokens.csv" \
		--service-account-issuer="$ISSUER" --service-account-key-file="$PKI/sa.pub" \
		--service-account-signing-key-file="$PKI/sa.key" --service-cluster-ip-range="$SERVICE_RANGE" \
		--authorization-mode=Node,RBAC --allow-privileged=true \
		--audit-policy-file="$NODE/audit-policy.yaml" --audit-log-path="$STATE/log/audit.jsonl" \
		--kubelet-client-certificate="$PKI/kubelet-client.crt" --kubelet-client-key="$PKI/kubelet-client.key" \
		--kubelet-certificate-authority="$PKI/ca.crt" --kubelet-preferred-address-types=InternalIP,Hostname
}

# The manager's forty controllers start at once: at its usual 20 requests a second that takes four seconds.
start_controllers() {
	start controller-manager "$BIN/kube-controller-manager" --kubeconfig "$NODE/admin.conf" --leader-elect=false \
		--kube-api-qps=200 --kube-api-burst=400 \
		--service-account-private-key-file="$PKI/sa.key" --root-ca-file="$PKI/ca.crt" \
		--use-service-account-credentials \
		--cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key"
	start scheduler "$BIN/kube-scheduler" --kubeconfig "$NODE/admin.conf" --leader-elect=false
}

# Overlay on overlay is not possible: inside a container the slow snapshotter has to do.
snapshotter() {
	local at=$NODE/try-overlay
	mkdir -p "$at"/{lower,upper,work,merged}
	if mount -t overlay overlay -o "lowerdir=$at/lower,upperdir=$at/upper,workdir=$at/work" "$at/merged" 2>/dev/null; then
		umount "$at/merged"
		echo overlayfs
	else
		echo native
	fi
	rm -rf "$at"
}

# restrict_oom_score_adj: CAP_SYS_RESOURCE may be absent. AppArmor profiles would stay in the kernel. Pods are routed
# (ptp) and not bridged: between two pods on one bridge a service's address works only with br_netfilter loaded.
start_containerd() {
	mkdir -p "$NODE/cni"
	cat >"$NODE/containerd.toml" <<-C
		version = 2
		root = "$NODE/containerd"
		state = "$NODE/containerd-state"
		disabled_plugins = ["io.containerd.internal.v1.opt"]
		[grpc]
		  address = "$CONTAINERD_SOCKET"
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "$PAUSE_IMAGE"
		  restrict_oom_score_adj = true
		  disable_apparmor = true
		  [plugins."io.containerd.grpc.v1.cri".containerd]
		    snapshotter = "$(snapshotter)"
		  [plugins."io.containerd.grpc.v1.cri".cni]
		    bin_dir = "/usr/lib/cni"
		    conf_dir = "$NODE/cni"
	C
	cat >"$NODE/cni/10-sandbox.conflist" <<-C
		{"cniVersion": "1.0.0", "name": "$VA_SANDBOX", "plugins": [
		  {"type": "ptp", "ipMasq": true,
		   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$POD_RANGE"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
		  {"type": "portmap", "capabilities": {"portMappings": true}}]}
	C
	start containerd containerd -c "$NODE/containerd.toml"
}

# cgroupsPerQOS and failCgroupV1 off: so it runs on cgroup v1 and below a cgroup that is not the machine's root.
# syncFrequency: a changed Secret is in the pods in seconds, as it is after a minute or so elsewhere.
# imageGCHighThresholdPercent: a full disk must not cost us images that nobody can pull again.
start_kubelet() {
	cat >"$NODE/kubelet.yaml" <<-C
		apiVersion: kubelet.config.k8s.io/v1beta1
		kind: KubeletConfiguration
		authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $PKI/ca.crt}}
		authorization: {mode: Webhook}
		containerRuntimeEndpoint: unix://$CONTAINERD_SOCKET
		tlsCertFile: $PKI/kubelet.crt
		tlsPrivateKeyFile: $PKI/kubelet.key
		clusterDNS: [$NODE_IP]
		clusterDomain: cluster.local
		resolvConf: /dev/null
		cgroupDriver: cgroupfs
		cgroupRoot: $CGROUP
		cgroupsPerQOS: false
		enforceNodeAllocatable: []
		failCgroupV1: false
		failSwapOn: false
		evictionHard: {memory.available: "1%", nodefs.available: "0%", imagefs.available: "0%"}
		localStorageCapacityIsolation: false
		syncFrequency: 10s
		imageGCHighThresholdPercent: 100
		podLogsDir: $NODE/pod-logs
		volumePluginDir: $NODE/kubelet/volume-plugins
	C
	start kubelet "$BIN/kubelet" --config "$NODE/kubelet.yaml" --kubeconfig "$NODE/admin.conf" \
		--hostname-override sandbox --node-ip "$NODE_IP" --root-dir "$NODE/kubelet"
}

# The kernel's settings for connections are read-only in a namespace: 0 leaves them alone.
start_kube_proxy() {
	start kube-proxy "$BIN/kube-proxy" --kubeconfig "$NODE/admin.conf" --proxy-mode=iptables \
		--cluster-cidr="$POD_RANGE" --hostname-override=sandbox --conntrack-max-per-core=0 \
		--conntrack-tcp-timeout-established=0s --conntrack-tcp-timeout-close-wait=0s
}

# The cluster's names, and for each name of AWS the front's address.
start_coredns() {
	cat >"$NODE/Corefile" <<-C
		.:53 {
		    bind $NODE_IP
		    kubernetes cluster.local in-addr.arpa {
		        kubeconfig $NODE/admin.conf
		        pods insecure
		    }
		    template IN A amazonaws.com {
		        match ^.*amazonaws\.com\.\$
		        answer "{{ .Name }} 5 IN A $NODE_IP"
		    }
		    template IN AAAA amazonaws.com {
		        rcode NOERROR
		    }
		    errors
		}
	C
	start coredns "$BIN/coredns" -conf "$NODE/Corefile"
}

start_aws() {
	mkdir -p "$STATE/aws"
	start aws env PYTHONDONTWRITEBYTECODE=1 "$VENV/bin/python" "$REPO/tests/aws/front.py" --state "$STATE/aws" \
		--listen "$NODE_IP:443" --cert "$PKI/aws.crt" --key "$PKI/aws.key" \
		--jwks-url https://127.0.0.1:6443/openid/v1/jwks --jwks-ca "$PKI/ca.crt" \
		--jwks-cert "$PKI/admin.crt" --jwks-key "$PKI/admin.key" \
		--issuer "$ISSUER" --cluster-endpoint "$API_SERVER" --cluster-ca "$PKI/ca.crt"
}

start_webhook() {
	start webhook python3 "$SANDBOX_DIR/webhook.py" --listen "$NODE_IP:8443" --cert "$PKI/webhook.crt" \
		--key "$PKI/webhook.key" --api-server 127.0.0.1:6443 --ca "$PKI/ca.crt" \
		--client-cert "$PKI/admin.crt" --client-key "$PKI/admin.key" --region "$REGION"
}
