"""The auction room in real browsers: what two people who bid against each other are shown, and what nobody may be shown."""
import re
import signal
import time

import pytest
import requests

from accessibility import violations
from api_client import Api, in_seconds
from browser import CHROMIUM
from flashbid_server import run_command
from pictures import keep
from visitor import Visitor, visit

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

ATTACK = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>&amp;{{7*7}}'


@pytest.fixture(scope="module")
def browsers(tmp_path_factory):
    two = [Visitor(tmp_path_factory.mktemp(name), name) for name in ("Alice", "Bob")]
    yield two
    for each in two:
        each.close()


@pytest.fixture
def alice(browsers):
    yield from visit(browsers[0])


@pytest.fixture
def bob(browsers):
    yield from visit(browsers[1])


def test_two_people_bid_against_each_other(alice, bob, server, api):
    auction = api.create(title="Camera")["id"]
    for each in (alice, bob):
        each.enter(server, auction)
        each.is_told("none")
        each.sees("#price", "100.00 CNY")
    alice.bid_next()
    alice.is_told("leading")
    alice.sees("#standing", "with 100.00 CNY")
    alice.sees("#answer", "Your bid of 100.00 CNY is accepted.")
    bob.sees("#leader", "Alice leads · 1 bid")
    bob.is_told("none")
    bob.sees("#steps .primary", "Bid 101.00 CNY")
    bob.bid("105.5")
    bob.is_told("leading")
    alice.is_told("outbid")
    alice.sees("#standing", "Bob bids 105.50 CNY")
    alice.wait("document.title.startsWith('You were outbid · 105.50 CNY · Camera')")
    bob.wait("document.title.startsWith('You lead · 105.50 CNY')")
    alice.press("#steps button:nth-child(3)")
    alice.is_told("leading")
    bob.is_told("outbid")
    for each in (alice, bob):
        each.sees("#price", "110.50 CNY")
        each.sees("#chart-told", "From 100.00 CNY to 110.50 CNY in 3 bids")
    assert alice.listed() == [[5, "You bid 110.50 CNY"], [4, "Bob bids 105.50 CNY"], [3, "You bid 100.00 CNY"],
                              [2, "The auction opened"], [1, "The auction was set up"]]
    assert bob.listed()[:2] == [[5, "Alice bids 110.50 CNY"], [4, "You bid 105.50 CNY"]]
    assert [bid["amount"] for bid in api.history(auction)] == [10000, 10550, 11050]


def test_a_reload_in_the_middle(alice, server, api):
    auction = api.create(title="Camera")["id"]
    alice.enter(server, auction)
    alice.bid_next()
    alice.is_told("leading")
    alice.run("window.before = true; location.reload()")
    alice.wait("!window.before && document.querySelectorAll('#events li').length === 3")
    alice.is_told("leading")
    api.accept(auction, 10100, "Bob")
    alice.is_told("outbid")
    assert [sequence for sequence, _ in alice.listed()] == [4, 3, 2, 1]


def test_an_outcome_that_a_reload_has_cut_off_is_asked_for(own_server, alice):
    server = own_server().start()
    api = Api(server)
    auction = api.create()["id"]
    alice.enter(server, auction)
    server.child.send_signal(signal.SIGSTOP)
    try:
        alice.bid_next()
        alice.sees("#answer", "Bidding 100.00 CNY…")
        assert alice.run("document.querySelector('#standing').dataset.standing") == "none", "nothing is said before the server has"
        alice.leave()  # nobody is there any more to hear the answer
    finally:
        server.child.send_signal(signal.SIGCONT)
    alice.open(f"{server.url}/#{auction}")
    alice.wait("!!document.querySelector('#ask-again')")
    alice.sees("#answer", "What became of your bid of 100.00 CNY is not known yet.")
    alice.press("#ask-again")
    alice.sees("#answer", "Your bid of 100.00 CNY is accepted.")
    alice.is_told("leading")
    alice.wait("document.querySelector('#ask-again') === null")
    assert [bid["amount"] for bid in api.history(auction)] == [10000], "it counts once"
    api.close()


def stay_where_it_is(server):
    """What starts again listens where it did."""
    server.arguments[server.arguments.index("--listen") + 1] = f"127.0.0.1:{server.port}"


