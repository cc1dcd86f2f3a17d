"""The documents as a server shows them at /docs: every page and picture that they lead to is there, under the policy of all pages, for a
phone and in the dark; what an error's `type` names is there, too. Links between the files themselves: web/tests/documents.test.ts.
"""
import re
from html.parser import HTMLParser

import pytest

from accessibility import violations
from api_client import Api
from api_documents import CODES
from browser import CHROMIUM


class Page(HTMLParser):
    """What a document refers to, what can be referred to in it, and what the policy would not let it have."""

    def __init__(self, text):
        super().__init__()
        self.links, self.sources, self.ids, self.inline = [], [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            assert attributes["id"] not in self.ids, attributes
            self.ids.add(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
        if tag in ("img", "script"):
            self.sources.append(attributes.get("src"))
        if tag == "link":
            self.sources.append(attributes["href"])
        if tag in ("script", "style") or any(name.startswith("on") or name == "style" for name in attributes):
            self.inline.append((tag, attributes))


def fetch(plain, target):
    answer = plain.get(target)
    assert answer.status == 200, (target, answer)
    return answer


@pytest.fixture
def plain(server):
    """Pages and their files are not in /openapi.json one by one."""
    client = Api(server)
    yield client
    client.close()


@pytest.fixture
def book(plain):
    """Every document that can be reached from /docs: path -> Page."""
    pages, waiting = {}, ["/docs"]
    while waiting:
        path = waiting.pop()
        if path in pages:
            continue
        answer = fetch(plain, path)
        assert answer.media_type == "text/html" and answer.header("content-security-policy").startswith("default-src 'self'")
        pages[path] = Page(answer.body.decode())
        waiting += {link.split("#")[0] for link in pages[path].links if re.match(r"/docs\b", link)}
    return pages


def test_every_link_and_picture_is_there(plain, book):
    assert {"/docs", "/docs/tutorial", "/docs/tutorial.zh-CN", "/docs/errors", "/docs/api", "/docs/cli", "/docs/security"} <= set(book)
    for path, page in book.items():
        for link in page.links:
            if re.match("[a-z]+:", link):
                continue
            place, _, anchor = link.partition("#")
            if place.startswith("/docs") or place == "":
                assert not anchor or anchor in book[place or path].ids, f"{path}: {link}"
            else:
                fetch(plain, place)
        for source in page.sources:
            fetch(plain, source)
        assert page.inline == [] or path == "/docs/api" and all("src" in attributes for _, attributes in page.inline), path


def test_the_type_of_every_error_leads_to_its_line(api, book):
    kind = api.get("/v1/auctions/nonsense").json()["type"]
    assert kind == "/docs/errors#not_found"
    assert len(CODES) > 30 and set(CODES) <= book["/docs/errors"].ids


def test_there_is_no_other_page(api):
    for target in ("/docs/", "/docs/nonsense", "/docs/document", "/docs/errors.md", "/docs/decisions", "/errors"):
        api.problem("GET", target, 404, "not_found")


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone_and_in_the_dark(chromium, server, dark):
    chromium.errors.clear()
    chromium.call("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=2, mobile=True)
    chromium.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
    for path in ("/docs", "/docs/errors#not_found", "/docs/cli", "/docs/tutorial.zh-CN"):
        chromium.open(server.url + path)
        chromium.wait("document.readyState === 'complete'")
        assert chromium.run("document.documentElement.scrollWidth") <= 320, path
        ground = chromium.run("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(18, 17, 24)") == dark, ground
        assert violations(chromium) == [], path
        if path.endswith("zh-CN"):
            assert chromium.run("document.documentElement.lang") == "zh-CN"
    assert chromium.errors == []
