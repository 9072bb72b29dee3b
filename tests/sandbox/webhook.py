"""The pod identity webhook of EKS: gives the pods of an annotated service account a token for AWS.

A pod whose account has `eks.amazonaws.com/role-arn` gets the projected token and the variables that
AWS's SDKs look for, by the rules of amazon-eks-pod-identity-webhook: what the pod sets itself is left
alone. It acts when a pod is created and never later.
"""
import argparse
import base64
import http.client
import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "eks.amazonaws.com/"
MOUNT = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
VOLUME = "aws-iam-token"
AUDIENCE = "sts.amazonaws.com"
EXPIRATION_S = 86400
SHORTEST_S = 600  # the API server refuses less


class Cluster:
    """The API server, as far as a webhook needs it."""

    def __init__(self, args):
        self.address = args.api_server
        self.tls = ssl.create_default_context(cafile=args.ca)
        self.tls.load_cert_chain(args.client_cert, args.client_key)

    def annotations(self, namespace, account):
        """Those of a service account; none when it does not exist."""
        connection = http.client.HTTPSConnection(self.address, context=self.tls, timeout=5)
        try:
            connection.request("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}")
            reply = connection.getresponse()
            body = reply.read()
        finally:
            connection.close()
        return json.loads(body)["metadata"].get("annotations", {}) if reply.status == 200 else {}


def variables(have, annotations, region):
    """What is added to a container's environment. A container that names one region gets no second one."""
    if annotations.get(PREFIX + "sts-regional-endpoints", "true") == "true":
        yield "AWS_STS_REGIONAL_ENDPOINTS", "regional"
    if not have & {"AWS_REGION", "AWS_DEFAULT_REGION"}:
        yield "AWS_DEFAULT_REGION", region
        yield "AWS_REGION", region
    yield "AWS_ROLE_ARN", annotations[PREFIX + "role-arn"]
    yield "AWS_WEB_IDENTITY_TOKEN_FILE", MOUNT + "/token"


def equip(container, annotations, region):
    have = {variable["name"] for variable in container.get("env", [])}
    container.setdefault("env", []).extend(
        {"name": name, "value": value} for name, value in variables(have, annotations, region) if name not in have)
    mounts = container.setdefault("volumeMounts", [])
    if not any(mount["mountPath"] == MOUNT for mount in mounts):
        mounts.append({"name": VOLUME, "mountPath": MOUNT, "readOnly": True})


def token_volume(annotations):
    seconds = int(annotations.get(PREFIX + "token-expiration", EXPIRATION_S))
    token = {"audience": annotations.get(PREFIX + "audience", AUDIENCE),
             "expirationSeconds": max(SHORTEST_S, seconds), "path": "token"}
    return {"name": VOLUME, "projected": {"sources": [{"serviceAccountToken": token}]}}


def mutate(pod, annotations, region):
    """The pod's new spec, or None when its service account asks for nothing."""
    if PREFIX + "role-arn" not in annotations:
        return None
    spec = pod["spec"]
    skipped = pod["metadata"].get("annotations", {}).get(PREFIX + "skip-containers", "").split(",")
    for container in spec.get("initContainers", []) + spec["containers"]:
        if container["name"] not in skipped:
            equip(container, annotations, region)
    volumes = spec.setdefault("volumes", [])
    if not any(volume["name"] == VOLUME for volume in volumes):
        volumes.append(token_volume(annotations))
    return spec


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = {"apiVersion": review["apiVersion"], "kind": "AdmissionReview",
                  "response": self.decide(review["request"])}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def decide(self, request):
        pod, namespace = request["object"], request["namespace"]
        annotations = self.server.cluster.annotations(namespace, pod["spec"].get("serviceAccountName", "default"))
        spec = mutate(pod, annotations, self.server.region)
        response = {"uid": request["uid"], "allowed": True}
        if spec:
            patch = json.dumps([{"op": "replace", "path": "/spec", "value": spec}])
            response.update(patchType="JSONPatch", patch=base64.b64encode(patch.encode()).decode())
        name = pod["metadata"].get("name") or pod["metadata"].get("generateName")
        print(namespace, name, "equipped" if spec else "left alone", flush=True)
        return response

    def log_message(self, *args):
        """Nothing a request; decide() says what was done."""


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("listen", "cert", "key", "api-server", "ca", "client-cert", "client-key", "region"):
        p.add_argument("--" + name, required=True)
    return p.parse_args()


def main():
    args = arguments()
    host, port = args.listen.rsplit(":", 1)
    server = ThreadingHTTPServer((host, int(port)), Handler)
    server.cluster, server.region = Cluster(args), args.region
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(args.cert, args.key)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
