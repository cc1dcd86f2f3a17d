"""The layout is the architecture: which folder of src/, and of clients/cpp, may include which. ARCHITECTURE.md draws it."""

import re

from source_tree import ROOT, cpp_files, read

# Each folder, and those whose headers it may include beside its own.
ARROWS = {
    "base": set(),
    "auction": {"base"},
    "access": {"base"},
    "ledger": {"auction", "base"},
    "sqlite": {"base"},
    "accounts": {"access", "sqlite", "base"},
    "ledger/sqlite": {"ledger", "sqlite", "auction", "base"},
    "ledger/memory": {"ledger", "auction", "base"},
    "redis": {"base"},
    "archive": {"ledger", "auction", "base"},
    "lease": {"redis", "base"},
    "access/redis": {"access", "redis", "base"},
    "relay": {"redis", "lease", "archive", "ledger", "ledger/sqlite", "auction", "base"},
    "relay/kafka": {"relay", "ledger", "auction", "base"},
    "relay/webhook": {"relay", "ledger", "auction", "base"},
    "relay/amqp": {"relay", "ledger", "auction", "base"},
    "feed": {"ledger", "auction", "base"},
    "engine": {"feed", "ledger", "auction", "base"},
    "engine/embedded": {"engine", "feed", "ledger", "auction", "base"},
    "engine/redis": {"redis", "archive", "engine", "feed", "ledger", "auction", "base"},
    "wire": {"engine", "feed", "ledger", "auction", "base"},
    "server": {"access", "wire", "engine", "feed", "ledger", "auction", "base"},
    "client": {"flashbid", "base"},  # clients/cpp: its own part, and what it shows to others
    "flashbid": set(),
    "checker": {"client", "ledger", "auction", "base"},
    "bots": {"checker", "client", "ledger", "auction", "base"},
    "app": None,  # knows every part
}
INCLUDE = re.compile(r'^#include "([^"]+)/[^"/]+"', re.M)
# The core is pure: nothing of the world outside.
IMPURE = re.compile(r"^#include <(chrono|random|thread|mutex|atomic|future|condition_variable|filesystem|fstream|iostream|"
                    r"cstdio|ctime|boost/asio.*|boost/beast.*|sqlite3\.h|unistd\.h|sys/.*|spdlog/.*)>", re.M)
# Socket and framework headers stay at the edges.
ASIO = re.compile(r"^#include <boost/(?:asio|beast)[./].*>", re.M)
MAY_USE_ASIO = {"client", "server", "bots", "app", "redis", "lease", "access/redis", "engine/redis"}
# Without I/O: the HTTP parser and what it is fed.
WIRE_MAY = re.compile(r"<boost/(?:beast/http/|asio/buffer\.hpp)")


# Where headers are named from.
ROOTS = ["src", "clients/cpp", "clients/cpp/include"]


def files():
    return [path for path in cpp_files("src", "clients") if path.parts[:3] != ("clients", "cpp", "examples")]


def folder_of(path):
    """As others include it: `auction`, `engine/redis`, `client`."""
    root = max((root for root in ROOTS if path.is_relative_to(root)), key=len)
    return "/".join(path.relative_to(root).parts[:-1])


def test_every_folder_has_its_arrows():
    unknown = {folder_of(path) for path in files()} - set(ARROWS)
    assert not unknown, f"say in ARROWS and ARCHITECTURE.md what these may include: {unknown}"


def test_arrows_point_one_way():
    wrong, seen = [], 0
    for path in files():
        allowed = ARROWS.get(folder_of(path), set())
        for target in INCLUDE.findall(read(path)):
            seen += 1
            if allowed is not None and target != folder_of(path) and target not in allowed:
                wrong.append(f"{path} includes {target}/")
    assert seen > 20
    assert not wrong


def test_own_headers_are_named_from_src():
    """`#include "auction/event.hpp"`: never relative, always there."""
    wrong = [f'{path}: "{target}"' for path in files()
             for target in re.findall(r'^#include "([^"]+)"', read(path), re.M)
             if "/" not in target or not any((ROOT / root / target).is_file() for root in ROOTS)]
    assert not wrong


def test_the_core_is_pure():
    wrong = [f"{path}: {match.group()}" for path in files() if folder_of(path) == "auction"
             for match in IMPURE.finditer(read(path))]
    assert not wrong


def test_what_the_client_shows_is_the_standard_library_alone():
    """So that a program of others needs no more than its own standard library to read it."""
    shown = [path for path in files() if folder_of(path) == "flashbid"]
    wrong = [f"{path}: {target}" for path in shown for target in re.findall(r"^#include ([<\"].*[>\"])", read(path), re.M)
             if not re.fullmatch(r'<[a-z_]+>|"flashbid/[a-z]+\.hpp"', target)]
    assert shown and not wrong


def test_sockets_stay_at_the_edges():
    wrong = [f"{path}: {match.group()}" for path in files() if folder_of(path) not in MAY_USE_ASIO
             for match in ASIO.finditer(read(path)) if not (folder_of(path) == "wire" and WIRE_MAY.search(match.group()))]
    assert not wrong


def test_cmake_links_follow_the_arrows():
    """What a library links is what its folder may include."""
    text = (ROOT / "src" / "CMakeLists.txt").read_text()
    links = re.findall(r"^flashbid_library\((\S+)\s+LINKS ([^)]*)\)", text, re.M)
    assert len(links) > 8
    for folder, linked in links:
        ours = {name.removeprefix("fb_") for name in linked.split() if name.startswith("fb_")} - {"pages"}
        allowed = {name.replace("/", "_") for name in ARROWS[folder]}
        assert ours <= allowed, f"{folder} links {ours - allowed}"
