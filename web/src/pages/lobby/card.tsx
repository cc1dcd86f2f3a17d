// One auction in the list. Drawn anew only when this auction has moved; its sizes do not depend on what it shows.
import type { Signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Auction } from "@flashbid/client";
import { Countdown } from "../../parts/countdown";
import { Price } from "../../parts/price";
import { Star } from "../../parts/star";
import { t } from "../../texts";
import type { Screen } from "./follow";
import { say } from "./texts";

const HUES = 6;

function standing(auction: Auction): string {
  const words = t();
  if (auction.state === "closed") return auction.sold && auction.winner !== null ? words.won(auction.winner) : words.not_sold;
  return auction.leader === null ? words.no_bid_yet : words.leads(auction.leader);
}

function price_label(auction: Auction): string {
  const words = say();
  return auction.price === null ? words.opening : auction.state === "closed" && auction.sold ? words.final : words.price;
}

// The first letter stands behind the picture: there may be none, or it does not come.
function Picture({ id, title, url }: { id: number; title: string; url: string | null }) {
  const [has_failed, set_failed] = useState(false);
  return (
    <div class={`picture hue${id % HUES}`} aria-hidden="true">
      {[...title.trim()][0] ?? ""}
      {url !== null && !has_failed && (
        <img src={url} alt="" loading="lazy" decoding="async" referrerpolicy="no-referrer" onError={() => set_failed(true)} />
      )}
    </div>
  );
}

export function Card({ held, screen }: { held: Signal<Auction>; screen: Screen }) {
  const auction = held.value;
  const element = useRef<HTMLLIElement>(null);
  useEffect(() => (element.current === null ? undefined : screen.add(element.current)), [screen]);
  const words = t();
  return (
    <li ref={element} data-id={auction.id}>
      <a class={`card ${auction.state}`} href={`#${auction.id}`}>
        <Picture id={auction.id} title={auction.title} url={auction.image_url} />
        <div class="body">
          <h3 class="name">{auction.title}</h3>
          <p class="label">{price_label(auction)}</p>
          <Price auction={auction} />
          <p class="quiet">{`${standing(auction)} · ${words.bids(auction.bids)}`}</p>
          <p class="row">
            <span class={`badge ${auction.state}`}>{words.states[auction.state]}</span>
            <Countdown auction={auction} />
          </p>
        </div>
      </a>
      <Star id={auction.id} title={auction.title} />
    </li>
  );
}
