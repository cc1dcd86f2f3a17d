// A visit is an entry of the browser's history: what a page keeps for it is there again when the visitor comes back to it.
type Kept = Record<string, unknown>;

class Visits {
  private here = "";
  private kept_here: Kept = {};
  private readonly before = new Map<string, Kept>();
  is_return = false; // by the browser's buttons, or a reload

  constructor() {
    history.scrollRestoration = "manual"; // lists are longer only once they are there
    window.addEventListener("pagehide", () => history.replaceState({ visit: this.here, kept: this.kept_here }, ""));
  }

  // The address has changed, or the page has begun.
  arrive(): void {
    const state = history.state as { visit?: string; kept?: Kept } | null;
    this.is_return = state?.visit !== undefined;
    this.here = state?.visit ?? crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.kept_here = this.before.get(this.here) ?? state?.kept ?? {};
    this.before.set(this.here, this.kept_here);
    if (!this.is_return) history.replaceState({ visit: this.here }, "");
  }

  keep(name: string, value: unknown): void {
    this.kept_here[name] = value;
  }

  kept<Value>(name: string): Value | undefined {
    return this.kept_here[name] as Value | undefined;
  }
}

export const visit = new Visits();