def test_a_kill_in_the_middle(own_server, alice, bob):
    server = own_server().start()
    stay_where_it_is(server)
    api = Api(server)
    auction = api.create(title="Camera")["id"]
    for each in (alice, bob):
        each.enter(server, auction)
    for amount in range(10000, 11000, 100):
        api.accept(auction, amount, "Carol")
    alice.bid_next()
    for each in (alice, bob):
        each.sees("#price", "110.00 CNY")
    before = bob.listed()
    api.close()
    server.child.send_signal(signal.SIGSTOP)
    bob.bid_next()
    bob.sees("#answer", "Bidding 111.00 CNY…")
    server.kill()
    for each in (alice, bob):
        each.sees("#note", "Not connected")
        each.wait("!document.querySelector('#link.on')")
    alice.bid("115")
    alice.wait("!!document.querySelector('#confirm')")  # he leads as far as he knows
    alice.press("#yes")
    alice.sees("#answer", "115.00 CNY goes out as soon as the connection is back.")
    bob.is_told("none")
    server.start()
    alice.sees("#answer", "Your bid of 115.00 CNY is accepted.", 30)
    alice.is_told("leading")
    bob.wait("/is accepted|Too low/.test(document.querySelector('#answer').textContent)", 30)  # whoever's link is back first
    api = Api(server)
    after = api.events(auction)
    for each in (alice, bob):
        each.wait(f"document.querySelectorAll('#events li').length === {len(after)}")
        assert [sequence for sequence, _ in each.listed()] == list(range(len(after), 0, -1))
        each.sees("#price", "115.00 CNY")
    assert bob.listed()[-len(before):] == before, "what was shown stands"
    amounts = [bid["amount"] for bid in api.history(auction)]
    assert amounts in ([*range(10000, 11100, 100), 11500], [*range(10000, 11200, 100), 11500])
    assert (11100 in amounts) == ("is accepted" in bob.text("#answer"))
    api.close()
    for each in (alice, bob):
        each.errors[:] = [error for error in each.errors if "ERR_" not in error and "WebSocket" not in error]


def test_a_soft_close_is_seen_by_both(alice, bob, server, api):
    auction = api.create(closes_at=in_seconds(45), soft_close={"window_ms": 60000, "extend_ms": 60000, "mode": "from_bid"})["id"]
    for each in (alice, bob):
        each.enter(server, auction)
        each.sees("#note", "A late bid moves the end.")
    bob.bid_next()
    for each in (alice, bob):
        each.wait("/^The end moved by [\\d.]+ seconds to \\d\\d:\\d\\d:\\d\\d, because Bob bid in the last minute\\.$/"
                  ".test(document.querySelector('#note').textContent)")
        each.sees("#events li .what", "The end moved by")
        each.sees("#clock", "ends in 00:0")


def test_the_end_and_who_has_won(alice, bob, server, api):
    auction = api.create(title="Camera", closes_at=in_seconds(9))["id"]
    alice.enter(server, auction)
    bob.enter(server, auction)
    alice.bid_next()
    alice.is_told("leading")
    bob.bid_next()
    bob.wait("/^ends in \\d\\.\\d s$/.test(document.querySelector('#clock').textContent)")
    bob.is_told("won", 20)
    bob.sees("#standing", "for 101.00 CNY")
    alice.is_told("lost")
    alice.sees("#standing", "Bob won for 101.00 CNY.")
    for each in (alice, bob):
        each.sees("#leader", "Bob has won")
        each.sees("#state", "finished")
        assert each.run("document.querySelector('#bid-form') === null && document.querySelector('#steps') === null")
    bob.wait("document.title.startsWith('You won · ')")


def test_the_reserve_has_a_story(alice, server, api):
    unsold = api.create(reserve=50000, closes_at=in_seconds(8))["id"]
    alice.enter(server, unsold)
    alice.sees("#reserve", "Reserve not met yet")
    alice.bid_next()
    alice.is_told("below_reserve", 20)
    alice.sees("#standing", "Your bid of 100.00 CNY was the highest, and below the reserve.")
    met = api.create(reserve=10000)["id"]
    alice.enter(server, met)
    alice.sees("#reserve", "Reserve not met yet")
    alice.bid_next()
    alice.sees("#reserve", "Reserve met")


def test_one_that_is_coming_opens(alice, server, api):
    auction = api.create(opens_at=in_seconds(3), opening_price=20000)["id"]
    alice.enter(server, auction)
    alice.sees("#state", "coming")
    alice.sees("#clock", "opens in 00:00:0")
    alice.sees("#first-bid", "at least 200.00 CNY")
    assert alice.run("document.querySelector('#steps') === null")
    alice.sees("#state", "open")
    alice.bid_next()
    alice.is_told("leading")


