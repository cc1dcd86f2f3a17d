"""The first page and the API reference in a real browser."""
import pytest

from browser import Browser, CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium, server):
    """The browser on the first page, in English; nothing may go wrong on it, and nothing be fetched from elsewhere."""
    chromium.errors.clear()
    chromium.requested.clear()
    chromium.open(server.url)
    chromium.wait("document.readyState === 'complete' && !!document.querySelector('#language')")
    if chromium.run("document.documentElement.lang") != "en":
        chromium.click("#language")
    yield chromium
    assert chromium.errors == []
    assert all(url.startswith((server.url, "about:", "data:")) for url in chromium.requested), chromium.requested


def card(auction, part):
    return f"document.querySelector('a.card[href=\"#{auction}\"] {part}')?.textContent"


def test_the_list_shows_prices_as_they_move(browser, api):
    auction = api.create(title="Jade bowl <b>&amp;</b>")["id"]
    api.accept(auction, 1050000, "Alice")
    browser.open(browser.run("location.origin"))
    assert browser.wait(card(auction, ".name")) == "Jade bowl <b>&amp;</b>", "texts are set as text"
    browser.wait(f"{card(auction, '.price')} === '10,500.00 CNY'")
    browser.wait("document.querySelector('#link').classList.contains('on')")
    api.accept(auction, 1060000, "Bob")
    browser.wait(f"{card(auction, '.price')} === '10,600.00 CNY'")
    browser.wait(f"{card(auction, '.quiet')}.startsWith('Bob leads')")


def test_one_auction_is_followed_event_by_event_and_bid_on(browser, api):
    auction = api.create(title="Camera", opening_price=10000, increment=100)["id"]
    browser.run(f"location.hash = '#{auction}'")
    browser.wait("document.querySelector('#title').textContent === 'Camera'")
    browser.wait("document.querySelector('#amount').value === '100.00'")
    browser.fill("#bidder", "Alice")
    browser.click("#bid-form button")
    browser.wait("document.querySelector('#answer').textContent === 'You lead with 100.00 CNY.'")
    browser.wait("document.querySelector('#events li').textContent === 'Alice bids 100.00 CNY'")
    api.accept(auction, 12345, "Bob")
    browser.wait("document.querySelector('#price').textContent === '123.45 CNY'")
    browser.wait("document.querySelector('#amount').value === '124.45'")
    events = browser.run("[...document.querySelectorAll('#events li')].map((item) => item.value)")
    assert events == [4, 3, 2, 1]
    browser.fill("#amount", "110")
    browser.click("#bid-form button")
    browser.wait("document.querySelector('#answer').textContent === 'Too low: at least 124.45 CNY.'")
    browser.fill("#amount", "110.005")
    browser.click("#bid-form button")
    browser.wait("document.querySelector('#answer').textContent.startsWith('That is not an amount')")
    api.post(f"/v1/auctions/{auction}/cancel")
    browser.wait("document.querySelector('#state').textContent === 'cancelled'")
    assert browser.run("document.querySelector('#bid-form button').disabled")
    assert [bid["amount"] for bid in api.history(auction)] == [10000, 12345]


def test_chinese(browser, api):
    auction = api.create(title="玉碗")["id"]
    browser.run(f"location.hash = '#{auction}'")
    browser.click("#language")
    browser.wait("document.documentElement.lang === 'zh-CN'")
    browser.wait("document.querySelector('#state').textContent === '进行中'")
    browser.wait("document.querySelector('#leader').textContent.startsWith('暂无出价')")
    browser.click("#language")
    browser.wait("document.querySelector('#state').textContent === 'open'")


def test_a_phone_needs_no_sideways_scrolling(browser, api):
    auction = api.create(title="W" * 200, description="d" * 500)["id"]
    browser.call("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=2, mobile=True)
    try:
        for place in ("", f"#{auction}"):
            browser.run(f"location.hash = '{place}'")
            browser.wait(card(auction, ".name") if not place else "document.querySelector('#title').textContent")
            assert browser.run("document.documentElement.scrollWidth") <= 320
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")


def test_the_reference_shows_every_route(browser, server, documents):
    browser.open(server.url + "/docs")
    browser.wait("document.querySelectorAll('.method').length > 10")
    shown = browser.run("[...document.querySelectorAll('summary code')].map((path) => path.textContent)")
    assert set(shown) == set(documents.openapi.document["paths"])
    browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
    browser.wait("[...document.querySelectorAll('details pre')].some((each) => each.textContent.includes('minimum_next'))")
