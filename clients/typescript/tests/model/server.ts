// A server as api.md and asyncapi.yaml describe it, in front of ledgers; its lines die, lose and repeat as a test says.
import type { ClientFrame, ServerFrame, SocketLike, Standing } from "../../src/index.js";
import type { Ledger } from "./ledger.js";

export const LONGEST_RESUME = 12;

export class Line implements SocketLike {
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: ((close: { code: number; reason: string }) => void) | null = null;
  readonly to_server: ClientFrame[] = [];
  readonly to_client: (string | (() => string))[] = [];
  readonly subscriptions = new Map<number, "every" | "latest">();
  readonly newer = new Set<number>(); // latest: a state waits to leave
  bidder: string | null = null;
  is_dumb = false; // whatever is sent gets lost, and nobody hears of it

  send(text: string): void {
    if (this.readyState === 1 && !this.is_dumb) this.to_server.push(JSON.parse(text) as ClientFrame);
  }

  close(): void {
    this.readyState = 3;
  }

  // The line's other end is closed, and this one hears of it.
  break(code: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }
}

type Fault = "lose" | "repeat" | "swap" | "garbage";
export type BidFault = "unavailable" | "rate_limited" | "outcome_unknown" | "decided_and_unknown";

export class Server {
  readonly lines: Line[] = [];
  readonly heard: ClientFrame[] = [];
  readonly starts = new Map<number, number>(); // auction -> where the last snapshot or reset that was delivered begins
  readonly reads = new Map<number, number>(); // auction -> its sequence when it was read over HTTP last
  faults: Fault[] = []; // for the next frames to watchers
  bid_faults: BidFault[] = []; // for the next bids
  is_up = true;
  private readonly ledgers: Map<number, Ledger>;

  constructor(ledgers: Ledger[], private readonly time: () => string) {
    this.ledgers = new Map(ledgers.map((ledger) => [ledger.id, ledger]));
  }

  open(): Line {
    const line = new Line();
    this.lines.push(line);
    return line;
  }

  fetch = (url: string): Promise<Response> => {
    const ledger = this.ledgers.get(Number(/\/v1\/auctions\/(\d+)$/.exec(url)?.[1]));
    if (!this.is_up) return Promise.reject(new TypeError("Failed to fetch"));
    if (ledger) this.reads.set(ledger.id, ledger.sequence);
    const [status, said] = ledger ? [200, ledger.auction()] : [404, { code: "not_found", detail: "no such auction" }];
    return Promise.resolve(new Response(JSON.stringify(said), { status }));
  };

  get live(): Line[] {
    return this.lines.filter((line) => line.readyState < 2);
  }

  // Up to so many messages each way, on every line.
  deliver(most = Infinity): number {
    return this.listen(most) + this.speak(most);
  }

  listen(most = Infinity): number {
    let heard = 0;
    for (const line of this.live) {
      if (line.is_dumb) continue;
      if (line.readyState === 0) {
        if (!this.is_up) line.break(1006);
        else this.shake_hands(line);
        heard += 1;
      }
      for (let n = 0; n < most && line.readyState === 1 && line.to_server.length > 0; n++, heard++) {
        this.hear(line, line.to_server.shift() as ClientFrame);
      }
    }
    return heard;
  }

  speak(most = Infinity): number {
    let said = 0;
    for (const line of this.live) {
      for (let n = 0; !line.is_dumb && n < most && line.readyState === 1 && line.to_client.length > 0; n++, said++) {
        const next = line.to_client.shift();
        this.pass(line, typeof next === "function" ? next() : next ?? "");
      }
    }
    return said;
  }

  // To be called after the ledger has gone on by `count` events.
  published(ledger: Ledger, count = 1): void {
    for (const line of this.live) {
      const mode = line.subscriptions.get(ledger.id);
      if (mode === "every") {
        for (const event of ledger.events.slice(-count)) this.tell(line, { type: "event", ...event });
      } else if (mode === "latest") {
        this.tell_newest(line, ledger);
      }
    }
  }

