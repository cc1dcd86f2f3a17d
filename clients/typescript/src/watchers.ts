// All who watch one auction over this client. A server has one subscription for them, so they share it: every event as soon as
// one of them wants every event, as much history as the one that wants most of it.
import type { Problem } from "./problem.js";
import type { Auction, ServerFrame } from "./types.js";
import type { AuctionView, Mode } from "./view.js";
import { Watching, type WatchPorts } from "./watching.js";

export interface WatchOptions {
  /** `every` (default): each event. `latest`: always the newest state, for an auction that is one of many. */
  mode?: Mode;
  /** `every`: how many events before the newest one are wanted too, at most 5000. */
  history?: number;
  /** What is known of it already. */
  auction?: Auction;
  /** The server will not show it (for now): nothing comes until that has changed. */
  refused?: (problem: Problem) => void;
}

interface Watcher {
  told: (view: AuctionView) => void;
  options: WatchOptions;
}

export class Watchers {
  private readonly all = new Set<Watcher>();
  private watching: Watching | null = null;
  private mode: Mode = "latest";
  private history = 0;

  constructor(readonly auction_id: number, private readonly ports: WatchPorts) {}

  get view(): AuctionView | null {
    return this.watching?.view ?? null;
  }

  get is_empty(): boolean {
    return this.all.size === 0;
  }

  // The answer ends it.
  add(told: (view: AuctionView) => void, options: WatchOptions): () => void {
    const watcher: Watcher = { told, options };
    this.all.add(watcher);
    if (this.watching === null || this.lacks()) this.subscribe(options.auction ?? null);
    else this.join(watcher);
    return () => {
      if (!this.all.delete(watcher)) return;
      if (this.is_empty) this.watching?.end();
      else if (this.mode !== this.wanted_mode()) this.subscribe(null);
    };
  }

  // For good.
  end(): void {
    this.all.clear();
    this.watching?.end();
  }

  // Over a new link.
  begin(): void {
    this.watching?.begin();
  }

  lost(): void {
    this.watching?.lost();
  }

  ask_again_if_refused(): void {
    this.watching?.ask_again_if_refused();
  }

  hear(frame: ServerFrame): void {
    this.watching?.hear(frame);
  }

  hear_error(code: string, detail: string): void {
    this.watching?.hear_error(code, detail);
  }

  private wanted_mode(): Mode {
    return [...this.all].some(({ options }) => options.mode !== "latest") ? "every" : "latest";
  }

  private wanted_history(): number {
    return Math.max(...[...this.all].map(({ options }) => options.history ?? 0));
  }

  private lacks(): boolean {
    return this.mode !== this.wanted_mode() || this.history < this.wanted_history();
  }

  private subscribe(known: Auction | null): void {
    const { view } = this;
    this.watching?.end();
    this.mode = this.wanted_mode();
    this.history = this.wanted_history();
    this.watching = new Watching(this.auction_id, {
      mode: this.mode, history: this.history, auction: view?.auction ?? known, resets: view?.resets ?? 0,
    }, {
      told: (next) => this.all.forEach(({ told }) => told(next)),
      refused: (problem) => this.all.forEach(({ options }) => options.refused?.(problem)),
    }, this.ports);
    this.watching.begin();
    if (view !== null) this.tell_soon(this.all);
  }

  // What is known: over a subscription that goes on where the last one was, nothing may come for long.
  private tell_soon(watchers: Iterable<Watcher>): void {
    this.ports.around.soon(() => {
      for (const watcher of watchers) if (this.view !== null && this.all.has(watcher)) watcher.told(this.view);
    });
  }

  // One more for what is watched already.
  private join(watcher: Watcher): void {
    this.watching?.ask_again_if_refused();
    this.tell_soon([watcher]);
  }
}
