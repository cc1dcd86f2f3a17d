"""A WebSocket client that writes exactly the frames it is told to, well-formed or not, and reads strictly.

Every text frame received is checked against /asyncapi.json. Belongs to one thread.
"""
import base64
import hashlib
import json
import os
import socket
import struct
import time

from http_wire import Connection, request_bytes

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
DATA_FRAMES = {"snapshot", "event", "reset", "bid_result", "time", "error", "state"}


class StreamClosed(AssertionError):
    """The server closed the stream; `code` and `reason` as in its close frame, None if there was none."""

    def __init__(self, code, reason):
        super().__init__(f"stream closed: {code} {reason!r}")
        self.code = code
        self.reason = reason


def frame_bytes(opcode, payload=b"", *, fin=True, masked=True, reserved=0, length=None, length_form=None):
    """One frame. length: a claimed length other than the real; length_form: 7, 16 or 64 bits, else the shortest."""
    size = len(payload) if length is None else length
    form = length_form or (7 if size < 126 else 16 if size < 65536 else 64)
    marker = {7: size, 16: 126, 64: 127}[form]
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode, (0x80 if masked else 0) | marker])
    if form == 16:
        head += struct.pack(">H", size)
    elif form == 64:
        head += struct.pack(">Q", size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    key = (mask * (len(payload) // 4 + 1))[:len(payload)]
    masked_payload = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return head + mask + masked_payload.to_bytes(len(payload), "big")


def close_payload(code, reason=b""):
    return struct.pack(">H", code) + reason


def upgrade_headers(key=None, protocol="flashbid.v1"):
    key = key or base64.b64encode(os.urandom(16)).decode()
    headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", key),
               ("Sec-WebSocket-Version", "13")]
    if protocol:
        headers.append(("Sec-WebSocket-Protocol", protocol))
    return headers


class Stream:
    def __init__(self, server, documents=None, *, bidder=None, headers=(), receive_buffer=None, timeout=60):
        self.documents = documents
        self.connection = Connection(server, timeout)
        self.socket = self.connection.socket
        self.timeout = timeout
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        key = base64.b64encode(os.urandom(16)).decode()
        self.connection.send(request_bytes("GET", "/v1/stream", host=self.connection.authority,
                                           headers=[*upgrade_headers(key), *headers]))
        answer = self.connection.read_response()
        assert answer.status == 101, answer
        digest = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        assert answer.header("sec-websocket-accept") == digest
        assert answer.header("upgrade").lower() == "websocket" and answer.header("connection").lower() == "upgrade"
        assert answer.header("sec-websocket-protocol") == "flashbid.v1"
        self.pongs = []
        if bidder is not None:
            self.send(type="auth", bidder=bidder)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.connection.close()

    def close(self):
        """The closing handshake, begun by us."""
        self.send_frame(CLOSE, close_payload(1000))
        assert self.read_close() == 1000
        self.connection.close()

    def send(self, **fields):
        self.send_text(json.dumps(fields))

    def send_text(self, text):
        self.send_frame(TEXT, text.encode("utf-8") if isinstance(text, str) else text)

    def send_frame(self, opcode, payload=b"", **form):
        self.connection.send(frame_bytes(opcode, payload, **form))

    def send_raw(self, data):
        self.connection.send_all_it_takes(data)

    def read_frame(self):
        """(opcode, payload) of one frame off the wire; a server's frame must be whole, unmasked and unreserved."""
        first, second = self.connection.read_exactly(2)
        assert first & 0x70 == 0 and second & 0x80 == 0, "reserved bits or a mask from the server"
        assert first & 0x80, "the server has no reason to fragment"
        length = second & 0x7F
        if length == 126:
            length, = struct.unpack(">H", self.connection.read_exactly(2))
            assert length > 125
        elif length == 127:
            length, = struct.unpack(">Q", self.connection.read_exactly(8))
            assert length > 65535
        return first & 0x0F, self.connection.read_exactly(length)

    def read(self, timeout=None):
        """The next JSON frame. Answers pings, notes pongs."""
        self.socket.settimeout(timeout or self.timeout)
        while True:
            opcode, payload = self.read_frame()
            if opcode == PING:
                self.send_frame(PONG, payload)
            elif opcode == PONG:
                self.pongs.append(payload)
            elif opcode == CLOSE:
                assert len(payload) != 1
                code = struct.unpack(">H", payload[:2])[0] if payload else None
                raise StreamClosed(code, payload[2:].decode("utf-8"))
            else:
                assert opcode == TEXT, f"opcode {opcode} from the server"
                return self.decode(payload)

    def decode(self, payload):
        frame = json.loads(payload.decode("utf-8"))
        assert isinstance(frame, dict) and isinstance(frame.get("type"), str), frame
        if self.documents:
            wrong = self.documents.check(frame)
            assert not wrong, wrong
        return frame

    def expect(self, kind, timeout=None):
        """The next frame of the contract's types, which must be of this kind."""
        while True:
            frame = self.read(timeout)
            if frame["type"] in DATA_FRAMES:
                assert frame["type"] == kind, f"expected {kind}, got {frame}"
                return frame

    def read_close(self, timeout=None):
        """Reads to the close frame; returns its code (None: the connection ended without one)."""
        try:
            while True:
                self.read(timeout)
        except StreamClosed as closed:
            return closed.code

    def server_time(self):
        """Asks for the time, skipping nothing: a fence behind all that was sent before."""
        mark = f"t{time.monotonic_ns()}"
        self.send(type="time", id=mark)
        answer = self.expect("time")
        assert answer["id"] == mark
        return answer["server_time"]

    def fence(self):
        """Everything received up to the answer to a time question."""
        mark = f"t{time.monotonic_ns()}"
        self.send(type="time", id=mark)
        frames = []
        while True:
            frame = self.read()
            if frame["type"] == "time" and frame["id"] == mark:
                return frames
            frames.append(frame)

    def subscribe(self, auction_id, **fields):
        self.send(type="subscribe", auction_id=auction_id, **fields)

    def bid(self, auction_id, amount, mark="b", **fields):
        self.send(type="bid", id=mark, auction_id=auction_id, amount=amount, **fields)


class Events:
    """The SSE feed of one auction, line by line."""

    def __init__(self, server, auction_id, *, query="", headers=()):
        self.connection = Connection(server)
        target = f"/v1/auctions/{auction_id}/events{query}"
        self.connection.send(request_bytes("GET", target, host=self.connection.authority,
                                           headers=[("Accept", "text/event-stream"), *headers]))
        head = self.connection.read_until(b"\r\n\r\n").decode()
        lines = head.split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self.chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        self.text = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.connection.close()

    def more(self):
        if not self.chunked:
            data, self.connection.buffer = self.connection.buffer or self.connection.receive(), b""
        else:
            size = int(self.connection.read_until(b"\r\n"), 16)
            data = self.connection.read_exactly(size)
            assert self.connection.read_exactly(2) == b"\r\n"
        self.ended = not data
        self.text += data

    def read(self):
        """The next event: {"id", "event", "data"}; comments are skipped, None at the end of the stream."""
        while True:
            while b"\n\n" not in self.text:
                if self.ended:
                    return None
                self.more()
            block, self.text = self.text.split(b"\n\n", 1)
            found = {}
            for line in block.decode("utf-8").split("\n"):
                if line and not line.startswith(":"):
                    name, _, value = line.partition(":")
                    value = value[1:] if value.startswith(" ") else value
                    found[name] = found[name] + "\n" + value if name in found and name == "data" else value
            if "data" in found:
                found["data"] = json.loads(found["data"])
                return found
