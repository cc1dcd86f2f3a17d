// What a page sees of a watch and of a bid when things go wrong.
import { beforeEach, describe, expect, test } from "vitest";
import { type AuctionView, type BidResult, Client, OutcomeUnknown, Problem } from "../src/index.js";
import { MAX_EVENTS, ViewKeeper } from "../src/view.js";
import { Ledger } from "./model/ledger.js";
import { Server } from "./model/server.js";
import { promises, World } from "./model/world.js";

let world: World;
let ledger: Ledger;
let server: Server;
let client: Client;

beforeEach(async () => {
  world = new World();
  const time = () => new Date(world.now_ms).toISOString();
  ledger = new Ledger(1, time, 500);
  server = new Server([ledger], time);
  client = new Client({
    origin: "http://house.example", fetch: server.fetch as typeof fetch, around: world.surroundings(() => server.open()),
  });
  client.identify({ bidder: "Alice" });
  client.start();
  await run(1_000);
});

const newest = () => server.lines[server.lines.length - 1]!;
const subscriptions = () => server.heard.filter((frame) => frame.type === "subscribe");
const says = (frame: object) => newest().onmessage?.({ data: JSON.stringify(frame) });

const run = (ms: number) => world.live(server, ms);

function accept(count = 1): void {
  for (let n = 0; n < count; n++) {
    ledger.accept("Bob", ledger.auction().minimum_next ?? 0);
    server.published(ledger);
  }
}

