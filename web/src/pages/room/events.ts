// Events of an auction as sentences. Pure.
import type { Auction, AuctionEvent, EventBidAccepted, EventExtended } from "@flashbid/client";
import { money } from "../../money";
import { short, type en } from "./words";

type Words = typeof en;
// A bid right after another moves the end by next to nothing.
const WORTH_TELLING_MS = 1000;

type TimeOfDay = (at: string) => string;

export interface Move {
  event: EventExtended;
  by_ms: number | null;
  bid: EventBidAccepted | null; // the one that moved it
}

// An extension stands right after its bid, which tells when the end was before.
export function move_of(event: EventExtended, before: AuctionEvent | undefined): Move {
  const bid = before?.event === "bid_accepted" && before.sequence === event.sequence - 1 ? before : null;
  return { event, bid, by_ms: bid === null ? null : Date.parse(event.closes_at) - Date.parse(bid.closes_at) };
}

export function last_move(events: readonly AuctionEvent[]): Move | null {
  const index = events.findLastIndex((event) => event.event === "extended");
  const event = events[index];
  return event?.event === "extended" ? move_of(event, events[index - 1]) : null;
}

export function move_sentence({ event, by_ms, bid }: Move, auction: Auction, words: Words, time: TimeOfDay): string {
  const to = time(event.closes_at);
  if (by_ms === null || bid === null || auction.soft_close === null) return words.event_moved_to(to);
  const last = words.last(auction.soft_close.window_ms);
  if (by_ms < WORTH_TELLING_MS) return words.moved_little(to, short(bid.bidder), last);
  return words.moved(words.duration(by_ms), to, short(bid.bidder), last);
}

// A line of the list.
export function line(event: AuctionEvent, before: AuctionEvent | undefined, is_own: boolean, currency: string, words: Words,
  time: TimeOfDay): string {
  switch (event.event) {
    case "created":
      return words.created;
    case "opened":
      return words.opened;
    case "bid_accepted":
      return is_own ? words.event_own_bid(money(event.amount, currency)) : words.event_bid(event.bidder, money(event.amount, currency));
    case "extended": {
      const { by_ms } = move_of(event, before);
      const to = time(event.closes_at);
      return by_ms === null || by_ms < WORTH_TELLING_MS ? words.event_moved_to(to) : words.event_moved(words.duration(by_ms), to);
    }
    case "closed":
      return event.sold && event.winner !== null && event.price !== null
        ? words.event_sold(event.winner, money(event.price, currency)) : words.event_unsold;
    case "cancelled":
      return words.event_cancelled;
    default:
      return words.event_other((event as { event: string }).event); // of a newer server
  }
}
