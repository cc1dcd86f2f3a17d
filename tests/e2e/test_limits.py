"""Limits of time as they are set by flags: what they end, and when."""
import socket
import time

import pytest

from api_client import Api
from http_wire import Connection, request_bytes
from machine_time import running_s
from stream_client import Events, Stream

LONG = "60000"
PING = 9


def seconds_until(holds, what, most=15):
    started, awake = time.monotonic(), running_s()
    while not holds():
        assert running_s() - awake < most, what
        time.sleep(0.05)
    return time.monotonic() - started


def get(server, target="/healthz"):
    return request_bytes("GET", target, host=f"{server.host}:{server.port}")


@pytest.mark.parametrize("flag, sent, status", [("--header-timeout-ms", b"GET /healthz HTTP/1.1\r\nHo", 408),
                                                ("--body-timeout-ms", b"POST /v1/auctions HTTP/1.1\r\nHost: localhost\r\n"
                                                 b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{", 408),
                                                ("--idle-timeout-ms", b"", None)])
def test_silence_ends_a_connection(own_server, flag, sent, status):
    server = own_server(flag, "1000").start()
    with Connection(server) as connection:
        connection.send(sent)
        started, awake = time.monotonic(), running_s()
        if status:
            assert connection.read_response().status == status
        assert connection.ended()
        assert 0.5 < time.monotonic() - started and running_s() - awake < 10


def test_who_takes_nothing_of_an_answer_is_ended(own_server):
    server = own_server("--stall-timeout-ms", "1000").start()
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.connect((server.host, server.port))
    stalled.settimeout(0.2)

    def is_cut_off():
        try:
            stalled.send(get(server, "/openapi.json") * 16)
        except TimeoutError:
            return False
        except OSError:
            return True
        return False

    assert seconds_until(is_cut_off, "it may stall on") > 0.5
    stalled.close()


@pytest.mark.parametrize("drain, is_over", [("100", True), (LONG, False)])
def test_after_its_last_answer_a_connection_stays_for_so_long(own_server, drain, is_over):
    server = own_server("--drain-timeout-ms", drain).start()
    with Connection(server) as connection:
        connection.send(b"nonsense\r\n\r\n")
        assert connection.read_response().status == 400
        deadline = running_s() + (60 if is_over else 4)
        ended = False
        while not ended and running_s() < deadline:
            time.sleep(0.1)
            try:
                connection.socket.send(b"x")
            except OSError:
                ended = True
        assert ended == is_over


@pytest.mark.parametrize("heartbeat, is_asked", [("1000", True), (LONG, False)])
def test_silent_streams_are_asked_so_often(own_server, heartbeat, is_asked):
    server = own_server("--heartbeat-ms", heartbeat).start()
    auction = Api(server).create()["id"]
    patience = 60 if is_asked else 4
    with Stream(server, timeout=patience) as stream, Events(server, auction) as events:
        events.read()
        events.connection.socket.settimeout(patience)
        if not is_asked:
            with pytest.raises(TimeoutError):
                stream.read_frame()
            return
        assert stream.read_frame()[0] == PING
        events.more()
        assert events.text == b":\n\n"
