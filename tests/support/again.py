"""A pytest plugin: a test that failed while the machine or its disk stood still proves nothing, and is run again. The summary names each.

One that fails on a machine that runs has failed, the first time.
"""
import pytest
from _pytest.runner import runtestprotocol

from machine_time import stood_still_s

ATTEMPTS = 3
PROVES_NOTHING_S = 1.0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for attempt in range(1, ATTEMPTS + 1):
        before = stood_still_s()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        stood_s = stood_still_s() - before
        if attempt == ATTEMPTS or stood_s < PROVES_NOTHING_S or not any(report.failed for report in reports):
            break
        item.user_properties.append(("again", f"the machine stood still for {stood_s:.1f} s"))
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_terminal_summary(terminalreporter):
    seen = {report.nodeid: [why for name, why in report.user_properties if name == "again"]
            for kind in ("passed", "failed", "skipped") for report in terminalreporter.stats.get(kind, [])}
    for nodeid, reasons in seen.items():
        for why in reasons:
            terminalreporter.write_line(f"run again: {nodeid}: {why}")
