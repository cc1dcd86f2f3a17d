// A FlashBid server, seen from a browser or a program: watch auctions, bid, and never miss an event. What goes wrong on the way
// (a lost connection, a restart, a reader that was too slow) is mended in here and shows only as `link`.
import { type BidOptions, Bids } from "./bids.js";
import { ServerClock } from "./clock.js";
import { Connection, type Link } from "./connection.js";
import { Http } from "./http.js";
import { same_holder } from "./holder.js";
import { Subscription } from "./subscription.js";
import { type Surroundings, surroundings, type WebSocketClass } from "./surroundings.js";
import type { BidResult, ErrorFrame, ServerFrame, Who } from "./types.js";
import type { AuctionView } from "./view.js";
import { may_pass } from "./watching.js";
import { Watchers, type WatchOptions } from "./watchers.js";

export interface ClientOptions {
  /** Such as `https://bids.example.com`; left out: where the page came from. */
  origin?: string;
  /** Who asks; may be said later, and changed, by `identify`. */
  who?: Who;
  /** Left out: the platform's own, which Node has from version 22 on. Before that, the one of the npm package `ws`. */
  web_socket?: WebSocketClass;
  /** Left out: the platform's own. */
  fetch?: typeof fetch;
  /** For tests: time, chance and connections. */
  around?: Partial<Surroundings>;
}

export interface Watch {
  readonly view: AuctionView | null;
  end(): void;
}

function page_origin(): string {
  const origin = (globalThis as { location?: { origin?: string } }).location?.origin;
  if (origin === undefined) throw new TypeError('there is no page here: say new Client({ origin: "https://…" })');
  return origin;
}

/**
 * One server. It connects at the first watch or bid (or by `start`), comes back by itself after whatever happens to the
 * connection, and stays until `end`.
 */
export class Client {
  /** The HTTP routes. */
  readonly http: Http;
  /** The server's clock: `clock.now()`. */
  readonly clock: ServerClock;
  private readonly connection: Connection;
  private readonly bids: Bids;
  private readonly around: Surroundings;
  private readonly watched = new Map<number, Watchers>();
  private readonly subscriptions = new Set<Subscription>();
  private readonly link_listeners = new Set<(link: Link) => void>();
  private readonly refusal_listeners = new Set<(code: number) => void>();
  private who: Who | null = null;

  constructor(options: ClientOptions = {}) {
    const origin = (options.origin ?? page_origin()).replace(/\/+$/, "");
    this.around = surroundings(options.around ?? {}, options.web_socket);
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
    if (options.who !== undefined) this.identify(options.who);
  }

  /** Connects now. */
  start(): void {
    this.connection.start();
  }

  /** For good: loops over subscriptions end, bids without an answer are given up. */
  end(): void {
    this.connection.end();
    this.bids.leave_all();
    for (const subscription of [...this.subscriptions]) void subscription.return();
    for (const watchers of this.watched.values()) watchers.end();
    this.watched.clear();
  }

  /** The network may be back, or the page is looked at again: do not wait for the next attempt. */
  hurry(): void {
    this.connection.hurry();
  }

  get link(): Link {
    return this.connection.state;
  }

  /** Called at every change until the answer is called. */
  on_link(told: (link: Link) => void): () => void {
    this.link_listeners.add(told);
    return () => this.link_listeners.delete(told);
  }

  /** The server does not take who asks (4401: the token has ended or is none), or has closed the socket with 4403 or 4429. */
  on_refused(told: (code: number) => void): () => void {
    this.refusal_listeners.add(told);
    return () => this.refusal_listeners.delete(told);
  }

  /**
   * Who asks from now on: a new token goes over the same socket, before the old one ends. Bids of somebody else that wait for
   * an answer are left: whether they stand is not known.
   */
  identify(who: Who | null): void {
    if (!same_holder(this.who, who)) this.bids.leave_all();
    this.who = this.http.who = who;
    this.connection.identify(who);
    for (const watchers of this.watched.values()) watchers.ask_again_if_refused();
  }

  /**
   * Follows an auction in a loop that ends by `break`, or by `client.end()`:
   * `for await (const { auction, events } of client.subscribe(1)) { … }`.
   * Lost connections do not show. Throws a `Problem` where the server will not show the auction.
   */
  subscribe(auction_id: number, options: Omit<WatchOptions, "refused"> = {}): Subscription {
    const subscription: Subscription = new Subscription(options.mode ?? "every", (told, failed) => {
      const watch = this.watch(auction_id, told, {
        ...options,
        refused: (problem) => {
          if (!may_pass(problem)) failed(problem);
        },
      });
      return () => {
        this.subscriptions.delete(subscription);
        watch.end();
      };
    });
    this.subscriptions.add(subscription);
    return subscription;
  }

  /**
   * Follows an auction for a page: `told` is called with every new view of it, the first time as soon as there is one, at most
   * once a picture.
   */
  watch(auction_id: number, told: (view: AuctionView) => void, options: WatchOptions = {}): Watch {
    const watchers = this.watched.get(auction_id) ?? new Watchers(auction_id, {
      send: (frame) => this.connection.send(frame), http: this.http, clock: this.clock, around: this.around,
    });
    this.watched.set(auction_id, watchers);
    const leave = watchers.add(told, options);
    this.start();
    return {
      get view() {
        return watchers.view;
      },
      end: () => {
        leave();
        if (watchers.is_empty && this.watched.get(auction_id) === watchers) this.watched.delete(auction_id);
      },
    };
  }

  /**
   * Bids, and waits for the decision across lost connections: the same key is sent again, which has one effect. Throws a
   * `Problem` when the server refuses to decide (nothing was done), `OutcomeUnknown` when no answer came in time: bid with its
   * `key` again to learn what became of it.
   */
  bid(auction_id: number, amount: number, options: BidOptions = {}): Promise<BidResult> {
    this.start();
    return this.bids.place(auction_id, amount, options);
  }

  private go_on(): void {
    for (const watchers of this.watched.values()) watchers.begin();
    this.bids.go_on();
  }

  private lost(): void {
    for (const watchers of this.watched.values()) watchers.lost();
    this.bids.lost();
  }

  private hear(frame: ServerFrame): void {
    switch (frame.type) {
      case "bid_result": {
        const { type: _type, id = "", ...result } = frame;
        return this.bids.hear(id, result as BidResult);
      }
      case "error":
        return this.hear_error(frame);
      case "time":
        return;
      default:
        this.watched.get("auction_id" in frame ? frame.auction_id : frame.auction.id)?.hear(frame);
    }
  }

  private hear_error({ id, auction_id, code, detail = code, retry_after_s }: ErrorFrame): void {
    if (id !== undefined) this.bids.hear_error(id, code, detail, retry_after_s ?? null);
    else if (auction_id !== undefined) this.watched.get(auction_id)?.hear_error(code, detail);
  }
}