def test_one_that_is_called_off(alice, server, api):
    auction = api.create()["id"]
    alice.enter(server, auction)
    alice.bid_next()
    alice.is_told("leading")
    api.post(f"/v1/auctions/{auction}/cancel")
    alice.is_told("cancelled")
    alice.sees("#state", "called off")
    assert alice.run("document.querySelector('#bid-form') === null")


def test_why_a_bid_is_not_accepted(alice, server, api):
    auction = api.create(self_outbid=False, amount_limit=20000, increment=5000)["id"]
    alice.enter(server, auction)
    alice.bid("99.99")
    alice.sees("#answer", "Too low: at least 100.00 CNY.")
    alice.bid("100.005")
    alice.sees("#answer", "That is not an amount in this currency.")
    alice.bid("100")
    alice.is_told("leading")
    alice.bid("150")
    alice.sees("#answer", "You lead already.")
    api.accept(auction, 15000, "Bob")
    alice.is_told("outbid")
    alice.bid("201")
    alice.sees("#answer", "Too high: no bid here may be above 200.00 CNY.")
    alice.is_told("outbid")
    own = api.create(seller="Alice")["id"]
    alice.enter(server, own)
    alice.is_told("seller")
    alice.bid_next()
    alice.sees("#answer", "You may not bid on your own auction.")
    alice.fill("#bidder", "no name")
    alice.bid_next()
    alice.sees("#answer", "Say your name first")
    assert api.history(own) == []


# A page that has not heard yet what everybody else has: its bid is on the way meanwhile.
LATE = """
const take = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
Object.defineProperty(WebSocket.prototype, 'onmessage', {
  configurable: true,
  get() { return take.get.call(this); },
  set(handler) { take.set.call(this, handler && ((message) => window.late && message.data.includes('"type":"event"') ? undefined : handler(message))); },
});
"""


@pytest.mark.parametrize("how, told", [("cancel", "The auction was called off."), ("close", "Too late: the auction was over when your bid arrived.")])
def test_a_bid_that_crosses_the_end(alice, server, api, how, told):
    script = alice.call("Page.addScriptToEvaluateOnNewDocument", source=LATE)["identifier"]
    try:
        auction = api.create(closes_at=in_seconds(600 if how == "cancel" else 5))["id"]
        alice.enter(server, auction)
        alice.run("window.late = true")
        if how == "cancel":
            api.post(f"/v1/auctions/{auction}/cancel")
        else:
            api.wait_state(auction, "closed")
        alice.bid_next()
        alice.sees("#answer", told)
        assert api.history(auction) == []
    finally:
        alice.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)


def test_a_limit_says_for_how_long(own_server, alice):
    server = own_server("--rate-bidder", "2/min burst 1").start()
    api = Api(server)
    auction = api.create()["id"]
    alice.enter(server, auction)
    alice.bid_next()
    alice.is_told("leading")
    api.accept(auction, 10100, "Bob")
    alice.is_told("outbid")
    alice.bid_next()
    alice.wait("/^Too many requests\\. The next one is taken in ([12]?[0-9]|30) seconds\\.$/.test(document.querySelector('#answer').textContent)")
    api.close()


def test_what_may_be_a_slip_is_asked_about(alice, server, api):
    auction = api.create()["id"]
    alice.enter(server, auction)
    alice.bid("10000")
    alice.sees("#confirm", "Bid 10,000.00 CNY?")
    assert alice.run("document.activeElement.id") == "no"
    alice.press("#no")
    alice.wait("document.querySelector('#confirm') === null")
    assert api.history(auction) == []
    alice.press("#bid-form button")
    alice.wait("!!document.querySelector('#confirm')")
    alice.press("#yes")
    alice.is_told("leading")
    # Who leads is asked before he bids against himself, and a second press that soon is no bid.
    alice.press("#steps .primary")
    alice.sees("#confirm", "You lead already")
    alice.press("#no")
    api.accept(auction, 2000000, "Bob")
    alice.is_told("outbid")
    alice.run("new Promise((done) => setTimeout(done, 420))")
    alice.run("for (let i = 0; i < 3; i++) document.querySelector('#steps .primary').click()")
    alice.is_told("leading")
    alice.run("document.querySelector('#steps .primary').click()")
    assert [bid["amount"] for bid in api.history(auction)] == [1000000, 2000000, 2000100]
    assert alice.run("document.querySelector('#confirm') === null")


