// What a screen reader is told: the price now and then, one's own state at once. Owns the one polite region of the room.
import { signal } from "@preact/signals";

const CALM_MS = 5_000;
const TOGETHER_MS = 200; // an answer and the state it brings are one announcement

export class Announcer {
  readonly text = signal("");
  private calm: string | null = null;
  private urgent: string[] = [];
  private calm_timer: ReturnType<typeof setTimeout> | null = null;
  private urgent_timer: ReturnType<typeof setTimeout> | null = null;

  // The newest of these, every few seconds.
  calmly(text: string): void {
    this.calm = text;
    if (this.urgent_timer !== null) return; // told after it
    this.calm_timer ??= setTimeout(() => {
      this.calm_timer = null;
      if (this.calm !== null) this.text.value = this.calm;
      this.calm = null;
    }, CALM_MS);
  }

  at_once(text: string): void {
    if (text === "") return;
    this.urgent.push(text);
    if (this.calm_timer !== null) clearTimeout(this.calm_timer);
    this.calm_timer = null;
    this.urgent_timer ??= setTimeout(() => {
      this.urgent_timer = null;
      this.text.value = this.urgent.join(" ");
      this.urgent = [];
      // What was waiting is told when this has been heard.
      if (this.calm !== null) this.calmly(this.calm);
    }, TOGETHER_MS);
  }

  end(): void {
    if (this.calm_timer !== null) clearTimeout(this.calm_timer);
    if (this.urgent_timer !== null) clearTimeout(this.urgent_timer);
  }
}
