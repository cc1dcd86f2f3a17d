// How a link is kept: when it is tried again, when it is taken for dead, and who it says it is.
import { beforeEach, describe, expect, test } from "vitest";
import { Client, type Link } from "../src/index.js";
import { Ledger } from "./model/ledger.js";
import { Server } from "./model/server.js";
import { World } from "./model/world.js";

let world: World;
let server: Server;
let client: Client;
let chance: number;
let links: Link[];
let refusals: number[];

beforeEach(() => {
  chance = 0.5;
  world = new World(() => chance);
  const time = () => new Date(world.now_ms + 90_000).toISOString();
  server = new Server([new Ledger(1, time)], time);
  client = new Client({ origin: "https://house.example", around: world.surroundings(() => server.open()) });
  links = [];
  refusals = [];
  client.on_link((link) => links.push(link));
  client.on_refused((code) => refusals.push(code));
});

const newest = () => server.lines[server.lines.length - 1]!;

// How long until there is another line; all lines fail at once.
async function pause_after(close: () => void): Promise<number> {
  close();
  const before = server.lines.length;
  const began = world.now_ms;
  while (server.lines.length === before) {
    if (world.now_ms - began > 60_000) throw new Error("no other attempt within a minute");
    await world.advance(1);
  }
  return world.now_ms - began;
}

async function live_for(ms: number): Promise<void> {
  server.deliver();
  for (let passed = 0; passed < ms; passed += 500) {
    await world.advance(Math.min(500, ms - passed));
    server.deliver();
  }
}

describe("the pause before the next attempt", () => {
  test("doubles up to ten seconds, half of it by chance", async () => {
    client.start();
    const pauses: number[] = [];
    for (let n = 0; n < 9; n++) pauses.push(await pause_after(() => newest().break(1006)));
    expect(pauses).toEqual([188, 375, 750, 1500, 3000, 6000, 7500, 7500, 7500]);
    chance = 0;
    expect(await pause_after(() => newest().break(1006))).toBe(5000);
    chance = 1;
    expect(await pause_after(() => newest().break(1006))).toBe(10_000);
  });

  test("begins anew only after a link that lived", async () => {
    client.start();
    for (let n = 0; n < 4; n++) {
      server.deliver();
      server.deliver(); // live, and heard of
      await pause_after(() => newest().break(1006));
    }
    expect(await pause_after(() => newest().break(1006))).toBe(3000);
    await live_for(6_000);
    expect(await pause_after(() => newest().break(1006))).toBe(188);
  });

  test("is none for a reader that was too slow, unless it is so again and again", async () => {
    client.start();
    await live_for(6_000);
    expect(await pause_after(() => newest().break(1013))).toBeLessThanOrEqual(1);
    server.deliver();
    expect(await pause_after(() => newest().break(1013))).toBeGreaterThan(100);
  });

  test.each([4403, 4429])("is the longest one after %i, which is told", async (code) => {
    client.start();
    await live_for(6_000);
    expect(await pause_after(() => newest().break(code))).toBe(7500);
    expect(refusals).toEqual([code]);
  });

  test("is cut short by whoever knows better", async () => {
    client.start();
    for (let n = 0; n < 6; n++) await pause_after(() => newest().break(1006));
    newest().break(1006);
    client.hurry();
    expect(server.live.length).toBe(1);
    client.hurry(); // one is being tried
    expect(server.live.length).toBe(1);
  });

  test("stays when a socket cannot even be made", async () => {
    let attempts = 0;
    const other = new Client({ origin: "http://x", around: world.surroundings(() => {
      attempts += 1;
      throw new Error("not allowed");
    }) });
    other.start();
    await world.advance(10_000);
    expect(other.link).toBe("offline");
    expect(attempts).toBeGreaterThan(3);
    expect(attempts).toBeLessThan(9);
    other.end();
    await world.advance(60_000);
    expect(world.waiting).toBe(0);
  });
});

