// Where one stands, in two short lines: the same for the page, its title and a screen reader. Pure.
import type { Auction } from "@flashbid/client";
import { money } from "../../money";
import type { Standing } from "../../own/standing";
import { short, type en } from "./words";

export interface Banner {
  kind: Standing["kind"] | "cancelled" | "sold" | "unsold" | "not_yet" | "seller";
  tone: "good" | "warm" | "calm";
  head: string;
  more: string;
}

type Words = typeof en;

function of_the_closed({ winner, price, sold, currency, bids }: Auction, words: Words): Banner {
  const amount = price === null ? "" : money(price, currency);
  if (sold === true) return { kind: "sold", tone: "calm", head: words.sold, more: words.sold_more(amount, short(winner ?? "")) };
  const more = bids === 0 || price === null ? words.unsold_no_bid : words.unsold_reserve(amount);
  return { kind: "unsold", tone: "calm", head: words.below_reserve, more };
}

function of_the_bidder(standing: Standing, auction: Auction, words: Words): Banner | null {
  const amount = (value: number) => money(value, auction.currency);
  const { kind } = standing;
  switch (kind) {
    case "leading":
      return { kind, tone: "good", head: words.leading, more: words.leading_more(amount(standing.amount)) };
    case "outbid":
      return { kind, tone: "warm", head: words.outbid, more: words.outbid_more(amount(standing.price), short(standing.leader)) };
    case "perhaps":
      return { kind, tone: "calm", head: words.perhaps, more: words.perhaps_more };
    case "won":
      return { kind, tone: "good", head: words.won, more: words.won_more(amount(standing.amount)) };
    case "below_reserve":
      return { kind, tone: "warm", head: words.below_reserve, more: words.below_reserve_more(amount(standing.amount)) };
    default:
      return null;
  }
}

export function banner(auction: Auction, standing: Standing, holder: string | null, words: Words, opens: string): Banner {
  if (auction.state === "cancelled") return { kind: "cancelled", tone: "calm", head: words.cancelled, more: words.cancelled_more };
  if (auction.state === "scheduled") return { kind: "not_yet", tone: "calm", head: words.not_yet, more: words.opens_at(opens) };
  const own = of_the_bidder(standing, auction, words);
  const closed = auction.state === "closed";
  if (own !== null && (!closed || standing.kind === "won" || standing.kind === "below_reserve")) return own;
  if (closed) {
    const result = of_the_closed(auction, words);
    if (standing.kind !== "lost" || auction.sold !== true) return result;
    return { ...result, kind: "lost", head: words.lost, more: words.lost_more(money(auction.price ?? 0, auction.currency), short(auction.winner ?? "")) };
  }
  if (auction.seller !== null && auction.seller === holder) return { kind: "seller", tone: "calm", head: words.seller, more: words.seller_more };
  if (auction.price === null) return { kind: "none", tone: "calm", head: words.nobody_yet, more: words.nobody_yet_more };
  return { kind: "none", tone: "calm", head: words.no_bid_of_yours, more: words.no_bid_of_yours_more };
}
