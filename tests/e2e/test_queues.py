"""The ledger's events reach the archive through a queue: bids -> Redis -> relay -> RabbitMQ or Kafka -> relay -> PostgreSQL, each
event exactly once and in order, whatever is killed with kill -9 on the way and whatever else lies in the queue.

FLASHBID_QUEUE_KILLS sets the number of kills behind RabbitMQ (32), FLASHBID_SEED the seed (1): a failing run prints both.
Kafka is librdkafka's mock cluster: it speaks the protocol, and keeps what it has in memory only.
"""
import json
import os
import time

import pika
import pytest

from api_client import Api, in_seconds
from flashbid_server import Server, run_command
from house import House
from house_run import Run
from kafka_broker import KafkaBroker
from relay_worker import Relay, Watched, counted, crowd, wait_for_drain

KILLS = int(os.environ.get("FLASHBID_QUEUE_KILLS", "32"))
SEED = int(os.environ.get("FLASHBID_SEED", "1"))


@pytest.fixture
def kafka():
    broker = KafkaBroker()
    try:
        yield broker.start()
    finally:
        broker.close()


@pytest.fixture
def channel(rabbitmq):
    connection = pika.BlockingConnection(pika.URLParameters(rabbitmq.url("%2F")))
    channel = connection.channel()
    channel.confirm_delivery()
    yield channel
    connection.close()


def hops(engine, queue, archive):
    return [(engine, queue, "--secrets"), (queue, archive)]


def killed_in_turn(house, victims, kills):
    """victims: name -> what names the part now."""
    run = Run(house, SEED)
    names = list(victims)
    try:
        house.start()
        for number in range(kills):
            victim = names[number % len(names)]
            try:
                run.round(number, lambda: run.kill(victims[victim]()))
            except AssertionError as failure:
                context = f"kill {number} ({victim}) of {kills}, FLASHBID_SEED={SEED}"
                raise AssertionError(f"{context}: {failure}") from failure
        run.end(kills)
    finally:
        house.close()


@pytest.mark.kill
def test_each_part_behind_rabbitmq_killed_in_turn(tmp_path, redis, rabbitmq, postgres, database):
    house = House(tmp_path, redis.url, database, "--no-relay", nodes=2, hops=hops(redis.url, rabbitmq.url(), database))
    killed_in_turn(house, {"publisher": lambda: house.relays[0], "broker": lambda: rabbitmq,
                           "consumer": lambda: house.relays[1], "postgres": lambda: postgres}, KILLS)


@pytest.mark.kill
def test_both_relays_of_kafka_killed_in_turn(tmp_path, redis, kafka, postgres, database):
    house = House(tmp_path, redis.url, database, "--no-relay", nodes=2, hops=hops(redis.url, kafka.url, database))
    killed_in_turn(house, {"publisher": lambda: house.relays[0], "consumer": lambda: house.relays[1]}, 8)


def test_what_the_archive_behind_the_queue_has_leaves_redis(tmp_path, redis, rabbitmq, postgres, database):
    """And nothing else, however long the consumer is away."""
    kept = 10_000
    queue = ("--queue", "trimmed")
    house = House(tmp_path, redis.url, database, "--no-relay", "--shards", "1", nodes=1,
                  hops=[(redis.url, rabbitmq.url(), "--secrets", *queue, "--archived-in", database, "--keep-events", str(kept)),
                        (rabbitmq.url(), database, *queue)])

    def stream():
        return json.loads(redis.cli("--json", "XINFO", "STREAM", *redis.keys("flashbid:{*}:stream")))

    try:
        house.start()
        house.relays[1].kill()
        crowd(house.nodes[0], 2)
        while stream()["entries-added"] < kept + 2_000:
            crowd(house.nodes[0], 2)
        time.sleep(3)  # the publisher looks for what may leave
        assert stream()["length"] == stream()["entries-added"]
        house.relays[1].start()
        deadline = time.monotonic() + 60
        while (there := stream()["length"]) != kept:
            assert time.monotonic() < deadline, f"{there} events are left; {house.relays[0].tail()}"
            time.sleep(0.1)
        done = house.wait_for_drain()
        assert done.returncode == 0, done.stdout + done.stderr
        house.stop()
    finally:
        house.close()


