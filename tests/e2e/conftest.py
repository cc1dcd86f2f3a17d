"""Fixtures of the black-box tests: one shared server for what leaves no trace, fresh ones for the rest."""
import itertools

import pytest

pytest_plugins = ["again"]
pytest.register_assert_rewrite("api_client", "http_wire", "kill_load", "stream_client", "flashbid_server", "recorded_history",
                              "told")

from api_client import Api
from api_documents import AsyncApi, OpenApi
from browser import Browser
from http_wire import Connection
from flashbid_server import BINARY, Server
from postgres_server import PostgresServer
from rabbitmq_server import RabbitmqServer
from redis_server import RedisCluster, RedisServer
from stream_client import Events, Stream


def pytest_sessionstart(session):
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is not there: build it first (script/build) or set FLASHBID_BINARY", returncode=3)


class Documents:
    """Both documents of one server."""

    def __init__(self, server):
        plain = Api(server)
        self.openapi = OpenApi(plain.get_json("/openapi.json"))
        self.asyncapi = AsyncApi(plain.get_json("/asyncapi.json"))
        plain.close()


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("shared") / "data") as server:
        yield server


@pytest.fixture(scope="session")
def documents(shared_server):
    return Documents(shared_server)


@pytest.fixture
def server(shared_server):
    """The shared server, which must still be well after the test."""
    shared_server.check_alive()
    yield shared_server
    shared_server.check_alive()


@pytest.fixture(scope="session")
def shared_api(shared_server, documents):
    api = Api(shared_server, documents.openapi)
    yield api
    api.close()


@pytest.fixture
def api(server, shared_api):
    return shared_api


@pytest.fixture
def stream(server, documents):
    """Opens WebSockets on the shared server: stream(bidder="Alice")."""
    opened = []

    def open_stream(**how):
        opened.append(Stream(server, documents.asyncapi, **how))
        return opened[-1]

    yield open_stream
    for each in opened:
        each.connection.close()


@pytest.fixture
def sse(server):
    opened = []

    def open_events(auction_id, **how):
        opened.append(Events(server, auction_id, **how))
        return opened[-1]

    yield open_events
    for each in opened:
        each.connection.close()


@pytest.fixture
def connect(server):
    """Opens plain connections on the shared server."""
    opened = []

    def open_connection(**how):
        opened.append(Connection(server, **how))
        return opened[-1]

    yield open_connection
    for each in opened:
        each.close()


@pytest.fixture
def own_server(tmp_path):
    """A server of the test's own, not started; whatever is still running at the end is stopped and must exit 0."""
    started = []

    def prepare(*flags, data=tmp_path / "data", **how):
        started.append(Server(data, *flags, **how))
        return started[-1]

    yield prepare
    for each in started:
        if each.child is not None:
            each.stop()


@pytest.fixture(scope="session")
def fresh():
    """Names that no other test uses: fresh("Bidder") -> "Bidder17"."""
    numbers = itertools.count(1)
    return lambda stem="n": f"{stem}{next(numbers)}"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    """One browser for all tests of a module."""
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def postgres():
    server = PostgresServer()
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def database(postgres, request):
    """A fresh database: its URL."""
    if postgres.child is None:
        postgres.start()
    name = "t_" + "".join(c if c.isalnum() else "_" for c in request.node.name.lower())[:50]
    postgres.sql(f"CREATE DATABASE {name}")
    return postgres.url(name)


@pytest.fixture(scope="module")
def rabbitmq():
    server = RabbitmqServer()
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def redis():
    server = RedisServer()
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def cluster():
    cluster = RedisCluster()
    try:
        yield cluster.start()
    finally:
        cluster.close()
