"""What a visitor's browser does with a hot auction: the room in a real Chromium while twenty bids a second are accepted."""

import contextlib
import json
import os
import sys
import time

from . import auctions, programs
from .figures import Figure
from .programs import BenchError, REPOSITORY

sys.path[:0] = [str(REPOSITORY / "tests" / folder) for folder in ("e2e", "support")]

AUCTION = 1
BIDS_A_SECOND = 20
WHOLE_S = 60
WARM_UP_S = 3
LONG_TASK_MS = 50
TASK = "ThreadControllerImpl::RunTask"  # of the browser's trace
# A visitor keeps the events that came meanwhile, up to the client's bound.
ALLOWED_GROWTH = 1024 * 1024
ALLOWED_SHIFT = 0.01
# Two prices within one picture are drawn as one; a machine that does much else draws few pictures.
LEAST_SHOWN = 0.9

OBSERVE = """(() => {
  window.seen = {tasks: [], shift: 0, prices: 0};
  new PerformanceObserver((list) => window.seen.tasks.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({type: "longtask"});
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.seen.shift += entry.value;
  }).observe({type: "layout-shift"});
  let shown = document.querySelector("#price").textContent;
  new MutationObserver(() => {
    const now = document.querySelector("#price").textContent;
    if (now !== shown) window.seen.prices += 1;
    shown = now;
  }).observe(document.querySelector("#price"), {childList: true, characterData: true, subtree: true});
})()"""


def pages(run):
    """An auction room in a real browser for a minute of 20 accepted bids a second: long tasks, memory, layout."""
    return watched(run, WHOLE_S * min(1, run.seconds))


def watched(run, seconds):
    folder = run.new_folder()
    with programs.flashbid(folder) as server:
        auctions.create(server.port, AUCTION, 1)
        bidding = Bidding(server.port)
        with browser_on_its_core(folder / "chromium") as browser:
            browser.open(f"http://127.0.0.1:{server.port}/#{AUCTION}")
            browser.wait("!!document.querySelector('#price') && !!document.querySelector('#link.on')", timeout=60)
            bidding.go_on(WARM_UP_S)
            browser.run(OBSERVE)
            first = Stretch(browser, bidding, seconds / 3)
            second = Stretch(browser, bidding, seconds * 2 / 3)
            if browser.errors:
                raise BenchError(f"the page has errors: {browser.errors}")
            must_show(browser, bidding.next_amount - 1)
    return figures_of(first, second, seconds)


def must_show(browser, amount):
    try:
        browser.wait(f"(document.querySelector('#price').textContent.match(/\\d/g) ?? []).join('') === '{amount}'")
    except AssertionError as error:
        raise BenchError(f"the room does not show the last price: {error}") from error


class Bidding:
    """Bids at the pace, each one more than the last; every one must be accepted."""

    def __init__(self, port):
        self.port = port
        self.next_amount = auctions.LOWEST

    def go_on(self, seconds):
        counts = programs.bid_load(self.port, "accepted", first_auction=AUCTION, connections=1, auctions=1, depth=8,
                                   rate=BIDS_A_SECOND, seconds=seconds, first_amount=self.next_amount)
        self.next_amount = counts["next_amount"]
        return counts["accepted"]


class Trace:
    """The tasks of the page's main thread while it lasted, in CPU time: what else the machine does lengthens none."""

    def __init__(self, browser):
        self.browser = browser
        self.events = []
        self.is_over = False
        self.note = browser.note
        browser.note = self.hear
        browser.call("Tracing.start", transferMode="ReportEvents",
                     traceConfig={"includedCategories": ["toplevel", "__metadata"], "excludedCategories": ["*"]})

    def hear(self, message):
        if message["method"] == "Tracing.dataCollected":
            self.events += [event for event in message["params"]["value"] if event["name"] in ("thread_name", TASK)]
        elif message["method"] == "Tracing.tracingComplete":
            self.is_over = True
        else:
            self.note(message)

    def task_ms(self):
        self.browser.call("Tracing.end")
        while not self.is_over:
            self.hear(json.loads(self.browser.socket.recv()))
        self.browser.note = self.note
        main = {(event["pid"], event["tid"]) for event in self.events
                if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"}
        tasks = [event.get("tdur", 0) / 1000 for event in self.events
                 if event["name"] == TASK and (event["pid"], event["tid"]) in main]
        if not tasks:
            raise BenchError("the browser's trace tells of no task of the page")
        return tasks


class Stretch:
    """What was seen while it lasted, and what the page holds at its end."""

    def __init__(self, browser, bidding, seconds):
        browser.run("Object.assign(window.seen, {tasks: [], shift: 0, prices: 0})")
        trace = Trace(browser)
        self.bids = bidding.go_on(seconds)
        time.sleep(0.3)
        self.tasks = trace.task_ms()
        seen = browser.run("window.seen")
        self.long_tasks, self.shift, self.prices = seen["tasks"], seen["shift"], seen["prices"]
        # Twice: what ends may hold something on until the first has run. This is no task of the page's own.
        for _ in range(2):
            browser.call("HeapProfiler.collectGarbage")
        time.sleep(0.3)
        held = metrics(browser)
        self.heap, self.nodes = held["JSHeapUsedSize"], held["Nodes"]


def metrics(browser):
    return {one["name"]: one["value"] for one in browser.call("Performance.getMetrics")["metrics"]}


@contextlib.contextmanager
def browser_on_its_core(profile):
    """On the load's core, as everything that is not the server: a child has its parent's."""
    from browser import Browser, CHROMIUM
    if CHROMIUM is None:
        raise BenchError("chromium is not installed: script/setup test")
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {programs.cores()[1]})
    try:
        browser = Browser(profile)
    finally:
        os.sched_setaffinity(0, ours)
    try:
        browser.call("Performance.enable")
        browser.call("HeapProfiler.enable")
        yield browser
    finally:
        browser.close()


def figures_of(first, second, seconds):
    tasks, long_tasks = first.tasks + second.tasks, first.long_tasks + second.long_tasks
    bids = first.bids + second.bids
    mib = 1024 * 1024
    return [
        Figure("pages", f"{seconds:.0f} s of {BIDS_A_SECOND} bids a second in the room, the longest task", "CPU ms", max(tasks),
               LONG_TASK_MS, at_most=1),
        Figure("pages", f"the longest by the clock ({len(long_tasks)} over {LONG_TASK_MS} ms)", "ms", max(long_tasks, default=0),
               LONG_TASK_MS),
        Figure("pages", "the main thread, of the time between two bids", "CPU ms", sum(tasks) / bids, 1000 / BIDS_A_SECOND),
        Figure("pages", "prices that were drawn, of the bids", "", first.prices + second.prices, bids, at_least=LEAST_SHOWN),
        Figure("pages", "heap at the end, of that at a third and 1 MiB", "MiB", second.heap / mib,
               (first.heap + ALLOWED_GROWTH) / mib, at_most=1),
        Figure("pages", "nodes at the end, of those at a third", "nodes", second.nodes, first.nodes, at_most=1.05),
        Figure("pages", "cumulative layout shift", "", first.shift + second.shift, ALLOWED_SHIFT, at_most=1),
    ]


PAGES_ROWS = {"pages": pages}
