"""compose.embedded.yaml as a small operator lives with it: accounts, a crash, a backup, a restore, another container."""
import subprocess

import pytest
from api_client import Api
from conftest import Container, run
from house import OPERATOR, PASSWORD, House, wait_until_ready


def compose(*words, given=None):
    done = subprocess.run(["docker-compose", *words], input=given, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def flashbid(*words, given=None):
    return compose("exec", "-T", "flashbid", "flashbid", *words, given=given)


@pytest.fixture(scope="module")
def container():
    return Container("flashbid")


@pytest.fixture(scope="module")
def house(server, documents):
    flashbid("accounts", "add", "--name", OPERATOR, "--role", "operator", given=PASSWORD + "\n")
    api = Api(server, documents[0])
    yield House(api)
    api.close()


def test_it_is_hardened_and_on_the_loopback_only(container):
    container.check_hardened()
    assert [[binding["HostIp"] for binding in bindings]
            for bindings in container.inspect()["HostConfig"]["PortBindings"].values()] == [["127.0.0.1"]]


def test_a_crash_loses_nothing(house, container):
    house.bid()
    killed = container.kill()
    container.wait_restarted(killed)
    wait_until_ready(house.api)
    house.check()


def test_another_container_on_the_same_volume(house, container):
    before = container.inspect()["Id"]
    compose("up", "-d", "--no-build", "--force-recreate")
    assert container.inspect()["Id"] != before
    wait_until_ready(house.api)
    house.check()


def test_backup_and_restore(house):
    """As docs/containers.md says it: what came after the backup is gone, what was before it is there."""
    flashbid("backup", "--to", "backups/monday")
    acknowledged = list(house.amounts)
    house.bid()
    assert "consistent" in flashbid("verify")
    compose("stop")
    compose("run", "--rm", "--entrypoint", "mv", "flashbid", "ledger", "ledger.old")
    compose("run", "--rm", "flashbid", "restore", "--from", "sqlite:backups/monday", "--to", "sqlite:ledger")
    compose("start")
    wait_until_ready(house.api)
    house.amounts = acknowledged
    house.check()
