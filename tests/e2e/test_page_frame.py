"""What is around every page, in a real browser: where one is, who one is, in which language, and what is said when that ends."""
import json

import pytest
import requests

from accessibility import violations
from browser import CHROMIUM
from flashbid_server import Server
from test_access import OTHER, SECRET, create, token

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

LOGIN = "document.querySelector('#login')?.textContent"


@pytest.fixture
def browser(chromium):
    """On no page before the test nor after it, in English."""
    chromium.errors.clear()
    script = chromium.call("Page.addScriptToEvaluateOnNewDocument", source="if (location.protocol === 'http:' &&"
                               " !localStorage.getItem('language')) localStorage.setItem('language', 'en')")["identifier"]
    yield chromium
    chromium.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    chromium.run("location.protocol === 'http:' && (localStorage.clear(), sessionStorage.clear())")
    chromium.open("about:blank")
    chromium.wait("location.href === 'about:blank'")


@pytest.fixture
def key(tmp_path):
    (tmp_path / "key").write_text(SECRET)
    return tmp_path / "key"


@pytest.fixture
def guarded(tmp_path, key):
    """Starts a house with tokens: guarded("--private")."""
    started = []

    def start(*flags):
        started.append(Server(tmp_path / "data", "--jwt-key", str(key), *flags, dev=False).start())
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def accounts(tmp_path):
    with Server(tmp_path / "data", "--accounts", dev=False) as server:
        assert requests.post(server.url + "/v1/accounts", json={"name": "Alice", "password": "battery staple"}, timeout=60).ok
        yield server


def log_in(browser, name="Alice", password="battery staple"):
    browser.wait(f"{LOGIN} === 'Log in'")
    browser.click("#login")
    browser.wait("!!document.querySelector('#account')")
    browser.fill("#account", name)
    browser.fill("#password", password)
    browser.click("#login-form .primary")


def kept(browser):
    return json.loads(browser.run("JSON.stringify({token: sessionStorage.getItem('token'), next: sessionStorage.getItem('refresh_token')})"))


def test_title_and_focus_follow_the_page(browser, server, api):
    auction = api.create(title="Camera")["id"]
    browser.open(server.url)
    browser.wait("document.title === 'Auctions · FlashBid' && !!document.querySelector('main h1')")
    assert browser.run("document.activeElement === document.body"), "a visitor begins where the browser begins"
    browser.run("location.hash = 'no/such/page'")
    browser.wait("document.title === 'There is no such page · FlashBid'")
    assert browser.run("document.activeElement.textContent") == "There is no such page"
    browser.run(f"location.hash = '{auction}'")
    browser.wait("document.activeElement.tagName === 'H1' && !document.querySelector('#not-found')")
    browser.run("location.hash = ''")
    browser.wait("document.activeElement.textContent === 'Auctions'")
    assert browser.run("document.querySelector('nav [aria-current=page]').textContent") == "Auctions"
    browser.click("#language")
    browser.wait("document.title === '拍卖 · FlashBid' && document.documentElement.lang === 'zh-CN'")
    browser.run("window.before = 1; location.reload()")
    browser.wait("!window.before && document.title === '拍卖 · FlashBid'")
    assert browser.errors == []


@pytest.mark.parametrize("place", ["no-such-page", "0", "-1", "1.5", "1e3", "01", "99999999999999999999", "operator", "loading", "1/2"])
def test_addresses_that_lead_nowhere(browser, server, place):
    browser.open(f"{server.url}/#{place}")
    browser.wait("!!document.querySelector('#not-found')")
    assert violations(browser) == []
    browser.click("#not-found a")
    browser.wait("!!document.querySelector('.lobby')")


