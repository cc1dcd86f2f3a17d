"""`GET /v1/auctions/{id}/events` as an SSE feed: ids, resuming, and the same events as the pages."""
import pytest

from stream_client import Events


def next_events(feed, count):
    """The next events of the auction; other blocks (a snapshot first, say) are skipped."""
    found = []
    while len(found) < count:
        block = feed.read()
        assert block is not None, "the feed ended"
        if isinstance(block["data"].get("sequence"), int) and isinstance(block["data"].get("event"), str):
            assert block["id"] == f"{block['data']['epoch']}-{block['data']['sequence']}"
            found.append(block["data"])
    return found


def test_the_live_feed(api, sse):
    auction = api.create()["id"]
    feed = sse(auction)
    assert feed.status == 200
    assert feed.headers["content-type"].split(";")[0] == "text/event-stream"
    assert "no-store" in feed.headers["cache-control"] or "no-cache" in feed.headers["cache-control"]
    for n in range(5):
        api.accept(auction, 10000 + 100 * n)
    expected = api.events(auction)
    received = next_events(feed, 5)
    while received[-1]["sequence"] < 7:
        received += next_events(feed, 1)
    assert received == expected[-len(received):]


def test_last_event_id_resumes(api, sse):
    auction = api.create()["id"]
    for n in range(5):
        api.accept(auction, 10000 + 100 * n)
    feed = sse(auction, headers=[("Last-Event-ID", "1-4")])
    assert next_events(feed, 3) == api.events(auction)[4:]
    api.accept(auction, 20000)
    assert next_events(feed, 1)[0]["sequence"] == 8


def test_after_sequence_starts_there(api, sse):
    auction = api.create()["id"]
    api.accept(auction, 10000)
    feed = sse(auction, query="?after_sequence=0")
    assert next_events(feed, 3) == api.events(auction)


@pytest.mark.parametrize("last", ["2-1", "1-99"])
def test_a_place_that_is_not_there_resets(api, sse, last):
    auction = api.create()["id"]
    feed = sse(auction, headers=[("Last-Event-ID", last)])
    first = feed.read()
    assert first["event"] == "reset"
    assert first["data"]["auction"]["sequence"] == 2
    api.accept(auction, 10000)
    assert next_events(feed, 1)[0]["sequence"] == 3


@pytest.mark.parametrize("last", ["x", "1", "1-", "-1", "1-x", "0-0", "1--1", "1-99999999999999999999"])
def test_a_last_event_id_that_is_none(api, server, last):
    """Refused or reset, but never taken for a place."""
    auction = api.create()["id"]
    with Events(server, auction, headers=[("Last-Event-ID", last)]) as feed:
        if feed.status == 200:
            assert feed.read()["event"] == "reset"
        else:
            assert feed.status == 400


def test_the_feed_of_an_unknown_auction(sse):
    assert sse(999999999).status == 404


def test_the_feed_counts_as_a_watcher(api, sse):
    auction = api.create()["id"]
    feed = sse(auction)
    api.accept(auction, 10000)
    next_events(feed, 1)
    assert api.auction(auction)["watchers"] == 1
