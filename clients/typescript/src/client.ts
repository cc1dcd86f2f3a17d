// A FlashBid server, seen from a browser: watch auctions, bid, and never miss an event. What goes wrong on the way (a lost
// connection, a restart, a reader that was too slow) is mended in here and shows only as `link`.
import { Bids } from "./bids.js";
import { ServerClock } from "./clock.js";
import { Connection, type Link } from "./connection.js";
import { Http } from "./http.js";
import { same_holder } from "./holder.js";
import { type Surroundings, surroundings } from "./surroundings.js";
import type { BidResult, ServerFrame, Who } from "./types.js";
import type { AuctionView } from "./view.js";
import { Watching, type WatchOptions } from "./watching.js";

export interface ClientOptions {
  origin?: string; // such as "https://bids.example.com"; left out: where the page came from
  fetch?: typeof fetch;
  around?: Partial<Surroundings>;
}

export interface Watch {
  readonly view: AuctionView | null;
  end(): void;
}

export function new_key(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join("-");
}

export class Client {
  readonly http: Http;
  readonly clock: ServerClock;
  private readonly connection: Connection;
  private readonly bids: Bids;
  private readonly around: Surroundings;
  private readonly watched = new Map<number, Watching>();
  private readonly link_listeners = new Set<(link: Link) => void>();
  private readonly refusal_listeners = new Set<(code: number) => void>();
  private who: Who | null = null;

  constructor(options: ClientOptions = {}) {
    const origin = options.origin ?? location.origin;
    this.around = surroundings(options.around ?? {});
    this.http = new Http(origin, options.fetch);
    this.clock = new ServerClock(this.around.now);
    this.connection = new Connection(`${origin.replace(/^http/, "ws")}/v1/stream`, this.clock, {
      frame: (frame) => this.hear(frame),
      link: (link) => this.link_listeners.forEach((told) => told(link)),
      opened: () => this.go_on(),
      lost: () => this.lost(),
      refused: (code) => this.refusal_listeners.forEach((told) => told(code)),
    }, this.around);
    this.bids = new Bids(this.connection, this.around);
  }

  start(): void {
    this.connection.start();
  }

  end(): void {
    this.connection.end();
    this.bids.leave_all();
    for (const watching of this.watched.values()) watching.end();
    this.watched.clear();
  }

  // The network may be back, or the page is looked at again: do not wait for the next attempt.
  hurry(): void {
    this.connection.hurry();
  }

  get link(): Link {
    return this.connection.state;
  }

  // Called at every change until the answer is called.
  on_link(told: (link: Link) => void): () => void {
    this.link_listeners.add(told);
    return () => this.link_listeners.delete(told);
  }

  // The server does not take who asks (4401: the token has ended or is none), or has closed the socket with 4403 or 4429.
  on_refused(told: (code: number) => void): () => void {
    this.refusal_listeners.add(told);
    return () => this.refusal_listeners.delete(told);
  }

  // Who asks from now on; bids of somebody else that wait for an answer are left: whether they stand is not known.
  identify(who: Who | null): void {
    if (!same_holder(this.who, who)) this.bids.leave_all();
    this.who = this.http.who = who;
    this.connection.identify(who);
    for (const watching of this.watched.values()) watching.ask_again_if_refused();
  }

  // Follows an auction: `told` is called with every new view of it, the first time as soon as there is one, at most once a
  // picture. One watch an auction: another takes its place.
  watch(auction_id: number, told: (view: AuctionView) => void, options: WatchOptions = {}): Watch {
    this.watched.get(auction_id)?.end();
    const watching = new Watching(auction_id, told, options, {
      send: (frame) => this.connection.send(frame), http: this.http, clock: this.clock, around: this.around,
    });
    this.watched.set(auction_id, watching);
    watching.begin();
    return {
      get view() {
        return watching.view;
      },
      end: () => {
        if (this.watched.get(auction_id) !== watching) return;
        this.watched.delete(auction_id);
        watching.end();
      },
    };
  }

  // Bids, and waits for the answer across lost connections: the same key is sent again, which has one effect. Throws a Problem
  // when the server refuses to decide, OutcomeUnknown when no answer came in time; bid with that key again to learn it.
  bid(auction_id: number, amount: number, key = new_key()): Promise<BidResult> {
    return this.bids.place(auction_id, amount, key);
  }

  private go_on(): void {
    for (const watching of this.watched.values()) watching.begin();
    this.bids.go_on();
  }

  private lost(): void {
    for (const watching of this.watched.values()) watching.lost();
    this.bids.lost();
  }

  private hear(frame: ServerFrame): void {
    switch (frame.type) {
      case "bid_result": {
        const { type: _type, id, ...result } = frame;
        return this.bids.hear(id, result as BidResult);
      }
      case "error":
        return this.hear_error(frame);
      case "time":
        return;
      default:
        this.watched.get("auction" in frame ? frame.auction.id : frame.auction_id)?.hear(frame);
    }
  }

  private hear_error({ id, auction_id, code, detail = code, retry_after_s }: Extract<ServerFrame, { type: "error" }>): void {
    if (id !== undefined) this.bids.hear_error(id, code, detail, retry_after_s ?? null);
    else if (auction_id !== undefined) this.watched.get(auction_id)?.hear_error(code, detail);
  }
}
