"""`flashbid token`: what it prints is a JWT that others verify; what it cannot do it says in one line, exit 2."""
import base64
import hashlib
import hmac
import json
import subprocess
import time

import pytest

from flashbid_server import clean_environment, run_command

SECRET = b"0123456789abcdef0123456789abcdef"


def openssl(*arguments, **how):
    return subprocess.run(["openssl", *arguments], capture_output=True, timeout=60, check=True, **how).stdout


@pytest.fixture
def secret(tmp_path):
    (tmp_path / "secret").write_bytes(SECRET)
    return tmp_path / "secret"


def pair(folder, *kind):
    """(private, public): key files as docs/access.md has them made."""
    openssl("genpkey", *kind, "-out", str(folder / "private.pem"))
    openssl("pkey", "-in", str(folder / "private.pem"), "-pubout", "-out", str(folder / "public.pem"))
    return folder / "private.pem", folder / "public.pem"


RSA = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
EC = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
ED = ("-algorithm", "ED25519")


def mint(key, *flags, **how):
    ended = run_command("token", "--key", str(key), *flags, **how)
    assert ended.returncode == 0 and ended.stderr == "", ended
    assert ended.stdout.endswith("\n") and ended.stdout.count("\n") == 1
    return ended.stdout.strip()


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def parts(token):
    header, claims, signature = token.split(".")
    return json.loads(decode(header)), json.loads(decode(claims)), decode(signature)


def refused(*arguments, **how):
    ended = run_command("token", *arguments, **how)
    assert ended.returncode == 2 and ended.stdout == "", ended
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    return lines[0]


def test_a_secret_signs_as_it_stands(secret):
    before = int(time.time())
    token = mint(secret, "--sub", "Alice")
    header, claims, signature = parts(token)
    assert header == {"alg": "HS256", "typ": "JWT"}
    assert set(claims) == {"sub", "role", "iat", "exp"}
    assert claims["sub"] == "Alice" and claims["role"] == "bidder"
    assert before <= claims["iat"] <= time.time() and claims["exp"] - claims["iat"] == 3600
    text = token.rsplit(".", 1)[0].encode()
    assert signature == hmac.new(SECRET, text, hashlib.sha256).digest()
    secret.write_bytes(SECRET + b"\n")
    token = mint(secret, "--sub", "Alice")
    text = token.rsplit(".", 1)[0].encode()
    assert parts(token)[2] == hmac.new(SECRET + b"\n", text, hashlib.sha256).digest()


def test_what_was_asked_is_in_it(secret):
    token = mint(secret, "--sub", "house:1@x.y", "--role", "operator", "--ttl", "2m", "--iss", 'https://id.example/"é',
                 "--aud", "flashbid", "--kid", "k-1")
    header, claims, _ = parts(token)
    assert header == {"alg": "HS256", "typ": "JWT", "kid": "k-1"}
    assert claims["sub"] == "house:1@x.y" and claims["role"] == "operator"
    assert claims["iss"] == 'https://id.example/"é' and claims["aud"] == "flashbid"
    assert claims["exp"] - claims["iat"] == 120
    short = parts(mint(secret, "--sub", "A", "--ttl", "1500ms"))[1]
    assert 0 < short["exp"] - short["iat"] <= 2.5


@pytest.mark.parametrize("name, kind, digest", [("RS256", RSA, True), ("EdDSA", ED, False)], ids=["RS256", "EdDSA"])
def test_a_private_key_signs(tmp_path, name, kind, digest):
    private, public = pair(tmp_path, *kind)
    token = mint(private, "--sub", "Alice")
    header, _, signature = parts(token)
    assert header["alg"] == name
    (tmp_path / "text").write_bytes(token.rsplit(".", 1)[0].encode())
    (tmp_path / "signature").write_bytes(signature)
    said = openssl("pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin",
                   *(["-digest", "sha256"] if digest else []), "-in", str(tmp_path / "text"), "-sigfile",
                   str(tmp_path / "signature"))
    assert b"Signature Verified Successfully" in said


def test_an_elliptic_key_signs(tmp_path):
    private, public = pair(tmp_path, *EC)
    token = mint(private, "--sub", "Alice")
    header, _, signature = parts(token)
    assert header["alg"] == "ES256" and len(signature) == 64
    whole = [int.from_bytes(half, "big") for half in (signature[:32], signature[32:])]
    integers = b"".join(b"\x02" + bytes([len(each)]) + each
                        for each in (number.to_bytes(number.bit_length() // 8 + 1, "big") for number in whole))
    (tmp_path / "text").write_bytes(token.rsplit(".", 1)[0].encode())
    (tmp_path / "signature").write_bytes(b"\x30" + bytes([len(integers)]) + integers)
    said = openssl("dgst", "-sha256", "-verify", str(public), "-signature", str(tmp_path / "signature"),
                   str(tmp_path / "text"))
    assert b"Verified OK" in said


def test_keys_that_do_not_sign(tmp_path, secret):
    private, public = pair(tmp_path, *EC)
    assert "not a private key" in refused("--key", str(public), "--sub", "A")
    locked = tmp_path / "locked.pem"
    openssl("pkcs8", "-topk8", "-in", str(private), "-passout", "pass:open", "-out", str(locked))
    assert "encrypted" in refused("--key", str(locked), "--sub", "A")
    secret.write_bytes(SECRET[:31])
    line = refused("--key", str(secret), "--sub", "A")
    assert str(secret) in line and "at least 32 bytes" in line and "31" in line
    assert "No such file" in refused("--key", str(tmp_path / "nothing"), "--sub", "A")
    assert "not a file" in refused("--key", str(tmp_path), "--sub", "A")


@pytest.mark.parametrize("flags, word", [
    (["--sub", ""], "--sub"), (["--sub", "A b"], "A-Z"), (["--sub", "a" * 65], "1-64"), (["--sub", "é"], "--sub"),
    (["--sub", "A", "--role", "admin"], "--role"), (["--sub", "A", "--ttl", "0s"], "--ttl"),
    (["--sub", "A", "--ttl", "1"], "1h"), (["--sub", "A", "--ttl", "-1h"], "--ttl"),
    (["--sub", "A", "--ttl", "8785h"], "8784h"), (["--sub", "A", "--iss", "x" * 9000], "8192"), ([], "--sub"),
], ids=str)
def test_flags_that_are_wrong(secret, flags, word):
    assert word in refused("--key", str(secret), *flags)


def test_settings_may_come_from_variables(secret):
    environment = clean_environment(FLASHBID_KEY=str(secret), FLASHBID_SUB="Bob", FLASHBID_TTL="10m")
    ended = run_command("token", env=environment)
    if ended.returncode == 0:
        claims = parts(ended.stdout.strip())[1]
        assert claims["sub"] == "Bob" and claims["exp"] - claims["iat"] == 600
    else:
        pytest.fail(ended.stderr)
