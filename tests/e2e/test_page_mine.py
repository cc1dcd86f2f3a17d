"""A visitor's own auctions in real browsers: the watchlist, where they stand, and that they are told at once when they are outbid."""
import json

import pytest

from accessibility import violations
from api_client import in_seconds
from browser import CHROMIUM
from pictures import keep
from visitor import Visitor, visit

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

ATTACK = '<img src=x onerror="window.ran=1">{{7*7}}'
LISTED = "[...document.querySelectorAll('#{} .stake')].map((row) => [Number(row.dataset.id), row.dataset.standing])"
# Notes what the page asks of the browser; leave is given when it is asked for.
OUTSIDE = """
window.asked = 0; window.shown = [];
window.Notification = class {
  static permission = "default";
  static async requestPermission() { window.asked++; return (window.Notification.permission = "granted"); }
  constructor(head, {body, tag}) { window.shown.push([head, body, tag]); }
  close() {}
};
"""


@pytest.fixture(scope="module")
def browsers(tmp_path_factory):
    two = [Visitor(tmp_path_factory.mktemp(name), name) for name in ("Alice", "Bob")]
    yield two
    for each in two:
        each.close()


@pytest.fixture
def alice(browsers):
    yield from visit(browsers[0])


def go(visitor, place):
    visitor.run(f"location.hash = {json.dumps(place)}")


def lists(visitor, which, rows):
    visitor.wait(f"JSON.stringify({LISTED.format(which)}) === {json.dumps(json.dumps(rows, separators=(',', ':')))}")


def told(visitor, auction, turn):
    visitor.wait(f"document.querySelector('#notices [data-id=\"{auction}\"]')?.dataset.turn === '{turn}'")


def silent(visitor):
    return visitor.run("document.querySelectorAll('#notices > *').length") == 0


def test_what_is_marked_is_found_again(alice, server, api):
    first, second = (api.create(title=title)["id"] for title in ("Camera", ATTACK))
    alice.enter(server, first)
    go(alice, "mine")
    alice.sees("main", "☆ in an auction keeps it here")
    go(alice, str(first))
    alice.wait("document.querySelector('.headline .star')?.getAttribute('aria-pressed') === 'false'")
    alice.click(".headline .star")
    alice.sees(".headline .star", "Watching")
    go(alice, f"?q={second}")  # other tests have made many
    star = f"li[data-id='{second}'] .star"
    alice.wait(f"!!document.querySelector(\"{star}\")")
    alice.run(f"document.querySelector(\"{star}\").focus()")
    for kind in ("keyDown", "keyUp"):
        alice.call("Input.dispatchKeyEvent", type=kind, key=" ", code="Space", text=" ", windowsVirtualKeyCode=32)
    alice.wait(f"document.querySelector(\"{star}\").getAttribute('aria-pressed') === 'true'")
    go(alice, "mine")
    lists(alice, "watched", [[first, "none"], [second, "none"]])
    assert alice.text(f"#watched [data-id='{second}'] a") == ATTACK and not alice.run("!!window.ran"), "text is text"
    alice.run("window.before = true; location.reload()")
    alice.wait("!window.before")
    lists(alice, "watched", [[first, "none"], [second, "none"]])
    api.accept(first, 12300, "Bob")
    alice.sees(f"#watched [data-id='{first}'] .price", "123.00 CNY")
    assert silent(alice), "who only watches is not outbid"
    alice.click(f"#watched [data-id='{first}'] .star")
    lists(alice, "watched", [[second, "none"]])


def test_who_is_outbid_is_told_on_any_page(alice, server, api):
    camera, vase = (api.create(title=title)["id"] for title in ("Camera", "Vase"))
    for auction in (camera, vase):
        alice.enter(server, auction) if auction == camera else go(alice, str(auction))
        alice.sees("#title", "Camera" if auction == camera else "Vase")
        alice.wait("document.querySelector('#standing')?.dataset.standing === 'none'")
        alice.bid_next()
        alice.is_told("leading")
    go(alice, "mine")
    lists(alice, "bids", [[camera, "leading"], [vase, "leading"]])
    go(alice, "")
    alice.wait("!!document.querySelector('.cards')")
    api.accept(camera, 10100, "Bob")
    told(alice, camera, "outbid")
    alice.sees("#notices", "Camera · 101.00 CNY")
    alice.sees("#outbid", "1")
    alice.click("#notices a")
    alice.is_told("outbid")
    alice.wait("document.querySelectorAll('#notices > *').length === 0")
    alice.bid_next()
    alice.is_told("leading")
    api.accept(camera, 10300, "Carol")
    alice.is_told("outbid")
    alice.sees("#outbid", "1")
    assert silent(alice), "its room tells by itself"
    alice.bid_next()
    alice.is_told("leading")
    alice.wait("document.querySelector('#outbid') === null")
    go(alice, "mine")
    api.accept(vase, 10100, "Bob")
    told(alice, vase, "outbid")
    lists(alice, "bids", [[camera, "leading"], [vase, "outbid"]])
    alice.click("#notices button")
    alice.wait("document.querySelectorAll('#notices > *').length === 0")
    alice.run("window.before = true; location.reload()")
    alice.wait("!window.before")
    lists(alice, "bids", [[camera, "leading"], [vase, "outbid"]])
    assert silent(alice), "what was known before is no news"