def test_an_embedded_ledger_reaches_the_archive_through_rabbitmq(tmp_path, rabbitmq, postgres, database):
    """Its place is kept beside it: a publisher that comes back goes on, and does not begin anew."""
    data = tmp_path / "data"
    server = Server(data).start()
    publisher = Relay(f"sqlite:{data}", rabbitmq.url(), "--secrets", "--queue", "embedded")
    consumer = Relay(rabbitmq.url(), database, "--queue", "embedded")
    try:
        crowd(server, 2)
        publisher.kill()
        crowd(server, 1)
        publisher.start()
        server.stop()
        done = wait_for_drain("--data", str(data), "--archive", database)
        assert done.returncode == 0, done.stdout + done.stderr + publisher.tail() + consumer.tail()
    finally:
        for each in (publisher, consumer, server):
            if each.child is not None:
                each.kill()


def test_what_does_not_belong_in_the_queue_is_set_aside_with_the_reason(tmp_path, rabbitmq, channel, postgres, database):
    data = tmp_path / "data"
    server = Server(data).start()
    api = Api(server)
    auction = api.create(opening_price=1, increment=1, closes_at=in_seconds(7200))["id"]
    publisher = Relay(f"sqlite:{data}", rabbitmq.url(), "--secrets", "--queue", "poisoned")
    consumer = None
    queue = "poisoned.0"
    try:
        wait_for_queue(rabbitmq, queue)
        for amount in range(1, 6):
            assert api.bid(auction, amount, f"B{amount % 2}")["verdict"] == "accepted"
        good = drained(channel, queue, 7)  # created, opened, five bids
        publisher.kill()
        body = [json.loads(message.body) for message in good]
        events = [event for batch in body for event in batch]
        secrets = [secret for message in good for secret in json.loads(message.properties.headers["flashbid-secrets"])]

        def put(content, hidden, queue=queue):
            channel.basic_publish("", queue, content, pika.BasicProperties(
                content_type="application/cloudevents-batch+json", delivery_mode=2,
                headers={} if hidden is None else {"flashbid-secrets": json.dumps(hidden)}))

        def put_events(chosen, changed=lambda event: event):
            put(json.dumps([changed(dict(events[k])) for k in chosen], separators=(",", ":"), ensure_ascii=False),
                [secrets[k] for k in chosen])

        put("not JSON", [])
        put_events([0, 1])
        put_events([4, 3, 2])                            # reordered
        put_events([0, 1, 2, 2])                         # repeated
        put(json.dumps([events[5]]), None)               # without what an archive needs
        put_events([5], lambda event: event | {"source": "/flashbid/sqlite/4/0"})  # of another ledger
        put_events([5, 6])
        put_events([6], forged)                          # contradicts what is there by then
        consumer = Watched(rabbitmq.url(), database, "--queue", "poisoned")
        consumer.wait_until(Watched.is_ready, "ready")
        consumer.wait_until(lambda it: counted(postgres, database) == 7, "all seven")
        dead = drained(channel, "flashbid.dead", 4, whole=False)
        reasons = [message.properties.headers["flashbid-reason"] for message in dead]
        for words in ("no object", "flashbid-secrets", "of shard 0 of 4", "another event in its place"):
            assert any(words in reason for reason in reasons), reasons
        consumer.wait_until(lambda it: it.metric("dead_letters_total") == 4, "four dead letters")
        channel_count = channel.queue_declare(queue, passive=True).method.message_count
        assert channel_count == 0, "nothing comes again for ever"
        api.close()
        server.stop()
        done = run_command("verify", "--data", str(data), "--archive", database, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        for each in (publisher, consumer, server):
            if each is not None and each.child is not None:
                each.kill()


def wait_for_queue(rabbitmq, queue):
    """Until the publisher has made it."""
    deadline = time.monotonic() + 60
    while queue not in rabbitmq.ctl("list_queues", "--silent", "name"):
        assert time.monotonic() < deadline, f"there is no queue {queue}"
        time.sleep(0.2)


def forged(event):
    return event | {"data": event["data"] | {"bidder": "Mallory", "leader": "Mallory"}}


class Message:
    def __init__(self, properties, body):
        self.properties = properties
        self.body = body


def drained(channel, queue, events, whole=True):
    """Takes messages with so many events off a queue; whole=False: so many messages."""
    taken = []
    for method, properties, body in channel.consume(queue, auto_ack=True, inactivity_timeout=30):
        assert method is not None, [each.body for each in taken]
        taken.append(Message(properties, body))
        if (sum(len(json.loads(each.body)) for each in taken) if whole else len(taken)) >= events:
            break
    channel.cancel()
    return taken
