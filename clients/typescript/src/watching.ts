// One auction that is watched: subscribes, goes on where it was, asks again for what is missing, and tells of the newest view
// at most once a picture.
import { Backoff } from "./backoff.js";
import type { ServerClock } from "./clock.js";
import type { Http } from "./http.js";
import { Problem } from "./problem.js";
import type { Surroundings } from "./surroundings.js";
import type { Auction, ClientFrame, ServerFrame } from "./types.js";
import { type AuctionView, MAX_EVENTS, type Mode, ViewKeeper } from "./view.js";

const READ_WITHIN_MS = 5_000;
const REFRESH_AFTER_MS = 1_000;
const REFRESH_AGAIN_MS = 5_000;
const PASSING = new Set(["rate_limited", "unavailable", "internal", "outcome_unknown"]);

// Refusals that time may change; any other waits for a new link or another caller.
export const may_pass = (problem: Problem) => PASSING.has(problem.code);

export interface Wanted {
  mode: Mode;
  history: number; // every: how many events before the newest one
  auction: Auction | null; // what is known of it already
  resets: number; // that were told of it before
}

export interface WatchEvents {
  told: (view: AuctionView) => void;
  refused: (problem: Problem) => void;
}

export interface WatchPorts {
  send: (frame: ClientFrame) => boolean;
  http: Http;
  clock: ServerClock;
  around: Surroundings;
}

export class Watching {
  private readonly keeper: ViewKeeper;
  private readonly backoff: Backoff;
  private is_subscribed = false; // over the link that is there now
  private is_reading = false; // where its history begins, over HTTP
  private is_broken = false; // frames are missing, or it was refused: to be asked for again
  private is_to_tell = false;
  private is_refreshing = false;
  private has_ended = false;
  private stop_resting: (() => void) | null = null; // until then nothing is asked for again
  private refusal: Problem | null = null;

  constructor(
    readonly auction_id: number,
    private readonly wanted: Wanted,
    private readonly events: WatchEvents,
    private readonly ports: WatchPorts,
  ) {
    const { mode, auction, resets } = wanted;
    this.keeper = new ViewKeeper(auction_id, mode, resets);
    this.backoff = new Backoff(ports.around.random);
    if (auction !== null) this.keeper.begin(auction, this.first_wanted(auction));
  }

  get view(): AuctionView | null {
    return this.keeper.current;
  }

  // Over a new link.
  begin(): void {
    this.stop_resting?.();
    this.stop_resting = null;
    this.subscribe();
  }

  lost(): void {
    this.is_subscribed = false;
  }

  // Who asks is somebody else now, who may be shown more.
  ask_again_if_refused(): void {
    if (this.refusal !== null) this.begin();
  }

  end(): void {
    this.has_ended = true;
    this.stop_resting?.();
    if (this.is_subscribed) this.ports.send({ type: "unsubscribe", auction_id: this.auction_id });
  }

  hear(frame: ServerFrame): void {
    if (frame.type === "snapshot" || frame.type === "reset") this.ports.clock.heard(frame.auction.server_time);
    const taken = this.keeper.take(frame);
    if (taken === "gap") return this.mend();
    if (taken === "unchanged") return;
    this.is_broken = false;
    this.refusal = null;
    this.tell();
    if (frame.type === "event" && frame.event === "bid_accepted") this.refresh_reserve();
  }

  hear_error(code: string, detail: string): void {
    this.is_subscribed = false;
    this.refusal = new Problem(0, code, detail);
    if (may_pass(this.refusal)) {
      this.is_broken = true;
      if (this.stop_resting === null) this.rest();
    }
    this.events.refused(this.refusal);
  }

  private first_wanted(auction: Auction): number {
    return Math.max(0, auction.sequence - Math.min(this.wanted.history, MAX_EVENTS));
  }

  private subscribe(): void {
    const place = this.keeper.continuation;
    if (this.wanted.mode === "latest") this.ask_for({ mode: "latest" });
    else if (place !== null) this.ask_for({ epoch: place.epoch, after_sequence: place.sequence });
    else if (this.wanted.history === 0) this.ask_for({});
    else if (!this.is_reading) this.read_where_it_begins();
  }

  private ask_for(from: { epoch?: number; after_sequence?: number; mode?: "latest" }): void {
    this.is_broken = false;
    this.is_subscribed = this.ports.send({ type: "subscribe", auction_id: this.auction_id, ...from });
  }

  // Nothing is asked for twice while an answer may be under way, and less and less often where asking does not help.
  private mend(): void {
    this.is_broken = true;
    if (this.stop_resting !== null) return;
    this.subscribe();
    this.rest();
  }

  private rest(): void {
    this.stop_resting = this.ports.around.after(this.backoff.next_ms(), () => {
      this.stop_resting = null;
      if (this.is_broken) this.mend();
      else this.backoff.succeeded();
    });
  }

  // The state first, then every event from `history` before it on, over the socket: nothing is read twice. Without an answer
  // it goes on without a history: with a snapshot, or an error that says why not.
  private read_where_it_begins(): void {
    this.is_reading = true;
    const go_on = (auction: Auction | null) => {
      if (!this.is_reading) return;
      this.is_reading = false;
      stop_waiting();
      if (this.has_ended) return;
      if (auction !== null) {
        this.keeper.begin(auction, this.first_wanted(auction));
        this.ports.clock.heard(auction.server_time);
        this.tell();
      }
      if (this.keeper.continuation !== null) this.subscribe();
      else this.ask_for({});
    };
    const stop_waiting = this.ports.around.after(READ_WITHIN_MS, () => go_on(null));
    this.ports.http.auction(this.auction_id).then(go_on, () => go_on(null));
  }

  // No event tells that a bid has reached the reserve.
  private refresh_reserve(in_ms = REFRESH_AFTER_MS): void {
    if (this.is_refreshing || this.keeper.reserve_met !== false) return;
    this.is_refreshing = true;
    this.ports.around.after(in_ms, () => {
      this.is_refreshing = false;
      if (this.has_ended) return;
      this.ports.http.auction(this.auction_id).then((auction) => {
        if (this.keeper.refresh(auction) === "changed") this.tell();
      }, () => this.refresh_reserve(REFRESH_AGAIN_MS));
    });
  }

  private tell(): void {
    if (this.is_to_tell) return;
    this.is_to_tell = true;
    this.ports.around.soon(() => {
      this.is_to_tell = false;
      const view = this.keeper.current;
      if (view !== null && !this.has_ended) this.events.told(view);
    });
  }
}
