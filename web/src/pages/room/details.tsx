// The lot and its terms in words. All of it is text that somebody wrote: shown as text.
import { useState } from "preact/hooks";
import type { Auction } from "@flashbid/client";
import { client, second } from "../../house";
import { money } from "../../money";
import { day_and_time, say } from "./texts";

const AGREES_MS = 500;

export function Picture({ auction }: { auction: Auction }) {
  const [failed, set_failed] = useState(false);
  if (auction.image_url === null || failed) return null;
  return (
    <div class="picture">
      <img src={auction.image_url} alt={say().picture_of(auction.title)} loading="lazy" decoding="async" referrerpolicy="no-referrer"
        onError={() => set_failed(true)} />
    </div>
  );
}

// Whose clock counts; measured over the socket.
function ServerClock() {
  void second.value;
  const words = say();
  const { offset_ms } = client.clock;
  if (Math.abs(offset_ms) < AGREES_MS) return <>{words.clock_same}</>;
  return <>{words.clock_differs(words.duration(Math.abs(offset_ms)), offset_ms < 0)}</>;
}

function Term({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return <div><dt>{name}</dt><dd>{children}</dd></div>;
}

export function Details({ auction }: { auction: Auction }) {
  const words = say();
  const has_opened = auction.state !== "scheduled";
  return (
    <section class="panel details" aria-labelledby="details-head">
      <h2 id="details-head">{words.details}</h2>
      <Picture auction={auction} />
      <p id="description" class={auction.description === "" ? "quiet" : "description"}>{auction.description || words.no_description}</p>
      <dl>
        <Term name={words.steps}>{words.increment(auction.increment, auction.currency).map((each) => <p key={each}>{each}</p>)}</Term>
        <Term name={words.end}>{words.soft_close(auction.soft_close)}</Term>
        <Term name={words.own_bids}>{auction.self_outbid ? words.leader_again : words.leader_not_again}</Term>
        {auction.amount_limit !== null && <Term name={words.limit}>{money(auction.amount_limit, auction.currency)}</Term>}
        <Term name={words.opening}>{money(auction.opening_price, auction.currency)}</Term>
        {auction.seller !== null && <Term name={words.seller_name}>{auction.seller}</Term>}
        <Term name={has_opened ? words.opened_at : words.opens}><time dateTime={auction.opens_at}>{day_and_time(auction.opens_at)}</time></Term>
        <Term name={auction.state === "closed" ? words.closed_at : words.closes}>
          <time dateTime={auction.closes_at}>{day_and_time(auction.closes_at)}</time>
        </Term>
        <Term name={words.server_clock}><ServerClock /></Term>
        <Term name={words.number}>{auction.id}</Term>
      </dl>
    </section>
  );
}
