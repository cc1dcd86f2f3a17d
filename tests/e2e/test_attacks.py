"""Tokens as attackers send them (RFC 8725 and the forms of the known CVEs), one or more of each class of the catalogue
in tests/unit/access, which has every case: here over the wire, on each of the three ways in. Each is answered 401, or
on a socket by an `error` frame `unauthenticated`, and nothing is bid.
"""
import json
import time

import pytest

from api_client import check_conventions
from attacked_house import House
from http_wire import request_bytes
from stream_client import StreamClosed, upgrade_headers
from tokens import KeyPair, SECRET, base64url, bearer, claims_of, hs256, part, signed_text

RSA = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
EC = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
ED = ("-algorithm", "ED25519")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Takes HS256; as many wrong tokens as the tests send are 401."""
    house = House(tmp_path_factory.mktemp("secret"), "--rate-failures", "off", "--jwt-issuer", "https://id.example",
                  "--jwt-audience", "flashbid", sign=lambda claims: hs256(
                      {"iss": "https://id.example", "aud": "flashbid", **claims}))
    yield house
    house.finish()


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    return {"RSA": KeyPair(folder, "rsa", *RSA), "EC": KeyPair(folder, "ec", *EC), "ED": KeyPair(folder, "ed", *ED),
            "other": KeyPair(folder, "other", *RSA)}


@pytest.fixture(scope="module")
def public_house(tmp_path_factory, pairs):
    """Takes RS256, PS256, ES256 and EdDSA of three public keys."""
    folder = tmp_path_factory.mktemp("public")
    keys = folder / "keys.pem"
    keys.write_bytes(b"".join(pairs[name].public.read_bytes() for name in ("RSA", "EC", "ED")))
    house = House(folder, "--rate-failures", "off", key=keys,
                  sign=lambda claims: pairs["RSA"].rs256({"alg": "RS256"}, claims))
    yield house
    house.finish()


@pytest.fixture(autouse=True)
def untouched(house):
    yield
    house.check()


def claims(**more):
    """What the house takes, and more."""
    return claims_of(iss="https://id.example", aud="flashbid", **more)


def without(name):
    return {key: value for key, value in claims().items() if key != name}


def header(**more):
    return {"alg": "HS256", **more}


def unsigned(algorithm):
    return part({"alg": algorithm}) + "." + part(claims()) + "."


def twice(text, member):
    """JSON text with one more member at its end."""
    return json.dumps(text)[:-1] + "," + member + "}"


GOOD = hs256(claims())
HEAD, CLAIMS, SIGNATURE = GOOD.split(".")

CATALOGUE = [
    # (class, token)
    *[(f"alg {name!r}, no signature", unsigned(name)) for name in ("none", "None", "NONE", "nOnE", "none ", "")],
    ("alg none and a signature", hs256(claims(), {"alg": "none"})),
    *[(f"alg {name}", hs256(claims(), {"alg": name}))
      for name in ("HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "hs256", "HS256 ", "dir", "A128KW")],
    *[(f"alg {value!r}", hs256(claims(), {"alg": value})) for value in (None, 256, True, ["HS256"], {"HS256": 1})],
    ("no alg", hs256(claims(), {"typ": "JWT"})),
    ("jwk in the header", hs256(claims(), header(jwk={"kty": "oct", "k": base64url(b"x" * 32)}), b"x" * 32)),
    *[(f"{name} in the header", hs256(claims(), header(**{name: "https://evil.example/keys"})))
      for name in ("jku", "x5u", "jwk", "x5c")],
    *[(f"kid {name!r} with an empty secret", hs256(claims(), header(kid=name), b""))
      for name in ("../../../../dev/null", "/dev/null", "' UNION SELECT '", "|/bin/sh", "house\0", "https://evil.example")],
    *[(f"kid {value!r}", hs256(claims(), header(kid=value))) for value in (None, 1, ["house"], {}, "k" * 257)],
    ("crit", hs256(claims(), header(crit=["exp"]))),
    ("crit that is empty", hs256(claims(), header(crit=[]))),
    ("b64 false", hs256(claims(), header(b64=False, crit=["b64"]))),
    ("cty, nested", hs256(GOOD, header(cty="JWT"))),
    ("enc", hs256(claims(), header(enc="A256GCM"))),
    ("zip", hs256(claims(), header(zip="DEF"))),
    ("typ of another purpose", hs256(claims(), header(typ="logout+jwt"))),
    ("five parts (JWE)", "eyJhbGciOiJkaXIifQ.a2V5.aXY.dGV4dA.dGFn"),
    ("signature stripped", HEAD + "." + CLAIMS + "."),
    ("signature and its dot stripped", HEAD + "." + CLAIMS),
    ("signature cut by one", GOOD[:-1]),
    ("signature cut to half", HEAD + "." + CLAIMS + "." + SIGNATURE[:21]),
    ("signature of zeros", HEAD + "." + CLAIMS + "." + base64url(bytes(32))),
    ("signature longer", GOOD + "AAAA"),
    ("signature of other claims", HEAD + "." + part(claims(sub="Canary")) + "." + SIGNATURE),
    ("signature of another header", part({"alg": "HS256", "typ": "JWT"}) + "." + CLAIMS + "." + SIGNATURE),
    ("another secret", hs256(claims(), secret=b"x" * 32)),
    ("an empty secret", hs256(claims(), secret=b"")),
    ("alg twice", hs256(claims(), '{"alg":"HS256","alg":"none"}')),
    ("alg twice, once escaped", hs256(claims(), '{"alg":"HS256","\\u0061lg":"none"}')),
    ("sub twice", hs256(twice(claims(), '"sub":"Canary"'))),
    ("exp twice", hs256(twice(claims(), '"exp":9999999999'))),
    ("role twice", hs256(twice(claims(role="bidder"), '"role":"operator"'))),
    ("one part", HEAD), ("nothing between the dots", ".."), ("four parts", GOOD + "." + SIGNATURE),
    ("the word Bearer twice", "Bearer " + GOOD),
    ("base64 with padding", signed_text(HEAD + "=." + CLAIMS)),
    ("base64 with plus", signed_text(HEAD + "." + CLAIMS + "+")),
    ("base64 with a percent escape", GOOD + "%3D"),
    ("base64 with spare bits", GOOD[:-1] + chr(ord(GOOD[-1]) + 1)),
    ("claims that are no object", hs256("[]")), ("claims that are no JSON", hs256("{")),
    ("claims with something behind", hs256(json.dumps(claims()) + "{}")),
    ("claims with a BOM", hs256(b"\xef\xbb\xbf" + json.dumps(claims()).encode())),
    ("claims in bad UTF-8", hs256(json.dumps(claims()).encode()[:-1] + b',"x":"\xff"}')),
    ("claims 2,000 deep", hs256(twice(claims(), '"x":' + "[" * 2000 + "]" * 2000))),
    *[(f"no {name}", hs256(without(name))) for name in ("sub", "exp", "iss", "aud")],
    *[(f"exp {value!r}", hs256(claims(exp=value))) for value in (None, "9999999999", True, [9999999999], {}, -1, 0, 1)],
    *[(f"exp {value}", hs256(json.dumps(without("exp"))[:-1] + f',"exp":{value}}}'))
      for value in ("1e300", "1e999", "9999999999999", "18446744073709551616", "9223372036854775808", "NaN")],
    ("exp a minute ago", hs256(claims(exp=int(time.time()) - 60))),
    ("nbf in an hour", hs256(claims(nbf=int(time.time()) + 3600))),
    ("nbf that is text", hs256(claims(nbf="0"))), ("iat that is text", hs256(claims(iat="0"))),
    *[(f"sub {value!r}", hs256(claims(sub=value)))
      for value in (None, 1, ["Canary"], "", "a b", "a" * 65, "a\0", "a\r\nX: y", "<script>", "é", "*", "{1}", "'")],
    *[(f"role {value!r}", hs256(claims(role=value))) for value in (None, 1, ["operator"], "", "Operator", "admin")],
    ("another issuer", hs256(claims_of(iss="https://id.example.evil", aud="flashbid"))),
    ("issuer in a list", hs256(claims_of(iss=["https://id.example"], aud="flashbid"))),
    ("another audience", hs256(claims_of(iss="https://id.example", aud=["x", "flashbid2"]))),
    ("8,193 bytes", (HEAD + "." + CLAIMS + "." + SIGNATURE)[:64] + "A" * 8129),
]
IDS = [case[0] for case in CATALOGUE]


def test_the_good_token_is_taken(house):
    """Else the table would prove nothing: it bids too low, and is told so; on a socket too."""
    answer = house.said(bearer(GOOD), body=b'{"amount":1}')
    assert answer.status == 200 and answer.json()["reason"] == "amount_below_minimum"
    for stream in (house.stream(headers=bearer(GOOD)), house.stream()):
        with stream:
            stream.send(type="auth", token=GOOD)
            stream.bid(house.auction, 1)
            assert stream.expect("bid_result")["reason"] == "amount_below_minimum"


@pytest.mark.parametrize("label, token", CATALOGUE, ids=IDS)
def test_in_the_header(house, label, token):
    answer = house.said(bearer(token))
    check_conventions(answer)
    assert answer.status == 401 and answer.json()["code"] == "unauthenticated", answer
    assert "www-authenticate" not in dict(answer.headers) or "Bearer" in answer.header("www-authenticate")


@pytest.mark.parametrize("label, token", CATALOGUE, ids=IDS)
def test_in_the_handshake(house, label, token):
    with house.connect() as connection:
        connection.send(request_bytes("GET", "/v1/stream", host=connection.authority,
                                      headers=[*upgrade_headers(), *bearer(token)]))
        answer = connection.read_response()
        assert answer.status == 401 and answer.json()["code"] == "unauthenticated", answer


@pytest.mark.parametrize("label, token", CATALOGUE, ids=IDS)
def test_in_the_auth_frame(house, label, token):
    with house.stream() as stream:
        stream.send(type="auth", token=token)
        stream.bid(house.auction, 20000)
        # An empty token, or one too long for a field, is no token: the frame itself is wrong then.
        assert stream.expect("error")["code"] in ("unauthenticated", "invalid_value")
        refused = stream.expect("error")
        assert refused["code"] == "unauthenticated" and refused["id"] == "b"


def test_a_bad_token_does_not_become_the_good_one_before_it(house):
    """A socket keeps who it was; the bid of an earlier good token is that bidder's, never another's."""
    with house.stream(headers=bearer(house.token("Mallory"))) as stream:
        stream.send(type="auth", token=hs256(claims(sub="Canary"), secret=b"x" * 32))
        assert stream.expect("error")["code"] == "unauthenticated"
        stream.bid(house.auction, 1)
        assert stream.expect("bid_result")["bidder"] == "Mallory"


def test_the_public_key_is_no_secret(public_house, pairs):
    """RS256 to HS256 confusion, with every spelling of the public key that an attacker may have."""
    pem = pairs["RSA"].public.read_bytes()
    for secret in (pem, pem.rstrip(b"\n"), pem.replace(b"\n", b"\r\n"), b"".join(pem.splitlines()[1:-1])):
        assert public_house.said(bearer(hs256(secret=secret))).status == 401


@pytest.mark.parametrize("name, algorithm", [("other", "RS256"), ("RSA", "PS256"), ("RSA", "ES256"), ("RSA", "none"),
                                             ("EC", "ES256"), ("EC", "RS256"), ("EC", "EdDSA"), ("RSA", "RS1")])
def test_signatures_of_another_kind(public_house, pairs, name, algorithm):
    """A foreign key; a padding of the other algorithm; an ECDSA signature left in DER."""
    assert public_house.said(bearer(pairs[name].rs256({"alg": algorithm}, claims_of()))).status == 401


@pytest.mark.parametrize("algorithm, size", [("ES256", 64), ("EdDSA", 64), ("RS256", 256), ("PS256", 256)])
@pytest.mark.parametrize("byte", [b"\0", b"\xff"])
def test_signatures_of_one_byte_over_and_over(public_house, algorithm, size, byte):
    """CVE-2022-21449: r = s = 0 verified anything."""
    token = part({"alg": algorithm}) + "." + part(claims_of()) + "." + base64url(byte * size)
    assert public_house.said(bearer(token)).status == 401


def test_a_key_brought_along(public_house, pairs):
    """CVE-2018-0114: signed by the attacker's key, which the header names or holds."""
    for more in ({"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}, {"jku": "https://evil.example/k"},
                 {"x5c": ["MIIB"]}, {"x5u": "https://evil.example/c"}):
        for pair in ("other", "RSA"):
            token = pairs[pair].rs256({"alg": "RS256", **more}, claims_of())
            assert public_house.said(bearer(token)).status == 401
    public_house.check()


OTHER_PLACES = [
    # (label, target or None for the bids of the auction, headers, status)
    ("access_token in the query", "?access_token=TOKEN", [], 400),
    ("token in the query", "?token=TOKEN", [], 400),
    ("Authorization in the query", "?Authorization=Bearer%20TOKEN", [], 400),
    ("a cookie", "", [("Cookie", "token=TOKEN; access_token=TOKEN; Authorization=TOKEN")], 401),
    ("X-Authorization", "", [("X-Authorization", "Bearer TOKEN")], 401),
    ("Proxy-Authorization", "", [("Proxy-Authorization", "Bearer TOKEN")], 401),
    ("X-Bidder", "", [("X-Bidder", "Canary")], 401),
    ("X-Forwarded-User", "", [("X-Forwarded-User", "Canary"), ("Remote-User", "Canary")], 401),
    ("Basic", "", [("Authorization", "Basic Q2FuYXJ5Og==")], 401),
    ("Basic with the token", "", [("Authorization", "Basic TOKEN")], 401),
    ("no scheme", "", [("Authorization", "TOKEN")], 401),
    ("an empty header", "", [("Authorization", "")], 401),
    ("Bearer alone", "", [("Authorization", "Bearer")], 401),
    ("Bearer and a space", "", [("Authorization", "Bearer ")], 401),
    ("Bearer and a comma", "", [("Authorization", "Bearer TOKEN, Bearer TOKEN")], 401),
    ("Token for Bearer", "", [("Authorization", "Token TOKEN")], 401),
    ("two of the same", "", [("Authorization", "Bearer TOKEN"), ("Authorization", "Bearer TOKEN")], 400),
    ("a good and a bad one", "", [("Authorization", "Bearer TOKEN"), ("authorization", "Bearer x")], 400),
    ("a bad and a good one", "", [("Authorization", "Basic x"), ("AUTHORIZATION", "Bearer TOKEN")], 400),
    ("a header over the limit", "", [("Authorization", "Bearer " + "A" * 100_000)], 431),
    ("the token behind 9,000 spaces", "", [("Authorization", "Bearer" + " " * 9000 + "x")], 401),
]


@pytest.mark.parametrize("label, query, headers, status", OTHER_PLACES, ids=[case[0] for case in OTHER_PLACES])
def test_other_places_for_a_good_token(house, label, query, headers, status):
    """The token is read from one place only: one Authorization header."""
    headers = [(name, value.replace("TOKEN", GOOD)) for name, value in headers]
    answer = house.said(headers, house.bids + query.replace("TOKEN", GOOD))
    check_conventions(answer)
    assert answer.status == status, answer


@pytest.mark.parametrize("name", ["token", "access_token", "authorization", "bidder", "jwt"])
def test_a_stream_reads_no_token_in_its_url(house, name):
    with house.connect() as connection:
        connection.send(request_bytes("GET", f"/v1/stream?{name}={GOOD}", host=connection.authority,
                                      headers=upgrade_headers()))
        answer = connection.read_response()
        assert answer.status == 400 and answer.json()["code"] == "invalid_query"
    assert GOOD.encode() not in house.server.stderr_path.read_bytes(), "tokens never reach the log"


def test_a_stream_reads_no_token_in_its_subprotocol(house):
    with house.connect() as connection:
        headers = upgrade_headers(protocol=f"flashbid.v1, {GOOD}")
        connection.send(request_bytes("GET", "/v1/stream", host=connection.authority, headers=headers))
        answer = connection.read_response()
        assert answer.status == 101 and answer.header("sec-websocket-protocol") == "flashbid.v1"
    with house.stream(headers=[("Cookie", f"token={GOOD}"), ("X-Bidder", "Canary")]) as stream:
        stream.bid(house.auction, 20000)
        assert stream.expect("error")["code"] == "unauthenticated"


def test_the_frames_of_dev_say_nothing_here(house):
    with house.stream() as stream:
        stream.send(type="auth", bidder="Canary")
        assert stream.expect("error")["code"] == "unauthenticated"
        stream.send(type="auth", bidder="Canary", token=GOOD[:-2])
        stream.expect("error")
        stream.bid(house.auction, 20000)
        assert stream.expect("error")["code"] == "unauthenticated"


def test_an_auth_frame_over_the_limit(house):
    with house.stream() as stream:
        stream.send_raw(b"")
        stream.send(type="auth", token="A" * 100_000)
        with pytest.raises(StreamClosed) as closed:
            stream.read()
        assert closed.value.code == 1009


def test_a_bidder_is_no_operator(house):
    """Neither by claims that are almost the role, nor by what else the request says."""
    for more in ({}, {"role": "bidder"}, {"roles": ["operator"]}, {"scope": "operator"}, {"admin": True}):
        headers = [*bearer(hs256(claims(**more))), ("X-Role", "operator"), ("X-Bidder", "house")]
        for target, body in ((f"/v1/auctions/{house.auction}/cancel", b""), ("/v1/auctions", b"{}")):
            answer = house.said(headers, target, body)
            assert answer.status == 403 and answer.json()["code"] == "forbidden", answer


def test_a_socket_ends_with_its_token(house):
    soon = hs256(claims(exp=int(time.time()) + 2))
    with house.stream(headers=bearer(soon)) as stream:
        assert stream.read_close() == 4401


def test_many_wrong_tokens_are_429_and_a_right_one_passes(tmp_path):
    """Above 50/s of one address; whoever has a good token notices nothing."""
    house = House(tmp_path)
    wrong = hs256(secret=b"x" * 32)
    codes = [house.api.post(house.bids, {"amount": 1}, headers=bearer(wrong)) for _ in range(300)]
    assert {answer.status for answer in codes[:50]} == {401}
    assert 429 in {answer.status for answer in codes} and all(answer.status in (401, 429) for answer in codes)
    assert house.bid(house.auction, 1, "Alice").json()["verdict"] == "rejected"
    house.finish()


def test_secrets_under_256_bits_do_not_start(tmp_path, own_server):
    """31 bytes, none at all, and no key at all: exit 2, and a line that says what to do."""
    for content in (SECRET[:31], b"", None):
        flags = []
        if content is not None:
            (tmp_path / "weak").write_bytes(content)
            flags = ["--jwt-key", str(tmp_path / "weak")]
        server = own_server(*flags, dev=False)
        server.launch()
        server.wait_exit(2)
        assert server.stderr_path.read_text().count("\n") == 1
