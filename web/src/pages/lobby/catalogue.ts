// The auctions of the house as the lobby knows them: a signal each, so that only what moved is drawn anew. New ones turn up by
// asking; what is known is told by whoever watches it, through take().
import { type Signal, signal } from "@preact/signals";
import { type Auction, type AuctionState, type Client, Problem } from "@flashbid/client";

// refused: the house does not show its auctions to this visitor. away: no answer came.
export type Phase = "loading" | "ready" | "away" | "refused";

const PAGE = 200;
export const MOST_OF_A_STATE = 5_000;
const ASK_EVERY_MS = 4_000;
const ASKS_A_SWEEP = 15; // every so often everything is asked for, not only what is new
const MOST_MISSED = 50; // that are asked for one by one in a sweep
const SOON_MS = 100;
const CALM_MS = 2_000; // who leads in bids or price changes places no more often

const RUNNING: AuctionState[] = ["open", "scheduled"];
const OVER: AuctionState[] = ["closed", "cancelled"];

export const is_running = (auction: Auction) => auction.state === "open" || auction.state === "scheduled";

export class Catalogue {
  readonly phase = signal<Phase>("loading");
  readonly shape = signal(0); // another number when an auction came, went, or changed its section or its times
  readonly ranks = signal(0); // another number when prices or numbers of bids have changed
  readonly is_cut = signal(false); // there are more than are shown
  private readonly auctions = new Map<number, Signal<Auction>>();
  private readonly tails = new Map<AuctionState, string | null>(); // from where the last page was read
  private readonly timers = new Map<Signal<number>, ReturnType<typeof setTimeout>>();
  private next_ask: ReturnType<typeof setTimeout> | undefined;
  private asks = 0;
  private turn = 0; // a new one makes nobody of who is still asking
  private is_on = false;

  constructor(private readonly http: Client["http"]) {}

  all(): Signal<Auction>[] {
    return [...this.auctions.values()];
  }

  get(id: number): Signal<Auction> | undefined {
    return this.auctions.get(id);
  }

  begin(): void {
    this.is_on = true;
    this.ask_all();
  }

  end(): void {
    this.is_on = false;
    this.turn++;
    clearTimeout(this.next_ask);
  }

  // From the beginning: the server is back, or somebody else asks.
  ask_all(): void {
    this.asks = 0;
    if (this.is_on) void this.ask();
  }

  // What was known may not be shown any more.
  forget(): void {
    this.turn++;
    this.auctions.clear();
    this.tails.clear();
    this.phase.value = "loading";
    this.shape.value++;
  }

  take(auction: Auction): void {
    const held = this.auctions.get(auction.id);
    if (held === undefined) {
      this.auctions.set(auction.id, signal(auction));
      return this.bump(this.shape, SOON_MS);
    }
    const before = held.peek();
    const is_same = auction.epoch === before.epoch && auction.sequence === before.sequence;
    if (is_same && auction.watchers === before.watchers) return;
    if (auction.epoch < before.epoch || (auction.epoch === before.epoch && auction.sequence < before.sequence)) return;
    held.value = auction;
    if (auction.state !== before.state || auction.closes_at !== before.closes_at) this.bump(this.shape, SOON_MS);
    else if (auction.price !== before.price || auction.bids !== before.bids) this.bump(this.ranks, CALM_MS);
  }

  private bump(which: Signal<number>, after_ms: number): void {
    if (this.timers.has(which)) return;
    this.timers.set(which, setTimeout(() => {
      this.timers.delete(which);
      which.value++;
    }, after_ms));
  }

  private async ask(): Promise<void> {
    clearTimeout(this.next_ask);
    const turn = ++this.turn;
    const is_sweep = this.asks++ % ASKS_A_SWEEP === 0;
    try {
      if (!document.hidden || is_sweep) await (is_sweep ? this.sweep(turn) : this.look_for_new(turn));
    } catch (error) {
      if (turn !== this.turn) return;
      this.asks = 0;
      this.phase.value = error instanceof Problem && (error.status === 401 || error.status === 403) ? "refused" : "away";
    }
    if (turn === this.turn) this.next_ask = setTimeout(() => void this.ask(), ASK_EVERY_MS);
  }

  private async sweep(turn: number): Promise<void> {
    const before = this.all().map((held) => held.peek()).filter(is_running);
    const seen = new Set<number>();
    for (const state of RUNNING) await this.read(turn, state, null, seen);
    this.arrived(turn);
    for (const state of OVER) await this.read(turn, state, this.tails.get(state) ?? null, seen);
    this.arrived(turn);
    // Over since then, and not watched: more are open than one socket may watch.
    const missed = before.filter(({ id }) => !seen.has(id)).slice(0, MOST_MISSED);
    for (const { id } of missed) if (turn === this.turn) await this.ask_for(id, turn);
  }

  private async look_for_new(turn: number): Promise<void> {
    for (const state of RUNNING) await this.read(turn, state, this.tails.get(state) ?? null, new Set());
    this.arrived(turn);
  }

  private arrived(turn: number): void {
    if (turn !== this.turn) return;
    if (this.phase.peek() !== "ready") this.shape.value++;
    this.phase.value = "ready";
  }

  private async read(turn: number, state: AuctionState, from: string | null, seen: Set<number>): Promise<void> {
    let count = 0;
    for (let cursor = from; ; ) {
      const page = await this.http.auctions(cursor, state, PAGE);
      if (turn !== this.turn) return;
      for (const auction of page.items) {
        seen.add(auction.id);
        this.take(auction);
      }
      this.tails.set(state, cursor);
      count += page.items.length;
      if (page.next === null) return;
      if (count >= MOST_OF_A_STATE) return void (this.is_cut.value = true);
      cursor = page.next;
    }
  }

  private async ask_for(id: number, turn: number): Promise<void> {
    try {
      const auction = await this.http.auction(id);
      if (turn === this.turn) this.take(auction);
    } catch (error) {
      if (turn !== this.turn || !(error instanceof Problem && error.status === 404)) throw error;
      this.auctions.delete(id);
      this.bump(this.shape, SOON_MS);
    }
  }
}
