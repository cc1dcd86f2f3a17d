"""Somebody in front of a real browser, in an auction's room: opens it, bids, and says what is shown there."""
import json

from browser import Browser

TEXT = "document.querySelector({})?.textContent"


class Visitor(Browser):
    def __init__(self, profile, name=None, size=(1280, 800)):
        super().__init__(profile, size)
        self.name = name

    def enter(self, server, auction, name=None, language="en"):
        """Opens the room anew, as somebody of that name."""
        name = self.name if name is None else name
        self.leave()
        script = self.call("Page.addScriptToEvaluateOnNewDocument", source=(
            f"localStorage.clear(); sessionStorage.clear(); localStorage.setItem('language', {json.dumps(language)});"
            f" localStorage.setItem('bidder', {json.dumps(name or '')})"))["identifier"]
        self.open(f"{server.url}/#{auction}")
        self.wait("!!document.querySelector('#state') && !!document.querySelector('#link.on')")
        self.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
        if name:
            self.wait("!document.querySelector('#bid-form') || !!document.querySelector('#bidder')")

    def leave(self):
        self.open("about:blank")
        self.wait("location.href === 'about:blank'")

    def text(self, selector):
        return self.run(TEXT.format(json.dumps(selector)))

    def sees(self, selector, text, timeout=60):
        """Waits until the element's text is, or has in it, what is expected."""
        self.wait(f"({TEXT.format(json.dumps(selector))} ?? '').includes({json.dumps(text)})", timeout)

    def is_told(self, kind, timeout=60):
        self.wait(f"document.querySelector('#standing')?.dataset.standing === '{kind}'", timeout)

    def press(self, selector):
        """A press, once no earlier one is so near that it would be taken for its echo."""
        self.run("new Promise((done) => setTimeout(done, 420))")
        self.click(selector)

    def bid_next(self):
        self.press("#steps .primary")

    def bid(self, amount):
        self.fill("#amount", amount)
        self.press("#bid-form button")

    def listed(self):
        """The events that the page shows: their sequences and texts, newest first."""
        return self.run("[...document.querySelectorAll('#events li')].map((row) => [row.value, row.querySelector('.what').textContent])")

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True)

    def as_it_was(self):
        self.call("Emulation.clearDeviceMetricsOverride")


def visit(visitor):
    """What a fixture yields from: somebody whose visit may leave nothing that went wrong on the page."""
    visitor.errors.clear()
    yield visitor
    visitor.as_it_was()
    visitor.leave()
    assert visitor.errors == []
