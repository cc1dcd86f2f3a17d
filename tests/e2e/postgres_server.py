"""Owns one PostgreSQL of a test's own: a cluster in a temporary folder, a free port of loopback, ended with the test.

Runs as the user postgres when the test runs as root, which PostgreSQL refuses.
"""
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

BIN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
START_TIMEOUT_S = 60


def as_postgres():
    """Arguments to subprocess: who runs PostgreSQL's programs."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/"}


def free_port():
    """None of those that the kernel gives to clients (from 32768), one of which could take it while its server restarts."""
    for _ in range(1000):
        port = random.randrange(10000, 20000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise AssertionError("no free port of loopback")


def running(pid):
    """Neither gone nor waiting for whoever inherited it to notice."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


class PostgresServer:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="flashbid-postgres-"))
        self.data = self.folder / "data"
        self.port = free_port()
        self.child = None
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        subprocess.run([BIN / "initdb", "-A", "trust", "--no-sync", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
                        "-D", self.data], check=True, capture_output=True, timeout=60, **as_postgres())

    def url(self, database="postgres"):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def start(self):
        assert self.child is None, "already running"
        with open(self.folder / "log", "ab") as log:
            self.child = subprocess.Popen(
                [BIN / "postgres", "-D", self.data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                 "-c", f"unix_socket_directories={self.folder}", "-c", "max_connections=40", "-c", "fsync=off"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, **as_postgres())
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.try_sql("SELECT 1").returncode == 0:
                return self
            assert self.child.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError("PostgreSQL does not answer\n" + (self.folder / "log").read_text())

    def try_sql(self, sql, database="postgres"):
        return subprocess.run(["psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", sql],
                              capture_output=True, text=True, timeout=60)

    def sql(self, sql, database="postgres"):
        done = self.try_sql(sql, database)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def ask_for_password(self, role, password):
        """Makes a role that has to say one."""
        access = self.data / "pg_hba.conf"
        access.write_text(f"host all {role} 127.0.0.1/32 scram-sha-256\n" + access.read_text())
        self.sql(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        self.sql("SELECT pg_reload_conf()")

    def kill(self):
        """kill -9 of every one of its processes, each of which is a process group of its own."""
        if self.child is None:
            return
        pid = self.child.pid
        os.kill(pid, signal.SIGSTOP)  # makes no more of them
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        for each in [*children, pid]:
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.child.wait(timeout=60)
        self.child = None
        deadline = time.monotonic() + START_TIMEOUT_S
        while any(running(child) for child in children) and time.monotonic() < deadline:
            time.sleep(0.01)

    def close(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
