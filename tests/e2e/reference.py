"""The pages of docs/ that say what the program says of itself, made of that: what its commands answer to --help, what servers and relays
tell under /metrics, and the two tables of its source, errors and reasons. `script/reference` writes them, test_reference.py compares.
"""
import re
import tempfile
from pathlib import Path

import requests

from certificates import Certificates
from flashbid_server import REPOSITORY, Server, run_command
from redis_server import RedisServer
from relay_worker import Watched

HEAD = "<!-- Written by script/reference: change what the program says, and run it. -->\n\n"
FLAG = re.compile(r"^  (?:-\w,)?--(?P<name>[\w-]+)(?: (?P<takes>\S.*?))?(?:\s{2,}(?P<says>.*)|\n {8,}(?P<below>.*)|)$", re.M)
SECTION = re.compile(r"^(\w[^\n]*):\n((?:  [^\n]*\n|\n(?=  ))+)", re.M)
BEGIN, END = "<!-- by script/reference -->\n", "<!-- end -->\n"


def help_of(*words):
    done = run_command(*words, "--help")
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands():
    """[(name, what it does)] in the order of `flashbid --help`."""
    listed = re.search(r"^Subcommands:\n((?:  .*\n)+)", help_of(), re.M).group(1)
    return re.findall(r"^  (\w+) {2,}(.+)$", listed, re.M)


def cell(text):
    return text.replace("|", "\\|")


class Flag:
    def __init__(self, found):
        self.name = found["name"]
        self.says = found["says"] or found["below"]
        takes, _, self.default = (found["takes"] or "").partition("=")
        _, _, check = takes.partition(":")
        self.takes = re.sub(r"^\w+ in \[(\S+) - (\S+)\]$", r"\1 … \2", check).strip("{}").replace(",", ", ") or (
            "" if not takes else "text" if takes.startswith("TEXT") else "number")

    @property
    def variable(self):
        return "FLASHBID_" + self.name.replace("-", "_").upper()

    @property
    def key(self):
        return self.name.replace("-", "_")


def flags_of(text):
    """[(group, [Flag])] of what a command answers to --help."""
    groups = [(title, [Flag(found) for found in FLAG.finditer(body) if found["name"] != "help"]) for title, body in SECTION.findall(text)]
    assert sum(len(flags) for _, flags in groups) == len(re.findall(r"^  (?:-\w,)?--(?!help\b)", text, re.M)), text
    return [(title, flags) for title, flags in groups if flags]


def command_line():
    text = ("# The command line\n\n" + HEAD +
            "What `flashbid COMMAND --help` says, as a page. Each flag is a variable too, and for `serve` and `relay` a key of a file:\n"
            "[configuration](configuration.md). Exit codes: 0 done, 1 it failed or something is wrong with what was looked at, 2 wrong flags,\n"
            "130 and 143 ended by a signal; those of `verify` are in [operations](operations.md#runbook).\n")
    for name, says in commands():
        text += f"\n## flashbid {name}\n\n{says[0].upper()}{says[1:]}.\n"
        told = help_of(name)
        if examples := re.search(r"^Examples?:\n((?:  .*\n)+)", told, re.M):
            text += "\n" + re.sub("^  ", "    ", examples.group(1), flags=re.M)
        for title, flags in flags_of(told):
            text += f"\n**{title}**\n\n| flag | takes | default | |\n|---|---|---|---|\n"
            for flag in flags:
                default = f"`{flag.default}`" if flag.default else ""
                text += f"| `--{flag.name}` | {cell(flag.takes)} | {default} | {cell(flag.says)} |\n"
    return text


def configuration():
    text = ("# Configuration\n\n" + HEAD +
            "A setting can stand in three places. A flag beats a variable, a variable beats the file that `--config` (or `FLASHBID_CONFIG`) names.\n"
            "The file is TOML, one key a line at its top level, and read by the commands that have `--config`; a key that no command knows is an\n"
            "error, one of another command is passed over, so that `serve` and `relay` can share a file. A flag that takes nothing is `true` or\n"
            "`false` in a variable or the file.\n\n"
            "    flashbid serve --listen 0.0.0.0:8080\n"
            "    FLASHBID_LISTEN=0.0.0.0:8080 flashbid serve\n"
            "    echo 'listen = \"0.0.0.0:8080\"' > flashbid.toml; flashbid serve --config flashbid.toml\n\n"
            "Secrets never need to stand on a command line, where every process of the machine can read them: passwords in URLs go into the\n"
            "variable or the file, keys into files of their own.\n\n"
            "What each does: [the command line](cli.md).\n")
    for name, _ in commands():
        flags = [flag for _, group in flags_of(help_of(name)) for flag in group]
        if not flags:
            continue
        in_file = any(flag.name == "config" for flag in flags)
        text += f"\n## {name}\n\n| flag | variable | {'key of the file | ' if in_file else ''}default |\n|---|---|{'---|' if in_file else ''}---|\n"
        for flag in flags:
            key = ("" if flag.name == "config" else f"`{flag.key}`") + " | " if in_file else ""
            default = f"`{flag.default}`" if flag.default else "" if flag.takes else "`false`"
            text += f"| `--{flag.name}` | `{flag.variable}` | {key}{default} |\n"
    return text