  // To be called after the ledger has failed over.
  failed_over(ledger: Ledger): void {
    for (const line of this.live) {
      if (line.subscriptions.has(ledger.id)) this.tell(line, { type: "reset", auction: ledger.auction() });
    }
  }

  private shake_hands(line: Line): void {
    line.readyState = 1;
    line.onopen?.();
  }

  private pass(line: Line, text: string): void {
    line.onmessage?.({ data: text });
    if (!text.startsWith('{"type":"snapshot"') && !text.startsWith('{"type":"reset"')) return;
    const { auction } = JSON.parse(text) as { auction?: { id: number; sequence: number } };
    if (auction !== undefined) this.starts.set(auction.id, auction.sequence);
  }

  private tell(line: Line, frame: ServerFrame): void {
    const text = JSON.stringify(frame);
    const fault = this.faults.shift();
    if (fault === "lose") return;
    if (fault === "garbage") line.to_client.push('{"type":"event","auction_id":', '"nothing"', '{"type":"snapshot"}', "null");
    line.to_client.push(text);
    if (fault === "repeat") line.to_client.push(text);
    if (fault === "swap" && line.to_client.length > 1) line.to_client.push(...line.to_client.splice(-2, 1));
  }

  private tell_newest(line: Line, ledger: Ledger): void {
    if (line.newer.has(ledger.id)) return;
    line.newer.add(ledger.id);
    line.to_client.push(() => {
      line.newer.delete(ledger.id);
      const { state, price, leader, minimum_next, bids, closes_at, extensions, reserve_met, winner, sold, watchers, epoch,
        sequence, server_time } = ledger.auction();
      const standing: Standing = { state, price, leader, minimum_next, bids, closes_at, extensions, reserve_met, winner,
        sold, watchers, epoch, sequence, server_time };
      return JSON.stringify({ type: "state", auction_id: ledger.id, ...standing });
    });
  }

  private hear(line: Line, frame: ClientFrame): void {
    this.heard.push(frame);
    const answer = (said: object) => line.to_client.push(JSON.stringify(said));
    if (frame.type === "auth") line.bidder = "bidder" in frame ? frame.bidder : null;
    else if (frame.type === "time") answer({ type: "time", id: frame.id, server_time: this.time() });
    else if (frame.type === "unsubscribe") line.subscriptions.delete(frame.auction_id);
    else if (frame.type === "bid") answer(this.decide(line, frame));
    else this.subscribe(line, frame);
  }

  private subscribe(line: Line, { auction_id, epoch, after_sequence, mode }: Extract<ClientFrame, { type: "subscribe" }>): void {
    const ledger = this.ledgers.get(auction_id);
    if (ledger === undefined) {
      line.to_client.push(JSON.stringify({ type: "error", auction_id, code: "not_found", detail: "no such auction" }));
      return;
    }
    line.subscriptions.set(auction_id, mode ?? "every");
    if (mode === "latest" || after_sequence === undefined) {
      return this.tell(line, { type: "snapshot", auction: ledger.auction() });
    }
    const can_continue = (epoch === undefined || epoch === ledger.epoch) && after_sequence <= ledger.sequence &&
      ledger.sequence - after_sequence <= LONGEST_RESUME;
    if (!can_continue) return this.tell(line, { type: "reset", auction: ledger.auction() });
    for (const event of ledger.events.slice(after_sequence)) this.tell(line, { type: "event", ...event });
  }

  private decide(line: Line, { id = "", auction_id, amount, idempotency_key = "" }: Extract<ClientFrame, { type: "bid" }>): object {
    const refuse = (code: string) => ({ type: "error", id, auction_id, code, detail: code });
    const ledger = this.ledgers.get(auction_id);
    if (ledger === undefined) return refuse("not_found");
    if (line.bidder === null) return refuse("unauthenticated");
    const fault = this.bid_faults.shift();
    if (fault !== undefined && fault !== "decided_and_unknown") return refuse(fault);
    const before = ledger.sequence;
    const result = ledger.bid(line.bidder, amount, idempotency_key);
    if (ledger.sequence > before) this.published(ledger);
    return fault === undefined ? { type: "bid_result", id, ...result } : refuse("outcome_unknown");
  }
}
