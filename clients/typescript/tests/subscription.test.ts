// An auction as a loop sees it, and what several who watch the same one share.
import { beforeEach, describe, expect, test } from "vitest";
import { type AuctionChange, type AuctionView, Client, Problem, type Subscription } from "../src/index.js";
import { MAX_EVENTS } from "../src/view.js";
import { Ledger } from "./model/ledger.js";
import { Server } from "./model/server.js";
import { World } from "./model/world.js";

let world: World;
let ledger: Ledger;
let server: Server;
let client: Client;

beforeEach(async () => {
  world = new World();
  const time = () => new Date(world.now_ms).toISOString();
  ledger = new Ledger(1, time);
  server = new Server([ledger], time);
  client = new Client({
    origin: "http://house.example/", who: { bidder: "Alice" }, fetch: server.fetch as typeof fetch,
    around: world.surroundings(() => server.open()),
  });
});

const newest = () => server.lines[server.lines.length - 1]!;
const asked = () => server.heard.filter(({ type }) => type === "subscribe" || type === "unsubscribe");
const numbers = ({ events }: { events: readonly { sequence: number }[] }) => events.map(({ sequence }) => sequence);

const run = (ms = 1_000) => world.live(server, ms);

function accept(count = 1): void {
  for (let n = 0; n < count; n++) {
    ledger.accept("Bob", ledger.auction().minimum_next ?? 0);
    server.published(ledger);
  }
}

// Goes round until it is told to stop, as a program would.
function loop(subscription: Subscription, turns: AuctionChange[], until = Infinity): Promise<void> {
  return (async () => {
    for await (const change of subscription) {
      turns.push(change);
      if (turns.length >= until) break;
    }
  })();
}