def test_what_was_under_the_finger_is_what_is_bid(alice, server, api):
    auction = api.create()["id"]
    alice.enter(server, auction)
    alice.sees("#steps .primary", "Bid 100.00 CNY")
    alice.run("document.querySelector('#steps .primary').dispatchEvent(new PointerEvent('pointerdown', {bubbles: true}))")
    api.accept(auction, 10000, "Bob")
    alice.sees("#steps .primary", "Bid 101.00 CNY")
    alice.click("#steps .primary")
    alice.sees("#answer", "Too low: at least 101.00 CNY.")
    assert [bid["amount"] for bid in api.history(auction)] == [10000]


def test_masked_names(own_server, alice, bob):
    server = own_server("--public-bidders", "masked").start()
    api = Api(server)
    auction = api.create()["id"]
    alice.enter(server, auction)
    bob.enter(server, auction, name="Alyce")
    alice.bid_next()
    alice.is_told("leading")
    bob.sees("#leader", "A***e leads")
    bob.is_told("perhaps")
    bob.bid("120")
    bob.wait("!!document.querySelector('#confirm')")
    bob.press("#yes")
    bob.is_told("leading")
    alice.is_told("outbid")
    assert bob.listed()[:2] == [[4, "You bid 120.00 CNY"], [3, "A***e bids 100.00 CNY"]]
    assert alice.listed()[:2] == [[4, "A***e bids 120.00 CNY"], [3, "You bid 100.00 CNY"]]
    bob.run("window.before = true; location.reload()")
    bob.wait("!window.before && document.querySelectorAll('#events li').length === 4")
    bob.is_told("leading")
    api.close()


def test_who_comes_from_another_page_begins_at_the_heading(alice, server, api):
    auction = api.create(title="Camera")["id"]
    alice.open(server.url)
    alice.wait("!!document.querySelector('#link.on')")
    alice.run(f"location.hash = '#{auction}'")
    alice.sees("#title", "Camera")
    alice.wait("document.activeElement.id === 'title'")
    alice.run("location.hash = ''")
    alice.wait("document.querySelector('#title') === null && document.title === 'Auctions · FlashBid'")


def test_what_one_bidder_was_told_is_not_told_another(alice, server, api):
    auction = api.create()["id"]
    alice.enter(server, auction)
    alice.bid_next()
    alice.is_told("leading")
    alice.run("(() => { const field = document.querySelector('#bidder'); field.value = 'Bob';"
              " field.dispatchEvent(new Event('input', {bubbles: true})); field.dispatchEvent(new Event('change', {bubbles: true})); })()")
    alice.is_told("none")
    assert alice.text("#answer") == ""
    assert alice.listed()[0] == [3, "Alice bids 100.00 CNY"]


def test_an_unknown_one_is_said_in_words(alice, server, api):
    alice.enter(server, api.create(title="Camera")["id"])
    alice.run("location.hash = '#987654321'")
    alice.sees("#title", "There is no auction 987654321")
    alice.wait("document.title === 'There is no auction 987654321 · FlashBid'")
    # The browser itself reports the answer that says so.
    assert all("404" in error for error in alice.errors), alice.errors
    alice.errors.clear()


def test_a_private_house_says_so(own_server, alice, tmp_path):
    key = tmp_path / "key"
    key.write_text("a secret of more than thirty-two bytes, of a private house")
    server = own_server("--jwt-key", str(key), "--private", dev=False).start()
    boss, bidder = (run_command("token", "--key", str(key), "--sub", name, "--role", role).stdout.strip()
                    for name, role in (("boss", "operator"), ("Alice", "bidder")))
    made = requests.post(server.url + "/v1/auctions", headers={"Authorization": f"Bearer {boss}"}, timeout=60,
                         json={"title": "Camera", "currency": "CNY", "opening_price": 10000, "closes_at": in_seconds(600)})
    alice.open(f"{server.url}/#{made.json()['id']}")
    alice.sees("#closed h1", "Log in to see the auctions")
    alice.wait("!!document.querySelector('#token')")
    alice.fill("#token", bidder)
    alice.press("#login-form button")
    alice.sees("#title", "Camera")
    alice.bid_next()
    alice.is_told("leading")
    alice.errors[:] = [error for error in alice.errors if "401" not in error]  # the browser reports them itself


