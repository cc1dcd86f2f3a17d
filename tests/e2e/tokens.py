"""Tokens as an attacker makes them: any header, any claims, any signature. Knows nothing of what is right."""
import base64
import hashlib
import hmac
import json
import subprocess
import time

SECRET = b"0123456789abcdef0123456789abcdef"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value):
    """A part of a token: JSON of a dictionary, or the bytes or text as they are."""
    if isinstance(value, dict):
        value = json.dumps(value)
    return base64url(value.encode() if isinstance(value, str) else value)


def in_an_hour():
    return int(time.time()) + 3600


def claims_of(sub="Mallory", **more):
    return {"sub": sub, "exp": in_an_hour(), **more}


def signed_text(text, secret=SECRET):
    return text + "." + base64url(hmac.new(secret, text.encode(), hashlib.sha256).digest())


def hs256(claims=None, header=None, secret=SECRET):
    """Signed rightly with `secret`, whatever header and claims say."""
    claims = claims_of() if claims is None else claims
    header = {"alg": "HS256"} if header is None else header
    return signed_text(part(header) + "." + part(claims), secret)


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


def openssl(*words, given=None):
    return subprocess.run(["openssl", *words], input=given, capture_output=True, timeout=60, check=True).stdout


class KeyPair:
    """An RSA, EC or Ed25519 pair in files of `folder`."""

    def __init__(self, folder, name, *kind):
        self.private = folder / f"{name}.private.pem"
        self.public = folder / f"{name}.public.pem"
        openssl("genpkey", *kind, "-out", str(self.private))
        openssl("pkey", "-in", str(self.private), "-pubout", "-out", str(self.public))

    def rs256(self, header, claims):
        text = part(header) + "." + part(claims)
        signature = openssl("dgst", "-sha256", "-sign", str(self.private), given=text.encode())
        return text + "." + base64url(signature)

    def ec_der(self, header, claims):
        """ES256 with the signature left in DER, as OpenSSL gives it."""
        return self.rs256(header, claims)