describe("a watch", () => {
  test("is told once a picture, however many events there were", async () => {
    const told: AuctionView[] = [];
    client.watch(1, (view) => told.push(view));
    await run(0);
    accept(200);
    server.deliver();
    expect(told.length).toBe(1);
    world.draw();
    expect(told.length).toBe(2);
    expect(told[1]!.events.length).toBe(200);
    expect(told[0]!.events.length).toBe(0); // what was handed out stays
  });

  test("says why it is shown nothing, and shows it when that has changed", async () => {
    const problems: string[] = [];
    const watch = client.watch(9, () => {}, { refused: ({ code }) => problems.push(code) });
    await run(60_000);
    expect(problems).toEqual(["not_found"]);
    expect(watch.view).toBeNull();
    newest().break(1001);
    await run(2_000);
    expect(problems).toEqual(["not_found", "not_found"]);
  });

  test("of a private house is asked for again when somebody is there to ask", async () => {
    const problems: Problem[] = [];
    client.watch(1, () => {}, { refused: (problem) => problems.push(problem) });
    says({ type: "error", auction_id: 1, code: "unauthenticated", detail: "say who you are" });
    expect(problems.map(({ code, detail }) => [code, detail])).toEqual([["unauthenticated", "say who you are"]]);
    const before = subscriptions().length;
    await run(30_000);
    expect(subscriptions().length).toBe(before + 1); // the first one only
    says({ type: "error", auction_id: 1, code: "unauthenticated", detail: "say who you are" });
    client.identify({ bidder: "Bob" });
    await run(100);
    expect(subscriptions().length).toBe(before + 2);
  });

  test("that finds no room is asked for again, less and less often", async () => {
    client.watch(1, () => {}, { refused: () => {} });
    const before = subscriptions().length;
    for (let n = 0; n < 120; n++) {
      if (newest().subscriptions.delete(1)) says({ type: "error", auction_id: 1, code: "rate_limited", detail: "no room" });
      newest().to_client.length = 0;
      await world.advance(500);
      server.deliver();
    }
    const asked = subscriptions().length - before;
    expect(asked).toBeGreaterThan(4);
    expect(asked).toBeLessThan(16);
  });

  test("of a server that leaves out events for ever raises no storm", async () => {
    const told: AuctionView[] = [];
    client.watch(1, (view) => told.push(view));
    await run(100);
    const before = subscriptions().length;
    for (let n = 0; n < 600; n++) {
      says({ type: "event", ...ledger.events[1], sequence: ledger.sequence + 2 + n });
      await run(100);
    }
    expect(subscriptions().length - before).toBeLessThan(30);
    expect(told[told.length - 1]!.auction.sequence).toBe(2);
  });

  test("asks at once for what is missing", async () => {
    const watch = client.watch(1, () => {}, { history: 1 });
    await run(100);
    server.faults = ["lose"];
    accept(2);
    await run(100);
    expect(watch.view?.events.map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
    expect(server.lines.length).toBe(1);
  });

  test("goes on where it was, or is reset", async () => {
    accept(5);
    const watch = client.watch(1, () => {}, { history: 1 });
    await run(100);
    expect(watch.view?.events.map(({ sequence }) => sequence)).toEqual([7]);
    newest().break(1006);
    accept(3);
    await run(1_000);
    expect(subscriptions().pop()).toMatchObject({ epoch: 1, after_sequence: 7 });
    expect(watch.view?.events.map(({ sequence }) => sequence)).toEqual([7, 8, 9, 10]);
    newest().break(1006);
    ledger.fail_over(2);
    await run(2_000);
    expect(watch.view).toMatchObject({ resets: 1, events: [], auction: { epoch: 2, sequence: 8 } });
  });

  test("goes on in the newest epoch, though the last event is of an older one", async () => {
    ledger.fail_over(0);
    const watch = client.watch(1, () => {}, { history: 2 });
    await run(100);
    expect(watch.view?.events.map(({ epoch }) => epoch)).toEqual([1, 1]);
    newest().break(1006);
    await run(1_000);
    expect(watch.view?.resets).toBe(0);
  });

  test("needs no second reading of what the page knows", async () => {
    accept(3);
    const auction = ledger.auction();
    accept(1);
    const watch = client.watch(1, () => {}, { history: 2, auction });
    expect(watch.view?.auction.sequence).toBe(5);
    await run(100);
    expect(server.reads.size).toBe(0);
    expect(watch.view?.events.map(({ sequence }) => sequence)).toEqual([4, 5, 6]);
  });

  test("goes on without a history when it cannot be read in time", async () => {
    const silent = new Client({
      origin: "http://house.example", fetch: (() => new Promise(() => {})) as typeof fetch,
      around: world.surroundings(() => server.open()),
    });
    silent.start();
    const watch = silent.watch(1, () => {}, { history: 5 });
    await run(4_500);
    expect(watch.view).toBeNull();
    await run(1_000);
    expect(watch.view?.auction.sequence).toBe(2);
  });

  test("learns that the reserve is met, which no event tells", async () => {
    const watch = client.watch(1, () => {});
    await run(100);
    ledger.accept("Bob", 600);
    server.published(ledger);
    await run(100);
    expect(watch.view?.auction).toMatchObject({ price: 600, reserve_met: false });
    server.is_up = false; // for reading
    await run(2_000);
    server.is_up = true;
    await run(5_000);
    expect(watch.view?.auction).toMatchObject({ price: 600, reserve_met: true });
  });

  test("is nobody's after its end", async () => {
    let told = 0;
    const watch = client.watch(1, () => (told += 1));
    await run(100);
    accept();
    server.deliver();
    watch.end();
    world.draw();
    expect(told).toBe(1);
    await run(100);
    expect(server.heard.filter((frame) => frame.type === "unsubscribe").length).toBe(1);
  });

  test("ignores what is no frame", async () => {
    const watch = client.watch(1, () => {});
    await run(100);
    for (const data of ["", "{", "null", "[]", "7", '{"type":7}', '{"type":"snapshot","auction":{"id":1}}',
      '{"type":"state","auction_id":1,"epoch":9,"sequence":9}', '{"type":"time","id":"t1","server_time":"noon"}',
      '{"type":"event","auction_id":1,"epoch":1,"sequence":3,"event":"bid_accepted"}', '{"type":"bid_result","id":"b1"}',
      new Uint8Array([123])]) newest().onmessage?.({ data });
    accept();
    await run(100);
    expect(watch.view?.auction).toMatchObject({ sequence: 3, price: 100 });
  });
});

describe("the view", () => {
  const event = (sequence: number, epoch = 1) => ({ type: "event" as const, ...ledger.events[0]!, sequence, epoch });
  const snapshot = (sequence: number, epoch = 1) =>
    ({ type: "snapshot" as const, auction: { ...ledger.auction(), sequence, epoch } });
  const place = ({ current }: ViewKeeper) => [current!.auction.epoch, current!.auction.sequence, current!.events.length];

  test("goes on into no other epoch without a reset", () => {
    const keeper = new ViewKeeper(1);
    keeper.take(snapshot(5));
    expect(keeper.take(event(6, 2))).toBe("gap");
    expect(keeper.continuation).toEqual({ epoch: 1, sequence: 5 });
    keeper.take({ ...snapshot(4, 2), type: "reset" });
    expect(place(keeper)).toEqual([2, 4, 0]);
    expect(keeper.take(event(6, 1))).toBe("gap");
    expect(keeper.take(event(3, 1))).toBe("unchanged");
  });

  test("is not taken back by a node that is behind", () => {
    const keeper = new ViewKeeper(1);
    keeper.take(snapshot(5));
    keeper.take(event(6));
    keeper.take(snapshot(4));
    expect(place(keeper)).toEqual([1, 6, 0]);
    expect(keeper.take(event(5))).toBe("changed");
    expect(place(keeper)).toEqual([1, 6, 1]);
    keeper.take(event(6));
    keeper.take(event(7));
    expect(place(keeper)).toEqual([1, 7, 3]);
  });

  test("takes from a later reading only what goes further back", () => {
    const keeper = new ViewKeeper(1);
    keeper.take(snapshot(5, 2));
    keeper.take(event(6, 2));
    keeper.begin(snapshot(9, 2).auction, 7);
    expect(place(keeper)).toEqual([2, 6, 1]);
    keeper.begin(snapshot(9, 1).auction, 2);
    expect(place(keeper)).toEqual([2, 6, 1]);
    keeper.begin(snapshot(5, 2).auction, 2);
    expect(place(keeper)).toEqual([2, 6, 0]);
    expect(keeper.continuation).toEqual({ epoch: 2, sequence: 2 });
  });

  test("of the newest state only has no use for events", () => {
    const keeper = new ViewKeeper(1, "latest");
    keeper.take(snapshot(5));
    expect(keeper.take(event(6))).toBe("unchanged");
    expect(keeper.continuation).toBeNull();
  });

  test("keeps the newest events only, in pieces that never change", () => {
    const keeper = new ViewKeeper(1);
    keeper.take({ type: "snapshot", auction: ledger.auction() });
    const first = ledger.events[1]!;
    let kept: AuctionView | null = null;
    for (let sequence = 3; sequence <= 4 * MAX_EVENTS; sequence++) {
      keeper.take({ type: "event", ...first, sequence });
      if (sequence === 100) kept = keeper.current;
    }
    expect(keeper.current?.events.length).toBe(MAX_EVENTS);
    expect(keeper.current?.events[0]?.sequence).toBe(3 * MAX_EVENTS + 1);
    expect(keeper.current?.from).toBe(3 * MAX_EVENTS);
    expect(kept?.events.length).toBe(98);
    expect((keeper as unknown as { log: unknown[] }).log.length).toBeLessThanOrEqual(2 * MAX_EVENTS);
    expect(keeper.current).toBe(keeper.current);
  });
});

describe("a bid", () => {
  let answer: BidResult | Error | null;
  const bid = (amount: number, key = "k") => {
    answer = null;
    client.bid(1, amount, { key }).then((result) => (answer = result), (error: Error) => (answer = error));
  };

  test("whose answer got lost is asked about again, and had one effect", async () => {
    bid(100);
    server.listen(); // decided
    newest().is_dumb = true; // and the answer is never seen
    newest().to_client.length = 0;
    await run(9_000); // sooner than silence alone would show
    expect(answer).toMatchObject({ verdict: "accepted", sequence: 3 });
    expect(ledger.sequence).toBe(3);
  });

  test("that found no connection was surely not made", async () => {
    server.is_up = false;
    newest().break(1006);
    bid(100);
    await run(21_000);
    expect(answer).toMatchObject({ name: "Problem", code: "unavailable" });
    server.is_up = true;
    await run(20_000);
    expect(ledger.sequence).toBe(2);
  });

  test("that may stand is never called refused", async () => {
    bid(100);
    server.listen();
    newest().to_client.length = 0;
    newest().break(1001);
    server.bid_faults = Array(40).fill("unavailable");
    await run(21_000);
    expect(answer).toBeInstanceOf(OutcomeUnknown);
    expect((answer as unknown as OutcomeUnknown).key).toBe("k");
    server.bid_faults = [];
    bid(100);
    await run(100);
    expect(answer).toMatchObject({ verdict: "accepted", sequence: 3 });
  });

  test("that was decided and not told is asked about until it is", async () => {
    server.bid_faults = ["decided_and_unknown", "rate_limited"];
    bid(100);
    await run(3_000);
    expect(answer).toMatchObject({ verdict: "accepted", sequence: 3 });
  });

  test("that is refused at first is told so at once", async () => {
    server.bid_faults = ["rate_limited"];
    bid(100);
    await run(0);
    expect(answer).toMatchObject({ name: "Problem", code: "rate_limited" });
  });

  test("is not repeated as somebody else", async () => {
    bid(100);
    server.listen();
    newest().to_client.length = 0;
    newest().break(1001);
    client.identify({ bidder: "Bob" });
    await run(5_000);
    expect(answer).toBeInstanceOf(OutcomeUnknown);
    expect(server.heard.filter((frame) => frame.type === "bid").length).toBe(1);
  });

  test("goes on under a new token of the same holder", async () => {
    const token = (sub: string, n: number) => `x.${btoa(JSON.stringify({ sub, n })).replace(/=+$/, "")}.x`;
    client.identify({ token: token("Alice", 1) });
    await run(1_000);
    bid(100);
    client.identify({ token: token("Alice", 2) });
    await promises();
    expect(answer).toBeNull();
    client.identify({ token: token("Bob", 1) });
    await promises();
    expect(answer).toBeInstanceOf(OutcomeUnknown);
  });

  test("is left when the client ends, with everything else", async () => {
    client.watch(1, () => {});
    bid(100);
    client.end();
    await promises();
    expect(answer).toBeInstanceOf(OutcomeUnknown);
    await run(30_000);
    expect(world.waiting).toBe(0);
  });
});
