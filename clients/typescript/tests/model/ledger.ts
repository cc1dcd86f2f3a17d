// The truth: one auction's events as a server decides them, written without a look at the client.
import type { Auction, AuctionEvent, BidResult } from "../../src/index.js";

interface Remembered {
  sequence: number | null; // of its event, if it was accepted
  result: BidResult;
}

// What each kind of event adds to the numbers that all have.
type Said = { event: string } & Record<string, unknown>;

export class Ledger {
  epoch = 1;
  events: AuctionEvent[] = [];
  keys_of = new Map<number, string>(); // sequence -> the key of the bid
  readonly lost_keys = new Set<string>(); // of bids that a failover has lost, once at least
  private readonly answers = new Map<string, Remembered>();
  private readonly before: Auction[] = []; // the auction after each event

  constructor(readonly id: number, private readonly time: () => string, private readonly reserve: number | null = null) {
    this.append({ event: "created" }, {});
    this.append({ event: "opened" }, { state: "open" });
  }

  get sequence(): number {
    return this.events.length;
  }

  auction(): Auction {
    const { id, reserve } = this;
    const born: Auction = {
      id, title: "Jade bowl", description: "", image_url: null, currency: "CNY", format: "english", opening_price: 100,
      increment: 10, opens_at: "2026-01-31T07:00:00.000Z", closes_at: "2026-01-31T09:00:00.000Z", soft_close: null,
      seller: null, self_outbid: true, amount_limit: null, state: "scheduled", price: null, leader: null,
      minimum_next: 100, bids: 0, extensions: 0, reserve_met: reserve === null ? null : false, winner: null, sold: null,
      watchers: 1, epoch: this.epoch, sequence: 0, server_time: this.time(),
    };
    return { ...(this.before[this.events.length - 1] ?? born), epoch: this.epoch, server_time: this.time() };
  }

  bid(bidder: string, amount: number, key: string): BidResult {
    const known = this.answers.get(`${bidder} ${key}`);
    if (known) return known.result;
    const { state, minimum_next } = this.auction();
    const reason = state === "cancelled" ? "cancelled" as const : state === "closed" ? "closed" as const
      : amount < (minimum_next ?? 0) ? "amount_below_minimum" as const : null;
    let sequence: number | null = null;
    if (reason === null) {
      sequence = this.accept(bidder, amount);
      this.keys_of.set(sequence, key);
    }
    const now = this.auction();
    const decided = {
      auction_id: this.id, bidder, amount, price: now.price, leader: now.leader, minimum_next: now.minimum_next,
      closes_at: now.closes_at, as_of_sequence: now.sequence, decided_at: this.time(),
    };
    const result: BidResult = reason !== null ? { verdict: "rejected", reason, ...decided }
      : { verdict: "accepted", sequence: sequence ?? 0, ...decided, price: amount, leader: bidder };
    this.answers.set(`${bidder} ${key}`, { sequence, result });
    return result;
  }

  accept(bidder: string, amount: number): number {
    const was = this.auction();
    const moved = { price: amount, leader: bidder, minimum_next: amount + 10 };
    this.append({ event: "bid_accepted", bidder, amount, closes_at: was.closes_at, ...moved },
      { ...moved, bids: was.bids + 1, reserve_met: this.reserve === null ? null : amount >= this.reserve });
    return this.sequence;
  }

  extend(): void {
    const was = this.auction();
    const moved = {
      closes_at: new Date(Date.parse(was.closes_at) + 60_000).toISOString(), extensions: was.extensions + 1,
    };
    this.append({ event: "extended", ...moved }, moved);
  }

  close(): void {
    const { leader, price, reserve_met } = this.auction();
    const sold = leader !== null && reserve_met !== false;
    const ended = { winner: sold ? leader : null, sold };
    this.append({ event: "closed", price, ...ended }, { state: "closed", ...ended });
  }

  cancel(): void {
    this.append({ event: "cancelled" }, { state: "cancelled" });
  }

  // A failover: the newest events may be gone, with the memory of their bids.
  fail_over(lost: number): void {
    this.epoch += 1;
    const kept = Math.max(2, this.events.length - lost);
    this.events.length = this.before.length = kept;
    for (const [sequence, key] of [...this.keys_of]) {
      if (sequence <= kept) continue;
      this.keys_of.delete(sequence);
      this.lost_keys.add(key);
    }
    for (const [key, { sequence }] of this.answers) if ((sequence ?? 0) > kept) this.answers.delete(key);
  }

  private append(said: Said, changes: Partial<Auction>): void {
    const sequence = this.events.length + 1;
    this.before.push({ ...this.auction(), ...changes, sequence });
    this.events.push({ auction_id: this.id, epoch: this.epoch, sequence, ...said, at: this.time() } as unknown as AuctionEvent);
  }
}
