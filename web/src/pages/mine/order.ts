// In which order one's auctions are listed: what asks for something first. Pure but for the signals it reads.
import type { Auction } from "@flashbid/client";
import type { Stake } from "../../own/stakes";
import type { Standing } from "../../own/standing";

export function tone(kind: Standing["kind"]): "good" | "warm" | "calm" {
  return kind === "leading" || kind === "won" ? "good" : kind === "outbid" || kind === "below_reserve" ? "warm" : "calm";
}

function rank(auction: Auction | null): number {
  return auction === null ? 2 : auction.state === "open" ? 0 : auction.state === "scheduled" ? 1 : 3;
}

// Open ones by their end, coming ones by their beginning, then what is over, the newest first.
function before(one: Auction | null, other: Auction | null): number {
  const by_rank = rank(one) - rank(other);
  if (by_rank !== 0 || one === null || other === null) return by_rank;
  if (one.state === "scheduled") return Date.parse(one.opens_at) - Date.parse(other.opens_at);
  const by_end = Date.parse(one.closes_at) - Date.parse(other.closes_at);
  return one.state === "open" ? by_end : -by_end;
}

export function in_order(stakes: readonly Stake[]): Stake[] {
  return [...stakes].sort((one, other) => before(one.auction.value, other.auction.value) || one.id - other.id);
}
