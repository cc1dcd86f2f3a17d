"""The load panel in a real browser: bots are started, watched and judged."""
import pytest

from api_client import Api
from browser import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

POINTS = "Number(document.querySelector('#load-throughput').dataset.points)"
ACCEPTED = "Number(document.querySelector('#load-accepted').textContent.replaceAll(',', ''))"
VERDICT = "document.querySelector('#load-verdict').textContent"
PRICE = "document.querySelector('#load-price')?.textContent"


@pytest.fixture
def house(own_server, documents):
    api = Api(own_server().start(), documents.openapi)
    yield api
    api.close()


@pytest.fixture
def panel(chromium, house):
    """The browser on the panel, in English; nothing may go wrong on it but what a test expects."""
    chromium.errors.clear()
    chromium.open(f"{house.server.url}/#load")
    chromium.wait("!!document.querySelector('#load-start')")
    chromium.to_english()
    yield chromium
    assert chromium.errors == []
    chromium.open("about:blank")


def choose(panel, field, value):
    panel.run(f"(() => {{ const field = document.querySelector('{field}'); field.value = {value!r};"
              " for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, {bubbles: true})); })()")


def order(panel, bots=20, seconds=5, auction=None):
    choose(panel, "#load-bots", str(bots))
    choose(panel, "#load-duration", str(seconds))
    if auction is not None:
        panel.wait(f"!!document.querySelector('#load-auction option[value=\"{auction}\"]')")
        choose(panel, "#load-auction", str(auction))
    panel.click("#load-start")


def shown(amount):
    return f"{amount // 100:,}.{amount % 100:02d} CNY"


def test_a_run_is_watched_to_its_verdict(panel, house):
    order(panel)
    panel.wait(f"{POINTS} >= 4")
    assert panel.run("document.querySelector('#load-start').disabled"), "one run at a time"
    bids, price = panel.run(ACCEPTED), panel.run(PRICE)
    panel.wait(f"{ACCEPTED} > {bids}")
    panel.wait(f"{PRICE} !== {price!r}")
    panel.wait(f"{VERDICT}.includes('every one checked')", timeout=60)
    run = house.get_json("/v1/load")
    decided = run["accepted"] + run["rejected"]
    assert decided > 0 and run["violations"] == 0
    assert panel.run(VERDICT).strip() == f"✓ {decided:,} bids decided, every one checked: no price error."
    assert panel.run(ACCEPTED) == run["accepted"]
    assert panel.run(POINTS) == len(run["series"])
    assert panel.run("document.querySelector('#load-p99').textContent").endswith(" ms")
    auction = house.auction(run["auction_id"])
    panel.wait(f"{PRICE} === {shown(auction['price'])!r}")
    assert panel.run("document.querySelector('#load-room').getAttribute('href')") == f"#{run['auction_id']}"
    assert not panel.run("document.querySelector('#load-start').disabled")


def test_a_run_in_an_auction_of_the_house_is_stopped(panel, house):
    auction = house.create(title="Camera")["id"]
    panel.call("Page.reload")
    panel.wait("!!document.querySelector('#load-start')")
    assert panel.run("document.querySelector('#load-rate').disabled")
    choose(panel, "#load-pace", "rate")
    panel.wait("!document.querySelector('#load-rate').disabled")
    choose(panel, "#load-rate", "100")
    order(panel, bots=10, seconds=60, auction=auction)
    panel.wait(f"{POINTS} >= 3")
    run = house.get_json("/v1/load")
    assert (run["auction_id"], run["bots"], run["rate"], run["duration_ms"]) == (auction, 10, 100, 60_000)
    panel.click("#load-stop")
    panel.wait(f"{VERDICT}.includes('every one checked')", timeout=30)
    assert house.auction(auction)["bids"] == house.get_json("/v1/load")["accepted"]
    assert panel.run("document.querySelector('#load-stop').disabled")


def test_who_comes_later_sees_the_run_that_goes_on(panel, house):
    house.post("/v1/load", {"bots": 5, "duration_ms": 30_000, "rate": 50})
    panel.wait("!!document.querySelector('.load-panel progress')", timeout=60)
    panel.call("Page.reload")
    panel.wait(f"!!document.querySelector('.load-panel progress') && {POINTS} > 0")
    assert panel.run("document.querySelector('#load-start').disabled")
    panel.click("#load-stop")
    panel.wait(f"{VERDICT}.includes('every one checked')", timeout=30)


def test_a_refusal_is_told_in_words(panel, house):
    auction = house.create(title="Camera")["id"]
    panel.call("Page.reload")
    panel.wait(f"!!document.querySelector('#load-auction option[value=\"{auction}\"]')")
    house.post(f"/v1/auctions/{auction}/cancel")
    order(panel, auction=auction)
    panel.wait("document.querySelector('#load-problem').textContent === 'Bots can only bid on an auction that is open.'")
    panel.click("#language")
    panel.wait("document.querySelector('#load-problem').textContent === '机器人只能在进行中的拍卖里出价。'")
    panel.click("#language")
    assert [error for error in panel.errors if "409" not in error] == []
    panel.errors.clear()


def test_nothing_moves_beside_what_is_shown(panel):
    """Every figure changes four times a second; no place does."""
    panel.run("window.shifts = 0; new PerformanceObserver((list) => {"
              " for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value; })"
              ".observe({type: 'layout-shift'})")
    order(panel)
    panel.wait(f"{VERDICT}.includes('every one checked')", timeout=60)
    assert panel.run("window.shifts") < 0.01


def test_a_house_that_is_no_playground_offers_none(chromium, own_server, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef0123456789abcdef")
    server = own_server("--jwt-key", str(key), dev=False).start()
    chromium.open(f"{server.url}/#load")
    chromium.wait("document.querySelector('.load-panel')?.textContent.includes('serve --dev')"
                  " || document.querySelector('.load-panel')?.textContent.includes('试用')")
    assert chromium.run("document.querySelector('#load-form') === null")
    assert chromium.run("document.querySelector('nav a[href=\"#load\"]') === null")
    chromium.open("about:blank")


def test_is_for_everybody(panel):
    from accessibility import violations
    from pictures import keep
    order(panel)
    panel.wait(f"{POINTS} >= 12")
    assert violations(panel) == []
    keep(panel, "load")
    panel.wait(f"{VERDICT}.includes('every one checked')", timeout=60)
    assert violations(panel) == []
    panel.click("#language")
    panel.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    panel.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=True)
    panel.wait("document.documentElement.lang === 'zh-CN'")
    assert panel.run("document.documentElement.scrollWidth") <= 390
    assert violations(panel) == []
    panel.call("Emulation.clearDeviceMetricsOverride")
    panel.call("Emulation.setEmulatedMedia", features=[])
    panel.click("#language")
