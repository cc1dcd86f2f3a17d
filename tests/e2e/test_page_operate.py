"""The operator's pages in a real browser: an auction is created, followed, called off, and its history kept as a file."""
import json
import threading
import time

import pytest
import requests

from accessibility import violations
from browser import CHROMIUM
from flashbid_server import Server
from pictures import keep
from staff import BOSS, Staff

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


def arrive(browser, url, place):
    """That page, loaded anew, in English."""
    browser.open("about:blank")
    browser.open(f"{url}/#{place}")
    browser.wait("document.readyState === 'complete' && !!document.querySelector('#language')")
    browser.to_english()


@pytest.fixture
def browser(chromium):
    chromium.errors.clear()
    yield chromium
    assert chromium.errors == []


def choose(browser, selector, value):
    browser.fill(selector, value)


def text(browser, selector):
    return browser.run(f"document.querySelector({json.dumps(selector)})?.textContent ?? null")


def summary(browser):
    return browser.run("[...document.querySelectorAll('#summary li')].map((item) => item.textContent)")


def wait_text(browser, selector, part):
    return browser.wait(f"document.querySelector({json.dumps(selector)})?.textContent.includes({json.dumps(part)})")


def created_id(browser):
    """The number of the auction of which the page says that it is created."""
    wait_text(browser, "#told", "is created: number ")
    return int(text(browser, "#told").split("is created: number ")[1].split(".")[0])


def test_what_is_filled_in_is_what_is_created(browser, server, api, fresh):
    title = fresh("Jade <b>bowl</b> ")
    arrive(browser, server.url, "operate")
    browser.wait("!!document.querySelector('#create')")
    browser.run("location.hash = document.querySelector('#create').hash")
    browser.wait("!!document.querySelector('#new-auction')")
    browser.wait("document.querySelector('#summary').textContent.startsWith('Fill in')")
    browser.fill("#f-title", title)
    browser.fill("#f-description", "Old, and \"whole\".")
    browser.fill("#f-image_url", "https://example.invalid/bowl.png")
    browser.fill("#f-opening_price", "100")
    browser.fill("#f-step", "2.50")
    browser.fill("#f-reserve", "500.00")
    browser.fill("#f-seller", "house:1")
    browser.fill("#f-amount_limit", "9000")
    browser.click("#f-self_outbid")
    choose(browser, "#f-closes", "300")
    choose(browser, "#f-soft-preset", "soft_30")
    wait_text(browser, "#summary", "Bids start at 100.00 CNY and rise by at least 2.50 CNY.")
    assert summary(browser) == [
        "Bids start at 100.00 CNY and rise by at least 2.50 CNY.", "It opens at once.", "It closes 5 minutes after it opens.",
        "A bid in the last 30 seconds moves the end to 30 seconds after that bid.",
        "It is sold only from 500.00 CNY on; bidders do not see that amount, only whether it is met.",
        "house:1 sells it and may not bid.", "Who leads cannot raise the own bid.", "No bid above 9,000.00 CNY is taken."]
    assert violations(browser) == []
    keep(browser, "operator-new")
    browser.run("(() => { const save = document.querySelector('#save'); save.click(); save.click(); })()")
    auction = api.auction(created_id(browser))
    wanted = {"title": title, "description": "Old, and \"whole\".", "image_url": "https://example.invalid/bowl.png", "currency": "CNY",
              "opening_price": 10000, "increment": 250, "seller": "house:1", "amount_limit": 900000, "self_outbid": False,
              "soft_close": {"window_ms": 30000, "extend_ms": 30000, "mode": "from_bid", "max_extensions": None},
              "reserve_met": False, "state": "open"}
    assert {field: auction[field] for field in wanted} == wanted
    lasts = requests.get(f"{server.url}/v1/auctions/{auction['id']}", timeout=60).json()
    assert lasts["closes_at"] > lasts["opens_at"]
    assert titles(server, title) == 1, "a double click makes one"
    browser.wait(f"!!document.querySelector('#row-{auction['id']}')")


