// How long to wait before the next attempt: doubling up to a bound, and never all at once with the others.
const FIRST_MS = 250;
const MOST_MS = 10_000;

export class Backoff {
  private failures = 0;

  constructor(private readonly random: () => number) {}

  // Half of the bound at least, so that an attempt is never immediate; the rest is chance.
  next_ms(): number {
    const bound = Math.min(MOST_MS, FIRST_MS * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, 16);
    return bound * (0.5 + this.random() / 2);
  }

  // Where the answer was to stay away.
  longest_ms(): number {
    this.failures = 16;
    return this.next_ms();
  }

  succeeded(): void {
    this.failures = 0;
  }
}
