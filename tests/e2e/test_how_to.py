"""The how-tos of docs/ are done as they are written, command by command, and their outputs are as the pages say."""
import pytest

from browser import CHROMIUM
from postgres_server import free_port
from walkthrough import Reader, blocks_of, page_of

PORTS = ("8080", "8081", "8082", "8090", "8000")


@pytest.fixture
def reader(tmp_path):
    """reader(words): who does a page with ports of his own."""
    readers = []

    def begin(**words):
        ports = {port: str(free_port()) for port in PORTS}
        readers.append(Reader(tmp_path, ports | words, FLASHBID_LISTEN=f"127.0.0.1:{ports['8080']}"))
        return readers[-1]

    yield begin
    for each in readers:
        each.__exit__(None, None, None)


@pytest.mark.parametrize("page", ["rotate-keys.md", "backup.md", "upgrade.md"])
def test_every_command_does_what_the_page_says(reader, page):
    steps = blocks_of(page_of(page))
    assert len(steps) > 3
    reader().follow(steps)


def test_from_one_binary_to_several_machines(reader, redis, database):
    user_at_host = database.removeprefix("postgres://").rsplit("/", 1)
    words = {"redis://HOST:6379": redis.url, "USER@HOST/DATABASE": "/".join(user_at_host)}
    reader(**words).follow(blocks_of(page_of("several-machines.md")))


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_the_page_in_a_shop(reader, chromium):
    steps = blocks_of(page_of("shop.md"))
    made = next(number for number, (commands, _) in enumerate(steps) if "http.server" in commands) + 1
    shop = reader()
    shop.follow(steps[:made])
    address = shop.say("http://localhost:8000/auction.html")
    shop.type(f"curl -sfo ignored --retry 60 --retry-delay 1 --retry-connrefused {address}")
    chromium.open(address)
    chromium.wait("document.getElementById('bid')?.disabled === false")
    chromium.run("document.getElementById('bid').click()")
    chromium.wait("document.getElementById('answer').textContent === 'You lead.'")
    chromium.wait("document.getElementById('leader').textContent === 'customer-17 leads'")
    assert chromium.run("document.getElementById('price').textContent") == "100.00"
    shop.follow(steps[made:made + 1])
    chromium.wait("document.getElementById('price').textContent === '120.00'")
    chromium.wait("document.getElementById('leader').textContent === 'customer-23 leads'")
    shop.follow(steps[made + 1:])
