// The operator's table: every auction of the house, one signal a row; what is shown of them is followed live.
import { computed, type Signal, signal } from "@preact/signals";
import type { Auction, AuctionState, Watch } from "@flashbid/client";
import { client } from "../../house";
import { BidRate } from "./rate";
import { type Column, ordered } from "./order";

export type Filter = "live_and_coming" | AuctionState | "all";
const MOST_SHOWN = 300; // and followed: a socket has room for a thousand subscriptions
const LOOK_EVERY_MS = 5000;

export interface Row {
  readonly auction: Signal<Auction>;
  readonly rate: BidRate;
}

export class Board {
  readonly rows = signal<ReadonlyMap<number, Row>>(new Map());
  readonly loaded = signal<"not yet" | "yes" | "failed">("not yet");
  readonly filter = signal<Filter>("live_and_coming");
  readonly search = signal("");
  readonly order = signal<{ column: Column; falling: boolean }>({ column: "left", falling: false });
  // Which rows, in order. Made anew when the list or what is asked of it changes, not at every price: rows that jump while
  // one reaches for them cannot be used.
  readonly shown = computed(() => {
    const wanted = this.search.value.trim().toLowerCase();
    const rows = [...this.rows.value.values()].filter((row) => {
      const { id, title, state } = row.auction.peek();
      const filter = this.filter.value;
      const is_of = filter === "all" || filter === state || (filter === "live_and_coming" && (state === "open" || state === "scheduled"));
      return is_of && (wanted === "" || title.toLowerCase().includes(wanted) || String(id) === wanted);
    });
    const now = client.clock.now();
    return ordered(rows, this.order.value, now).slice(0, MOST_SHOWN);
  });

  private readonly watches = new Map<number, Watch>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ended = false;

  begin(): void {
    this.ended = false;
    void this.look();
  }

  end(): void {
    this.ended = true;
    clearTimeout(this.timer);
    for (const watch of this.watches.values()) watch.end();
    this.watches.clear();
  }

  press(column: Column): void {
    const { column: was, falling } = this.order.value;
    this.order.value = column === was ? { column, falling: !falling } : { column, falling: column !== "left" && column !== "title" && column !== "id" };
  }

  take(auction: Auction): void {
    const row = this.rows.value.get(auction.id);
    if (row === undefined) {
      const rate = new BidRate();
      rate.take(auction.bids, client.clock.now());
      this.rows.value = new Map(this.rows.value).set(auction.id, { auction: signal(auction), rate });
    } else {
      row.rate.take(auction.bids, client.clock.now());
      row.auction.value = auction;
    }
  }

  // Follows what is shown and still moves, and nothing else.
  follow(): void {
    const wanted = new Set<number>();
    for (const { auction } of this.shown.value) {
      const { id, state } = auction.peek();
      if (state === "open" || state === "scheduled") wanted.add(id);
    }
    for (const [id, watch] of this.watches) {
      if (wanted.has(id)) continue;
      watch.end();
      this.watches.delete(id);
    }
    for (const id of wanted) {
      if (this.watches.has(id)) continue;
      const auction = this.rows.value.get(id)?.auction.peek();
      this.watches.set(id, client.watch(id, (view) => this.take(view.auction), { mode: "latest", ...(auction && { auction }) }));
    }
  }

  // Auctions that were made meanwhile, and what became of those that nobody follows.
  private async look(): Promise<void> {
    try {
      const found = new Map(this.rows.value);
      for (let cursor: string | null = null; ; ) {
        const page = await client.http.auctions(cursor, null, 1000);
        if (this.ended) return;
        for (const auction of page.items) this.keep(found, auction);
        cursor = page.next;
        if (cursor === null) break;
      }
      this.rows.value = found;
      this.loaded.value = "yes";
    } catch {
      this.loaded.value = this.loaded.value === "yes" ? "yes" : "failed";
    }
    if (!this.ended) this.timer = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  private keep(found: Map<number, Row>, auction: Auction): void {
    const row = found.get(auction.id);
    if (row === undefined) {
      const rate = new BidRate();
      rate.take(auction.bids, client.clock.now());
      found.set(auction.id, { auction: signal(auction), rate });
    } else if (!this.watches.has(auction.id)) {
      row.auction.value = auction;
    } else if (row.auction.peek().watchers !== auction.watchers) {
      // Who comes and goes is no event: nothing is pushed for it.
      row.auction.value = { ...row.auction.peek(), watchers: auction.watchers };
    }
  }
}
