"""Owns brokers that speak Kafka's protocol, in a process of the tests' own (tests/tools/kafka_broker.cpp): a free port of
loopback each, 5 MiB a partition, in memory only. Ended by close().
"""
import os
import subprocess
from pathlib import Path

from flashbid_server import REPOSITORY

BINARY = Path(os.environ.get("FLASHBID_KAFKA_BROKER", REPOSITORY / "build" / "release" / "tests" / "kafka_broker"))


class KafkaBroker:
    def __init__(self, topic="flashbid.events", partitions=16, brokers=1):
        self.topic = topic
        self.words = [str(BINARY), "--brokers", str(brokers), "--topic", topic, "--partitions", str(partitions)]
        self.child = None
        self.servers = None

    @property
    def url(self):
        return f"kafka://{self.servers}/{self.topic}"

    def start(self):
        assert self.child is None, "already running"
        self.child = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.servers = self.child.stdout.readline().strip()
        assert self.servers, "the brokers do not start"
        return self

    def tell(self, *words):
        """A command, as tests/tools/kafka_broker.cpp lists them: tell("down", 1)."""
        self.child.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline().strip()
        assert answer == "ok", f"{words}: {answer}"

    def close(self):
        if self.child is None:
            return
        self.child.kill()
        self.child.communicate(timeout=60)
        self.child = None
