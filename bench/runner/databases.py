"""A Redis and a PostgreSQL of a run's own: in its folder, on free ports, durable, ended with it."""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from .programs import BenchError, Program, cpu_seconds_of

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
READY = re.compile(r".*Ready to accept connections")
START_TIMEOUT_S = 30


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Redis(Program):
    """Every write is on the disk before its answer leaves (AOF always), unless it is to keep nothing. The file is not
    rewritten in the midst of a round, as it would be after 64 MB."""

    def __init__(self, folder, core=None, durable=True):
        data = Path(folder) / "redis"
        data.mkdir()
        port = free_port()
        super().__init__(folder, "redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", data, "--save", "",
                         "--appendonly", "yes" if durable else "no", "--appendfsync", "always", "--auto-aof-rewrite-percentage", 0,
                         core=core, first_line=READY)
        self.redis_port = port
        self.url = f"redis://127.0.0.1:{port}"

    def __enter__(self):
        super().__enter__()
        self.port = self.redis_port
        return self

    def ask(self, *words):
        done = subprocess.run(["redis-cli", "-p", str(self.port), "--json", *words], capture_output=True, text=True)
        if done.returncode != 0:
            raise BenchError(f"redis-cli {' '.join(words)}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def function(self, name):
        """`name` as the node that has been here has registered it."""
        for library in self.ask("FUNCTION", "LIST"):
            fields = library if isinstance(library, dict) else dict(zip(library[::2], library[1::2]))
            for function in fields["functions"]:
                function = function if isinstance(function, dict) else dict(zip(function[::2], function[1::2]))
                if function["name"].startswith(name + "_"):
                    return function["name"]
        raise BenchError(f"Redis has no function {name}")


class Postgres:
    """As it comes: every commit is on the disk. Runs as the user postgres where we are root, which it refuses."""

    def __init__(self, folder, cores):
        self.folder = Path(folder) / "postgres"
        self.cores = cores

    def __enter__(self):
        self.folder.mkdir()
        self.port = free_port()
        if os.geteuid() == 0:
            for above in self.folder.parents:  # those that mkdtemp made: it must get through
                if above.stat().st_mode & 0o077 == 0:
                    above.chmod(0o711)
            shutil.chown(self.folder, "postgres", "postgres")
        self.run_as_postgres("initdb", "-A", "trust", "--no-sync", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
                             "-D", self.folder / "data")
        with open(Path(self.folder).parent / "postgres.log", "wb") as log:
            self.child = subprocess.Popen(
                [POSTGRES[-1] / "postgres", "-D", self.folder / "data", "-p", str(self.port), "-c",
                 "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self.as_postgres(self.cores))
        deadline = time.monotonic() + START_TIMEOUT_S
        while subprocess.run(["psql", "-X", "-d", self.url, "-c", "SELECT 1"], capture_output=True).returncode != 0:
            if self.child.poll() is not None or time.monotonic() > deadline:
                raise BenchError("PostgreSQL does not start")
            time.sleep(0.05)
        self.sql = Sql(self.url)
        return self

    def __exit__(self, *_):
        self.sql.close()
        self.child.send_signal(signal.SIGINT)  # at once, sessions or not
        self.child.wait(START_TIMEOUT_S)

    @property
    def url(self):
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def as_postgres(self, cores=None):
        options = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            options = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/"}
        if cores:
            options["preexec_fn"] = lambda: os.sched_setaffinity(0, cores)
        return options

    def run_as_postgres(self, program, *words):
        if not POSTGRES:
            raise BenchError("PostgreSQL is not installed (script/packages-test.txt)")
        done = subprocess.run([POSTGRES[-1] / program, *map(str, words)], capture_output=True, text=True,
                              **self.as_postgres())
        if done.returncode != 0:
            raise BenchError(f"{program}: {done.stderr}")

    def cpu_seconds(self):
        """Of all its processes: those that live, and those that the first one has seen end."""
        pid = self.child.pid
        ended = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[13:15]
        living = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return (sum(cpu_seconds_of(each) for each in [pid, *map(int, living)]) +
                sum(map(int, ended)) / os.sysconf("SC_CLK_TCK"))


class Sql:
    """A session that answers one number at a time."""

    def __init__(self, url):
        self.child = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", url], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def number(self, sql):
        self.child.stdin.write(sql + ";\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline().strip()
        if not line.isdigit():
            raise BenchError(f"{sql}: {line}")
        return int(line)

    def close(self):
        self.child.stdin.close()
        self.child.wait(START_TIMEOUT_S)
        self.child.stdout.close()
