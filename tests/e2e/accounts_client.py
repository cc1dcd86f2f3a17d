"""A house's own accounts as a client and an operator see them: registers, logs in, and runs `flashbid accounts`.

Keeps nothing but what it was answered; every answer is checked by api_client.
"""
import base64
import json
import subprocess

from flashbid_server import BINARY, clean_environment

PASSWORD = "correct horse"


def command(server, action, *flags, stdin="", data=None):
    """`flashbid accounts ACTION` on the server's folder; `stdin`: what stands there."""
    arguments = [str(BINARY), "accounts", action, "--data", str(data or server.data), *flags]
    return subprocess.run(arguments, input=stdin.encode(), capture_output=True, timeout=30, env=clean_environment())


def make_operator(server, name="Root", password="operator's horse"):
    ended = command(server, "add", "--name", name, "--role", "operator", stdin=password + "\n")
    assert ended.returncode == 0, ended
    return name, password


def bearer(session):
    return [("Authorization", "Bearer " + session["access_token"])]


def claims(session):
    """What the access token says; not verified here."""
    part = session["access_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def register(api, name, password=PASSWORD):
    response = api.post("/v1/accounts", {"name": name, "password": password})
    assert response.status == 201, response
    assert response.json() == {"name": name, "role": "bidder"}


def log_in(api, name, password=PASSWORD):
    response = api.post("/v1/sessions", {"name": name, "password": password})
    assert response.status == 201, response
    return response.json()


def refresh(api, session):
    response = api.post("/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
    assert response.status == 200, response
    return response.json()


def refused(api, path, body):
    """What the refusal says, but for the name of the request."""
    problem = api.problem("POST", path, 401, "unauthenticated", body=body)
    del problem["request_id"]
    return problem


def refused_log_in(api, name, password):
    return refused(api, "/v1/sessions", {"name": name, "password": password})


def refused_refresh(api, session):
    return refused(api, "/v1/sessions/refresh", {"refresh_token": session["refresh_token"]})