def test_texts_stay_texts(alice, server, api):
    auction = api.create(title=ATTACK, description=ATTACK)["id"]
    alice.enter(server, auction)
    for place in ("#title", "#description"):
        assert alice.text(place) == ATTACK
        assert alice.run(f"document.querySelector('{place}').childElementCount") == 0
    alice.wait(f"document.title.endsWith({ATTACK!r})")
    assert alice.run("window.ran") is None


def test_a_long_history(alice, server, api):
    auction = api.create(opening_price=100, increment=1)["id"]
    for amount in range(100, 1100):
        api.accept(auction, amount, "Carol")
    alice.enter(server, auction)
    alice.wait("document.querySelectorAll('#events li').length === 100")
    alice.sees("#chart-told", "From 1.00 CNY to 10.99 CNY in 1000 bids")
    assert [sequence for sequence, _ in alice.listed()] == list(range(1002, 902, -1))
    seen = []
    for _ in range(10):
        alice.click("#older")
        first = alice.run("document.querySelector('#events li').value")
        alice.wait(f"document.querySelector('#events li').value !== {seen[-1][0] if seen else 1002}")
        seen.append([sequence for sequence, _ in alice.listed()])
        assert len(seen[-1]) <= 200, first
        if seen[-1][-1] == 1:
            break
    assert [sequence for page in seen for sequence in page] == list(range(902, 0, -1))
    assert alice.run("document.querySelector('#older').disabled")
    api.accept(auction, 1100, "Bob")
    alice.sees("#price", "11.00 CNY")
    alice.click("#newest")
    alice.wait("document.querySelector('#events li').value === 1003")


SHIFTS = """
window.shifts = []; window.told = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.shifts.push(
  [entry.value, ...entry.sources.map(({node, previousRect, currentRect}) =>
    `${node?.id || node?.className || node?.parentElement?.className}: ${node?.textContent} ${previousRect.x},${previousRect.y} ${currentRect.x},${currentRect.y}`)].join(' '))))
  .observe({type: 'layout-shift', buffered: false});
new MutationObserver(() => window.told.push([performance.now(), document.querySelector('#announcement').textContent]))
  .observe(document.querySelector('#announcement'), {childList: true, characterData: true, subtree: true});
"""


def bid_often(server, auction):
    """Twenty bids a second for eight seconds, by two who take turns; the price gets another figure on the way."""
    api = Api(server)
    began = time.monotonic()
    for i in range(8 * 20):
        api.accept(auction, 9100 + 50 * i, ("Bob", "A.much-longer-name")[i % 2])
        time.sleep(max(0.0, began + (i + 1) / 20 - time.monotonic()))
    api.close()


@pytest.mark.parametrize("size", [None, (390, 844)], ids=["desktop", "phone"])
def test_nothing_shifts_at_twenty_prices_a_second(alice, server, api, size):
    auction = api.create(opening_price=9000, increment=50, closes_at=in_seconds(20),
                         soft_close={"window_ms": 20000, "extend_ms": 20000, "mode": "from_bid"})["id"]
    if size is not None:
        alice.resize(*size)
    alice.enter(server, auction)
    alice.bid("90")
    alice.is_told("leading")
    api.accept(auction, 9050, "Carol")
    alice.is_told("outbid")
    alice.wait("!!document.querySelector('#chart canvas')")
    alice.run("new Promise((done) => setTimeout(done, 500))")
    alice.run(SHIFTS)
    bid_often(server, auction)
    last = api.auction(auction)
    alice.wait(f"document.querySelector('#events li').value === {last['sequence']}")
    assert alice.run("window.shifts") == []
    told = alice.run("window.told")
    calm = [at for at, _ in told]
    assert calm, "a screen reader hears of it"
    assert all(later - earlier >= 4000 for earlier, later in zip(calm, calm[1:])), told
    assert last["bids"] > 150


def test_one_s_own_state_is_announced_at_once(alice, server, api):
    auction = api.create()["id"]
    alice.enter(server, auction)
    alice.bid_next()
    alice.sees("#announcement", "Your bid of 100.00 CNY is accepted.")
    alice.sees("#announcement", "You lead, with 100.00 CNY", 3)
    api.accept(auction, 10100, "Bob")
    alice.sees("#announcement", "You were outbid, Bob bids 101.00 CNY", 3)


