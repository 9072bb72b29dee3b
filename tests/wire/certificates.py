"""Two certificate authorities, and the certificates of the servers and one client, by openssl."""
import os
import subprocess

LEAVES = {
    # name: (authority, days, names)
    "good": ("ca", 2, "DNS:localhost,IP:127.0.0.1"),
    "other-name": ("ca", 2, "DNS:other.test"),
    "expired": ("ca", -1, "DNS:localhost,IP:127.0.0.1"),
    "unknown": ("stranger", 2, "DNS:localhost,IP:127.0.0.1"),
    "client": ("ca", 2, "DNS:client.test"),
    "client-2": ("ca", 2, "DNS:client-2.test"),
}
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(folder, *args):
    subprocess.run(["openssl", *args], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE)


def authority(folder, name):
    openssl(folder, "req", "-x509", *NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-days", "2", "-subj", f"/CN={name}")


def leaf(folder, name, signer, days, names):
    openssl(folder, "req", *NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr",
            "-subj", f"/CN={name}")
    with open(os.path.join(folder, f"{name}.ext"), "w", encoding="ascii") as f:
        f.write(f"subjectAltName={names}\n")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{signer}.pem", "-CAkey",
            f"{signer}.key", "-CAcreateserial", "-days", str(days), "-extfile", f"{name}.ext",
            "-out", f"{name}.pem")


def make(folder):
    authority(folder, "ca")
    authority(folder, "stranger")
    for name, row in LEAVES.items():
        leaf(folder, name, *row)
    openssl(folder, "ec", "-in", "client.key", "-aes256", "-passout", "pass:word", "-out", "client-locked.key")
