"""What the command line says to people: examples, and what was probably meant."""
import re
import shlex

import pytest

from flashbid_server import run_command

COMMANDS = ["serve", "bots", "relay", "backup", "restore", "token", "accounts", "verify"]


@pytest.mark.parametrize("arguments, said", [
    (["serv"], 'there is no command "serv"; did you mean serve?'),
    (["verfy"], 'there is no command "verfy"; did you mean verify?'),
    (["frobnicate"], 'there is no command "frobnicate"; there are serve, bots, '),
    (["serve", "--dev", "--lisen", "1"], "serve has no flag --lisen; did you mean --listen?"),
    (["serve", "--tls"], "serve has no flag --tls; did you mean --tls-cert?"),
    (["serve", "--dev", "--xyzzy-plugh"], "serve has no flag --xyzzy-plugh; see `flashbid --help`"),
    (["verify", "some", "where"], '"some" is one too many: what verify is told stands behind flags'),
    (["bots", "--bidders", "20"], "bots has no flag --bidders"),
])
def test_what_was_meant(arguments, said):
    done = run_command(*arguments)
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.splitlines()) == 1, done


def test_alone_it_says_how_to_begin():
    done = run_command()
    assert done.returncode == 2 and "flashbid serve --dev --demo" in done.stderr and done.stdout == "", done


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_examples_whose_flags_are_there(command):
    told = run_command(command, "--help").stdout
    flags = set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", told, re.MULTILINE))
    examples = re.search(r"\nExamples?:\n(.*)", told, re.DOTALL)
    assert examples, told
    seen = 0
    for line in examples[1].splitlines():
        words = shlex.split(line.split(f"flashbid {command} ", 1)[1]) if f"flashbid {command} " in line else []
        used = {word for word in words if word.startswith("--")}
        assert used <= flags, f"{line}: {used - flags}"
        seen += len(used)
    assert seen > 0 or command == "bots", examples[1]


def test_the_flags_of_serve_are_in_groups():
    told = run_command("serve", "--help").stdout
    groups = re.findall(r"^([A-Z][^\n]*):$", told, re.MULTILINE)
    assert groups == ["Options", "Where bids are kept", "Who may ask, and how often", "TLS", "What one client may take",
                      "Examples"]
