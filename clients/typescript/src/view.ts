// What a watcher knows of one auction: its state and its newest events, kept by frames in whatever order connections die.
// Pure: frames in, `AuctionView` out; the caller sends what `continuation` says.
import type { Auction, AuctionEvent, Place, ServerFrame, Standing } from "./types.js";

export const MAX_EVENTS = 5000;

/** What is known of an auction. Never changed once it was handed out; made anew when it is asked for after a change. */
export interface AuctionView {
  readonly auction: Auction;
  /** The newest, in order, without a gap; only where every event is watched. */
  readonly events: readonly AuctionEvent[];
  /** The sequence before the first of `events`. */
  readonly from: number;
  /** How often the history could not be continued and began anew. */
  readonly resets: number;
}

export type Taken = "changed" | "unchanged" | "gap";
/** Every event; or always the newest state, and nothing late. */
export type Mode = "every" | "latest";

// What an event changes of the state. The epoch is that of the feed: an event of before it began keeps its own.
function after(auction: Auction, event: AuctionEvent): Auction {
  const next = { ...auction, sequence: event.sequence };
  switch (event.event) {
    case "opened":
      return { ...next, state: "open" };
    case "bid_accepted": {
      const { price, leader, minimum_next, closes_at } = event;
      return { ...next, price, leader, minimum_next, closes_at, bids: auction.bids + 1 };
    }
    case "extended":
      return { ...next, closes_at: event.closes_at, extensions: event.extensions };
    case "closed": {
      const { winner, sold } = event;
      return { ...next, state: "closed", winner, sold, reserve_met: auction.reserve_met === null ? null : sold };
    }
    case "cancelled":
      return { ...next, state: "cancelled" };
    default:
      return next; // created, or of a newer server
  }
}

const newer = (one: Place, other: Place) =>
  one.epoch !== other.epoch ? one.epoch > other.epoch : one.sequence > other.sequence;

export class ViewKeeper {
  private auction: Auction | null = null;
  private log: AuctionEvent[] = []; // up to twice as many as are shown, so that few events move the others
  private start = 0; // the sequence before the first event of the log
  private place: Place | null = null; // of the last one
  private shown: AuctionView | null = null; // of all of that; null = to be made
  private shown_events: readonly AuctionEvent[] | null = null; // the same

  constructor(readonly auction_id: number, private readonly mode: Mode = "every", private resets = 0) {}

  get current(): AuctionView | null {
    if (this.auction === null) return null;
    this.shown_events ??= this.log.slice(-MAX_EVENTS);
    const { auction, shown_events: events, resets } = this;
    const from = this.mode === "every" ? this.start + this.log.length - events.length : auction.sequence;
    this.shown ??= { auction, events, from, resets };
    return this.shown;
  }

  get reserve_met(): boolean | null {
    return this.auction?.reserve_met ?? null;
  }

  // Where the next subscription goes on; null = from a snapshot.
  get continuation(): Place | null {
    return this.place;
  }

  // Takes what was read over HTTP: the state, and from where on events are wanted.
  begin(auction: Auction, from_sequence: number): void {
    const { auction: known, place } = this;
    if (known !== null && auction.epoch < known.epoch) return;
    if (place?.epoch === auction.epoch && from_sequence >= this.start) return; // what is here goes further back
    this.start_at(auction, from_sequence);
    if (known !== null && newer(known, auction)) this.know(known);
  }

  // Takes what no event tells from a later reading of the same auction.
  refresh({ epoch, watchers, reserve_met }: Auction): Taken {
    const known = this.auction;
    if (known === null || epoch !== known.epoch) return "unchanged";
    // No bid takes back what another has reached.
    this.know({ ...known, watchers, reserve_met: known.reserve_met || reserve_met });
    return "changed";
  }

  take(frame: ServerFrame): Taken {
    switch (frame.type) {
      case "snapshot":
        return this.take_snapshot(frame.auction);
      case "reset":
        this.resets += 1;
        return this.start_at(frame.auction, frame.auction.sequence);
      case "state":
        return this.take_state(frame);
      case "event":
        return this.mode === "every" ? this.take_event(frame) : "unchanged";
      default:
        return "unchanged";
    }
  }

  private know(auction: Auction): void {
    this.auction = auction;
    this.shown = null;
  }

  private start_at(auction: Auction, sequence: number): Taken {
    this.log = [];
    this.shown_events = null;
    this.start = sequence;
    this.place = this.mode === "every" ? { epoch: auction.epoch, sequence } : null;
    this.know(auction);
    return "changed";
  }

  // Of a node that is behind what another one has shown, perhaps: what is known is never taken back but by a reset.
  private take_snapshot(auction: Auction): Taken {
    const known = this.auction;
    this.start_at(auction, auction.sequence);
    if (known !== null && newer(known, auction)) this.know(known);
    return "changed";
  }

  private take_state(frame: { type: "state"; auction_id: number } & Standing): Taken {
    if (this.auction === null) return "gap";
    const { type: _type, auction_id: _id, ...standing } = frame;
    if (newer(this.auction, standing)) return "unchanged";
    this.know({ ...this.auction, ...standing });
    return "changed";
  }

  private take_event({ type: _type, ...event }: { type: "event" } & AuctionEvent): Taken {
    const { auction, place } = this;
    if (auction === null || place === null) return "gap";
    if (event.epoch > place.epoch) return "gap"; // what came before it may be another history
    if (event.sequence <= place.sequence) return "unchanged";
    if (event.sequence !== place.sequence + 1) return "gap";
    this.place = { epoch: place.epoch, sequence: event.sequence };
    this.push(event as AuctionEvent);
    if (newer(this.place, auction)) this.know(after(auction, event as AuctionEvent));
    return "changed";
  }

  private push(event: AuctionEvent): void {
    if (this.log.length >= 2 * MAX_EVENTS) {
      this.start += this.log.length - MAX_EVENTS;
      this.log = this.log.slice(-MAX_EVENTS);
    }
    this.log.push(event);
    this.shown = this.shown_events = null;
  }
}
