// Bids that wait for their answer. One bid is one key: it is sent again until it is answered, which has one effect, and what
// may stand is never called refused.
import { Backoff } from "./backoff.js";
import { OutcomeUnknown, Problem } from "./problem.js";
import type { Surroundings } from "./surroundings.js";
import type { BidResult, ClientFrame } from "./types.js";

const PATIENCE_MS = 20_000;
const UNUSUAL_MS = 4_000; // without an answer: is the link dead?

const MAY_STAND = new Set(["outcome_unknown", "internal"]);
// Refusals that another attempt may not meet: they say nothing of an earlier one whose answer was lost.
const PASSING = new Set([...MAY_STAND, "rate_limited", "unavailable", "unauthenticated", "forbidden"]);

export interface BidOptions {
  /** 1 to 64 visible ASCII characters; the same key has one effect. Left out: a new one. */
  key?: string;
  /** How long an answer is waited for, and asked for again. */
  patience_ms?: number;
}

/** A key that no other bid of this bidder has. */
export function new_key(): string {
  // Nobody gains by guessing it, since a key counts for its bidder only; and not every Node has `crypto` without an import.
  return Array.from({ length: 3 }, () => Math.floor(Math.random() * 2 ** 52).toString(36)).join("-");
}

interface Bidding {
  frame: ClientFrame;
  key: string;
  may_stand: boolean; // an attempt left, and what became of it is not known
  is_sent: boolean; // over the link that is there now
  is_resting: boolean; // before the next attempt
  backoff: Backoff;
  settle: (result: BidResult | Error) => void;
}

export interface BidChannel {
  send: (frame: ClientFrame) => boolean;
  hurry: () => void;
}

export class Bids {
  private readonly waiting = new Map<string, Bidding>(); // by the id of the frame
  private last = 0;

  constructor(private readonly channel: BidChannel, private readonly around: Surroundings) {}

  place(auction_id: number, amount: number, { key = new_key(), patience_ms = PATIENCE_MS }: BidOptions): Promise<BidResult> {
    return new Promise((resolve, reject) => {
      const id = `b${++this.last}`;
      const give_up = this.around.after(patience_ms, () => this.leave(bid));
      const stop_wondering = this.around.after(UNUSUAL_MS, () => bid.is_sent && this.channel.hurry());
      const bid: Bidding = {
        frame: { type: "bid", id, auction_id, amount, idempotency_key: key }, key,
        may_stand: false, is_sent: false, is_resting: false, backoff: new Backoff(this.around.random),
        settle: (result) => {
          give_up();
          stop_wondering();
          this.waiting.delete(id);
          if (result instanceof Error) reject(result);
          else resolve(result);
        },
      };
      this.waiting.set(id, bid);
      this.send(bid);
    });
  }

  go_on(): void {
    for (const bid of this.waiting.values()) this.send(bid);
  }

  lost(): void {
    for (const bid of this.waiting.values()) {
      bid.may_stand ||= bid.is_sent;
      bid.is_sent = false;
    }
  }

  // Nobody waits any more; or who asks is somebody else now, and may not repeat what another has bid.
  leave_all(): void {
    for (const bid of [...this.waiting.values()]) this.leave(bid);
  }

  hear(id: string, result: BidResult): void {
    this.waiting.get(id)?.settle(result);
  }

  hear_error(id: string, code: string, detail: string, retry_after_s: number | null = null): void {
    const bid = this.waiting.get(id);
    if (bid === undefined) return;
    bid.is_sent = false;
    bid.may_stand ||= MAY_STAND.has(code);
    if (!bid.may_stand || !PASSING.has(code)) return bid.settle(new Problem(0, code, detail, retry_after_s));
    bid.is_resting = true;
    this.around.after(bid.backoff.next_ms(), () => {
      bid.is_resting = false;
      this.send(bid);
    });
  }

  private send(bid: Bidding): void {
    if (bid.is_sent || bid.is_resting || !this.waiting.has((bid.frame as { id: string }).id)) return;
    bid.is_sent = this.channel.send(bid.frame);
  }

  private leave(bid: Bidding): void {
    bid.settle(bid.may_stand || bid.is_sent ? new OutcomeUnknown(bid.key)
      : new Problem(0, "unavailable", "there is no connection to the server"));
  }
}
