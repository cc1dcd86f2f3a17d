// The bids that were made from this browser, by bidder and auction, kept so that a reload still knows them; and the one bid
// whose outcome is not known, with the key that will tell.
import { signal } from "@preact/signals";
import { on_change, read, write } from "./kept";
import { NOTHING, type Own, type OwnBid } from "./standing";

const OWN = "own-bids:";
const UNANSWERED = "unanswered-bid:";
const MOST_BIDS = 200; // of an auction
const MOST_AUCTIONS = 50;

// A server remembers a refusal for ten minutes at least; after that the same bid may be a new one.
const ASKED_WITHIN_MS = 9 * 60_000;

export interface Unanswered {
  amount: number;
  key: string;
  at_ms: number; // when it was made
}

const place = (auction_id: number, holder: string) => `${auction_id}:${holder}`;

// Grows with every change of what own() says, in this tab or another one.
export const own_version = signal(0);
const learned = new Map<string, Own>(); // by name; what the answers have told besides is this page's only
on_change(OWN, (name) => {
  const { bids } = kept_bids(name);
  learned.set(name, { ...(learned.get(name) ?? NOTHING), bids });
  own_version.value++;
});

function kept_bids(name: string): Own {
  const kept = read<OwnBid[]>(localStorage, name);
  return { ...NOTHING, bids: Array.isArray(kept) ? kept : [] };
}

export function own(auction_id: number, holder: string): Own {
  const name = OWN + place(auction_id, holder);
  return learned.get(name) ?? kept_bids(name);
}

export function learn_own(auction_id: number, holder: string, now: Own): void {
  const name = OWN + place(auction_id, holder);
  if (now.bids !== own(auction_id, holder).bids) keep_bids(name, now.bids);
  learned.set(name, now);
  own_version.value++;
}

// The auctions that this bidder has bid on from here, the newest last.
export function auctions_bid_on(holder: string): number[] {
  const end = `:${holder}`;
  return Object.keys(localStorage).filter((name) => name.startsWith(OWN) && name.endsWith(end))
    .map((name) => Number(name.slice(OWN.length, -end.length))).filter(Number.isSafeInteger);
}

function keep_bids(name: string, bids: readonly OwnBid[]): void {
  localStorage.removeItem(name); // so that it is the newest again
  const others = Object.keys(localStorage).filter((each) => each.startsWith(OWN));
  for (const old of others.slice(0, Math.max(0, others.length - MOST_AUCTIONS + 1))) localStorage.removeItem(old);
  write(localStorage, name, bids.slice(-MOST_BIDS));
}

// Of this tab only: another one has bids of its own.
export function unanswered(auction_id: number, holder: string): Unanswered | null {
  const kept = read<Unanswered>(sessionStorage, UNANSWERED + place(auction_id, holder));
  return kept !== null && Date.now() - kept.at_ms < ASKED_WITHIN_MS ? kept : null;
}

export function keep_unanswered(auction_id: number, holder: string, bid: Unanswered | null): void {
  write(sessionStorage, UNANSWERED + place(auction_id, holder), bid);
}
