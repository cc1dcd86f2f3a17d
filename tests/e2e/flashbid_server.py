"""Owns one process of the real binary: start it, wait until it listens, stop, kill and restart it on the same data.

Never talks HTTP itself (that is api_client) and never deletes the data folder (the test's tmp_path does).
"""
import atexit
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("FLASHBID_BINARY", REPOSITORY / "build" / "release" / "flashbid"))
LISTENING = re.compile(rb"^listening on (https?)://(\S+):(\d+)\s*$", re.MULTILINE)
SANITIZER = re.compile(r"(ERROR: (Address|Leak|Thread|Memory)Sanitizer|WARNING: ThreadSanitizer|runtime error: "
                       r"|SUMMARY: \w+Sanitizer|UndefinedBehaviorSanitizer)")
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60


def clean_environment(**variables):
    """The caller's environment without FLASHBID_ variables of its own, so that only those of the test count."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLASHBID_")}
    environment.update(variables)
    return environment


def run_command(*arguments, env=None, cwd=None, timeout=START_TIMEOUT_S, text_in=None):
    """Runs the binary to its end: for commands that are expected to end on their own. text_in: on its stdin."""
    return subprocess.run([str(BINARY), *arguments], capture_output=True, text=True, timeout=timeout, cwd=cwd,
                          env=clean_environment() if env is None else env,
                          **({"stdin": subprocess.DEVNULL} if text_in is None else {"input": text_in}))


def folder_of_logs():
    """Goes when the tests end: what a failure needs of it is printed."""
    folder = Path(tempfile.mkdtemp(prefix="flashbid-logs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Server:
    """`flashbid serve` on a port of its own choice."""

    def __init__(self, data, *flags, dev=True, listen="127.0.0.1:0", env=None, cwd=None, prefix=()):
        """prefix: a command that runs the binary by exec, so that its process is the server's."""
        self.prefix = list(prefix)
        self.data = Path(data)
        self.arguments = ["serve"]
        if dev:
            self.arguments.append("--dev")
        if listen is not None:
            self.arguments += ["--listen", listen]
        self.arguments += ["--data", str(self.data), *flags]
        self.env = clean_environment() if env is None else env
        self.cwd = cwd
        self.child = None
        self.scheme = None
        self.tls = None  # an SSLContext for its clients, if it speaks TLS
        self.host = None
        self.port = None
        self.logs = folder_of_logs()
        self.generation = 0
        self.checked_bytes = 0
        self.clients = []  # whose kept connections stop() ends first, else the server waits for them to say goodbye

    @property
    def stdout_path(self):
        return self.logs / f"stdout.{self.generation}"

    @property
    def stderr_path(self):
        return self.logs / f"stderr.{self.generation}"

    @property
    def url(self):
        return f"{self.scheme}://{self.host}:{self.port}"

    def launch(self):
        """Starts the process and does not wait for it."""
        assert self.child is None, "already running"
        self.generation += 1
        self.checked_bytes = 0
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.child = subprocess.Popen([*self.prefix, str(BINARY), *self.arguments], stdout=out, stderr=err,
                                          env=self.env, cwd=self.cwd, stdin=subprocess.DEVNULL)

    def start(self):
        self.launch()
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            found = LISTENING.search(self.stdout_path.read_bytes())
            if found:
                self.scheme, self.host, self.port = found[1].decode(), found[2].decode(), int(found[3])
                return self
            if self.child.poll() is not None:
                code = self.child.returncode
                self.child = None
                raise AssertionError(f"server ended with {code} before it listened\n{self.tail()}")
            time.sleep(0.002)
        self.kill()
        raise AssertionError(f"no `listening on` line within {START_TIMEOUT_S} s\n{self.tail()}")

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        if self.child is None:
            return
        if kind is None:
            self.stop()
        else:
            self.kill()

    def stop(self):
        """SIGTERM; a clean server exits 0."""
        while self.clients:
            self.clients.pop().close()
        self.child.send_signal(signal.SIGTERM)
        return self.wait_exit(0)

    def wait_exit(self, expected):
        try:
            code = self.child.wait(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"server did not end within {STOP_TIMEOUT_S} s\n{self.tail()}") from None
        self.child = None
        self.check_sanitizers()
        assert code == expected, f"server exited with {code}, expected {expected}\n{self.tail()}"

    def kill(self):
        """SIGKILL: no chance to tidy up."""
        self.child.kill()
        self.child.wait()
        self.child = None

    def restart(self):
        self.stop()
        return self.start()

    def check_alive(self):
        """Fails if the process has ended or a sanitizer has spoken since the last check."""
        self.check_sanitizers()
        assert self.child is not None and self.child.poll() is None, f"server has ended\n{self.tail()}"

    def check_sanitizers(self):
        if self.stderr_path.stat().st_size == self.checked_bytes:
            return
        text = self.stderr_path.read_text(errors="replace")
        self.checked_bytes = self.stderr_path.stat().st_size
        assert not SANITIZER.search(text), f"sanitizer report\n{text[-6000:]}"

    def tail(self):
        text = ""
        for path in (self.stdout_path, self.stderr_path):
            if path.exists():
                text += f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}\n"
        return text
