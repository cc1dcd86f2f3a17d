"""What the checks share on what script/containers has brought up, from the outside and from within."""
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).parents[1] / folder) for folder in ("e2e", "support")]
pytest.register_assert_rewrite("api_client", "http_wire", "stream_client", "accounts_client")

from api_client import Api
from api_documents import AsyncApi, OpenApi

PATIENCE_S = 300  # a dozen services share a busy machine
PODMAN = ["podman", "--url", os.environ.get("DOCKER_HOST", "")]


def pytest_sessionstart(session):
    if "DOCKER_HOST" not in os.environ or "COMPOSE_PROJECT_NAME" not in os.environ:
        pytest.exit("script/containers brings up what these check", returncode=3)


def run(*command, timeout=180):
    """The output of a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def until(condition, what, patience_s=PATIENCE_S, pause_s=0.2):
    """Asks until the answer is true, and returns it."""
    deadline = time.monotonic() + patience_s
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"waited {patience_s} s in vain: {what}"
        time.sleep(pause_s)
    return answer


class Container:
    """One service's container. Its process dies by SIGKILL from outside, as in a crash; nobody asks the engine to."""

    def __init__(self, service, name=None):
        self.service = service
        self.id = name or f"{os.environ['COMPOSE_PROJECT_NAME']}_{service}_1"

    def inspect(self):
        return json.loads(podman("inspect", self.id))[0]

    @property
    def pid(self):
        return self.inspect()["State"]["Pid"]

    def kill(self):
        pid = self.pid
        assert pid > 1, f"{self.service} is not running"
        os.kill(pid, 9)
        return pid

    def wait_restarted(self, killed_pid):
        until(lambda: self.pid not in (0, killed_pid), f"{self.service} is started again")

    def execute(self, *command, timeout=180):
        """What a command inside prints, which must succeed."""
        return podman("exec", self.id, *command, timeout=timeout)

    def fetch(self, url):
        """What the container's own network answers there."""
        return run("nsenter", f"--net=/proc/{self.pid}/ns/net", "curl", "-sSf", "-m", "20", url)

    def is_ready(self, url):
        try:
            return bool(self.fetch(url))
        except AssertionError:
            return False

    def check_hardened(self):
        """It writes its volumes and nothing else, and has no capability, not even if a file offers one."""
        assert self.execute("id", "-u").strip() == "10001"
        status = dict(line.split(":", 1) for line in self.execute("cat", "/proc/1/status").splitlines() if ":" in line)
        assert {status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}, status
        assert status["NoNewPrivs"].strip() == "1"
        for folder in ("/", "/usr/local/bin", "/etc/flashbid"):  # podman gives a /tmp in memory, Docker none
            told = subprocess.run([*PODMAN, "exec", "--user", "0", self.id, "touch", f"{folder}/written"], capture_output=True,
                                  text=True, timeout=60)
            assert told.returncode != 0 and "Read-only file system" in told.stderr, (folder, told)


def podman(*arguments, timeout=180):
    return run(*PODMAN, *arguments, timeout=timeout)


class Published:
    """The address that compose.yaml publishes on this machine's loopback."""
    host, port = "127.0.0.1", 8080

    def __init__(self):
        self.clients = []


@pytest.fixture(scope="session")
def server():
    return Published()


@pytest.fixture(scope="session")
def documents(server):
    plain = Api(server)
    found = OpenApi(plain.get_json("/openapi.json")), AsyncApi(plain.get_json("/asyncapi.json"))
    plain.close()
    return found


@pytest.fixture
def api(server, documents):
    """A client of its own for each test: the balancer picks a node for each connection."""
    client = Api(server, documents[0])
    yield client
    client.close()
