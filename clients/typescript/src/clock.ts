// What this client knows of the server's clock: the offset that the quickest of the last answers showed, for half of an answer's
// way is the most by which it can be wrong.
const KEPT = 8;
const DRIFT_MS = 50; // of two good clocks, while a sample is kept

interface Sample {
  offset_ms: number; // of the server's clock ahead of ours
  round_trip_ms: number;
}

// Both can be true of the same two clocks.
const agree = (one: Sample, other: Sample) =>
  Math.abs(one.offset_ms - other.offset_ms) <= (one.round_trip_ms + other.round_trip_ms) / 2 + DRIFT_MS;

/** The server's clock, as seen from here. */
export class ServerClock {
  private samples: Sample[] = [];
  private best: Sample | null = null;

  constructor(private readonly local: () => number = Date.now) {}

  // A question sent at `sent_ms` was answered with `server_time`, now.
  measured(sent_ms: number, server_time: string): void {
    const now = this.local();
    const newest = { offset_ms: Date.parse(server_time) - (sent_ms + now) / 2, round_trip_ms: now - sent_ms };
    // A clock that was set back meanwhile tells nothing.
    if (!Number.isFinite(newest.offset_ms) || newest.round_trip_ms < 0) return;
    // What the newest cannot agree with was measured before one of the clocks was set.
    this.samples = [...this.samples.filter((sample) => agree(sample, newest)), newest].slice(-KEPT);
    this.best = this.samples.reduce((one, other) => (other.round_trip_ms <= one.round_trip_ms ? other : one));
  }

  // A time that came by itself, with a message of unknown age: taken while nothing better is known.
  heard(server_time: string): void {
    const offset_ms = Date.parse(server_time) - this.local();
    if (this.samples.length > 0 || !Number.isFinite(offset_ms)) return;
    if (this.best === null || offset_ms > this.best.offset_ms) this.best = { offset_ms, round_trip_ms: Infinity };
  }

  /** Milliseconds since 1970 on the server. */
  now(): number {
    return this.local() + (this.best?.offset_ms ?? 0);
  }

  /** By how much now() may be wrong; null = not measured yet. */
  get uncertainty_ms(): number | null {
    return this.best === null || this.best.round_trip_ms === Infinity ? null : this.best.round_trip_ms / 2;
  }

  /** Of the server's clock ahead of this machine's. */
  get offset_ms(): number {
    return this.best?.offset_ms ?? 0;
  }
}
