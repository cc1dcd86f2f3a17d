// Whatever the order in which connections die, frames get lost and histories end: at last every watcher sees the ledger, and
// every bid has had one effect at most.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type AuctionChange, type AuctionEvent, type AuctionView, type BidResult, Client, OutcomeUnknown, Problem, type Subscription,
  type Watch } from "../src/index.js";
import { Ledger } from "./model/ledger.js";
import { type BidFault, Server } from "./model/server.js";
import { promises, World } from "./model/world.js";

const RUNS = 300;
const CLOSES = [1001, 1006, 1013, 4401, 4403, 4429] as const;

type Step =
  | { do: "others bid"; auction: number; count: number; extends: boolean }
  | { do: "finish"; auction: number; how: "close" | "cancel" }
  | { do: "fail over"; auction: number; lost: number }
  | { do: "deliver"; most: number }
  | { do: "break"; code: number }
  | { do: "go dumb" }
  | { do: "server"; is_up: boolean }
  | { do: "wait"; ms: number }
  | { do: "draw" }
  | { do: "fault"; faults: ("lose" | "repeat" | "swap" | "garbage")[] }
  | { do: "bid"; auction: number; amount: number; fault: BidFault | null }
  | { do: "hurry" }
  | { do: "watch anew"; auction: number }
  | { do: "loop"; auction: number };

