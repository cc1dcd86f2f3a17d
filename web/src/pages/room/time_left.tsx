// The time left on the server's clock; tenths in the last ten seconds. Draws itself only.
import { useEffect, useState } from "preact/hooks";
import type { Auction } from "@flashbid/client";
import { client } from "../../house";
import { left } from "../../parts/countdown";
import { t } from "../../texts";
import { say } from "./texts";

const TENTHS_FROM_MS = 10_000;

function words_for(auction: Auction, now_ms: number): string {
  const words = say();
  if (auction.state === "open") {
    const rest_ms = Date.parse(auction.closes_at) - now_ms;
    if (rest_ms <= 0) return words.time_is_up;
    if (rest_ms < TENTHS_FROM_MS) return words.seconds_left((Math.floor(rest_ms / 100) / 10).toFixed(1));
    return t().ends_in(left(auction.closes_at, Math.floor(now_ms / 1000)));
  }
  if (auction.state !== "scheduled") return "";
  return Date.parse(auction.opens_at) <= now_ms ? words.opening_now : t().opens_in(left(auction.opens_at, Math.floor(now_ms / 1000)));
}

export function TimeLeft({ auction }: { auction: Auction }) {
  const [now_ms, set_now] = useState(client.clock.now());
  const rest_ms = Date.parse(auction.closes_at) - now_ms;
  const is_running = auction.state === "open" || auction.state === "scheduled";
  const beat_ms = auction.state === "open" && rest_ms < TENTHS_FROM_MS + 1000 && rest_ms > 0 ? 100 : 1000;
  useEffect(() => {
    if (!is_running) return;
    const timer = setTimeout(() => set_now(client.clock.now()), beat_ms - (client.clock.now() % beat_ms));
    return () => clearTimeout(timer);
  }, [now_ms, is_running, beat_ms]);
  // A price that moves draws this anew between two beats: then it is that moment's time.
  const is_last = auction.state === "open" && rest_ms < TENTHS_FROM_MS;
  return <span id="clock" class={`clock number ${is_last ? "last" : ""}`}>{words_for(auction, client.clock.now())}</span>;
}
