// Every price that is known of an auction, in order, as the chart draws them. Bids come from the history and from the socket,
// some of them from both. Bounded: the oldest go; of an auction that is over every second one, so that the whole curve stays.
import { signal } from "@preact/signals";

export const MOST_PRICES = 10_000;

export interface PricedBid {
  sequence: number;
  amount: number;
  at: string;
}

// The first and the last one stay.
const thinned = (bids: PricedBid[]) => bids.filter((_bid, n) => n % 2 === 0 || n === bids.length - 1);

export class Prices {
  readonly version = signal(0); // grows with every change
  private bids: PricedBid[] = [];
  private is_whole = false;

  get all(): readonly PricedBid[] {
    return this.bids;
  }

  get last_sequence(): number {
    return this.bids.at(-1)?.sequence ?? 0;
  }

  clear(): void {
    this.bids = [];
    this.version.value++;
  }

  // From now on the whole auction is drawn.
  keep_whole(): void {
    this.is_whole = true;
  }

  // `found` is in order; most of it is new at the end, or old.
  add(found: readonly PricedBid[]): void {
    const last = this.last_sequence;
    const first = this.bids[0]?.sequence ?? Infinity;
    const newer = found.filter((bid) => bid.sequence > last);
    const others = found.filter((bid) => bid.sequence <= last && bid.sequence < first);
    const between = found.filter((bid) => bid.sequence > first && bid.sequence < last);
    const missing = between.length > 0 ? this.unknown(between) : [];
    if (newer.length + others.length + missing.length === 0) return;
    const all = [...others, ...this.bids, ...newer, ...missing];
    if (missing.length > 0) all.sort((one, other) => one.sequence - other.sequence);
    this.bids = all.length <= MOST_PRICES ? all : this.is_whole ? thinned(all) : all.slice(-MOST_PRICES);
    this.version.value++;
  }

  private unknown(found: readonly PricedBid[]): PricedBid[] {
    const known = new Set(this.bids.map((bid) => bid.sequence));
    return found.filter((bid) => !known.has(bid.sequence));
  }
}
