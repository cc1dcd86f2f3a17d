"""Owns a redis-server, one behind a Sentinel, or a cluster of six, of the tests' own: loopback, a free port, a temporary folder, every write synced.

Never shared with anything that was there before; killed with kill -9 by close().
"""
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from postgres_server import free_port

START_TIMEOUT_S = 60


class RedisServer:
    def __init__(self, *flags, bind="127.0.0.1"):
        self.folder = Path(tempfile.mkdtemp(prefix="flashbid-redis-"))
        self.flags = flags
        self.bind = bind
        self.port = free_port()
        self.child = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        assert self.child is None, "already running"
        with open(self.folder / "log", "ab") as log:
            self.child = subprocess.Popen(
                ["redis-server", *self.words(), "--port", str(self.port), "--bind", *self.bind.split(), "--dir",
                 str(self.folder), *self.flags],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.try_cli("PING").stdout.strip() == "PONG":
                return self
            assert self.child.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.02)
        raise AssertionError("redis-server does not answer\n" + (self.folder / "log").read_text())

    def words(self):
        return ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]

    def try_cli(self, *words, timeout=60):
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, timeout=timeout)

    def cli(self, *words):
        done = self.try_cli(*words)
        assert done.returncode == 0 and not done.stdout.startswith("ERR"), done.stdout + done.stderr
        return done.stdout.strip()

    def keys(self, pattern):
        return self.cli("--scan", "--pattern", pattern).split()

    def replication(self):
        """What INFO says of it: name -> value."""
        return dict(line.split(":", 1) for line in self.cli("INFO", "replication").splitlines() if ":" in line)

    def is_followed(self):
        """Whether a replica has told of something that reached it. It is called online, and calls its link up, a second
        before anything does."""
        return bool(re.search(r",offset=[1-9]", self.replication().get("slave0", "")))

    def kill(self):
        """SIGKILL: no chance to tidy up."""
        if self.child is None:
            return
        self.child.kill()
        self.child.wait(timeout=60)
        self.child = None

    def wipe(self):
        """Forgets all that was written; only after kill()."""
        for each in self.folder.iterdir():
            shutil.rmtree(each) if each.is_dir() else os.unlink(each)

    def close(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Sentinel(RedisServer):
    """Watches the primary that it calls `sold`, alone. Patient: on a busy machine it must not replace one that lives by a
    replica that has only just come back."""

    def __init__(self, primary):
        super().__init__()
        self.file = self.folder / "sentinel.conf"
        self.file.write_text(f"sentinel monitor sold 127.0.0.1 {primary.port} 1\n"
                             "sentinel down-after-milliseconds sold 2000\nsentinel failover-timeout sold 5000\n")

    def words(self):
        return [str(self.file), "--sentinel"]

    @property
    def url(self):
        return f"redis+sentinel://127.0.0.1:{self.port}/sold"


class WatchedRedis:
    """A primary with a replica, watched by a Sentinel."""

    def __init__(self):
        flags = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
        first = RedisServer(*flags)
        self.servers = [first, RedisServer(*flags, "--replicaof", "127.0.0.1", str(first.port))]
        self.sentinel = Sentinel(first)

    @property
    def url(self):
        return self.sentinel.url

    def start(self):
        for server in self.servers:
            server.start()
        self.wait_until(self.servers[0].is_followed)
        self.sentinel.start()
        return self

    def primary(self):
        port = self.sentinel.cli("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "sold").split()[-1]
        return next(server for server in self.servers if server.port == int(port))

    def fail_over(self):
        """Kills the primary; returns when the Sentinel names the other, and there is a replica in step again."""
        victim = self.primary()
        victim.kill()
        self.wait_until(lambda: self.primary() is not victim)
        victim.start()
        self.wait_until(self.has_replica)

    def has_replica(self):
        """Whichever it is: on a busy machine the Sentinel may have replaced the new primary, too."""
        return self.primary().is_followed()

    @staticmethod
    def wait_until(holds):
        deadline = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < deadline, "Redis and its Sentinel do not settle"
            time.sleep(0.1)

    def close(self):
        for server in (*self.servers, self.sentinel):
            server.close()


class RedisCluster:
    """Three primaries with a replica each."""

    def __init__(self):
        self.servers = [RedisServer("--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--cluster-port",
                                    str(free_port())) for _ in range(6)]

    @property
    def url(self):
        return "redis://" + ",".join(f"127.0.0.1:{server.port}" for server in self.servers)

    def start(self):
        for server in self.servers:
            server.start()
        done = self.run("create", *[f"127.0.0.1:{server.port}" for server in self.servers], "--cluster-replicas", "1")
        assert done.returncode == 0, done.stdout + done.stderr
        self.wait_until_whole()
        return self

    def run(self, command, *words):
        """redis-cli --cluster COMMAND."""
        return subprocess.run(["redis-cli", "--cluster", command, *words, "--cluster-yes"], capture_output=True, text=True,
                              timeout=120)

    def nodes(self):
        """What a server that runs says of each: port -> (id, flags, slots)."""
        server = next(server for server in self.servers if server.child is not None)
        told = {}
        for line in server.cli("CLUSTER", "NODES").splitlines():
            name, address, flags, _, _, _, _, link, *slots = line.split()
            port = int(address.split("@")[0].rsplit(":", 1)[1])
            told[port] = (name, flags.split(","), [slot for slot in slots if not slot.startswith("[")])
        return told

    def primaries(self):
        """Servers that run and hold slots."""
        told = self.nodes()
        return [server for server in self.servers if server.child is not None and server.port in told
                and "master" in told[server.port][1] and "fail" not in told[server.port][1] and told[server.port][2]]

    def fewest_slots_with_a_shard(self):
        """(primary, n): the first n slots of that primary hold one shard, and no other primary needs fewer."""
        told = self.nodes()
        keys = [key for server in self.primaries() for key in server.keys("flashbid:{*}")]
        places = sorted(int(self.servers[0].cli("CLUSTER", "KEYSLOT", key)) for key in keys)
        found = []
        for server in self.primaries():
            ranges = [tuple(map(int, (part.split("-") * 2)[:2])) for part in told[server.port][2]]
            slots = [slot for first, last in sorted(ranges) for slot in range(first, last + 1)]
            held = [slots.index(place) for place in places if place in slots]
            found += [(held[0] + 1, server.port, server)] if held else []
        count, _, server = min(found)
        return server, count

    def replicas(self):
        primaries = self.primaries()
        return [server for server in self.servers if server.child is not None and server not in primaries]

    def wait_until_replicated(self):
        """Until every replica has all that its primary wrote."""
        for server in self.primaries():
            deadline = time.monotonic() + 60
            while f"offset={(said := server.replication())['master_repl_offset']}," not in said.get("slave0", ""):
                assert time.monotonic() < deadline, said
                time.sleep(0.05)

    def cut_replicas(self):
        """From now on no replica hears of what its primary writes: none may log in there."""
        for server in self.replicas():
            server.cli("CONFIG", "SET", "masteruser", "nobody", "masterauth", "nothing")
        for server in self.primaries():
            server.cli("CLIENT", "KILL", "TYPE", "replica")

    def replace(self, victim):
        """Kills this primary; returns when its replica has taken over."""
        before = len(self.primaries())
        victim.kill()
        deadline = time.monotonic() + 60
        while len(self.primaries()) < before:
            assert time.monotonic() < deadline, "no replica has taken over"
            time.sleep(0.1)

    def wait_until_whole(self):
        """Until every slot is served and all that run agree, with a replica for each primary."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            running = [server for server in self.servers if server.child is not None]
            states = [server.cli("CLUSTER", "INFO") for server in running]
            if all("cluster_state:ok" in state and "cluster_slots_pfail:0" in state for state in states):
                if len(running) < len(self.servers) or all(self.linked(server) for server in running):
                    return
            time.sleep(0.1)
        raise AssertionError("the cluster does not come back\n" + "\n".join(states))

    @staticmethod
    def linked(server):
        return "master_link_status:up" in server.cli("INFO", "replication") or server.is_followed()

    def close(self):
        for server in self.servers:
            server.close()
