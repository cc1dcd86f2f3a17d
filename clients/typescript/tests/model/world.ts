// The world around a client under test: its clock, its timers, its pictures, and chance. Nothing happens by itself.
import type { SocketLike, Surroundings } from "../../src/index.js";

interface Timer {
  at_ms: number;
  what: () => void;
}

export class World {
  now_ms = Date.parse("2026-01-31T08:00:00.000Z");
  private timers = new Set<Timer>();
  private pictures: (() => void)[] = [];

  constructor(private readonly chance: () => number = () => 0.5) {}

  surroundings(open: (url: string) => SocketLike): Surroundings {
    return {
      open,
      now: () => this.now_ms,
      random: this.chance,
      after: (ms, what) => {
        const timer = { at_ms: this.now_ms + ms, what };
        this.timers.add(timer);
        return () => this.timers.delete(timer);
      },
      soon: (what) => this.pictures.push(what),
    };
  }

  draw(): void {
    for (const what of this.pictures.splice(0)) what();
  }

  get waiting(): number {
    return this.timers.size;
  }

  // Somebody sets the clock; time does not pass.
  set_clock(by_ms: number): void {
    this.now_ms += by_ms;
    for (const timer of this.timers) timer.at_ms += by_ms;
  }

  // Time passes; what is due happens when it is due.
  async advance(ms: number): Promise<void> {
    const until = this.now_ms + ms;
    for (;;) {
      const next = [...this.timers].filter((timer) => timer.at_ms <= until).sort((one, other) => one.at_ms - other.at_ms)[0];
      if (next === undefined) break;
      this.timers.delete(next);
      this.now_ms = Math.max(this.now_ms, next.at_ms);
      next.what();
      await promises();
    }
    this.now_ms = until;
  }

  // Time passes, and all the while what the server has sent arrives, and pictures are drawn.
  async live(server: { deliver(): number }, ms: number): Promise<void> {
    for (let passed = 0; passed <= ms; passed += 100) {
      while (server.deliver() > 0) await promises();
      await promises();
      this.draw();
      if (passed < ms) await this.advance(100);
    }
  }
}

// Lets every promise that is settled go on.
export function promises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
