"""--log-format json: every line that a process says on stderr is an object, whatever stands in it."""
import json
import re
import subprocess

import pytest

from api_client import Api, in_seconds
from flashbid_server import BINARY, clean_environment, run_command

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def lines_of(text):
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        assert [name for name in line if name != "request_id"] == ["at", "level", "text"] and TIME.fullmatch(line["at"]), line
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


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_line_about_a_request_carries_its_name(own_server, form):
    """An operator's action is found by the name that its caller gave it; a refusal, when asked for, by the name in the error."""
    server = own_server("--log-format", form, "--log-level", "debug").start()
    api = Api(server)
    body = {"title": "A lot", "currency": "CNY", "opening_price": 1, "closes_at": in_seconds(600)}
    created = api.post("/v1/auctions", body, headers=[("X-Request-Id", "shop-42/a=1")])
    assert created.status == 201 and created.header("x-request-id") == "shop-42/a=1"
    refused = api.problem("GET", "/v1/auctions/999", 404)["request_id"]
    api.close()
    server.stop()
    said = server.stderr_path.read_text()
    if form == "json":
        about = {line["request_id"]: line["text"] for line in lines_of(said) if "request_id" in line}
        assert "created auction" in about["shop-42/a=1"] and "not_found" in about[refused], about
        return
    lines = said.splitlines()
    assert any("created auction" in line and line.endswith(" [request shop-42/a=1]") for line in lines), said
    assert any("404 not_found" in line and line.endswith(f" [request {refused}]") for line in lines), said


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
