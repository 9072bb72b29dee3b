"""Packs a directory into an OCI image: a tar of one layer, its configuration, a manifest and an index.

containerd imports it as it is, so neither a registry nor a builder is needed. Files belong to root in the image,
whoever owns them here.

usage: mkimage.py OUT.tar ROOT --name NAME [--name NAME ...] [--entrypoint WORD ...] [--user USER]
"""
import argparse
import hashlib
import io
import json
import os
import platform
import tarfile

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}
TYPE = "application/vnd.oci.image."


def rooted(member):
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def write_layer(root, path):
    with tarfile.open(path, "w") as tar:
        tar.add(root, arcname=".", filter=rooted)
    digest = hashlib.sha256()
    with open(path, "rb") as layer:
        while chunk := layer.read(1 << 20):
            digest.update(chunk)
    return {"mediaType": TYPE + "layer.v1.tar", "digest": "sha256:" + digest.hexdigest(), "size": os.path.getsize(path)}


class Image:
    """The outer tar, to which documents are added as blobs named by their digest."""

    def __init__(self, tar):
        self.tar = tar

    def add(self, name, data):
        member = tarfile.TarInfo(name)
        member.size = len(data)
        self.tar.addfile(member, io.BytesIO(data))

    def add_document(self, kind, document):
        data = json.dumps(document).encode()
        digest = hashlib.sha256(data).hexdigest()
        self.add("blobs/sha256/" + digest, data)
        return {"mediaType": TYPE + kind, "digest": "sha256:" + digest, "size": len(data)}

    def add_layer(self, layer, path):
        self.tar.add(path, arcname="blobs/sha256/" + layer["digest"][7:], filter=rooted)


def pack(args):
    scratch = args.out + ".layer"
    layer = write_layer(args.root, scratch)
    with tarfile.open(args.out, "w") as tar:
        image = Image(tar)
        image.add_layer(layer, scratch)
        config = image.add_document("config.v1+json", {
            "architecture": ARCHITECTURE[platform.machine()],
            "os": "linux",
            "config": {"Entrypoint": args.entrypoint, "Env": [PATH], "User": args.user},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        })
        manifest = image.add_document("manifest.v1+json", {
            "schemaVersion": 2, "mediaType": TYPE + "manifest.v1+json", "config": config, "layers": [layer]})
        names = [{"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rsplit(":", 1)[1]}
                 for name in args.name]
        image.add("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        image.add("index.json", json.dumps({
            "schemaVersion": 2, "manifests": [dict(manifest, annotations=n) for n in names]}).encode())
    os.unlink(scratch)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("root")
    parser.add_argument("--name", action="append", required=True)
    parser.add_argument("--entrypoint", nargs="+", default=[])
    parser.add_argument("--user", default="")
    pack(parser.parse_args())
