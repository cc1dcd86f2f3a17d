// Where a bidder stands in an auction, by what the server has said and nothing else. Pure. A house may show names masked
// (A***e): then a bid is known to be one's own by the sequence that the answer to it had, see docs/access.md.
import type { AuctionView, EventBidAccepted, BidResult } from "@flashbid/client";

export interface OwnBid {
  sequence: number;
  amount: number;
}

// How things stood when a bid was answered.
interface Told {
  sequence: number;
  leads: boolean;
  price: number | null;
  leader: string | null;
}

// What the answers to one's own bids have told.
export interface Own {
  bids: readonly OwnBid[];
  told: Told | null; // by the newest answer
  in_flight: number | null; // the amount of a bid that waits for its answer
}

export type Standing =
  | { kind: "none" }
  | { kind: "leading"; amount: number }
  | { kind: "perhaps" } // somebody with the same mask leads, and no bid made here is known
  | { kind: "outbid"; price: number; leader: string }
  | { kind: "won"; amount: number }
  | { kind: "below_reserve"; amount: number }
  | { kind: "lost" };

export const NOTHING: Own = { bids: [], told: null, in_flight: null };

export function mask(name: string): string {
  return name.length > 1 ? `${name.at(0)}***${name.at(-1)}` : `${name}***`;
}

export const is_masked = (name: string) => name.includes("*");

export function may_be(shown: string | null, holder: string | null): boolean {
  return shown !== null && holder !== null && (shown === holder || (is_masked(shown) && shown === mask(holder)));
}

// What an answer adds.
export function learn(own: Own, result: BidResult): Own {
  const bids = result.verdict === "accepted" && !own.bids.some((bid) => bid.sequence === result.sequence)
    ? [...own.bids, { sequence: result.sequence, amount: result.amount }] : own.bids;
  const { as_of_sequence: sequence, price, leader } = result;
  const is_old = own.told !== null && own.told.sequence > sequence;
  return { ...own, bids, told: is_old ? own.told : { sequence, leads: leader === result.bidder, price, leader } };
}

export function is_own(event: Pick<EventBidAccepted, "sequence" | "amount" | "bidder">, own: Own, holder: string | null): boolean {
  if (!may_be(event.bidder, holder)) return false;
  return !is_masked(event.bidder) || own.bids.some((bid) => bid.sequence === event.sequence && bid.amount === event.amount);
}

function last_bid({ auction, events }: AuctionView): EventBidAccepted | null {
  if ((events.at(-1)?.sequence ?? 0) < auction.sequence) return null; // its history is still on the way
  return (events.findLast((event) => event.event === "bid_accepted") as EventBidAccepted | undefined) ?? null;
}

type Whose = "mine" | "other" | "perhaps" | "waiting";

function whose(view: AuctionView, own: Own, holder: string): Whose {
  const { leader, price } = view.auction;
  if (leader === null || !may_be(leader, holder)) return "other";
  if (!is_masked(leader)) return "mine";
  if (own.bids.some((bid) => bid.amount === price)) return "mine"; // prices rise: nobody else has bid as much
  if (own.told !== null && own.told.sequence >= (last_bid(view) ?? view.auction).sequence) return own.told.leads ? "mine" : "other";
  if (own.in_flight === price) return "waiting"; // the event may have come before its answer
  return own.bids.length > 0 || own.told !== null ? "other" : "perhaps";
}

function has_bid(view: AuctionView, own: Own, holder: string): boolean {
  return own.bids.length > 0 || view.events.some((event) => event.event === "bid_accepted" && is_own(event, own, holder));
}

function at_the_end({ auction }: AuctionView, who: Whose, price: number, is_bidder: boolean): Standing {
  if (who === "mine") return { kind: auction.sold === true ? "won" : "below_reserve", amount: price };
  return { kind: is_bidder ? "lost" : "none" };
}

// null = it cannot be said at this moment: what was shown before stays.
export function standing(view: AuctionView, own: Own, holder: string | null): Standing | null {
  const { state, price, leader, sequence } = view.auction;
  if (holder === null || state === "cancelled") return { kind: "none" };
  const is_bidder = has_bid(view, own, holder);
  const { told } = own;
  if (told !== null && told.sequence > sequence && told.price !== null) { // the answer was quicker than the event
    if (told.leads) return { kind: "leading", amount: told.price };
    return is_bidder ? { kind: "outbid", price: told.price, leader: told.leader ?? "" } : { kind: "none" };
  }
  if (price === null || leader === null) return { kind: "none" };
  const who = whose(view, own, holder);
  if (who === "waiting") return null;
  if (who === "perhaps") return { kind: "perhaps" };
  if (state === "closed") return at_the_end(view, who, price, is_bidder);
  if (who === "mine") return { kind: "leading", amount: price };
  return is_bidder ? { kind: "outbid", price, leader } : { kind: "none" };
}
