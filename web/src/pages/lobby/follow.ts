// Which auctions are watched live. A socket may watch 1,000: what is on the screen comes first, then what ends or opens
// soonest; the rest is as old as the last time it was asked for.
import { signal } from "@preact/signals";
import type { Auction, Client, Watch } from "@flashbid/client";
import { is_running, type Catalogue } from "./catalogue";
import { order } from "./query";

export const MOST_FOLLOWED = 800; // a room's own, a visitor's stakes and an operator's have place beside them

export function to_follow(auctions: Auction[], on_screen: ReadonlySet<number>, most = MOST_FOLLOWED): number[] {
  const running = auctions.filter(is_running).sort(order("ending"));
  if (running.length <= most) return running.map(({ id }) => id);
  const [seen, unseen] = [true, false].map((is_seen) => running.filter(({ id }) => on_screen.has(id) === is_seen));
  return [...(seen ?? []), ...(unseen ?? [])].slice(0, most).map(({ id }) => id);
}

export class Following {
  private readonly watches = new Map<number, Watch>();

  constructor(private readonly client: Client, private readonly catalogue: Catalogue) {}

  follow(ids: number[]): void {
    const wanted = new Set(ids);
    for (const [id, watch] of this.watches) {
      if (wanted.has(id)) continue;
      watch.end();
      this.watches.delete(id);
    }
    for (const id of wanted) {
      const known = this.catalogue.get(id)?.peek();
      if (known === undefined || this.watches.has(id)) continue;
      this.watches.set(id, this.client.watch(id, (view) => this.catalogue.take(view.auction), { mode: "latest", auction: known }));
    }
  }

  end(): void {
    this.follow([]);
  }
}

// The cards that are on the screen or near it.
export class Screen {
  readonly shown = signal<ReadonlySet<number>>(new Set());
  private readonly observer = new IntersectionObserver((entries) => {
    const now = new Set(this.shown.peek());
    for (const { target, isIntersecting } of entries) {
      const id = Number((target as HTMLElement).dataset.id);
      if (isIntersecting) now.add(id);
      else now.delete(id);
    }
    this.shown.value = now;
  }, { rootMargin: "300px" });

  // For the ref of a card's element.
  add(element: Element): () => void {
    this.observer.observe(element);
    return () => this.observer.unobserve(element);
  }
}
