// Where the visitor stands in every auction that they have bid on from this browser or marked, whatever page is shown: each is
// followed over the page's one socket, and whoever listens is told when they are outbid, and how it ended.
import { effect, signal } from "@preact/signals";
import type { Auction, AuctionView, Watch } from "@flashbid/client";
import { client, session } from "../house";
import { auctions_bid_on, learn_own, own, own_version } from "./own_bids";
import { is_masked, type Own, standing, type Standing } from "./standing";
import { watchlist } from "./watchlist";

export type Turn = "outbid" | "won" | "lost" | "below_reserve";
type Listener = (turn: Turn | null, stake: Stake) => void; // null = nothing is to be told of it any more

const IS_TURN = new Set<Standing["kind"]>(["outbid", "won", "lost", "below_reserve"]);

export class Stake {
  readonly auction = signal<Auction | null>(null);
  readonly standing = signal<Standing>({ kind: "none" });
  readonly is_gone = signal(false); // the server does not show it
  private view: AuctionView | null = null;
  private was: Standing["kind"] | null = null;
  private own: Own | null = null;
  private watch: Watch | null = null;

  constructor(readonly id: number, private readonly holder: string | null, private readonly told: Listener) {}

  begin(): void {
    this.watch = client.watch(this.id, (view) => this.hear(view), {
      mode: "latest", refused: ({ code }) => (this.is_gone.value = code === "not_found" || code === "forbidden"),
    });
  }

  end(): void {
    this.watch?.end();
  }

  // What is known of one's own bids may have grown.
  look(): void {
    if (this.holder === null) return;
    const now = own(this.id, this.holder);
    if (now === this.own) return;
    this.own = now;
    this.judge();
  }

  private hear(view: AuctionView): void {
    this.view = view;
    this.is_gone.value = false;
    this.learn_from(view.auction);
    this.auction.value = view.auction;
    this.judge();
    // Nothing comes after its end.
    if (view.auction.state === "closed" || view.auction.state === "cancelled") this.end();
  }

  // A bid that was made elsewhere.
  private learn_from({ leader, price, sequence }: Auction): void {
    const { holder, own } = this;
    if (holder === null || own === null || price === null || leader !== holder || is_masked(leader)) return;
    if (own.bids.some(({ amount }) => amount === price) || own.in_flight === price) return;
    this.own = { ...own, bids: [...own.bids, { sequence, amount: price }] };
    learn_own(this.id, holder, this.own);
  }

  private judge(): void {
    const { view, own } = this;
    const now = view === null || own === null ? null : standing(view, own, this.holder);
    if (now === null) return;
    this.standing.value = now;
    const { was } = this;
    this.was = now.kind;
    if (was === null || was === now.kind) return;
    // A bid of another tab may be known here before it leads.
    const is_turn = IS_TURN.has(now.kind) && (now.kind !== "outbid" || was === "leading");
    this.told(is_turn ? (now.kind as Turn) : null, this);
  }
}

class Stakes {
  readonly all = signal<readonly Stake[]>([]);
  private holder: string | null = null;
  private readonly listeners = new Set<Listener>();

  begin(): void {
    effect(() => {
      void own_version.value;
      this.arrange(session.holder.value, watchlist.value);
    });
  }

  // Called at every turn until the answer is called.
  on_turn(told: Listener): () => void {
    this.listeners.add(told);
    return () => this.listeners.delete(told);
  }

  private arrange(holder: string | null, marked: readonly number[]): void {
    const before = this.all.peek();
    const wanted = new Set([...(holder === null ? [] : auctions_bid_on(holder)), ...marked]);
    const is_kept = (stake: Stake) => holder === this.holder && wanted.has(stake.id);
    const known = new Map(before.filter(is_kept).map((stake) => [stake.id, stake]));
    for (const stake of before) if (!is_kept(stake)) stake.end();
    this.holder = holder;
    const now = [...wanted].map((id) => known.get(id) ?? new Stake(id, holder, this.tell));
    if (now.length !== before.length || now.some((stake, n) => stake !== before[n])) this.all.value = now;
    for (const stake of now) {
      stake.look();
      if (!known.has(stake.id)) stake.begin();
    }
  }

  private readonly tell: Listener = (turn, stake) => this.listeners.forEach((told) => told(turn, stake));
}

export const stakes = new Stakes();
