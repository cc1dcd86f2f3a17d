"""clients/typescript as a stranger gets it: packed, installed elsewhere, and driven against a real server that dies and returns."""
import json
import re
import socket
import subprocess
import tarfile
import threading
import time
from pathlib import Path

import pytest

from api_client import Api

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "clients/typescript"
TSC = ROOT / "node_modules/typescript/bin/tsc"
WAIT_S = 60
PATIENCE_MS = 300_000
# What a program may say, and two things that it may not.
TYPED = """
import { type AuctionChange, type BidResult, Client, OutcomeUnknown, Problem } from "@flashbid/client";
const client: Client = new Client({ origin: "http://localhost:1", who: { token: "x" } });
export async function best(): Promise<number | null> {
  for await (const { auction, events, reset } of client.subscribe(1)) {
    for (const event of events) if (event.event === "bid_accepted" && !reset) return event.amount;
    return auction.price;
  }
  return null;
}
const why = (answer: BidResult) => answer.verdict === "rejected" ? answer.reason : answer.sequence;
client.bid(1, 100, { key: "k" }).then(why, (error: Problem | OutcomeUnknown) => error.message);
// @ts-expect-error: money is a number
void client.bid(1, "100");
// @ts-expect-error: a rejection has no sequence
export const wrong = (answer: BidResult & { verdict: "rejected" }, change: AuctionChange) => [change, answer.sequence];
"""


