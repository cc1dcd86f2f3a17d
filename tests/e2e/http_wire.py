"""HTTP/1.1 over a plain socket: sends exactly the bytes it is given and reads answers strictly.

Owns the socket; never repairs or reorders anything, so that malformed requests reach the server as written and a
malformed answer fails the test.
"""
import json
import re
import socket

TIMEOUT_S = 60
STATUS_LINE = re.compile(rb"^HTTP/1\.[01] (\d{3}) ([^\r\n]*)$")


class ConnectionEnded(AssertionError):
    """The server closed the connection where an answer was expected."""


class Response:
    """One answer. headers: list of (lower-case name, value) in the order received."""

    def __init__(self, status, headers, body, version):
        self.status = status
        self.headers = headers
        self.body = body
        self.version = version

    def header(self, name, default=None):
        values = [value for key, value in self.headers if key == name.lower()]
        assert len(values) <= 1, f"{name} is there {len(values)} times"
        return values[0] if values else default

    @property
    def media_type(self):
        return (self.header("content-type") or "").split(";")[0].strip().lower()

    def json(self):
        return json.loads(self.body.decode("utf-8"))

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:400]!r}>"


class Connection:
    def __init__(self, server, timeout=TIMEOUT_S):
        self.socket = socket.create_connection((server.host.strip("[]"), server.port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if getattr(server, "tls", None):
            self.socket = server.tls.wrap_socket(self.socket, server_hostname=server.host)
        self.buffer = b""
        self.authority = f"{server.host}:{server.port}"

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_all_it_takes(self, data):
        """Sends until the server stops listening: for bodies that the server refuses half-way."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self):
        try:
            return self.socket.recv(65536)
        except ConnectionResetError:
            return b""

    def read_until(self, mark):
        while mark not in self.buffer:
            more = self.receive()
            if not more:
                raise ConnectionEnded(f"connection ended, had {self.buffer[:200]!r}")
            self.buffer += more
        found, self.buffer = self.buffer.split(mark, 1)
        return found

    def read_exactly(self, count):
        while len(self.buffer) < count:
            more = self.receive()
            if not more:
                raise ConnectionEnded(f"connection ended, {len(self.buffer)} of {count} bytes there")
            self.buffer += more
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def read_response(self, method="GET"):
        head = self.read_until(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        matched = STATUS_LINE.match(first)
        assert matched, f"not a status line: {first!r}"
        status = int(matched.group(1))
        headers = []
        for line in lines:
            name, colon, value = line.partition(b":")
            assert colon and name and name == name.strip(), f"not a header line: {line!r}"
            headers.append((name.decode("ascii").lower(), value.strip().decode("latin-1")))
        response = Response(status, headers, b"", first[:8].decode())
        response.body = self.read_body(response, method)
        return response

    def read_body(self, response, method):
        if method == "HEAD" or response.status in (204, 304) or response.status < 200:
            return b""
        if (response.header("transfer-encoding") or "").lower() == "chunked":
            assert response.header("content-length") is None, "both Content-Length and Transfer-Encoding"
            return b"".join(self.chunks())
        length = response.header("content-length")
        if length is not None:
            return self.read_exactly(int(length))
        assert (response.header("connection") or "").lower() == "close", "an answer without a length must close"
        return self.read_to_end()

    def chunks(self):
        while True:
            size = int(self.read_until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while self.read_until(b"\r\n"):
                    pass
                return
            chunk = self.read_exactly(size)
            assert self.read_exactly(2) == b"\r\n"
            yield chunk

    def read_to_end(self):
        while True:
            more = self.receive()
            if not more:
                found, self.buffer = self.buffer, b""
                return found
            self.buffer += more

    def ended(self, timeout=TIMEOUT_S):
        """True once the server has shut its side down and sent nothing more."""
        self.socket.settimeout(timeout)
        try:
            more = self.receive()
        except TimeoutError:
            return False
        self.buffer += more
        return more == b"" and self.buffer == b""


def request_bytes(method, target, *, host, headers=(), body=None, version="HTTP/1.1"):
    """A well-formed request; `headers` may override Host and Content-Length by giving them."""
    given = {name.lower() for name, _ in headers}
    lines = [f"{method} {target} {version}"]
    if "host" not in given:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None and not given & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")
