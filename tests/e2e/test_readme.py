"""The commands of README.md work as they stand there, in order; README.zh-CN.md has the same ones."""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from certificates import Certificates
from flashbid_server import BINARY, clean_environment
from postgres_server import free_port

ROOT = Path(__file__).resolve().parents[2]
SERVER = re.compile(r"^(script/server|flashbid serve)\b")
WITHOUT_END = re.compile(r"^curl -sN\b")  # a feed
LISTENING = re.compile(r"^listening on ", re.MULTILINE)
START_TIMEOUT_S = 600  # script/server builds


def commands_of(page):
    """The lines of its code blocks (indented by four spaces), without the comments behind them."""
    lines = re.findall(r"^    (\S.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"\s{2,}#.*$", "", line) for line in lines]


def test_both_languages_have_the_same_commands():
    assert commands_of("README.md") == commands_of("README.zh-CN.md")


class Reader:
    """Types one command after another; a server runs until the next one."""

    def __init__(self, folder, words):
        self.folder = folder
        self.words = words  # what the page leaves open: word -> what a reader puts there
        self.port = free_port()
        self.environment = clean_environment() | {
            "PATH": f"{BINARY.parent}:{os.environ['PATH']}", "FLASHBID_LISTEN": f"127.0.0.1:{self.port}",
            "FLASHBID_DATA": str(folder / "flashbid-data")}
        self.server = None

    def type(self, line):
        if SERVER.match(line):
            self.stop()
        for word, meant in (self.words | {"8080": str(self.port), "0.0.0.0:8443": f"127.0.0.1:{free_port()}"}).items():
            line = line.replace(word, meant)
        where = ROOT if line.startswith("script/") else self.folder
        line = line.replace("build/release/flashbid", str(BINARY))
        if SERVER.match(line):
            return self.start(line, where)
        done = subprocess.run(["timeout", "2", "bash", "-c", line] if WITHOUT_END.match(line) else ["bash", "-c", line],
                              capture_output=True, text=True, timeout=120, env=self.environment, cwd=where)
        assert done.returncode == (124 if WITHOUT_END.match(line) else 0), f"{line}\n{done.stdout}{done.stderr}"
        assert "/docs/errors#" not in done.stdout, f"{line}\n{done.stdout}"
        return done.stdout

    def start(self, line, where):
        log = self.folder / f"log.{time.monotonic_ns()}"
        with open(log, "wb") as out:
            self.server = subprocess.Popen(["bash", "-c", f"exec {line}"], stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                           env=self.environment, cwd=where)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not LISTENING.search(log.read_text()):
            assert self.server.poll() is None and time.monotonic() < deadline, f"{line}\n{log.read_text()[-3000:]}"
            time.sleep(0.05)
        return log.read_text()

    def stop(self):
        if self.server is not None:
            self.server.send_signal(signal.SIGTERM)
            assert self.server.wait(timeout=60) == 0
            self.server = None


def test_every_command_works(tmp_path, redis, database):
    certificates = Certificates(tmp_path / "certificates")
    certificates.sign("server")
    for name, meant in {"server.pem": "chain.pem", "server.key": "key.pem"}.items():
        os.replace(certificates.file(name), tmp_path / meant)
    (tmp_path / "secret").write_text("s" * 64)
    reader = Reader(tmp_path, {"FILE": "secret", "redis://HOST:6379": redis.url, "postgres://USER@HOST/DATABASE": database})
    try:
        told = {line: reader.type(line) for line in commands_of("README.md")}
        reader.stop()
    finally:
        if reader.server is not None:
            reader.server.kill()
            reader.server.wait(timeout=60)
    assert len(told) >= 10
    said = {" ".join(line.split()[:2]): text for line, text in told.items()}
    assert "no violation" in said["build/release/flashbid bots"]
    bid = next(text for line, text in told.items() if "/bids" in line)
    assert '"verdict":"accepted"' in bid, "the demo's auction takes the amount that the page says"
    feed = next(text for line, text in told.items() if WITHOUT_END.match(line))
    assert "event: snapshot" in feed
    assert said["flashbid token"].count(".") == 2