@pytest.mark.parametrize("width, height", [(390, 844), (320, 640)])
def test_a_phone(alice, server, api, width, height):
    auction = api.create(title="W" * 200, description="d" * 500, seller="S" * 64, opening_price=1, increment=1, amount_limit=2**53 - 1)["id"]
    alice.resize(width, height)
    alice.enter(server, auction)
    api.accept(auction, 2**53 - 2, "W" * 64)
    alice.sees("#price", "90,071,992,547,409.90 CNY")
    wide = "document.documentElement.scrollWidth"
    assert alice.run(wide) <= width
    usual = api.create(title="Camera")["id"]
    alice.enter(server, usual)
    assert alice.run(wide) <= width
    # Price, state and the button to bid are on the first screen; fingers meet what they aim at.
    assert alice.run("document.querySelector('#steps .primary').getBoundingClientRect().bottom") <= max(height, 700)
    assert alice.run("Math.min(...[...document.querySelectorAll('.room button')].map((each) => each.getBoundingClientRect().height))") >= 40
    alice.bid_next()
    alice.is_told("leading")
    alice.press("#steps .primary")
    alice.wait("!!document.querySelector('#confirm')")
    assert alice.run("document.querySelector('#confirm').getBoundingClientRect().right") <= width


def test_chinese(alice, server, api):
    auction = api.create(title="玉碗", description="清代", seller="C", reserve=20000, amount_limit=10**9, closes_at=in_seconds(50),
                         soft_close={"window_ms": 60000, "extend_ms": 60000, "mode": "from_bid"})["id"]
    alice.enter(server, auction, name="A", language="zh")
    alice.wait("document.documentElement.lang === 'zh-CN'")
    alice.bid_next()
    alice.sees("#standing", "您领先")
    alice.sees("#answer", "您的出价 100.00 CNY 已被接受。")
    alice.sees("#note", "在最后 1 分钟内出价，结束时间顺延")
    api.accept(auction, 10100, "B")
    alice.sees("#standing", "您的出价已被超过")
    alice.bid("1")
    alice.sees("#answer", "出价过低，至少 102.00 CNY。")
    alice.bid("100000")
    alice.sees("#confirm", "确定出价 100,000.00 CNY？")
    shown = alice.run("document.querySelector('.room').innerText + document.title + document.querySelector('#confirm').innerText")
    assert not re.findall(r"[A-Za-z]*[a-z]{2,}[A-Za-z]*", shown), "no English is left"
    alice.press("#no")
    alice.click("#language")
    alice.sees("#standing", "You were outbid")
    alice.sees("#answer", "Too low")


def test_everybody_can_use_it(alice, server, api):
    auction = api.create(title="Camera", description="A camera.", image_url=None)["id"]
    alice.enter(server, auction)
    alice.bid_next()
    alice.is_told("leading")
    assert violations(alice) == []
    api.accept(auction, 10100, "Bob")
    alice.is_told("outbid")
    alice.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    try:
        assert violations(alice) == []
        alice.bid("100000")
        alice.wait("!!document.querySelector('#confirm')")
        assert violations(alice) == []
    finally:
        alice.call("Emulation.setEmulatedMedia", features=[])


def test_how_it_looks(alice, server, api):
    """Pictures for people to look at; that they are there is all that is tested."""
    auction = api.create(title="Rangefinder camera, 1957", opening_price=100000, increment=5000, reserve=150000, seller="Chen",
                         closes_at=in_seconds(100), soft_close={"window_ms": 120000, "extend_ms": 120000, "mode": "from_bid"},
                         description="In its leather case, with a 50 mm lens. All times work.")["id"]
    for i in range(14):
        api.accept(auction, 100000 + 5000 * i, ("Bob", "m.curie", "Zhang.Wei")[i % 3])
        time.sleep(0.15)
    alice.enter(server, auction)
    alice.sees("#chart-told", "in 14 bids")
    alice.bid_next()
    alice.is_told("leading")
    alice.sees("#reserve", "Reserve met")
    alice.wait("!!document.querySelector('#chart canvas')")
    alice.call("Emulation.setDeviceMetricsOverride", width=1280, height=1000, deviceScaleFactor=1, mobile=False)
    taken = [keep(alice, "room")]
    alice.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    try:
        alice.run("new Promise((done) => setTimeout(done, 400))")
        taken.append(keep(alice, "dark"))
    finally:
        alice.call("Emulation.setEmulatedMedia", features=[])
    alice.resize(390, 844)
    alice.click("#language")
    api.accept(auction, api.auction(auction)["minimum_next"], "Bob")
    alice.is_told("outbid")
    taken.append(keep(alice, "phone"))
    assert all(picture.stat().st_size > 10_000 for picture in taken)