def test_a_bid_that_was_made_elsewhere_counts(alice, server, api):
    auction = api.create(title="Camera")["id"]
    alice.enter(server, auction)
    alice.click(".headline .star")
    go(alice, "mine")
    lists(alice, "watched", [[auction, "none"]])
    api.accept(auction, 10000, "Alice")
    lists(alice, "bids", [[auction, "leading"]])
    api.accept(auction, 10100, "Bob")
    told(alice, auction, "outbid")
    lists(alice, "bids", [[auction, "outbid"]])


def test_it_is_told_how_it_ended(alice, server, api):
    for seconds in (10, 90):  # the page may come too late on a machine that stood still
        won = api.create(title="Camera", closes_at=in_seconds(seconds))["id"]
        reserved = api.create(title="Vase", closes_at=in_seconds(seconds), reserve=99900)["id"]
        alice.enter(server, won)
        for auction in (won, reserved):
            assert api.bid(auction, 10000, "Alice")["verdict"] == "accepted" or seconds == 10
        alice.run(f"localStorage.setItem('watchlist', '[{won},{reserved}]')")
        alice.leave()
        alice.open(f"{server.url}/#mine")
        alice.wait("document.querySelectorAll('.stake a').length === 2")
        if all(standing == "leading" for _, standing in alice.run(LISTED.format("bids"))[:2] or [(0, "none")]):
            break
    told(alice, won, "won")
    told(alice, reserved, "below_reserve")
    alice.sees("#notices", "You won")
    assert sorted(alice.run(LISTED.format("bids"))) == [[won, "won"], [reserved, "below_reserve"]]


def test_the_browser_tells_only_who_has_asked_for_it(alice, server, api):
    auction = api.create(title=ATTACK)["id"]
    script = alice.call("Page.addScriptToEvaluateOnNewDocument", source=OUTSIDE)["identifier"]
    try:
        alice.enter(server, auction)
        alice.bid_next()
        alice.is_told("leading")
        alice.run("Object.defineProperty(document, 'hidden', {get: () => true}); 0")
        go(alice, "mine")
        api.accept(auction, 10100, "Bob")
        told(alice, auction, "outbid")
        assert alice.run("[window.asked, window.shown.length]") == [0, 0], "nobody has asked for it"
        alice.click("#notify")
        alice.wait("document.querySelector('#notify').getAttribute('aria-pressed') === 'true'")
        assert api.bid(auction, 10200, "Alice")["verdict"] == "accepted"
        lists(alice, "bids", [[auction, "leading"]])
        assert silent(alice), "it is no news any more"
        api.accept(auction, 10300, "Bob")
        told(alice, auction, "outbid")
        assert alice.run("window.shown") == [["You were outbid", f"{ATTACK} · 103.00 CNY", f"flashbid-{auction}"]]
        alice.click("#notify")
        alice.wait("document.querySelector('#notify').getAttribute('aria-pressed') === 'false'")
        assert api.bid(auction, 10400, "Alice")["verdict"] == "accepted"
        lists(alice, "bids", [[auction, "leading"]])
        api.accept(auction, 10500, "Bob")
        told(alice, auction, "outbid")
        assert alice.run("[window.asked, window.shown.length]") == [1, 1]
    finally:
        alice.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)


def test_another_bidder_of_this_browser_has_other_bids(alice, server, api):
    auction = api.create(title="Camera")["id"]
    alice.enter(server, auction)
    alice.bid_next()
    alice.is_told("leading")
    go(alice, "mine")
    lists(alice, "bids", [[auction, "leading"]])
    alice.click("#name")
    alice.fill("#own-name", "Zoe")
    alice.click("#name-form button")
    alice.sees("main", "Auctions that you bid on with this browser")
    assert silent(alice)


@pytest.mark.parametrize("language, scheme", [("en", "light"), ("zh", "dark")])
def test_everybody_can_use_it(alice, server, api, language, scheme):
    auctions = [api.create(title=title)["id"] for title in ("Camera " * 20, "古董花瓶", "Clock")]
    alice.enter(server, auctions[0], language=language)
    with alice.scheme(scheme):
        for auction in auctions[:2]:
            go(alice, str(auction))
            alice.wait(f"location.hash === '#{auction}' && document.querySelector('#standing')?.dataset.standing === 'none'")
            alice.bid_next()
            alice.is_told("leading")
        go(alice, str(auctions[2]))
        alice.wait("document.querySelector('#title')?.textContent === 'Clock'")
        alice.click(".headline .star")
        go(alice, "mine")
        api.accept(auctions[1], 10100, "Bob")
        told(alice, auctions[1], "outbid")
        alice.wait("document.querySelectorAll('.stake a').length === 3")
        assert violations(alice) == []
        keep(alice, f"mine-{language}-{scheme}")
        with alice.phone():
            assert alice.run("document.documentElement.scrollWidth <= innerWidth"), "it fits on a phone"
            assert violations(alice) == []
            keep(alice, f"mine-phone-{language}-{scheme}")
    if language == "zh":
        assert not alice.run("/[a-z]{4}/.test(document.querySelector('.mine').innerText.replace(/Camera|Clock/g, ''))"), "all of it is Chinese"
