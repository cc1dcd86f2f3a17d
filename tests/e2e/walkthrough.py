"""A page of docs/ done as it is written: its ```sh blocks typed into one bash, what they print compared with the ```text block behind."""
import os
import re
import signal
import subprocess
import threading
from pathlib import Path

from flashbid_server import BINARY, REPOSITORY, clean_environment

BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIMEOUT_S = 600
END = "\036"


def page_of(name):
    return REPOSITORY / "docs" / name


def blocks_of(page):
    """[commands, what they print or None if the page does not say]."""
    steps = []
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "sh":
            steps.append([text, None])
        else:
            assert steps and steps[-1][1] is None, f"an output without its commands: {text}"
            steps[-1][1] = text
    return steps


def fits(shown, printed):
    """`…` stands for anything within the lines around it."""
    pattern = re.escape(shown.strip()).replace("…", ".*")
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


class Reader:
    """Somebody who types a page into one bash, in a folder of his own; `words`: what the page says -> what he says instead."""

    def __init__(self, folder, words, **variables):
        self.words = words
        self.errors = folder / "stderr.of.the.reader"
        environment = clean_environment(**variables) | {"PATH": f"{BINARY.parent}:{os.environ['PATH']}"}
        with open(self.errors, "wb") as errors:
            self.child = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                                          env=environment, cwd=folder, start_new_session=True)
        self.patience = threading.Timer(TIMEOUT_S, self.kill)
        self.patience.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.patience.cancel()
        self.child.stdin.close()
        self.kill()
        self.child.wait()
        self.child.stdout.close()

    def kill(self):
        """With all that it has started."""
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def say(self, text):
        for word, meant in self.words.items():
            text = text.replace(word, meant)
        return text

    def type(self, commands):
        """What they print."""
        self.child.stdin.write(self.say(commands) + f"\nprintf '\\n\\{ord(END):03o}'\n")
        self.child.stdin.flush()
        printed = ""
        while not printed.endswith(END):
            letter = self.child.stdout.read(1)
            assert letter, f"{commands}\nended the shell, or took over {TIMEOUT_S} s; it had printed\n{printed}\n{self.errors.read_text()}"
            printed += letter
        return printed[:-1]

    def follow(self, steps):
        for commands, shown in steps:
            told = self.type(commands)
            assert shown is None or fits(self.say(shown), told), \
                f"{commands}\nsays\n{told}\nand not\n{self.say(shown)}\n{self.errors.read_text()}"