def titles(server, title):
    """How many auctions are called that."""
    found, cursor = 0, ""
    while cursor is not None:
        page = requests.get(f"{server.url}/v1/auctions?limit=1000{cursor and f'&cursor={cursor}'}", timeout=60).json()
        found += sum(auction["title"] == title for auction in page["auctions"])
        cursor = page["next_cursor"]
    return found


def test_an_answer_that_was_lost_is_asked_for_again(browser, server, fresh):
    title = fresh("Lost answer ")
    arrive(browser, server.url, "operate/new")
    browser.wait("!!document.querySelector('#f-title')")
    browser.fill("#f-title", title)
    browser.fill("#f-opening_price", "1")
    # The request leaves, and its answer does not come.
    browser.run("""(() => { const real = window.fetch; window.fetch = async (...what) => {
        const answer = await real(...what);
        if (what[1]?.method !== 'POST') return answer;
        window.fetch = real;
        throw new TypeError('the line broke');
    }; })()""")
    browser.click("#save")
    wait_text(browser, "#save-answer", "it may have been created")
    assert titles(server, title) == 1
    browser.click("#save")
    created_id(browser)
    assert titles(server, title) == 1


def test_a_preset_and_a_table_in_words_and_figures(browser, server, api, fresh):
    arrive(browser, server.url, "operate/new")
    browser.wait("!!document.querySelector('#f-title')")
    browser.fill("#f-title", fresh("Table "))
    browser.fill("#f-opening_price", "10")
    browser.click("#f-increment-preset")
    browser.wait("document.querySelectorAll('#preset-rows tbody tr').length === 10")
    assert text(browser, "#preset-rows tbody tr") == "1.000.05"
    wait_text(browser, "#summary", "Below 1.00 CNY: at least 0.05 CNY higher.")
    wait_text(browser, "#summary", "From 5,000.00 CNY on: at least 100.00 CNY higher.")
    browser.fill("#f-currency", "jpy")
    wait_text(browser, "#f-preset-wrong", "do not come out whole in JPY")
    choose(browser, "#f-preset", "yahoo-jp")
    wait_text(browser, "#summary", "Below 1,000 JPY: at least 10 JPY higher.")
    browser.click("#f-increment-table")
    browser.click("#add-row")
    browser.wait("document.querySelectorAll('#own-rows .step').length === 3")
    browser.fill("#own-rows tr:nth-child(1) .below", "100")
    browser.fill("#own-rows tr:nth-child(1) .step", "1")
    browser.fill("#own-rows tr:nth-child(2) .below", "50")
    browser.fill("#own-rows tr:nth-child(2) .step", "5")
    browser.fill("#own-rows tr:nth-child(3) .step", "7")
    browser.click("#save")
    wait_text(browser, "#f-table-wrong", "must be higher than the one before")
    browser.fill("#own-rows tr:nth-child(2) .below", "500")
    browser.click("#save")
    assert api.auction(created_id(browser))["increment"] == {"table": [[100, 1], [500, 5], [None, 7]]}


def test_what_is_wrong_stands_at_its_field(browser, server):
    arrive(browser, server.url, "operate/new")
    browser.wait("!!document.querySelector('#save')")
    browser.click("#save")
    wait_text(browser, "#f-title-wrong", "This is needed.")
    wait_text(browser, "#f-opening_price-wrong", "This is needed.")
    browser.wait("document.activeElement.id === 'f-title'")
    browser.fill("#f-title", "x")
    browser.wait("!document.querySelector('#f-title-wrong')")
    browser.fill("#f-opening_price", "1.005")
    browser.click("#save")
    wait_text(browser, "#f-opening_price-wrong", "not an amount in this currency")
    browser.fill("#f-opening_price", "1")
    # What only the server knows: no currency of ISO 4217 is called that.
    browser.fill("#f-currency", "XXX")
    browser.click("#save")
    wait_text(browser, "#f-currency-wrong", "currency")
    assert browser.run("document.querySelector('#f-currency').getAttribute('aria-invalid')") == "true"
    browser.errors.clear()  # the browser tells of each answer that is none: here of two
    assert violations(browser) == []