def run(*command, cwd):
    done = subprocess.run([str(each) for each in command], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """A project of somebody else's that has the package installed, and no way to the network."""
    folder = tmp_path_factory.mktemp("app")
    run("npm", "run", "--silent", "client", "--", "--pack-destination", folder, cwd=ROOT)
    [package] = folder.glob("*.tgz")
    (folder / "package.json").write_text('{"name": "app", "private": true, "type": "module"}')
    run("npm", "install", "--offline", "--no-audit", "--no-fund", "--no-update-notifier", package, ROOT / "node_modules/ws", cwd=folder)
    return folder


class Program:
    """typescript_program.mjs as it runs, and all that it has said."""

    def __init__(self, app, origin, auction, bidder="Alice"):
        script = app / "program.mjs"
        script.write_text((Path(__file__).parent / "typescript_program.mjs").read_text())
        self.child = subprocess.Popen(["node", script, origin, str(auction), bidder], cwd=app, text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.said, self.rest = [], []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.child.stdout:
            (self.said if line.startswith("{") else self.rest).append(json.loads(line) if line.startswith("{") else line)

    def bid(self, amount, key):
        self.child.stdin.write(json.dumps({"amount": amount, "key": key, "patience_ms": PATIENCE_MS}) + "\n")
        self.child.stdin.flush()

    def wait(self, found):
        """Until it has said something of which `found` is true; that."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            for each in list(self.said):
                if found(each):
                    return each
            assert self.child.poll() is None, f"the program has ended: {self.said[-3:]} {''.join(self.rest)}"
            time.sleep(0.02)
        raise AssertionError(f"never said: {self.said[-3:]} {''.join(self.rest)}")

    def wait_for_event(self, sequence):
        self.wait(lambda said: any(event["sequence"] == sequence for event in said.get("events", [])))

    def wait_for_state(self):
        return self.wait(lambda said: "auction" in said)["auction"]

    @property
    def events(self):
        return [event for said in self.said for event in said.get("events", [])]

    def end(self):
        """It ends by itself once it is told nothing more."""
        self.child.stdin.close()
        assert self.child.wait(timeout=WAIT_S) == 0, "".join(self.rest)
        self.reader.join()
        assert self.said[-1] == {"ended": True} and self.rest == []

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self.reader.join()
        self.child.stdin.close()


class Wire:
    """What lies between a client and the server at `port`. While `is_deaf`, nothing that the server says arrives; while
    `is_cut`, nobody gets through anew."""

    def __init__(self, port):
        self.target = port
        self.is_deaf = self.is_cut = False
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = None if self.is_cut else socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                server = None
            if server is None:
                client.close()
                continue
            self.sockets += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self.carry, args=(source, target), daemon=True).start()

    def carry(self, source, target):
        is_answer = source.getpeername()[1] == self.target
        try:
            while data := source.recv(65536):
                if not (is_answer and self.is_deaf):
                    target.sendall(data)
        except OSError:
            pass
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
        for each in self.sockets:
            each.close()


def restarts_where_it_is(server):
    server.arguments[server.arguments.index("--listen") + 1] = f"127.0.0.1:{server.port}"
    return server


def test_the_package_has_what_is_needed_and_nothing_else(app):
    [package] = app.glob("*.tgz")
    with tarfile.open(package) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
    modules = {path.stem for path in (CLIENT / "src").glob("*.ts")}
    assert names == {"README.md", "package.json"} | {f"dist/{each}{end}" for each in modules for end in (".js", ".d.ts")}
    manifest = json.loads((app / "node_modules/@flashbid/client/package.json").read_text())
    assert not any("ependencies" in field for field in manifest)


def test_its_types_hold_for_a_stranger(app):
    (app / "typed.ts").write_text(TYPED)
    run("node", TSC, "--noEmit", "--strict", "--exactOptionalPropertyTypes", "--module", "nodenext", "--target", "es2022", "--types", "node",
        "--typeRoots", ROOT / "node_modules/@types", "--lib", "es2023", "typed.ts", cwd=app)


def test_the_readme_s_example_runs(app, server):
    [example] = re.findall(r"^```js\n(.*?)^```", (CLIENT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert "http://localhost:8080" in example
    (app / "example.mjs").write_text(example.replace("http://localhost:8080", server.url))
    assert run("node", "example.mjs", cwd=app).splitlines() == [
        "1 created", "2 opened", "3 bid_accepted", "Alice leads with 10000 minor units of EUR", "accepted"]


def test_a_killed_server_leaves_no_gap(app, own_server):
    server = restarts_where_it_is(own_server().start())
    wire = Wire(server.port)
    api = Api(server)
    auction = api.create()["id"]
    with Program(app, f"http://127.0.0.1:{wire.port}", auction) as program:
        assert program.wait_for_state()["sequence"] == 2
        for n in range(5):
            api.accept(auction, 10000 + 100 * n, "Bob")
        program.wait_for_event(7)
        api.close()
        wire.is_cut = True
        server.kill()
        program.wait(lambda said: said.get("link") == "offline")
        program.bid(40000, "meanwhile")
        server.start()
        for n in range(5):  # while the program is not there
            api.accept(auction, 30000 + 100 * n, "Bob")
        wire.is_cut = False
        assert program.wait(lambda said: "answer" in said)["answer"]["verdict"] == "accepted"
        program.wait_for_event(13)
        program.end()
    wire.close()
    assert program.events == api.get_json(f"/v1/auctions/{auction}/events")["events"][2:]
    assert not any(said.get("reset") for said in program.said)
    assert [said["link"] for said in program.said if "link" in said][-1] == "live"


def test_an_answer_that_never_came_is_asked_for_again(app, own_server):
    server = restarts_where_it_is(own_server().start())
    wire = Wire(server.port)
    api = Api(server)
    auction = api.create()["id"]
    with Program(app, f"http://127.0.0.1:{wire.port}", auction) as program:
        program.wait_for_state()
        wire.is_deaf = True
        program.bid(10000, "once")
        deadline = time.monotonic() + WAIT_S
        while api.auction(auction)["bids"] == 0:
            assert time.monotonic() < deadline, "the bid never arrived"
            time.sleep(0.02)
        api.close()
        server.kill()
        wire.is_deaf = False
        server.start()
        answer = program.wait(lambda said: "answer" in said)["answer"]
        program.wait_for_event(3)
        program.end()
    wire.close()
    assert (answer["verdict"], answer["sequence"]) == ("accepted", 3)
    assert [bid["amount"] for bid in api.history(auction)] == [10000], "it counts once"
