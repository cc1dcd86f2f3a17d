"""Every planted bug is caught, for its reason, by what bugs.toml says; and nothing is caught where none is planted."""

import os
import resource
import subprocess

import plant
import pytest

BUILD = plant.ROOT / "build" / "planted" / "tests"
SIMULATE = BUILD / "simulate"
TESTS = BUILD / "planted" / "planted_tests"
SEEDS_WITHOUT = 50
TIMEOUT_S = 120
MEMORY_BYTES = 4 << 30  # a bug may go round in circles

BUGS = [bug for bug in plant.load()[0] if bug.caught_by != "checker"]


def bound():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(command, planted=""):
    """(exit status, all that it says)."""
    # A bug that shows at all shows early; a whole million of random commands is for tests/differential.
    settings = {"FLASHBID_PLANTED": planted, "FLASHBID_COMMANDS": "50000", "FLASHBID_SEED": "1"}
    ended = subprocess.run([str(word) for word in command], env={**os.environ, **settings}, timeout=TIMEOUT_S,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=bound, check=False)
    return ended.returncode, ended.stdout.decode(errors="replace")


def catcher(bug):
    if bug.caught_by == "simulation":
        return [SIMULATE, bug.seed, 1]
    return [TESTS, "--gtest_brief=1", f"--gtest_filter={bug.test}"]


def test_no_seed_fails_without_a_bug():
    status, said = run([SIMULATE, 1, SEEDS_WITHOUT])
    assert status == 0, said
    for seed in sorted({bug.seed for bug in BUGS if bug.seed is not None and bug.seed > SEEDS_WITHOUT}):
        status, said = run([SIMULATE, seed, 1])
        assert status == 0, said


@pytest.mark.parametrize("test", sorted({bug.test for bug in BUGS if bug.test}))
def test_no_test_fails_without_a_bug(test):
    status, said = run([TESTS, f"--gtest_filter={test}"])
    assert status == 0, said[-4000:]
    assert "[==========] 0 tests" not in said, f"no test is called {test}"


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_is_caught(bug):
    status, said = run(catcher(bug), bug.name)
    assert status not in {0, 2}, f"{bug.what}: nobody noticed\n{said[-2000:]}"
    assert plant.is_said(bug.says, said), f"{bug.what}: it failed, and did not say {bug.says!r}\n{said[-4000:]}"


def test_a_name_that_is_no_bug_is_refused():
    status, said = run([SIMULATE, 1, 1], "no_such_bug")
    assert status == 2 and "no such bug" in said