def test_an_own_time_and_a_house_preset(browser, server, api, fresh):
    arrive(browser, server.url, "operate/new")
    browser.wait("!!document.querySelector('#preset-tickets')")
    browser.click("#preset-tickets")
    browser.wait("document.querySelector('#f-opening_price').value === '50'")
    browser.fill("#f-title", fresh("Tickets "))
    wait_text(browser, "#summary", "The end does not move.")
    choose(browser, "#f-opens", "at")
    browser.wait("!!document.querySelector('#f-opens_at')")
    opens = browser.run("(() => { const at = new Date(Date.now() + 2 * 86400e3); at.setSeconds(0, 0);"
                        " const local = new Date(at - at.getTimezoneOffset() * 60e3).toISOString().slice(0, 16);"
                        " return local + '|' + at.toISOString(); })()").split("|")
    browser.fill("#f-opens_at", opens[0])
    browser.click("#save")
    auction = api.auction(created_id(browser))
    assert auction["opens_at"] == opens[1] and auction["state"] == "scheduled"
    assert (auction["opening_price"], auction["increment"], auction["self_outbid"], auction["soft_close"]) == (5000, 500, False, None)
    # The same again, opening now.
    browser.run(f"location.hash = '#operate/new/{auction['id']}'")
    browser.wait(f"document.querySelector('#f-title')?.value === {json.dumps(auction['title'])}")
    assert browser.run("document.querySelector('#f-step').value") == "5.00"
    browser.click("#save")
    browser.wait("location.hash === '#operate'")
    again = api.auction(created_id(browser))
    assert again["id"] != auction["id"] and again["state"] == "open" and again["increment"] == 500


def test_following_bids_as_they_come(browser, server, api, fresh):
    auction = api.create(title=fresh("Followed "), increment=1)["id"]
    arrive(browser, server.url, "operate")
    row = f"#row-{auction}"
    browser.wait(f"document.querySelector('{row} .bids')?.textContent === '0'")
    assert text(browser, f"{row} .rate") == "0.0"
    browser.wait(f"Number(document.querySelector('{row} .watchers').textContent) >= 1")
    stop = threading.Event()

    def bid():
        amount = 10000
        while not stop.wait(0.05):
            requests.post(f"{server.url}/v1/auctions/{auction}/bids", json={"amount": amount}, headers={"X-Bidder": "Alice"}, timeout=60)
            amount += 1

    bidder = threading.Thread(target=bid)
    bidder.start()
    try:
        browser.wait(f"Number(document.querySelector('{row} .rate').textContent) > 1")
        browser.wait(f"Number(document.querySelector('{row} .bids').textContent) > 10")
        wait_text(browser, f"{row} .leader", "Alice")
        wait_text(browser, "#health .good[data-part=engine]", "takes bids")
        wait_text(browser, "#health [data-part=ledger]", " ms a commit")
        wait_text(browser, "#health .none[data-part=archive]", "none is written by this server")
        keep(browser, "operator")
        assert violations(browser) == []
    finally:
        stop.set()
        bidder.join()
    newest = api.auction(auction)
    browser.wait(f"document.querySelector('{row} .bids').textContent === '{newest['bids']}'")
    browser.wait(f"document.querySelector('{row} .rate').textContent === '0.0'")


def test_columns_are_sorted_by(browser, server, api, fresh):
    stem = fresh("Sorted")
    made = [api.create(title=f"{stem} {name}", opening_price=price)["id"] for name, price in (("b", 300), ("a", 200), ("c", 100))]
    arrive(browser, server.url, "operate")
    browser.wait("!!document.querySelector('#search')")
    browser.fill("#search", stem)
    browser.wait("document.querySelectorAll('#auctions tbody tr').length === 3")
    order = "[...document.querySelectorAll('#auctions tbody tr')].map((row) => Number(row.id.slice(4)))"
    browser.click("#auctions th.price .sort")
    browser.wait(f"JSON.stringify({order}) === '{json.dumps(made, separators=(',', ':'))}'")
    assert browser.run("document.querySelector('#auctions th.price').getAttribute('aria-sort')") == "descending"
    browser.click("#auctions th.title .sort")
    browser.wait(f"{order}.join() === '{made[1]},{made[0]},{made[2]}'")


