"""Certificates for one test, made by openssl in a folder of its own: an authority, and what it signs."""
import os
import ssl
import subprocess


class Certificates:
    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self.openssl("req", "-x509", *self.new_key("ca"), "-days", "2", "-subj", "/CN=ca", "-out", self.file("ca.pem"))

    def file(self, name):
        return str(self.folder / name)

    def openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=30)

    def new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.file(f"{name}.key")]

    def sign(self, name, names="IP:127.0.0.1,DNS:localhost"):
        """NAME.pem and NAME.key, new, each in place at once."""
        self.openssl("req", *self.new_key("next"), "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}",
                     "-out", self.file("next.csr"))
        self.openssl("x509", "-req", "-in", self.file("next.csr"), "-CA", self.file("ca.pem"), "-CAkey",
                     self.file("ca.key"), "-days", "2", "-copy_extensions", "copy", "-CAcreateserial", "-out",
                     self.file("next.pem"))
        for ending in ("key", "pem"):
            os.replace(self.file(f"next.{ending}"), self.file(f"{name}.{ending}"))

    def flags(self, name):
        return ["--tls-cert", self.file(f"{name}.pem"), "--tls-key", self.file(f"{name}.key")]

    def client_context(self):
        """Believes this authority only, and checks names."""
        return ssl.create_default_context(cafile=self.file("ca.pem"))

    def serial(self, server):
        """Of the certificate that a new connection is shown, which must be good."""
        return subprocess.run(["openssl", "x509", "-noout", "-serial"], check=True, capture_output=True, text=True,
                              input=ssl.get_server_certificate((server.host, server.port), ca_certs=self.file("ca.pem")),
                              timeout=30).stdout
