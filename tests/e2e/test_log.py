"""--log-format json: every line that a process says on stderr is an object, whatever stands in it."""
import json
import re
import subprocess

import pytest

from api_client import Api
from flashbid_server import BINARY, clean_environment, run_command

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def lines_of(text):
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        assert list(line) == ["at", "level", "text"] and TIME.fullmatch(line["at"]), line
    return lines


def test_a_server_says_lines_of_json(tmp_path, own_server):
    """The name of its folder, which a line holds, has what JSON must escape, and a letter beyond ASCII."""
    folder = tmp_path / 'a "house"\n of \\ 拍'
    server = own_server("--log-format", "json", data=folder).start()
    api = Api(server)
    api.create()
    api.close()
    server.stop()
    lines = lines_of(server.stderr_path.read_text())
    texts = [line["text"] for line in lines]
    assert any(f"ledger {folder}" in text for text in texts) and texts[-1] == "stopped", texts
    assert any("created auction" in text for text in texts)
    assert {line["level"] for line in lines} <= {"info", "warning", "error", "critical"}


def test_a_relay_says_lines_of_json(tmp_path):
    with subprocess.Popen([str(BINARY), "relay", "--from", "redis://127.0.0.1:1", "--to", "postgres://nobody@127.0.0.1:1/none",
                           "--log-format", "json"], stderr=subprocess.PIPE, text=True, env=clean_environment()) as relay:
        first = relay.stderr.readline()
        relay.terminate()
        rest = relay.communicate(timeout=60)[1]
    assert lines_of(first + rest)


@pytest.mark.parametrize("flags", [["--log-format", "xml"]])
def test_other_forms_are_refused(flags):
    done = run_command("serve", "--dev", "--listen", "127.0.0.1:0", *flags)
    assert done.returncode == 2 and "--log-format" in done.stderr and "json" in done.stderr, done
