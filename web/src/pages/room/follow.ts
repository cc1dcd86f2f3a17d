// What one room knows: the auction as it is followed, what lies before the events that came over the socket, every price for
// the chart, and one's own bids. One a visit; begin() and end() frame it.
import { computed, signal } from "@preact/signals";
import { type AuctionEvent, type AuctionView, type HistoryBid, type EventBidAccepted, Problem, type Watch } from "@flashbid/client";
import { client, session } from "../../house";
import { learn_own, own } from "../../own/own_bids";
import { Prices } from "./prices";
import { is_masked, NOTHING, type Own, standing, type Standing } from "../../own/standing";

export const ROWS = 100; // of the live list
const HISTORY = 200; // events that are asked for over the socket
const CHART_EVENTS = 5000; // the chart begins that many events ago
const PAGE = 1000;
const SETTLE_MS = 700;
const ASIDE_EVERY_MS = 20_000;
const ASIDE_FIRST_MS = 1_500;
const AGAIN_MS = 3_000;

export class Following {
  readonly view = signal<AuctionView | null>(null);
  readonly trouble = signal<Problem | null>(null);
  readonly own = signal<Own>(NOTHING);
  readonly watchers = signal<number | null>(null);
  readonly bidders = signal<number | null>(null); // of an auction that is over, where names are shown
  readonly prices = new Prices();
  readonly newest = computed(() => this.rows());
  readonly standing = computed(() => this.where_one_stands());
  private readonly before = signal<AuctionEvent[]>([]); // those before the socket's, without a gap
  private watch: Watch | null = null;
  private last_standing: Standing = { kind: "none" };
  private holder: string | null = null;
  private resets = 0;
  private is_whole = false; // it is over: its whole history is read
  private has_ended = false;
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private filling: ReturnType<typeof setTimeout> | null = null;

  constructor(readonly id: number) {}

  begin(): void {
    this.watch = client.watch(this.id, (view) => this.hear(view), {
      history: HISTORY,
      refused: (problem) => {
        if (this.view.value === null) this.trouble.value = problem;
      },
    });
    this.later(ASIDE_FIRST_MS, () => void this.look_aside()); // by then it counts who looks here, too
  }

  end(): void {
    this.has_ended = true;
    this.watch?.end();
    this.timers.forEach(clearTimeout);
  }

  // Somebody else looks now.
  be(holder: string | null): void {
    this.holder = holder;
    this.last_standing = { kind: "none" };
    this.own.value = holder === null ? NOTHING : own(this.id, holder);
  }

  learned(now: Own): void {
    this.own.value = now;
    if (this.holder !== null) learn_own(this.id, this.holder, now);
  }

  // A page of older events: those right before `sequence`.
  async older(sequence: number, count: number): Promise<AuctionEvent[]> {
    const after = Math.max(0, sequence - 1 - count);
    const { events } = await client.http.events(this.id, after, Math.min(count, sequence - 1 - after));
    return events;
  }

  private later(ms: number, what: () => void): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      what();
    }, ms);
    this.timers.add(timer);
    return timer;
  }

  private hear(view: AuctionView): void {
    if (this.has_ended) return;
    const is_first = this.view.value === null;
    if (view.resets !== this.resets) {
      // What was shown before may have been lost with the server's history.
      this.resets = view.resets;
      this.before.value = [];
      this.prices.clear();
      void this.read_prices(view);
    }
    this.trouble.value = null;
    if (is_first || view.auction.watchers !== this.view.value?.auction.watchers) this.watchers.value = view.auction.watchers;
    this.view.value = view;
    this.take_prices(view.events);
    const { state } = view.auction;
    const was_whole = this.is_whole;
    this.is_whole ||= state === "closed" || state === "cancelled";
    if (is_first || this.is_whole !== was_whole) void this.read_prices(view);
    if (this.filling === null && this.lacks_rows()) this.filling = this.later(SETTLE_MS, () => void this.fill());
  }

  private take_prices(events: readonly AuctionEvent[]): void {
    const known = this.prices.last_sequence;
    const begin = events.findLastIndex((event) => event.sequence <= known) + 1;
    this.prices.add(events.slice(begin).filter((event): event is EventBidAccepted => event.event === "bid_accepted"));
  }

  private rows(): readonly AuctionEvent[] {
    const events = this.view.value?.events ?? [];
    if (events.length >= ROWS) return events.slice(-ROWS);
    const first = events[0]?.sequence ?? Infinity;
    const before = this.before.value.filter((event) => event.sequence < first);
    const is_joined = events.length === 0 || before.at(-1)?.sequence === first - 1;
    return is_joined ? [...before, ...events].slice(-ROWS) : events;
  }

  private lacks_rows(): boolean {
    const rows = this.rows();
    return rows.length < ROWS && (rows[0]?.sequence ?? Infinity) > 1;
  }

  // After a snapshot or a reset the socket has told nothing of what was before.
  private async fill(): Promise<void> {
    this.filling = null;
    if (this.has_ended || !this.lacks_rows()) return;
    const { resets } = this;
    const next = this.view.value?.events[0]?.sequence ?? (this.view.value?.auction.sequence ?? 0) + 1;
    const events = await this.older(next, ROWS).catch(() => null);
    if (this.has_ended || resets !== this.resets) return;
    if (events !== null) this.before.value = events;
    else this.filling = this.later(AGAIN_MS, () => void this.fill());
  }

  private async read_prices({ auction, resets }: Pick<AuctionView, "auction" | "resets">): Promise<void> {
    if (this.is_whole) this.prices.keep_whole();
    const names = new Set<string>();
    try {
      for (let after = this.is_whole ? 0 : Math.max(0, auction.sequence - CHART_EVENTS); after < auction.sequence;) {
        const page = await client.http.get<{ bids: HistoryBid[]; next_after_sequence: number }>(
          `/v1/auctions/${this.id}/bids?after_sequence=${after}&limit=${PAGE}`);
        if (this.has_ended || resets !== this.resets) return;
        this.prices.add(page.bids);
        page.bids.forEach(({ bidder }) => names.add(bidder));
        if (page.bids.length === 0) break;
        after = page.next_after_sequence;
      }
      if (this.is_whole && ![...names].some(is_masked)) this.bidders.value = names.size;
    } catch {
      if (!this.has_ended) this.later(AGAIN_MS, () => resets === this.resets && void this.read_prices({ auction, resets }));
    }
  }

  // No event tells how many watch.
  private async look_aside(): Promise<void> {
    if (!document.hidden && this.view.value !== null) {
      const auction = await client.http.auction(this.id).catch(() => null);
      if (auction !== null) this.watchers.value = auction.watchers;
    }
    if (!this.has_ended) this.later(ASIDE_EVERY_MS * (0.75 + Math.random() / 2), () => void this.look_aside());
  }

  private where_one_stands(): Standing {
    const view = this.view.value;
    const found = view === null ? null : standing(view, this.own.value, session.holder.value);
    if (found !== null) this.last_standing = found;
    return this.last_standing;
  }
}
