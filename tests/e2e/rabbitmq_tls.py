"""A RabbitMQ of a test's own that also speaks TLS, with a certificate of an authority that nobody else trusts."""
import subprocess

from postgres_server import free_port
from rabbitmq_server import RabbitmqServer

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class TlsRabbitmq(RabbitmqServer):
    """Its certificate is of localhost and 127.0.0.1; it listens on 127.0.0.2, too."""

    def __init__(self):
        super().__init__()
        self.tls_port = free_port()
        self.authority("own")
        self.authority("stranger")
        self.openssl("req", *KEY, "-subj", "/CN=broker", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                     "-keyout", "server.key", "-out", "server.csr")
        self.openssl("x509", "-req", "-in", "server.csr", "-CA", "own.pem", "-CAkey", "own.key", "-CAcreateserial",
                     "-days", "2", "-copy_extensions", "copy", "-out", "server.pem")
        with open(self.folder / "rabbitmq.conf", "a") as settings:
            settings.write(f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}\nlisteners.ssl.2 = 127.0.0.2:{self.tls_port}\n"
                           f"ssl_options.cacertfile = {self.folder}/own.pem\n"
                           f"ssl_options.certfile = {self.folder}/server.pem\n"
                           f"ssl_options.keyfile = {self.folder}/server.key\n")
        self.give_away()

    def authority(self, name):
        self.openssl("req", "-x509", *KEY, "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out",
                     f"{name}.pem")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def add_user(self, name, configure, write, read):
        """Its password is its name and -secret."""
        self.ctl("add_user", name, f"{name}-secret")
        self.ctl("set_permissions", name, configure, write, read)

    def tls_url(self, user, host="localhost", ca="own", password=None):
        """ca: whose authority is believed; None for the system's."""
        query = "" if ca is None else f"?ca={self.folder}/{ca}.pem"
        return f"amqps://{user}:{password or user + '-secret'}@{host}:{self.tls_port}/%2F{query}"
