// Bids a second over the last seconds, from counts that come now and then. Pure.
export const OVER_MS = 5000;

export class BidRate {
  private counts: { at_ms: number; bids: number }[] = [];

  // The auction had so many bids then. Counts rise; one that falls (history was lost) begins anew.
  take(bids: number, at_ms: number): void {
    const last = this.counts.at(-1);
    if (last !== undefined && bids < last.bids) this.counts = [];
    if (last?.bids === bids) return;
    this.counts.push({ at_ms, bids });
    this.forget(at_ms);
  }

  at(now_ms: number): number {
    this.forget(now_ms);
    const [first] = this.counts;
    const last = this.counts.at(-1);
    return first === undefined || last === undefined ? 0 : ((last.bids - first.bids) * 1000) / OVER_MS;
  }

  // All that is older than the window, but the newest of it: from that one the window's bids are counted.
  private forget(now_ms: number): void {
    while (this.counts.length > 1 && (this.counts[1]?.at_ms ?? now_ms) <= now_ms - OVER_MS) this.counts.shift();
  }
}
