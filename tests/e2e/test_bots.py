"""`flashbid bots` and `flashbid verify --history`: an honest server passes, every lie of a lying one is caught."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

from flashbid_server import Server, run_command
from lying_server import LIES

HERE = Path(__file__).resolve().parent


def bots(url, *flags, expected=0):
    """Runs the bots for a moment; their JSON."""
    ended = run_command("bots", "--url", url, "--duration", "1500ms", "--json", *flags, timeout=120)
    assert ended.returncode == expected, f"{flags}: {ended}"
    return json.loads(ended.stdout)


@pytest.fixture(scope="module", params=["full", "masked"])
def honest(request, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("bots") / "data", "--demo", "--public-bidders", request.param) as server:
        yield server


@pytest.mark.parametrize("flags", [
    ("--bots", "50", "--watchers", "20"),
    ("--bots", "50", "--transport", "ws", "--keys"),
    ("--bots", "20", "--auctions", "50", "--watchers", "50", "--keys"),
    ("--bots", "20", "--rate", "500"),
    ("--bots", "1"),
], ids=" ".join)
def test_an_honest_server_passes(honest, flags):
    told = bots(honest.url, *flags, "--seed", "1")
    assert told["verdict"] == "clean" and told["violations"] == 0
    assert told["accepted"] > 0 and told["refused"] == 0 and told["unknown"] == 0
    assert told["frames"] > told["watchers"]
    if "--auctions" not in flags:
        assert told["auction"]["state"] == "closed" and told["auction"]["sold"] is True


def test_an_auction_that_is_there_can_be_joined_twice(honest):
    for _ in range(2):
        told = bots(honest.url, "--auction", "1001", "--keys", "--seed", "5")
        assert told["verdict"] == "clean" and told["auction"]["id"] == 1001 and told["accepted"] > 0


def test_a_recorded_history_can_be_judged_again(honest, tmp_path):
    file = tmp_path / "history.jsonl"
    bots(honest.url, "--bots", "20", "--keys", "--history", str(file))
    assert run_command("verify", "--history", str(file)).returncode == 0
    lines = file.read_text().splitlines()
    for number, line in enumerate(lines):
        if '"verdict":"rejected"' in line and '"reason":"amount_below_minimum"' in line:
            lines[number] = line.replace("amount_below_minimum", "amount_above_limit")
            break
    file.write_text("\n".join(lines) + "\n")
    judged = run_command("verify", "--history", str(file))
    assert judged.returncode == 1 and "wrong_reason" in judged.stdout
    file.write_text("\n".join(lines[1:]))
    assert run_command("verify", "--history", str(file)).returncode == 2


def lie_to_bots(lie, expected):
    with subprocess.Popen([sys.executable, str(HERE / "lying_server.py"), "0", lie], stdout=subprocess.PIPE,
                          text=True) as liar:
        try:
            port = int(liar.stdout.readline())
            return bots(f"http://127.0.0.1:{port}", "--bots", "30", "--keys", "--seed", "3", "--think", "20ms",
                        expected=expected)
        finally:
            liar.terminate()


def test_the_lying_server_passes_as_long_as_it_is_honest():
    assert lie_to_bots("", 0)["verdict"] == "clean"


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_caught(lie):
    told = lie_to_bots(lie, 1)
    assert told["verdict"] == "violations"
    assert told["violations_by_rule"].get(LIES[lie], 0) > 0, told["violations_by_rule"]
    assert any(found["rule"] == LIES[lie] for found in told["first_violations"])