class Families:
    """Metrics as Prometheus reads them: name -> (type, help, names of labels)."""

    def __init__(self, text):
        self.found = {}
        for name, says in re.findall(r"^# HELP (\S+) (.*)$", text, re.M):
            kind = re.search(rf"^# TYPE {name} (\w+)$", text, re.M).group(1)
            samples = re.findall(rf"^{name}(?:_bucket|_sum|_count)?\{{(.*)\}} ", text, re.M)
            labels = {label for sample in samples for label in re.findall(r'(\w+)="', sample)} - {"le"}
            self.found[name] = (kind, says, sorted(labels))

    def table(self, besides=()):
        rows = [f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {cell(says)} |\n"
                for name, (kind, says, labels) in self.found.items() if name not in besides]
        return "| metric | type | labels | tells |\n|---|---|---|---|\n" + "".join(rows)


def told_by(url, **how):
    answer = requests.get(url + "/metrics", timeout=60, **how)
    assert answer.status_code == 200, answer
    return answer.text


def of_a_house(folder):
    """Every family that an embedded server has: with accounts and TLS."""
    certificates = Certificates(folder / "certificates")
    certificates.sign("server")
    with Server(folder / "house", "--accounts", *certificates.flags("server"), dev=False) as server:
        return Families(told_by(server.url, verify=certificates.file("ca.pem")))


def of_a_node(folder):
    redis = RedisServer("--maxmemory-policy", "noeviction").start()
    try:
        with Server(folder / "node", "--engine", redis.url) as server:
            return Families(told_by(server.url))
    finally:
        redis.close()


def of_a_relay(folder):
    """A webhook's, which needs nobody to be there; those of other destinations have their names for `webhook`."""
    with Server(folder / "ledger"):
        pass
    (folder / "secret").write_text("whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" + "\n")
    relay = Watched(f"sqlite:{folder / 'ledger'}", "http://127.0.0.1:9/", "--webhook-allow-private", "--webhook-secret-file",
                    str(folder / "secret"), "--dead-letters", str(folder / "dead"))
    try:
        relay.wait_until(lambda each: each.get("/metrics") is not None, "it listens")
        return Families(told_by(relay.url).replace("flashbid_webhook_", "flashbid_HOP_"))
    finally:
        relay.kill()


def metrics():
    with tempfile.TemporaryDirectory(prefix="flashbid-reference-") as folder:
        house, node, relay = (tell(Path(folder)) for tell in (of_a_house, of_a_node, of_a_relay))
    return ("# Metrics\n\n" + HEAD +
            "`GET /metrics` in Prometheus' text format, of every server and of `flashbid relay --listen`. What to look at, and when:\n"
            "[operations](operations.md#what-to-watch). Counters begin at 0 with the process.\n\n"
            "## Every server\n\nThose of `flashbid_accounts_…` with `--accounts`, those of `flashbid_tls_certificate_…` with `--tls-cert`.\n\n"
            + house.table() + "\n## Nodes on Redis\n\nBeside those above:\n\n" + node.table(besides=house.found)
            + "\n## What moves events\n\nHOP is `archive`, `rabbitmq`, `kafka` or `webhook`, after the destination. A server that writes its archive itself has\n"
              "those of `archive`.\n\n" + relay.table(besides=house.found))


def enumerators(path, enum):
    """{name: what is said beside it} of a C++ enum, without `none`."""
    body = re.search(rf"enum class {enum}\b[^{{]*\{{(.*?)\}};", (REPOSITORY / path).read_text(encoding="utf-8"), re.S).group(1)
    found = dict(re.findall(r"^\s*(\w+)(?: = \d+)?,(?: *// (.*))?$", body, re.M))
    found.pop("none", None)
    assert all(found.values()), f"{path}: what is to be said of {[name for name, says in found.items() if not says]}?"
    return found


def error_table():
    when = enumerators("src/wire/errors.hpp", "ErrorCode")
    entries = re.findall(r'^\s*\{"(\w+)", (\d+), (\d+), Retry::(\w+),', (REPOSITORY / "src/wire/errors.cpp").read_text(), re.M)
    assert [name for name, *_ in entries] == list(when)
    rows = "".join(f"| `{name}` | {status} | {close if close != '0' else '–'} | {retry.replace('_', ' ')} | {cell(when[name])} |\n"
                   for name, status, close, retry in entries)
    return "| code | HTTP | closes with | retry | when |\n|---|---|---|---|---|\n" + rows


def reason_table():
    reasons = enumerators("src/auction/decide.hpp", "Reason")
    return "| reason | when |\n|---|---|\n" + "".join(f"| `{name}` | {cell(says)} |\n" for name, says in reasons.items())


def with_table(page, table):
    """The page, with `table` between its two marks."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    return head + BEGIN + table + END + rest.split(END)[1]


def pages():
    """path in the repository -> what it must hold."""
    return {"docs/cli.md": command_line(), "docs/configuration.md": configuration(), "docs/metrics.md": metrics(),
            "docs/errors.md": with_table("docs/errors.md", error_table()),
            "docs/reasons.md": with_table("docs/reasons.md", reason_table())}


if __name__ == "__main__":
    for path, text in pages().items():
        (REPOSITORY / path).write_text(text, encoding="utf-8")
