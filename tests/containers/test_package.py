"""The Debian package in a clean root, under a systemd of its own: installed, started, killed, installed anew, removed, purged.

The root's network is that of script/containers' namespace, so its server is found on the loopback here."""
import re

import pytest
from accounts_client import log_in
from api_client import Api
from conftest import Container, podman, until
from house import OPERATOR, PASSWORD, House, wait_until_ready

NAME = "flashbid-trial-clean"
DATA = "/var/lib/flashbid"
SETTINGS = "/etc/flashbid/flashbid.toml"


class Root(Container):
    def sh(self, text):
        return self.execute("sh", "-euc", text, timeout=180)

    def apt_get(self, words):
        return self.sh(f"DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends {words} 2>&1")

    def install(self, words=""):
        return self.apt_get(f"install {words} /package/*.deb")

    def shown(self, what):
        return self.sh(f"systemctl show --property {what} --value flashbid").strip()


@pytest.fixture(scope="module")
def root():
    # Its systemd makes namespaces for the service, as any does: for that it gets what a machine's has.
    podman("run", "--detach", "--name", NAME, "--network", "host", "--systemd", "always",
           "--cap-add", "SYS_ADMIN", "--security-opt", "unmask=all", "docker.io/library/flashbid-clean")
    clean = Root("clean", NAME)
    until(lambda: "running" in clean.sh("systemctl is-system-running || true"), "systemd runs")
    yield clean
    podman("rm", "--force", "--time", "0", NAME)


@pytest.fixture(scope="module")
def installed(root):
    root.install()
    return root


@pytest.fixture(scope="module")
def house(installed, server):
    installed.sh(f"""printf '%s\\n' "{PASSWORD}" | runuser -u flashbid -- """
                 f"flashbid accounts add --data {DATA} --name {OPERATOR} --role operator")
    api = Api(server)
    wait_until_ready(api)
    yield House(api)
    api.close()


def test_what_it_depends_on_was_found_in_the_program(root):
    depends = root.sh("dpkg-deb --field /package/*.deb Depends")
    linked = ("libc6", "libstdc++6", "libssl3", "libsqlite3-0", "libpq5", "librdkafka1", "librabbitmq4", "libcurl4")
    assert {name for name in linked if not re.search(rf"(^|, ){re.escape(name)} \(>= ", depends)} == set(), depends


def test_the_unit_is_sound_and_shut_in(installed):
    assert installed.sh("systemd-analyze verify /usr/lib/systemd/system/flashbid.service 2>&1") == ""
    installed.sh("systemd-analyze security --no-pager --threshold=20 flashbid.service")


def test_it_runs_as_its_own_user_and_will_after_a_boot(installed, house):
    assert installed.shown("ActiveState") == "active"
    assert installed.sh("systemctl is-enabled flashbid").strip() == "enabled"
    status = installed.sh(f"cat /proc/{installed.shown('MainPID')}/status")
    assert re.search(r"^Uid:\t(\d+)", status, re.M)[1] == installed.sh("id -u flashbid").strip() != "0"
    assert installed.sh(f"stat -c '%U %a' {DATA} /etc/flashbid").split() == ["flashbid", "700", "root", "750"]


def test_a_crash_loses_nothing(installed, house):
    house.bid()
    before = installed.shown("MainPID")
    installed.sh("systemctl kill --signal KILL flashbid")
    until(lambda: installed.shown("MainPID") not in ("0", before), "systemd starts it again")
    wait_until_ready(house.api)
    house.check()


def test_installed_anew_it_starts_anew_with_what_it_had(installed, house):
    installed.sh(f"""printf 'public_bidders = "masked"\\n' >>{SETTINGS}""")
    before = installed.shown("MainPID")
    installed.install("--reinstall")
    assert installed.shown("MainPID") not in ("0", before)
    wait_until_ready(house.api)
    assert house.api.history(house.auction)[0]["bidder"] == "a***e", "its settings are what the operator made of them"
    house.check()
    assert "consistent" in installed.sh(f"runuser -u flashbid -- flashbid verify --data {DATA}")


def test_removed_it_leaves_settings_and_ledger(installed, house):
    installed.apt_get("remove flashbid")
    house.api.close()
    with pytest.raises(ConnectionRefusedError):
        house.api.get("/readyz")
    assert "masked" in installed.sh(f"cat {SETTINGS}")
    installed.install()
    wait_until_ready(house.api)
    house.check()


def test_purged_it_leaves_the_ledger_alone(installed, house):
    told = installed.apt_get("purge flashbid")
    assert f"rm -r {DATA}" in told
    assert installed.sh("ls -d /etc/flashbid /usr/bin/flashbid /etc/systemd/system/*/flashbid.service 2>/dev/null || true") == ""
    installed.install()
    wait_until_ready(house.api)
    assert log_in(house.api, OPERATOR, PASSWORD)
    house.check()
