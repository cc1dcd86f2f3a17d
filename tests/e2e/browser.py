"""A real browser (Debian's chromium, headless) driven over its debugging WebSocket. Owns the process and its profile.

Only what the page tests need: open, run JavaScript, wait for it to be true; every error on the page's console is kept.
"""
import base64
import contextlib
import json
import re
import shutil
import subprocess
import time

import websocket

from machine_time import running_s

CHROMIUM = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
         "--disable-component-update", "--disable-extensions", "--disable-dev-shm-usage", "--remote-debugging-port=0",
         "--remote-allow-origins=*"]
START_TIMEOUT_S = 60
# What the browser says of an expression whose page gave way to another one while it was asked.
PAGE_GONE = ("Inspected target navigated or closed", "Execution context was destroyed", "Cannot find context with specified id")


class PageGone(Exception):
    """The page that was asked is being replaced by the next."""


class Browser:
    def __init__(self, profile, size=(1280, 800)):
        self.errors = []
        self.requested = []
        self.pictures = []  # requested too: an auction names its own, anywhere
        self.next_id = 0
        self.log = profile / "chromium.log"
        profile.mkdir(parents=True, exist_ok=True)
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen([CHROMIUM, *FLAGS, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}",
                                           "about:blank"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            self.socket = websocket.create_connection(self.page_address(), timeout=60, suppress_origin=True)
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    def page_address(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            found = re.search(r"DevTools listening on ws://([\d.:]+)/", self.log.read_text(errors="replace"))
            if found:
                host = found.group(1)
                browser = websocket.create_connection(re.search(r"ws://\S+", self.log.read_text(errors="replace")).group(),
                                                      timeout=60, suppress_origin=True)
                browser.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
                targets = json.loads(browser.recv())["result"]["targetInfos"]
                browser.close()
                pages = [target["targetId"] for target in targets if target["type"] == "page"]
                if pages:
                    return f"ws://{host}/devtools/page/{pages[0]}"
            assert self.child.poll() is None, f"chromium ended: {self.log.read_text(errors='replace')[-2000:]}"
            time.sleep(0.05)
        raise AssertionError(f"chromium did not start: {self.log.read_text(errors='replace')[-2000:]}")

    def call(self, method, **parameters):
        self.next_id += 1
        self.socket.send(json.dumps({"id": self.next_id, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.next_id:
                if message.get("error", {}).get("message", "").startswith(PAGE_GONE):
                    raise PageGone(message["error"]["message"])
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]
            self.note(message)

    def note(self, message):
        parameters = message.get("params", {})
        if message["method"] == "Runtime.exceptionThrown":
            self.errors.append(parameters["exceptionDetails"].get("exception", {}).get("description", str(parameters)))
        elif message["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            if parameters["entry"].get("url") not in self.pictures:
                self.errors.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
        elif message["method"] == "Network.requestWillBeSent":
            (self.pictures if parameters.get("type") == "Image" else self.requested).append(parameters["request"]["url"])

    def forget(self):
        """What was wrong and what was asked for until now is nobody's business any more."""
        for each in (self.errors, self.requested, self.pictures):
            each.clear()

    def open(self, url):
        self.call("Page.navigate", url=url)

    def run(self, javascript):
        """The value of an expression on the page."""
        result = self.call("Runtime.evaluate", expression=javascript, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, f"{javascript}: {result['exceptionDetails']}"
        return result["result"].get("value")

    def wait(self, javascript, timeout=60):
        """Waits until the expression is true on the page, or on the one that follows it; returns it."""
        deadline = running_s() + timeout
        while running_s() < deadline:
            try:
                value = self.run(javascript)
            except PageGone:
                value = None
            if value:
                return value
            time.sleep(0.05)
        shown = self.run("document.body.innerText")
        raise AssertionError(f"never true: {javascript}\nerrors: {self.errors}\nthe page shows: {shown}")

    def to_english(self):
        if self.run("document.documentElement.lang") != "en":
            self.click("#language")
            self.wait("document.documentElement.lang === 'en'")

    def fill(self, selector, text):
        self.run(f"(() => {{ const field = document.querySelector({json.dumps(selector)}); field.value = {json.dumps(text)};"
                 " field.dispatchEvent(new Event('input', {bubbles: true})); })()")

    def click(self, selector):
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    @contextlib.contextmanager
    def phone(self, width=390, height=844):
        """As on a phone of that size in CSS pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=True)
        try:
            yield
        finally:
            self.call("Emulation.clearDeviceMetricsOverride")

    @contextlib.contextmanager
    def scheme(self, name):
        """With the visitor's preference for "dark" or "light"."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])
        try:
            yield
        finally:
            self.call("Emulation.setEmulatedMedia", features=[])

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        if hasattr(self, "socket"):
            self.socket.close()
        self.child.terminate()
        try:
            self.child.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
