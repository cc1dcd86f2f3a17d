"""The first page and the API reference in a real browser."""
import pytest

from browser import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture
def browser(chromium, server):
    """The browser on the first page, in English; nothing may go wrong on it, and nothing be fetched from elsewhere."""
    chromium.forget()
    chromium.open(server.url)
    chromium.wait("document.readyState === 'complete' && !!document.querySelector('#language')")
    chromium.to_english()
    yield chromium
    assert chromium.errors == []
    assert all(url.startswith((server.url, "about:", "data:")) for url in chromium.requested), chromium.requested


def test_chinese(browser, api):
    auction = api.create(title="玉碗")["id"]
    browser.run(f"location.hash = '#{auction}'")
    browser.click("#language")
    browser.wait("document.documentElement.lang === 'zh-CN'")
    browser.wait("document.querySelector('#state')?.textContent === '进行中'")
    browser.wait("document.querySelector('#leader')?.textContent.startsWith('暂无出价')")
    browser.click("#language")
    browser.wait("document.querySelector('#state')?.textContent === 'open'")


def test_a_phone_needs_no_sideways_scrolling(browser, api):
    auction = api.create(title="W" * 200, description="d" * 500)["id"]
    browser.call("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=2, mobile=True)
    try:
        browser.run(f"location.hash = '#{auction}'")
        browser.wait("document.querySelector('#title')?.textContent")
        assert browser.run("document.documentElement.scrollWidth") <= 320
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")


def test_the_reference_shows_every_route(browser, server, documents):
    browser.open(server.url + "/docs/api")
    browser.wait("document.querySelectorAll('.method').length > 10")
    shown = browser.run("[...document.querySelectorAll('summary code')].map((path) => path.textContent)")
    assert set(shown) == set(documents.openapi.document["paths"])
    browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
    browser.wait("[...document.querySelectorAll('details pre')].some((each) => each.textContent.includes('minimum_next'))")
