"""What happens around a queue while bids go on: workers that share its shards die, the broker raises an alarm, and Redis
fails over to a replica that lacked what lies in the queue already."""
import contextlib

from api_client import Api, in_seconds
from flashbid_server import Server
from kill_load import Bidder
from relay_worker import Watched, counted, wait_for_drain

SHARDS = 4
AUCTIONS = 2 * SHARDS


@contextlib.contextmanager
def bidding(node):
    """Two bidders, until the end of the block: each of their bids must have been decided."""
    api = Api(node)
    auctions = [api.create(opening_price=1, increment=1, closes_at=in_seconds(7200))["id"] for _ in range(AUCTIONS)]
    bidders = [Bidder(node, f"B{k}", auctions, seed=k, depth=1) for k in range(2)]
    for bidder in bidders:
        bidder.start()
    try:
        yield bidders
    finally:
        for bidder in bidders:
            bidder.stop()
            bidder.join(timeout=60)
    for bidder in bidders:
        assert bidder.failure is None and bidder.bids
        assert all(bid.answer is not None for bid in bidder.bids), "a bid was refused, or nobody answered it"
    node.events = sum(api.auction(auction)["sequence"] for auction in auctions)
    api.close()


@contextlib.contextmanager
def running(*parts):
    """Whatever of it still runs at the end is killed."""
    try:
        yield
    finally:
        for each in parts:
            if each.child is not None:
                each.kill()


def house_node(tmp_path, redis, database):
    return Server(tmp_path / "data", "--engine", redis.url, "--archive", database, "--no-relay", "--shards", str(SHARDS),
                  "--threads", "1")


def check_all_arrived(node, redis, rabbitmq, vhost, postgres, database, relays):
    done = wait_for_drain("--engine", redis.url, "--archive", database)
    assert done.returncode == 0, done.stdout + done.stderr + "".join(relay.tail() for relay in relays)
    assert counted(postgres, database) == node.events
    assert rabbitmq.count("flashbid.dead", vhost) == 0


def test_workers_share_the_shards_and_take_over_from_one_that_died(tmp_path, redis, rabbitmq, postgres, database):
    queue = rabbitmq.fresh_host("shared")
    node = house_node(tmp_path, redis, database).start()
    publishers = [Watched(redis.url, queue, "--secrets") for _ in range(2)]
    consumers = [Watched(queue, database) for _ in range(2)]
    with running(node, *publishers, *consumers):
        with bidding(node):
            for worker in (*publishers, *consumers):
                worker.wait_until(lambda it: it.metric("shards") == SHARDS / 2 and it.is_ready(), "its share")
            for pair in (publishers, consumers):
                pair[0].kill()
            for heir in (publishers[1], consumers[1]):
                heir.wait_until(lambda it: it.metric("shards") == SHARDS and it.is_ready(), "the share of the dead")
        check_all_arrived(node, redis, rabbitmq, "shared", postgres, database, [publishers[1], consumers[1]])


def raise_alarm(rabbitmq, kind, publisher, bidders):
    """Until it is over: nothing is published, and bids are decided."""
    alarm = f"low on {kind}"
    rabbitmq.alarm(kind)
    try:
        publisher.wait_until(lambda it: alarm in it.reason(), "the alarm is named")
        assert publisher.metric("up") == 0
        published, waiting = publisher.metric("events_total"), publisher.metric("lag_events")
        decided = sum(len(bidder.bids) for bidder in bidders)
        publisher.wait_until(lambda it: it.metric("lag_events") > waiting + 100, "more events wait")
        publisher.wait_until(lambda _: sum(len(bidder.bids) for bidder in bidders) > decided + 100, "bids go on")
        assert publisher.metric("events_total") == published
        assert alarm in publisher.reason()
    finally:
        rabbitmq.alarm(kind, on=False)
    publisher.wait_until(Watched.is_ready, "ready again")


def test_an_alarm_of_the_broker_stops_publishing_and_not_bidding(tmp_path, redis, rabbitmq, postgres, database):
    queue = rabbitmq.fresh_host("alarmed")
    node = house_node(tmp_path, redis, database).start()
    publisher, consumer = Watched(redis.url, queue, "--secrets"), Watched(queue, database)
    with running(node, publisher, consumer):
        with bidding(node) as bidders:
            publisher.wait_until(lambda it: it.metric("events_total") > 0 and it.is_ready(), "published")
            for kind in ("memory", "disk"):
                raise_alarm(rabbitmq, kind, publisher, bidders)
        check_all_arrived(node, redis, rabbitmq, "alarmed", postgres, database, [publisher, consumer])


def bid_round(api, auctions, amount):
    for auction in auctions:
        assert api.bid(auction, amount, f"B{amount}")["verdict"] == "accepted"


def test_what_a_failover_loses_is_replaced_though_it_is_in_the_queue(tmp_path, cluster, rabbitmq, postgres, database):
    """The archive stores the lost bids first, then the later epoch's: those stay, and the lost ones are set apart."""
    queue = rabbitmq.fresh_host("failover")
    node = house_node(tmp_path, cluster, database).start()
    publisher, consumer = Watched(cluster.url, queue, "--secrets"), Watched(queue, database)
    with running(node, publisher, consumer):
        api = Api(node)
        auctions = [api.create(opening_price=1, increment=1, closes_at=in_seconds(7200))["id"] for _ in range(AUCTIONS)]
        for amount in (1, 2):
            bid_round(api, auctions, amount)
        consumer.wait_until(lambda _: counted(postgres, database) == 4 * AUCTIONS, "created, opened and two bids each")
        consumer.kill()  # what is archived is put back into the new primary, and not lost
        cluster.wait_until_replicated()
        cluster.cut_replicas()
        for amount in (3, 4):
            bid_round(api, auctions, amount)
        publisher.wait_until(lambda it: it.metric("events_total") == 6 * AUCTIONS, "all is in the queue")
        before = {auction: api.auction(auction) for auction in auctions}
        cluster.replace(cluster.primaries()[0])
        publisher.wait_until(lambda _: ready(api), "the node is ready again")
        after = {auction: api.auction(auction) for auction in auctions}
        lost = {auction for auction in auctions if after[auction]["epoch"] > before[auction]["epoch"]}
        assert lost and all(after[auction]["price"] == (2 if auction in lost else 4) for auction in auctions)
        bid_round(api, auctions, 5)
        node.events = sum(api.auction(auction)["sequence"] for auction in auctions)
        api.close()
        consumer.start()
        check_all_arrived(node, cluster, rabbitmq, "failover", postgres, database, [publisher, consumer])
        apart = postgres.sql("SELECT auction, sequence, epoch FROM flashbid.lost ORDER BY auction, sequence",
                             database.rsplit("/", 1)[1]).splitlines()
        assert apart == [f"{auction}|{sequence}|{before[auction]['epoch']}"
                         for auction in sorted(lost) for sequence in (5, 6)]


def ready(api):
    return api.request("GET", "/readyz").status == 200