describe("a loop", () => {
  test("needs no start, and sees each event once, across lost lines", async () => {
    const turns: AuctionChange[] = [];
    void loop(client.subscribe(1), turns);
    await run();
    expect(turns).toMatchObject([{ auction: { sequence: 2 }, events: [], reset: false }]);
    for (let n = 0; n < 4; n++) {
      accept(3);
      if (n % 2 === 0) newest().break(1006);
      await run(2_000);
    }
    expect(turns.flatMap(numbers)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    expect(turns.some(({ reset }) => reset)).toBe(false);
    expect(turns.at(-1)?.auction).toMatchObject({ sequence: 14, bids: 12 });
  });

  test("that is slow gets more at once", async () => {
    const subscription = client.subscribe(1, { history: 1 });
    await run();
    accept(2);
    await run();
    const { value: first } = await subscription.next();
    expect(numbers(first!)).toEqual([2, 3, 4]);
    accept(3);
    await run();
    accept(1);
    await run();
    const { value: second } = await subscription.next();
    expect([numbers(second!), second?.reset]).toEqual([[5, 6, 7, 8], false]);
  });

  test("that is thousands of events behind starts over", async () => {
    const subscription = client.subscribe(1);
    await run();
    await subscription.next();
    accept(MAX_EVENTS + 1);
    await run();
    const { value } = await subscription.next();
    expect(value?.reset).toBe(true);
    expect(value?.events.length).toBe(MAX_EVENTS);
    accept(1);
    await run();
    expect((await subscription.next()).value).toMatchObject({ reset: false, events: [{ sequence: MAX_EVENTS + 4 }] });
  });

  test("is told to start over when history was lost", async () => {
    accept(5);
    const turns: AuctionChange[] = [];
    void loop(client.subscribe(1), turns);
    await run();
    newest().break(1006);
    ledger.fail_over(3);
    await run(2_000);
    accept(1);
    await run();
    expect(turns.slice(1)).toMatchObject([
      { reset: true, events: [], auction: { epoch: 2, sequence: 4 } }, { reset: false, events: [{ sequence: 5 }] },
    ]);
  });

  test("that is left watches no more", async () => {
    const turns: AuctionChange[] = [];
    const done = loop(client.subscribe(1), turns, 2);
    await run();
    accept();
    await run();
    await done;
    expect(newest().subscriptions.size).toBe(0);
    expect(asked().map(({ type }) => type)).toEqual(["subscribe", "unsubscribe"]);
  });

  test("ends with the client, also while it waits", async () => {
    const turns: AuctionChange[] = [];
    const done = loop(client.subscribe(1), turns);
    await run();
    client.end();
    await done;
    expect(turns.length).toBe(1);
    expect(world.waiting).toBe(0);
  });

  test("over what is not there throws, also if nobody waits yet", async () => {
    await expect(Promise.all([loop(client.subscribe(9), []), run()])).rejects.toMatchObject({ name: "Problem", code: "not_found" });
    const subscription = client.subscribe(9);
    await run();
    await expect(subscription.next()).rejects.toBeInstanceOf(Problem);
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
  });

  test("waits where the server has no room for now", async () => {
    const subscription = client.subscribe(1);
    newest().onmessage = null;
    await run();
    newest().onmessage?.({ data: JSON.stringify({ type: "error", auction_id: 1, code: "rate_limited", detail: "no room" }) });
    await run(20_000);
    expect((await subscription.next()).value).toMatchObject({ auction: { id: 1 } });
  });

  test("of the newest state has no events", async () => {
    const turns: AuctionChange[] = [];
    void loop(client.subscribe(1, { mode: "latest" }), turns);
    await run();
    accept(50);
    await run();
    expect(turns.map(({ auction: { sequence }, events, reset }) => [sequence, events, reset])).toEqual([[2, [], false], [52, [], false]]);
  });
});

describe("who watch the same auction", () => {
  test("share one subscription, every event while one of them wants every event", async () => {
    const newest_states: AuctionView[] = [];
    const views: AuctionView[] = [];
    const first = client.watch(1, (view) => newest_states.push(view), { mode: "latest" });
    await run();
    accept(3);
    await run();
    const second = client.watch(1, (view) => views.push(view), { history: 2 });
    await run();
    expect(numbers(views.at(-1)!)).toEqual([4, 5]);
    accept();
    await run();
    expect(numbers(views.at(-1)!)).toEqual([4, 5, 6]);
    expect(newest_states.at(-1)?.auction.sequence).toBe(6);
    second.end();
    await run();
    accept();
    await run();
    expect(views.at(-1)?.auction.sequence).toBe(6);
    expect(newest_states.at(-1)).toMatchObject({ auction: { sequence: 7 }, events: [] });
    expect(asked().filter(({ type }) => type === "subscribe")).toMatchObject(
      [{ mode: "latest" }, { epoch: 1, after_sequence: 3 }, { mode: "latest" }]);
    first.end();
    await run();
    expect(newest().subscriptions.size).toBe(0);
  });

  test("are told at once what is known when they come", async () => {
    client.watch(1, () => {}, { history: 5 });
    await run();
    const before = asked().length;
    const told: AuctionView[] = [];
    client.watch(1, (view) => told.push(view), { mode: "latest" });
    world.draw();
    expect(told).toMatchObject([{ auction: { sequence: 2 } }]);
    expect(asked().length).toBe(before);
  });

  test("hear of no reset that was before more history was asked for", async () => {
    const turns: AuctionChange[] = [];
    accept(5);
    void loop(client.subscribe(1), turns);
    await run();
    newest().break(1006);
    ledger.fail_over(1);
    await run(2_000);
    expect(turns.map(({ reset }) => reset)).toEqual([false, true]);
    const views: AuctionView[] = [];
    client.watch(1, (view) => views.push(view), { history: 3 });
    accept();
    await run();
    expect(numbers(views.at(-1)!)).toEqual([4, 5, 6, 7]);
    expect(turns.slice(2).flatMap(numbers)).toEqual([7]);
    expect(turns.slice(2).some(({ reset }) => reset)).toBe(false);
  });
});

describe("a client that cannot work", () => {
  test("says what is missing", () => {
    expect(() => new Client({ around: { open: () => server.open() } })).toThrow(/origin/);
    if (globalThis.WebSocket === undefined) {
      expect(() => new Client({ origin: "http://house.example" })).toThrow(/web_socket/);
    }
  });
});