def test_calling_off_asks_first(browser, server, api, fresh):
    title = fresh("Called off ")
    auction = api.create(title=title)["id"]
    api.accept(auction, 10000, "Alice")
    arrive(browser, server.url, "operate")
    browser.wait(f"document.querySelector('#row-{auction} .bids')?.textContent === '1'")
    browser.click(f"#row-{auction} .cancel")
    browser.wait("document.querySelector('#cancel')?.open")
    shown = text(browser, "#cancel")
    assert f"Call off “{title}”?" in shown and "1 bid stands; Alice leads with 100.00 CNY and will not get it." in shown
    assert browser.run("document.activeElement.id") == "cancel-no", "Enter does no harm"
    assert violations(browser) == []
    browser.click("#cancel-no")
    browser.wait("!document.querySelector('#cancel')")
    assert api.auction(auction)["state"] == "open"
    browser.click(f"#row-{auction} .cancel")
    browser.wait("document.querySelector('#cancel')?.open")
    browser.click("#cancel-yes")
    wait_text(browser, "#told", f"“{title}” is called off.")
    assert api.auction(auction)["state"] == "cancelled"
    choose(browser, "#filter", "cancelled")
    browser.wait(f"document.querySelector('#row-{auction} .state')?.textContent === 'called off'")
    assert browser.run(f"document.querySelector('#row-{auction} .cancel').disabled")


def test_a_history_says_why(browser, server, api, fresh):
    """Each event with its cause, and a refused bid behind the state that it was refused on; more of it when asked for."""
    title = fresh("Explained ")
    auction = api.create(title=title, opening_price=10000, increment=500,
                         soft_close={"window_ms": 86_400_000, "extend_ms": 86_400_000, "mode": "from_close"})["id"]
    api.accept(auction, 10000, "Alice")
    api.bid(auction, 10499, "Bob", key="refused-1")
    arrive(browser, server.url, f"operate/explain/{auction}")
    browser.wait("document.querySelectorAll('#story > li').length === 5")
    kinds = "[...document.querySelectorAll('#story > li')].map((item) => item.className + item.dataset.sequence).join(' ')"
    assert browser.run(kinds) == "created1 opened2 bid_accepted3 extended4 rejected4"
    wait_text(browser, "#story .extended .why", "Bid 3 came ")
    wait_text(browser, "#story .extended .moves", "End: ")
    wait_text(browser, "#story .rejected .why", "104.99 CNY is below 105.00 CNY: at a price of 100.00 CNY the step is 5.00 CNY.")
    assert violations(browser) == []
    keep(browser, "operator-history")
    api.accept(auction, 10500, "Bob")
    browser.click("#explain-more")
    browser.wait("document.querySelectorAll('#story > li').length === 6")
    wait_text(browser, "#story > li:nth-child(6) .moves", "Price: 100.00 CNY → 105.00 CNY")
    browser.click("#language")
    wait_text(browser, "#story .rejected .why", "104.99 CNY 低于 105.00 CNY：当前价 100.00 CNY 时加价幅度为 5.00 CNY。")
    browser.click("#language")
    wait_text(browser, "#story .created .badge", "created")


def start_house(tmp_path):
    staff = Staff(tmp_path)
    return staff, Server(tmp_path / "data", "--jwt-key", str(staff.key), dev=False)


