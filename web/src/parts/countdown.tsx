// The time that is left on the server's clock, as h:mm:ss; with days in front of it when it is long.
import type { Auction } from "@flashbid/client";
import { second } from "../house";
import { t } from "../texts";

export function left(until: string, now_s: number): string {
  const seconds = Math.max(0, Math.ceil(Date.parse(until) / 1000 - now_s));
  const two = (n: number) => String(n).padStart(2, "0");
  const clock = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds >= 86400 ? `${Math.floor(seconds / 86400)}d ${clock}` : clock;
}

// Says nothing of an auction that is over.
export function Countdown({ auction, id }: { auction: Auction; id?: string }) {
  const words = t();
  const text = auction.state === "open" ? words.ends_in(left(auction.closes_at, second.value))
    : auction.state === "scheduled" ? words.opens_in(left(auction.opens_at, second.value)) : "";
  return <span id={id} class="clock number">{text}</span>;
}
