"""RabbitMQ over TLS, with an authority of one's own and users that may do no more than docs/queues.md says they need."""
import re

import pika
import pytest

from flashbid_server import REPOSITORY, Server, run_command
from rabbitmq_tls import TlsRabbitmq
from relay_worker import Watched, crowd, wait_for_drain

QUEUES = REPOSITORY / "docs" / "queues.md"
NOWHERE = "postgres://u@127.0.0.1:1/x"


@pytest.fixture(scope="module")
def broker():
    server = TlsRabbitmq()
    try:
        server.start()
        rights = re.findall(r"rabbitmqctl set_permissions (\w+) +'(.*?)' +'(.*?)' +'(.*?)'", QUEUES.read_text())
        for user, *of_user in rights:
            server.add_user(user, *of_user)
        yield server
    finally:
        server.close()


def publish(channel, exchange, key, body):
    channel.confirm_delivery()
    channel.basic_publish(exchange, key, body, mandatory=True)


def test_all_is_archived_over_tls_by_users_who_may_do_little(tmp_path, broker, postgres, database):
    data = tmp_path / "data"
    server = Server(data).start()
    publisher = Watched(f"sqlite:{data}", broker.tls_url("publisher"), "--secrets")
    consumer = Watched(broker.tls_url("consumer", host="127.0.0.1"), database)
    try:
        crowd(server, 2)
        server.stop()
        done = wait_for_drain("--data", str(data), "--archive", database)
        assert done.returncode == 0, done.stdout + done.stderr + publisher.tail() + consumer.tail()
        with pika.BlockingConnection(pika.URLParameters(broker.url("%2F"))) as connection:
            publish(connection.channel(), "", "flashbid.archive.0", b"not JSON")
        consumer.wait_until(lambda it: it.metric("dead_letters_total") == 1, "it is set aside")
        alone = pika.PlainCredentials("consumer", "consumer-secret")
        with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", broker.port, credentials=alone)) as connection:
            for exchange, key in (("flashbid.events", "shard.0"), ("", "flashbid.archive.0")):
                with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="ACCESS_REFUSED"):
                    publish(connection.channel(), exchange, key, b"[]")
    finally:
        for each in (publisher, consumer, server):
            if each.child is not None:
                each.kill()


@pytest.mark.parametrize("changed, why", [
    ({"ca": "stranger"}, "its certificate is refused: self-signed certificate in certificate chain"),
    ({"ca": None}, "its certificate is refused: self-signed certificate in certificate chain"),
    ({"host": "127.0.0.2"}, "its certificate is refused: IP address mismatch"),
    ({"host": "127.1"}, "its certificate is refused: hostname mismatch"),
    ({"password": "wrong-secret"}, "ACCESS_REFUSED"),
], ids=["another authority", "the system's authorities", "another address", "another name", "wrong password"])
def test_what_is_not_to_be_believed_is_refused_with_the_reason(broker, changed, why):
    check_refused(broker.tls_url("consumer", **changed), why)


def test_the_wrong_port_is_told(broker):
    right = broker.tls_url("consumer")
    check_refused(right.replace(str(broker.tls_port), str(broker.port)), "a port without TLS wants amqp://")
    check_refused(right.replace("amqps://", "amqp://").split("?")[0], "a port for TLS wants amqps://")


def check_refused(url, why):
    """As a source; a sink connects in the same way."""
    relay = Watched(url, NOWHERE)
    try:
        relay.wait_until(lambda it: why in it.reason(), why)
        assert "-secret" not in relay.tail() + relay.reason()
    finally:
        relay.kill()


@pytest.mark.parametrize("flag", ["--from", "--to"])
def test_an_authority_that_cannot_be_read_is_one_line(tmp_path, flag):
    other = {"--from": ("--to", NOWHERE), "--to": ("--from", "redis://127.0.0.1:1")}[flag]
    done = run_command("relay", flag, f"amqps://me:secret@127.0.0.1:1?ca={tmp_path}/none.pem", *other)
    assert done.returncode == 2
    assert done.stderr.startswith(f"flashbid relay: {flag}: the CA file {tmp_path}/none.pem cannot be used"), done.stderr
    assert done.stderr.count("\n") == 1 and "secret" not in done.stderr
