// An auction as a loop sees it: `for await (const { auction, events } of client.subscribe(1))`. What a watcher is told of views
// becomes what is new since the loop came round last, so that a slow loop gets more at once and holds nobody up.
import type { Problem } from "./problem.js";
import type { Auction, AuctionEvent } from "./types.js";
import type { AuctionView, Mode } from "./view.js";

/** What is new of an auction since the last turn of the loop. */
export interface AuctionChange {
  /** As it stands now; all of `events` are in it, and perhaps a later one that comes with the next turn. */
  readonly auction: Auction;
  /** Each event once, in sequence and without a gap. None with `mode: "latest"`. */
  readonly events: readonly AuctionEvent[];
  /**
   * What was before `events` is void, or is missing: the server could not continue the history (it lost some in a
   * failover), or this loop was thousands of events behind. Start over from `auction`.
   */
  readonly reset: boolean;
}

type Turn = IteratorResult<AuctionChange, undefined>;
const DONE: Turn = { done: true, value: undefined };

export class Subscription implements AsyncIterableIterator<AuctionChange> {
  private view: AuctionView | null = null; // that no turn has taken yet
  private place = -1; // the sequence after which the next turn goes on
  private resets = 0;
  private failure: Problem | null = null;
  private has_ended = false;
  private stop: () => void = () => {};
  private waiting: { resolve: (turn: Turn) => void; reject: (problem: Problem) => void }[] = [];

  // `begin` starts the watch and answers with what ends it.
  constructor(private readonly mode: Mode, begin: (told: (view: AuctionView) => void, failed: (problem: Problem) => void) => () => void) {
    const stop = begin((view) => this.hear(view), (problem) => this.fail(problem));
    if (this.has_ended) stop();
    else this.stop = stop;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Turn> {
    if (this.view !== null) return Promise.resolve(this.take(this.view));
    const { failure } = this;
    this.failure = null;
    if (failure !== null) return Promise.reject(failure);
    if (this.has_ended) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** Ends the watch; `break` in a loop does this. */
  return(): Promise<Turn> {
    this.view = null;
    this.end();
    for (const { resolve } of this.waiting.splice(0)) resolve(DONE);
    return Promise.resolve(DONE);
  }

  private end(): void {
    this.has_ended = true;
    this.stop();
  }

  private hear(view: AuctionView): void {
    if (this.has_ended) return;
    this.view = view;
    this.waiting.shift()?.resolve(this.take(view));
  }

  private fail(problem: Problem): void {
    if (this.has_ended) return;
    this.end();
    const waiting = this.waiting.splice(0);
    if (waiting.length === 0) this.failure = problem;
    waiting.forEach(({ resolve, reject }, n) => (n === 0 ? reject(problem) : resolve(DONE)));
  }

  private take({ auction, events, from, resets }: AuctionView): Turn {
    this.view = null;
    const is_first = this.place < 0;
    const was_reset = !is_first && resets !== this.resets;
    this.resets = resets;
    if (this.mode === "latest") {
      this.place = auction.sequence;
      return { done: false, value: { auction, events: [], reset: was_reset } };
    }
    const reset = was_reset || (!is_first && from > this.place);
    const fresh = is_first || reset ? events : events.filter(({ sequence }) => sequence > this.place);
    this.place = reset || is_first ? from + events.length : Math.max(this.place, from + events.length);
    return { done: false, value: { auction, events: fresh, reset } };
  }
}
