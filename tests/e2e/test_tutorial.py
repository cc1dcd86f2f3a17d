"""docs/tutorial.md is done as it is written, command by command, and says what the page says; in Chinese it is the same."""
import shutil

import pytest

from postgres_server import free_port
from walkthrough import Reader, blocks_of, fits, page_of

PAGES = [page_of(name) for name in ("tutorial.md", "tutorial.zh-CN.md")]
BUILT = "script/build\nexport PATH=$PWD/build/release:$PATH\n"


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
    words = {"8080": port, "/tmp/auction-house": str(tmp_path / "auction-house")}
    with Reader(tmp_path, words, FLASHBID_LISTEN=f"127.0.0.1:{port}") as reader:
        reader.follow(steps[1:])