def test_with_tokens_who_may_and_who_did(browser, tmp_path):
    """A bidder sees why not; an operator calls off by name; the file is that of the server, name for name."""
    staff, house = start_house(tmp_path)
    with house as server:
        auction = staff.create(server)
        staff.bid(server, auction, 100)
        # The page is of another origin each time: nothing is kept from before.
        arrive(browser, server.url, "operate")
        wait_text(browser, "#refused", "This page is for operators")
        assert violations(browser) == []
        browser.fill("#token", staff.token("Bob", "bidder"))
        browser.click("#login-form button[type=submit]")
        wait_text(browser, "#refused", "You are logged in as Bob, who may bid and not operate.")
        browser.fill("#token", staff.token(BOSS, "operator"))
        browser.click("#login-form button[type=submit]")
        browser.wait(f"document.querySelector('#row-{auction} .bids')?.textContent === '1'")
        check_file(browser, staff, server, auction, tmp_path)
        browser.click(f"#row-{auction} .cancel")
        browser.wait("document.querySelector('#cancel')?.open")
        browser.click("#cancel-yes")
        wait_text(browser, "#told", "is called off")
        choose(browser, "#filter", "all")
        browser.wait(f"!!document.querySelector('#row-{auction}')")
        browser.run(f"location.hash = document.querySelector('#row-{auction} .explain').hash")
        browser.wait("document.querySelectorAll('#story > li').length === 4")
        causes = browser.run("[...document.querySelectorAll('#story .why')].map((item) => item.textContent)")
        assert causes[0] == f"{BOSS} created the auction." and causes[-1] == f"{BOSS} called it off."
        browser.open("about:blank")  # before its server goes


def check_file(browser, staff, server, auction, folder):
    """What the browser keeps is the file of the server, byte for byte, and called as it says."""
    browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    browser.click(f"#row-{auction} .csv")
    wait_text(browser, "#told", f"auction-{auction}-bids.csv is saved.")
    kept, deadline = folder / f"auction-{auction}-bids.csv", time.monotonic() + 60
    while not kept.exists():
        assert time.monotonic() < deadline, list(folder.iterdir())
        time.sleep(0.05)
    told = staff.ask(server, "GET", f"/v1/auctions/{auction}/bids.csv", BOSS)
    assert kept.read_bytes() == told.content
    assert told.text.splitlines()[1].endswith(",Alice,1.00,CNY,100")


def test_chinese_on_a_phone(browser, server, api, fresh):
    auction = api.create(title=fresh("玉碗"))["id"]
    browser.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    try:
        arrive(browser, server.url, "operate")
        browser.click("#language")
        wait_text(browser, f"#row-{auction} .cancel", "取消")
        assert browser.run("document.documentElement.scrollWidth") <= 390
        assert violations(browser) == []
        keep(browser, "operator-phone")
        browser.run("location.hash = '#operate/new'")
        browser.wait("document.querySelector('h1')?.textContent === '新建拍卖' && !!document.querySelector('#f-title')")
        browser.click("#preset-judicial")
        browser.fill("#f-title", "玉碗")
        wait_text(browser, "#summary", "起拍价 100,000.00 CNY，每次加价至少 1,000.00 CNY。")
        wait_text(browser, "#summary", "最后 5 分钟内有人出价，结束时间顺延至该次出价后 5 分钟。")
        assert browser.run("document.documentElement.scrollWidth") <= 390
        assert violations(browser) == []
        keep(browser, "operator-new-phone")
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")
        browser.click("#language")


def test_hundreds_stay_smooth(browser, server, api, fresh):
    """Two hundred rows, twenty of them with bids all the time: the page goes on drawing."""
    stem = fresh("Many")
    made = [api.create(title=f"{stem} {number}", increment=1)["id"] for number in range(200)]
    arrive(browser, server.url, "operate")
    browser.wait("!!document.querySelector('#search')")
    browser.fill("#search", stem)
    browser.wait("document.querySelectorAll('#auctions tbody tr').length === 200")
    browser.run("window.frames_seen = 0; (function step() { window.frames_seen++; requestAnimationFrame(step); })()")
    started, bids = time.monotonic(), 0
    while time.monotonic() - started < 4:
        for auction in made[:20]:
            api.accept(auction, 10000 + bids)
        bids += 1
    browser.wait(f"document.querySelector('#row-{made[0]} .bids').textContent === '{bids}'")
    assert browser.run("window.frames_seen") > 20