describe("a dead link", () => {
  test("that never opens is given up", async () => {
    client.start();
    newest().is_dumb = true;
    await world.advance(9_999);
    expect(server.lines.length).toBe(1);
    await world.advance(500);
    expect(server.lines.length).toBe(2);
    expect(server.lines[0]!.readyState).toBe(3);
  });

  test("that falls silent is found out, whatever this machine's clock does", async () => {
    client.start();
    await live_for(8_000);
    newest().is_dumb = true;
    world.set_clock(-3_600_000);
    await world.advance(21_000);
    expect(links).toEqual(["live", "offline"]);
    await live_for(1_000);
    expect(client.link).toBe("live");
  });

  test("is found out soon when there is reason to ask", async () => {
    client.start();
    await live_for(8_000);
    newest().is_dumb = true;
    client.hurry();
    await world.advance(3_100);
    expect(client.link).toBe("offline");
  });

  test("is none while anything is heard", async () => {
    client.start();
    server.deliver();
    const line = newest();
    for (let n = 0; n < 60; n++) {
      await world.advance(1_000);
      line.to_server.length = 0; // no question is answered
      line.onmessage?.({ data: '{"type":"of a newer server"}' });
    }
    expect(server.lines.length).toBe(1);
  });
});

describe("who asks", () => {
  const auths = () => server.heard.filter((frame) => frame.type === "auth");

  test("is said first on every link, and again only when it is another", async () => {
    client.identify({ bidder: "Alice" });
    client.start();
    await live_for(1_000);
    client.identify({ bidder: "Alice" });
    client.identify({ bidder: "Bob" });
    await live_for(6_000);
    newest().break(1001);
    await live_for(1_000);
    expect(auths()).toEqual(["Alice", "Bob", "Bob"].map((bidder) => ({ type: "auth", bidder })));
    expect(server.heard[0]!.type).toBe("auth");
  });

  // A server that does not take an `auth` frame goes on with the one before, whose name a bid would have then.
  test("another holder gets a link of his own, a new token of the same one does not", async () => {
    const token = (sub: string, n: number) => `${n}.${btoa(JSON.stringify({ sub }))}.x`;
    client.identify({ token: token("Alice", 1) });
    client.start();
    await live_for(1_000);
    client.identify({ token: token("Alice", 2) });
    expect(server.lines.length).toBe(1);
    expect(server.lines[0]!.readyState).toBe(1);
    client.identify({ token: token("Bob", 1) });
    expect(server.lines[0]!.readyState).toBe(3);
    await live_for(1_000);
    expect(server.lines.length).toBe(2);
  });

  test("a link on which a token was not taken is left", async () => {
    client.identify({ token: "a.b.c" });
    client.start();
    await live_for(1_000);
    newest().onmessage?.({ data: '{"type":"error","code":"unauthenticated","detail":"revoked"}' });
    expect(server.lines[0]!.readyState).toBe(3);
    await live_for(1_000);
    expect(client.link).toBe("live");
    expect(auths().length).toBe(1);
  });

  test("who logs out leaves the link", async () => {
    client.identify({ bidder: "Alice" });
    client.start();
    await live_for(1_000);
    client.identify(null);
    expect(server.lines[0]!.readyState).toBe(3);
    await live_for(1_000);
    expect(client.link).toBe("live");
    expect(auths().length).toBe(1);
  });

  test("a token that has ended is told once and not shown again", async () => {
    client.identify({ token: "a.b.c" });
    client.start();
    await live_for(6_000);
    newest().break(4401);
    expect(refusals).toEqual([4401]);
    await live_for(2_000);
    expect(client.link).toBe("live");
    expect(auths().length).toBe(1);
    client.identify({ token: "a.b.c" });
    newest().onmessage?.({ data: '{"type":"error","code":"unauthenticated","detail":"revoked"}' });
    expect(refusals).toEqual([4401, 4401]);
  });
});

describe("the clock", () => {
  test("is the server's, by the quickest answer", async () => {
    client.start();
    server.deliver(0);
    await world.advance(40);
    server.deliver();
    expect(client.clock.now() - world.now_ms).toBe(90_000 + 20);
    expect(client.clock.uncertainty_ms).toBe(20);
    await live_for(1_000);
    expect(client.clock.uncertainty_ms).toBe(20); // slower answers change nothing
  });

  test("follows when this machine's clock is set", async () => {
    client.start();
    await live_for(2_000);
    const truth = world.now_ms + 90_000;
    world.set_clock(3_600_000);
    client.clock.measured(world.now_ms - 100, new Date(truth - 50).toISOString());
    expect(client.clock.now()).toBeCloseTo(truth, -1);
  });

  test("is not spoilt by what is no time", () => {
    client.clock.heard("soon");
    client.clock.measured(world.now_ms, "12 o'clock");
    client.clock.measured(world.now_ms + 5_000, new Date(0).toISOString());
    expect(client.clock.now()).toBe(world.now_ms);
  });
});
