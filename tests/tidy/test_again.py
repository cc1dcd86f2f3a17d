"""What is run again, and how it counts (tests/support/again.py, count_junit.py)."""
import subprocess
import sys

import pytest
from count_junit import count
from source_tree import ROOT

SUPPORT = ROOT / "tests" / "support"
STANDS_STILL = """
import os, signal, time
import pytest

tries = 0

@pytest.fixture
def fresh():
    return []

def stand_still(seconds):
    me = os.getpid()
    if os.fork() == 0:
        time.sleep(0.2)
        os.kill(me, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(me, signal.SIGCONT)
        os._exit(0)
    time.sleep(0.5)

def test_it(fresh):
    global tries
    tries += 1
    fresh.append(tries)
    if tries <= STILL:
        stand_still(1.5)
    assert fresh == [tries] and tries > FAILING
"""


def play(folder, still, failing):
    """(passed, failed, the summary) of a test that stands still in its first `still` tries and fails in its first `failing`."""
    (folder / "pytest.ini").write_text(f"[pytest]\npythonpath = {SUPPORT}\n")
    (folder / "conftest.py").write_text('pytest_plugins = ["again"]\n')
    (folder / "test_it.py").write_text(STANDS_STILL.replace("STILL", str(still)).replace("FAILING", str(failing)))
    report = folder / "report.xml"
    said = subprocess.run([sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={report}", folder],
                          capture_output=True, text=True, timeout=120).stdout
    counted = count(report)
    return counted["passed"], counted["failed"], said


@pytest.mark.parametrize("still, failing, passed, times", [(1, 1, 1, 1), (3, 3, 0, 2), (1, 2, 0, 1)],
                         ids=["once", "always", "then on a machine that runs"])
def test_what_failed_while_the_machine_stood_still_is_run_again(tmp_path, still, failing, passed, times):
    counted, failed, said = play(tmp_path, still, failing)
    assert (counted, failed) == (passed, 1 - passed)
    assert said.count("run again: test_it.py::test_it: the machine stood still") == times


def test_what_failed_on_a_machine_that_runs_has_failed(tmp_path):
    passed, failed, said = play(tmp_path, 0, 1)
    assert (passed, failed) == (0, 1) and "run again" not in said


def test_what_passed_is_not_run_again(tmp_path):
    passed, failed, said = play(tmp_path, 1, 0)
    assert (passed, failed) == (1, 0) and "run again" not in said


def test_a_case_that_was_run_again_counts_as_it_did_then(tmp_path):
    case = '<testcase name="{}">{}</testcase>'
    failed = "<failure/>"
    (tmp_path / "first.xml").write_text("<s>" + case.format("a", "") + case.format("b", failed) + case.format("c", failed) + "</s>")
    (tmp_path / "again.xml").write_text("<s>" + case.format("b", "") + case.format("c", failed) + "</s>")
    counted = count(tmp_path / "first.xml", None, tmp_path / "again.xml")
    assert (counted["passed"], counted["failed"]) == (2, 1)
