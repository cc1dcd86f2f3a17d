"""Owns one RabbitMQ of a test's own: a node in a temporary folder, free ports of loopback (its epmd's, too), ended with
the test.

Runs as the user rabbitmq when the test runs as root: its files are then that user's, as a package's are.
"""
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from postgres_server import free_port, running

BIN = Path("/usr/lib/rabbitmq/bin")
EPMD = shutil.which("epmd") or "/usr/bin/epmd"
START_TIMEOUT_S = 180


def as_rabbitmq():
    """Arguments to subprocess: who runs RabbitMQ's programs."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("rabbitmq")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/"}


class RabbitmqServer:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="flashbid-rabbitmq-"))
        self.port, self.dist_port, self.epmd_port = free_port(), free_port(), free_port()
        self.child = self.epmd = None
        # Its own, not what the machine's RabbitMQ is told; and a disk alarm only where a test wants one.
        (self.folder / "rabbitmq.conf").write_text("disk_free_limit.absolute = 10MB\nloopback_users.guest = true\n")
        (self.folder / "enabled_plugins").write_text("[].\n")
        (self.folder / "env.conf").write_text("")
        self.give_away()

    def give_away(self):
        """Its files, to whom it runs as."""
        if os.geteuid() == 0:
            for each in [self.folder, *self.folder.iterdir()]:
                shutil.chown(each, "rabbitmq", "rabbitmq")

    def url(self, vhost=""):
        return f"amqp://guest:guest@127.0.0.1:{self.port}/{vhost}"

    def environment(self):
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8",
            "RUNNING_UNDER_SYSTEMD": "1",  # no shell around the node
            "RABBITMQ_NODENAME": "fb@localhost", "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port), "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_CTL_DIST_PORT_MIN": "1024",  # else one of eleven, which others may have
            "RABBITMQ_CTL_DIST_PORT_MAX": "65535",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"), "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"), "RABBITMQ_CONF_ENV_FILE": str(self.folder / "env.conf"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(self.epmd_port),
        }

    def spawn(self, *command):
        with open(self.folder / "output", "ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                                    env=self.environment(), **as_rabbitmq())

    def start(self):
        """Returns once it serves clients, after a kill with what it had kept."""
        assert self.child is None, "already running"
        if self.epmd is None:
            self.epmd = self.spawn(EPMD, "-port", str(self.epmd_port), "-address", "127.0.0.1")
        self.child = self.spawn(BIN / "rabbitmq-server")
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.serves():
                self.ctl("await_startup")  # it serves clients a moment before it serves operators
                return self
            assert self.child.poll() is None, self.output()
            time.sleep(0.1)
        raise AssertionError("RabbitMQ does not answer\n" + self.output())

    def keep_queues(self):
        """RabbitMQ 3.10.8 lets seconds pass before a new quorum queue is on the disk, with all that it has confirmed.
        Whoever declares queues otherwise than through a relay's sink, which waits, calls this before a kill."""
        self.ctl("eval", "[dets:sync(Table) || Table <- dets:all()].")

    def serves(self):
        """Its listener opens last, when queues are there again."""
        listening = f"0100007F:{self.port:04X} 00000000:0000 0A"
        return listening in Path("/proc/net/tcp").read_text()

    def output(self):
        return (self.folder / "output").read_text(errors="replace")

    def ctl(self, *arguments, program="rabbitmqctl"):
        """One second of Erlang's start each."""
        done = subprocess.run([BIN / program, *arguments], capture_output=True, text=True, timeout=60,
                              env=self.environment(), **as_rabbitmq())
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def fresh_host(self, name):
        """A virtual host in which nothing is declared: its URL."""
        self.ctl("add_vhost", name)
        self.ctl("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        return self.url(name)

    def count(self, queue, vhost):
        """Messages in a queue; None if there is none of that name."""
        rows = [line.split("\t") for line in
                self.ctl("list_queues", "--silent", "-p", vhost, "name", "messages").splitlines()]
        return next((int(messages) for name, messages in rows if name == queue), None)

    def alarm(self, of="memory", on=True):
        """Of memory or disk: publishers are no longer read from."""
        if of == "memory":
            self.ctl("set_vm_memory_high_watermark", *(["absolute", "1"] if on else ["0.4"]))
        else:
            self.ctl("set_disk_free_limit", "1000000GB" if on else "10MB")

    def kill(self):
        """kill -9 of the node and its helpers: its shell and they are a session of their own."""
        if self.child is None:
            return
        self.end(self.child)
        self.child = None
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.serves() and time.monotonic() < deadline:  # its threads may outlive it by a moment
            time.sleep(0.01)

    def restart(self):
        self.kill()
        return self.start()

    def close(self):
        self.kill()
        if self.epmd is not None:
            self.end(self.epmd)
            self.epmd = None
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def end(child):
        """Of its whole process session: Erlang's port programs lead process groups of their own."""
        session = [int(each.name) for each in Path("/proc").iterdir()
                   if each.name.isdigit() and in_session(each, child.pid)]
        for pid in session:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        child.wait(timeout=60)
        deadline = time.monotonic() + START_TIMEOUT_S
        while any(running(pid) for pid in session) and time.monotonic() < deadline:
            time.sleep(0.01)


def in_session(process, session):
    try:
        text = (process / "stat").read_text()
    except OSError:
        return False
    return int(text[text.rindex(")") + 2:].split()[3]) == session
