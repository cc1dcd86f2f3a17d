// The bids that were made from this browser, by bidder and auction, kept so that a reload still knows them; and the one bid
// whose outcome is not known, with the key that will tell.
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

function read<Value>(storage: Storage, name: string): Value | null {
  try {
    return JSON.parse(storage.getItem(name) ?? "null") as Value | null;
  } catch {
    return null;
  }
}

// Full or forbidden storage costs only what a reload would have known.
function write(storage: Storage, name: string, value: unknown): void {
  try {
    if (value === null) storage.removeItem(name);
    else storage.setItem(name, JSON.stringify(value));
  } catch {
    // nothing to be done
  }
}

export function kept_bids(auction_id: number, holder: string): Own {
  const kept = read<OwnBid[]>(localStorage, OWN + place(auction_id, holder));
  return { ...NOTHING, bids: Array.isArray(kept) ? kept : [] };
}

export function keep_bids(auction_id: number, holder: string, bids: readonly OwnBid[]): void {
  const name = OWN + place(auction_id, holder);
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
