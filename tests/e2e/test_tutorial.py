"""docs/tutorial.md is done as it is written, command by command, and says what the page says; in Chinese it is the same."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from flashbid_server import BINARY, clean_environment
from postgres_server import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / name for name in ("tutorial.md", "tutorial.zh-CN.md")]
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BUILT = "script/build\nexport PATH=$PWD/build/release:$PATH\n"
TIMEOUT_S = 240


def blocks_of(page):
    """[commands, what they print or None if the page does not say]."""
    steps = []
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "sh":
            steps.append([text, None])
        else:
            assert steps and steps[-1][1] is None, f"an output without its commands: {text}"
            steps[-1][1] = text
    return steps


def fits(shown, printed):
    """`…` stands for anything within the lines around it."""
    pattern = re.escape(shown.strip()).replace("…", ".*")
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def test_what_an_ellipsis_stands_for():
    assert fits('{"a":1,…}\n', '{"a":1,"b":2}')
    assert fits("…done…", "1\n2 done\n3")
    assert not fits('{"a":1,…}', '{"a":2,"b":2}')
    assert not fits("one\n", "one\ntwo")


def test_both_languages_have_the_same_commands():
    english, chinese = (blocks_of(page) for page in PAGES)
    assert english == chinese


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash")
def test_every_command_does_what_the_page_says(tmp_path):
    steps = blocks_of(PAGES[0])
    assert steps[0][0] == BUILT and len(steps) > 10, "the page begins with a build, which has been made"
    port = str(free_port())
    script = "".join(f"{commands}printf '\\n\\036'\n" for commands, _ in steps[1:])
    script = script.replace("8080", port).replace("/tmp/auction-house", str(tmp_path / "auction-house"))
    environment = clean_environment() | {"PATH": f"{BINARY.parent}:{os.environ['PATH']}", "FLASHBID_LISTEN": f"127.0.0.1:{port}"}
    done = subprocess.run(["bash"], input=script, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment,
                          cwd=tmp_path)
    printed = done.stdout.split("\036")
    assert len(printed) == len(steps), done.stdout + done.stderr
    for (commands, shown), told in zip(steps[1:], printed):
        assert shown is None or fits(shown.replace("8080", port), told), f"{commands}\nsays\n{told}\nand not\n{shown}\n{done.stderr}"
