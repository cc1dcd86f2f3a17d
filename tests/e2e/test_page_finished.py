"""The room of an auction that is over: its result in words, the whole price curve, and all bids as a file."""
import time

import pytest

from accessibility import violations
from api_client import in_seconds
from browser import CHROMIUM
from pictures import keep
from visitor import Visitor, visit

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

BIDS = 30


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    visitor = Visitor(tmp_path_factory.mktemp("Zoe"), "Zoe")
    yield visitor
    visitor.close()


@pytest.fixture
def zoe(browser):
    yield from visit(browser)


def finished(api, bids, **fields):
    """An auction that closes by itself, with so many bids of three bidders; on a machine that stood still it is tried again."""
    for seconds in (6, 90):
        auction = api.create(title="Camera", closes_at=in_seconds(seconds), **fields)["id"]
        verdicts = [api.bid(auction, 10000 + 100 * n, ("Alice", "Bob", "Carol")[n % 3])["verdict"] for n in range(bids)]
        if "rejected" not in verdicts:
            break
    api.wait_state(auction, "closed", timeout=100)
    return auction


@pytest.fixture(scope="module")
def once():
    return {}


@pytest.fixture
def sold(api, once):
    """One that was sold, the same for all that only look at it."""
    if not once:
        soft_close = {"window_ms": 100_000, "extend_ms": 1000, "mode": "from_close", "max_extensions": 2}
        once["auction"] = finished(api, BIDS, soft_close=soft_close)
    return once["auction"]


def enter(visitor, server, auction, **how):
    visitor.enter(server, auction, **how)
    visitor.wait("!!document.querySelector('#result')")


def test_the_result_is_told_in_words(zoe, server, sold):
    enter(zoe, server, sold)
    zoe.sees("#result", "Sold to Carol for 129.00 CNY.")
    zoe.sees("#result", f"{BIDS} bids by 3 bidders in ")
    zoe.sees("#result", "It opened at 100.00 CNY, and rose by 29%.")
    zoe.sees("#result", "Late bids moved the end twice.")
    zoe.sees("#chart-told", f"From 100.00 CNY to 129.00 CNY in {BIDS} bids")
    zoe.wait("!!document.querySelector('#chart canvas')")
    assert zoe.run("document.querySelector('#bid-form') === null && document.querySelector('#steps') === null")
    texts = [text for _, text in zoe.listed()]
    assert texts[0] == "Sold to Carol for 129.00 CNY" and len([text for text in texts if "bids" in text]) == BIDS


def test_all_bids_are_a_file(zoe, server, api, sold, tmp_path):
    enter(zoe, server, sold)
    zoe.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    zoe.click("#csv")
    zoe.sees("#csv-answer", f"Saved as auction-{sold}-bids.csv.")
    kept, deadline = tmp_path / f"auction-{sold}-bids.csv", time.monotonic() + 60
    while not kept.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    lines = kept.read_text().splitlines()
    assert len(lines) == 1 + BIDS and lines[-1].endswith(",Carol,129.00,CNY,12900")


def test_what_was_not_sold_says_why(zoe, server, api):
    reserved = finished(api, 2, reserve=99900)
    enter(zoe, server, reserved)
    zoe.sees("#result", "Not sold: the highest bid, 101.00 CNY by Bob, was below the reserve.")
    nobody = api.create(title="Vase", closes_at=in_seconds(1))["id"]
    api.wait_state(nobody, "closed")
    enter(zoe, server, nobody)
    zoe.sees("#result", "Not sold: there was no bid.")
    assert zoe.run("document.querySelector('#csv') === null"), "there is nothing to save"
    off = api.create(title="Clock")["id"]
    zoe.enter(server, off)
    assert api.post(f"/v1/auctions/{off}/cancel").status == 200
    zoe.sees("#result", "Called off: no bid of it counts.")


@pytest.mark.parametrize("language, scheme", [("en", "light"), ("zh", "dark")])
def test_everybody_can_read_it(zoe, server, sold, language, scheme):
    enter(zoe, server, sold, language=language)
    with zoe.scheme(scheme):
        zoe.wait("!!document.querySelector('#chart canvas')")
        assert violations(zoe) == []
        keep(zoe, f"finished-{language}-{scheme}")
        with zoe.phone():
            assert zoe.run("document.documentElement.scrollWidth <= innerWidth"), "it fits on a phone"
            keep(zoe, f"finished-phone-{language}-{scheme}")
    if language == "zh":
        assert not zoe.run("/[a-z]{4}/.test(document.querySelector('#result').innerText.replace('Carol', ''))"), "all of it is Chinese"