const auction = fc.integer({ min: 0, max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("others bid" as const), auction, count: fc.integer({ min: 1, max: 8 }), extends: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("finish" as const), auction, how: fc.constantFrom("close" as const, "cancel" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fail over" as const), auction, lost: fc.integer({ min: 0, max: 6 }) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("deliver" as const), most: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("break" as const), code: fc.constantFrom(...CLOSES) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("go dumb" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("server" as const), is_up: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 12_000 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("draw" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("fault" as const), faults: fc.array(fc.constantFrom("lose" as const, "repeat" as const, "swap" as const, "garbage" as const), { maxLength: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("bid" as const), auction, amount: fc.integer({ min: 90, max: 400 }),
    fault: fc.option(fc.constantFrom<BidFault>("unavailable", "rate_limited", "outcome_unknown", "decided_and_unknown"), { freq: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hurry" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("watch anew" as const), auction }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("loop" as const), auction }) },
);

interface Placed {
  key: string;
  ledger: Ledger;
  answer: BidResult | Error | null;
}

// A program's loop over an auction: what it has gathered since it began, or since it was told to start over.
class Loop {
  auction: AuctionChange["auction"] | null = null;
  events: AuctionEvent[] = [];
  private readonly subscription: Subscription;

  constructor(client: Client, id: number) {
    this.subscription = client.subscribe(id);
    void this.run();
  }

  end(): void {
    void this.subscription.return();
  }

  private async run(): Promise<void> {
    for await (const { auction, events, reset } of this.subscription) {
      if (reset) this.events = [];
      this.events.push(...events);
      this.auction = auction;
    }
  }
}

class Scene {
  readonly world: World;
  readonly ledgers: Ledger[];
  readonly server: Server;
  readonly client: Client;
  readonly seen: (AuctionView | null)[] = [null, null];
  readonly placed: Placed[] = [];
  private readonly watches: (Watch | null)[] = [null, null];
  private readonly loops: (Loop | null)[] = [null, null];

  constructor(chance: () => number, private readonly modes: ("every" | "latest")[], private readonly history: number) {
    this.world = new World(chance);
    const time = () => new Date(this.world.now_ms).toISOString();
    this.ledgers = [new Ledger(1, time, 250), new Ledger(2, time)];
    this.server = new Server(this.ledgers, time);
    this.client = new Client({
      origin: "http://house.example", fetch: this.server.fetch as typeof fetch,
      around: this.world.surroundings(() => this.server.open()),
    });
    // A house that gives its visitors a new token as soon as the old one is not taken.
    this.client.on_refused(() => this.client.identify({ bidder: "Alice" }));
    this.client.identify({ bidder: "Alice" });
    for (const which of [0, 1]) this.watch(which);
    this.client.start();
  }

  watch(which: number): void {
    this.seen[which] = null;
    this.server.starts.delete(which + 1);
    this.watches[which]?.end();
    const mode = this.modes[which] ?? "every";
    // What a loop has of it already is not read again.
    const shared = this.loops[which]?.auction;
    if (shared) this.server.reads.set(which + 1, shared.sequence);
    this.watches[which] = this.client.watch(which + 1, (view) => this.see(which, view), { mode, history: mode === "every" ? this.history : 0 });
  }

  // What is shown never goes back, has no gap in it, and is never changed afterwards.
  see(which: number, view: AuctionView): void {
    const before = this.seen[which];
    if (before) {
      const went_back = view.auction.epoch < before.auction.epoch ||
        (view.auction.epoch === before.auction.epoch && view.auction.sequence < before.auction.sequence);
      expect(went_back, "the shown state went back").toBe(false);
    }
    view.events.forEach((event, n) => expect(event.sequence).toBe((view.events[0]?.sequence ?? 0) + n));
    Object.freeze(view);
    Object.freeze(view.events);
    Object.freeze(view.auction);
    this.seen[which] = view;
  }

  async take(step: Step): Promise<void> {
    const { server, world, client } = this;
    switch (step.do) {
      case "others bid":
        return this.others_bid(this.ledger(step.auction), step.count, step.extends);
      case "finish": {
        const ledger = this.ledger(step.auction);
        if (ledger.auction().state !== "open") return;
        if (step.how === "close") ledger.close();
        else ledger.cancel();
        return server.published(ledger);
      }
      case "fail over":
        this.ledger(step.auction).fail_over(step.lost);
        return server.failed_over(this.ledger(step.auction));
      case "deliver":
        server.deliver(step.most);
        return promises();
      case "break":
        for (const line of server.live) line.break(step.code);
        return;
      case "go dumb":
        for (const line of server.live) line.is_dumb = true;
        return;
      case "server":
        server.is_up = step.is_up;
        if (!step.is_up) for (const line of server.live) line.break(1001);
        return;
      case "wait":
        return world.advance(step.ms);
      case "draw":
        return world.draw();
      case "fault":
        server.faults.push(...step.faults);
        return;
      case "bid":
        if (step.fault !== null) server.bid_faults.push(step.fault);
        return this.bid(this.ledger(step.auction), step.amount);
      case "hurry":
        return client.hurry();
      case "watch anew":
        return this.watch(step.auction);
      case "loop":
        return this.loop(step.auction);
    }
  }

  loop(which: number): void {
    const running = this.loops[which] ?? null;
    running?.end();
    this.loops[which] = running === null ? new Loop(this.client, which + 1) : null;
  }

  ledger(which: number): Ledger {
    return this.ledgers[which] as Ledger;
  }

  others_bid(ledger: Ledger, count: number, then_extends: boolean): void {
    for (let n = 0; n < count; n++) {
      const { state, minimum_next } = ledger.auction();
      if (state !== "open") return;
      ledger.accept("Bob", (minimum_next ?? 0) + n);
      if (then_extends && n === 0) ledger.extend();
      this.server.published(ledger, then_extends && n === 0 ? 2 : 1);
    }
  }

  bid(ledger: Ledger, amount: number): void {
    const placed: Placed = { key: `k${this.placed.length}`, ledger, answer: null };
    this.placed.push(placed);
    const answered = (answer: BidResult | Error) => (placed.answer = answer);
    this.client.bid(ledger.id, amount, { key: placed.key }).then(answered, answered);
  }

  // No more harm: everything that was begun comes to its end.
  async heal(): Promise<void> {
    const { server, world } = this;
    server.is_up = true;
    server.faults = [];
    server.bid_faults = [];
    await this.let_time_pass();
    // A frame that was the last one and got lost shows with the next; if none comes, with the next connection.
    for (const ledger of this.ledgers) this.others_bid(ledger, 1, false);
    await this.let_time_pass();
    for (const line of server.live) line.break(1006);
    await this.let_time_pass();
    world.draw();
  }

  private async let_time_pass(): Promise<void> {
    for (let n = 0; n < 60; n++) {
      await this.world.advance(1_000);
      while (this.server.deliver() > 0) await promises();
      await promises();
      if (n % 7 === 0) this.world.draw();
    }
  }

  check(): void {
    for (const which of [0, 1]) {
      this.check_view(which, this.ledger(which), this.seen[which] ?? null);
      this.check_loop(this.loops[which] ?? null, this.ledger(which));
    }
    for (const placed of this.placed) this.check_bid(placed);
  }

  private check_view(which: number, ledger: Ledger, view: AuctionView | null): void {
    expect(this.client.link).toBe("live");
    const { watchers: _w, server_time: _s, ...shown } = view?.auction ?? ({} as AuctionView["auction"]);
    const { watchers: _1, server_time: _2, ...truth } = ledger.auction();
    expect(shown).toEqual(truth);
    if (this.modes[which] === "latest") return this.loops[which] ? undefined : expect(view?.events).toEqual([]);
    // All since the last snapshot or reset, or since where the history that was asked for began.
    const events = view?.events as AuctionEvent[];
    expect(events).toEqual(ledger.events.slice(ledger.sequence - events.length));
    const start = Math.max(this.server.starts.get(ledger.id) ?? 0, (this.server.reads.get(ledger.id) ?? 0) - this.history);
    expect(events.length).toBeGreaterThanOrEqual(ledger.sequence - start);
  }

  // Every event of the ledger from some place on, once, in order; none before what it was told to forget.
  private check_loop(loop: Loop | null, ledger: Ledger): void {
    if (loop === null) return;
    expect(loop.auction?.sequence).toBe(ledger.sequence);
    expect(loop.events).toEqual(ledger.events.slice(ledger.sequence - loop.events.length));
  }

  private check_bid({ key, ledger, answer }: Placed): void {
    const effects = [...ledger.keys_of.values()].filter((each) => each === key).length;
    expect(effects, `effects of ${key}`).toBeLessThanOrEqual(1);
    expect(answer, "every bid is answered, or given up").not.toBeNull();
    if (answer instanceof OutcomeUnknown) return;
    if (answer instanceof Problem) return expect(effects, `${key} was refused: ${answer.code}`).toBe(0);
    const result = answer as BidResult;
    if (result.verdict === "rejected") expect(effects).toBe(0);
    else if (!ledger.lost_keys.has(key)) expect(effects).toBe(1);
  }
}

const modes = fc.constantFrom<("every" | "latest")[]>(["every", "latest"], ["every", "every"], ["latest", "every"]);

test("the view equals the ledger, and a bid has one effect", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(step, { minLength: 5, maxLength: 80 }), fc.integer({ min: 0, max: 10 }), modes,
    fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
    async (steps, history, kinds, chances) => {
      const scene = new Scene(() => chances.next().value as number, kinds, history);
      for (const each of steps) await scene.take(each);
      await scene.heal();
      scene.check();
    },
  ), { numRuns: Number(process.env.RUNS ?? RUNS), seed: Number(process.env.SEED ?? 20260131) });
}, 120_000);