def test_skip_to_the_content(browser, server):
    browser.open(server.url + "/#no-such-page")
    browser.wait("!!document.querySelector('#not-found')")
    for kind in ("rawKeyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert browser.run("document.activeElement.className") == "skip"
    assert browser.run("document.activeElement.getBoundingClientRect().left") >= 0, "seen while it has the focus"
    browser.run("document.activeElement.click()")
    assert browser.run("document.activeElement.id") == "main"
    assert browser.run("location.hash") == "#no-such-page"


def test_the_name_with_dev(browser, server):
    browser.open(server.url)
    browser.wait("document.querySelector('#name')?.textContent === 'Choose a name'")
    browser.click("#name")
    browser.wait("document.activeElement.id === 'own-name'")
    browser.fill("#own-name", "not a name")
    browser.click("#name-form .primary")
    browser.wait("document.querySelector('#login-answer').textContent.startsWith('Letters, digits')")
    browser.fill("#own-name", "Alice")
    browser.click("#name-form .primary")
    browser.wait("document.querySelector('#name').textContent === 'You: Alice' && !document.querySelector('#name-form')")
    browser.run("window.before = 1; location.reload()")
    browser.wait("!window.before && document.querySelector('#name')?.textContent === 'You: Alice'")


def test_a_private_house_asks_to_log_in_and_shows(browser, guarded, key):
    server = guarded("--private")
    auction = create(server, token(key, "boss", "--role", "operator"))
    browser.open(server.url)
    browser.wait("document.querySelector('#closed h1')?.textContent === 'Log in to see the auctions'")
    browser.wait("document.activeElement.id === 'token'")
    assert violations(browser) == []
    assert "Camera" not in browser.run("document.body.textContent")
    browser.fill("#token", token(key, "Alice"))
    browser.click("#login-form button")
    browser.wait(f"!!document.querySelector('a.card[href=\"#{auction}\"]') && !document.querySelector('#closed')")
    browser.wait("!document.querySelector('#login-form')")
    # Who goes leaves nothing on the screen.
    browser.click("#login")
    browser.wait("!!document.querySelector('#closed') && !document.querySelector('a.card')")
    assert browser.run("sessionStorage.getItem('token')") is None


def test_a_token_that_counts_no_more_logs_out(browser, guarded, key, tmp_path):
    server = guarded()
    create(server, token(key, "boss", "--role", "operator"))
    browser.open(f"{server.url}/#token={token(key, 'Alice')}")
    browser.wait(f"{LOGIN} === 'Alice: Log out'")
    assert browser.run("location.href") == server.url + "/"
    browser.wait("!!document.querySelector('a.card')")
    (tmp_path / "new").write_text(OTHER)
    (tmp_path / "new").rename(key)
    browser.wait(f"{LOGIN} === 'Log in'", timeout=40)
    browser.wait("document.querySelector('#ended')?.textContent.startsWith('Your token has ended')")
    assert kept(browser) == {"token": None, "next": None}
    browser.wait("!!document.querySelector('a.card')")
    browser.fill("#token", token(key, "Bob"))
    browser.click("#login-form button")
    browser.wait(f"{LOGIN} === 'Bob: Log out' && !document.querySelector('#ended')")
    browser.wait("document.querySelector('#found')?.textContent === '1 auction'")


def test_a_link_makes_nobody_somebody_else_unasked(browser, guarded, key):
    server = guarded()
    alice, mallory = token(key, "Alice"), token(key, "Mallory")
    browser.open(f"{server.url}/#token={alice}")
    browser.wait(f"{LOGIN} === 'Alice: Log out'")
    browser.run(f"location.hash = '?q=x&token={mallory}'")
    browser.wait("document.querySelector('#offer')?.textContent.includes('Mallory')")
    assert browser.run("location.hash") == "#?q=x" and browser.run(LOGIN) == "Alice: Log out"
    assert violations(browser) == []
    browser.click("#offer button:not(.primary)")
    browser.wait("!document.querySelector('#offer')")
    assert kept(browser)["token"] == alice
    browser.run(f"location.hash = 'token={mallory}'")
    browser.wait("!!document.querySelector('#offer')")
    browser.click("#offer .primary")
    browser.wait(f"{LOGIN} === 'Mallory: Log out'")


def test_why_a_log_in_fails_is_said_in_words(browser, accounts):
    browser.open(accounts.url)
    log_in(browser, password="wrong horse")
    browser.wait("document.querySelector('#login-answer').textContent === 'Wrong name or password.'")
    browser.click("#register")
    browser.wait("document.querySelector('#login-answer').textContent.startsWith('This name is taken')")
    browser.fill("#password", "battery staple")
    browser.click("#login-form .primary")
    browser.wait(f"{LOGIN} === 'Alice: Log out'")


def test_a_session_goes_on(browser, accounts):
    """Over a reload, and over an access token that is refused; what ends it for good is said."""
    browser.open(accounts.url)
    log_in(browser)
    browser.wait(f"{LOGIN} === 'Alice: Log out'")
    first = kept(browser)
    browser.run("window.before = 1; location.reload()")
    browser.wait(f"!window.before && {LOGIN} === 'Alice: Log out' && sessionStorage.getItem('refresh_token') !== {json.dumps(first['next'])}")
    second = kept(browser)
    # A session that was ended elsewhere: its refresh token is refused.
    assert requests.post(accounts.url + "/v1/sessions/logout", json={"refresh_token": second["next"]}, timeout=60).status_code == 204
    browser.run("window.before = 1; location.reload()")
    browser.wait(f"!window.before && {LOGIN} === 'Log in'")
    browser.wait("document.querySelector('#ended')?.textContent.startsWith('Your token has ended')")
    assert kept(browser) == {"token": None, "next": None}


def test_a_duplicated_tab_does_not_end_the_session(browser, accounts):
    """Both tabs hold the refresh token, which is good for one use: the one that uses it tells the other."""
    browser.open(accounts.url)
    log_in(browser)
    browser.wait(f"{LOGIN} === 'Alice: Log out'")
    was = kept(browser)["next"]
    now = requests.post(accounts.url + "/v1/sessions/refresh", json={"refresh_token": was}, timeout=60).json()
    browser.run("window.other = new BroadcastChannel('flashbid-session'); window.heard = []; other.onmessage = ({data}) => heard.push(data); 0")
    browser.run(f"other.postMessage({json.dumps({'was': was, 'now': now})})")
    browser.wait(f"sessionStorage.getItem('refresh_token') === {json.dumps(now['refresh_token'])}")
    browser.run(f"other.postMessage({json.dumps({'was': 'of another session', 'now': None})})")
    browser.click("#login")
    browser.wait(f"{LOGIN} === 'Log in'")
    browser.wait(f"JSON.stringify(heard) === {json.dumps(json.dumps([{'was': now['refresh_token'], 'now': None}], separators=(',', ':')))}")
    # The other way round: the tab that was logged out elsewhere.
    log_in(browser)
    browser.wait(f"{LOGIN} === 'Alice: Log out'")
    browser.run(f"other.postMessage({json.dumps({'was': 'x', 'now': None})}); other.postMessage({{was: sessionStorage.getItem('refresh_token'), now: null}})")
    browser.wait(f"{LOGIN} === 'Log in' && !document.querySelector('#ended')")


def test_a_phone_has_room_for_the_bar(browser, guarded, key):
    server = guarded()
    with browser.phone(320, 640):
        browser.open(f"{server.url}/#token={token(key, 'A.very.long.name.' * 3, '--role', 'operator')}")
        browser.wait("!!document.querySelector('#login')")
        browser.wait("document.querySelectorAll('nav a').length === 4")
        for language in ("zh-CN", "en"):
            browser.click("#language")
            browser.wait(f"document.documentElement.lang === '{language}'")
            assert browser.run("document.documentElement.scrollWidth") <= 320
            assert violations(browser) == []
