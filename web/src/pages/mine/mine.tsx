// The visitor's own auctions: what they have bid on and where they stand, and what they watch.
import { session } from "../../house";
import { notify, notifying } from "../../own/notices";
import { type Stake, stakes } from "../../own/stakes";
import { say } from "../../own/texts";
import { watchlist } from "../../own/watchlist";
import { Countdown } from "../../parts/countdown";
import { Price } from "../../parts/price";
import { Star } from "../../parts/star";
import { t } from "../../texts";
import { in_order, tone } from "./order";
import "./mine.css";

function Row({ stake }: { stake: Stake }) {
  const words = say();
  const auction = stake.auction.value;
  const { kind } = stake.standing.value;
  const { id } = stake;
  if (auction === null) {
    const text = stake.is_gone.value ? words.gone(id) : words.loading;
    return <li class="stake quiet" data-id={id}><span class="what">{text}</span><Star id={id} title={text} /></li>;
  }
  return (
    <li class={`stake ${tone(kind)}`} data-id={id} data-standing={kind}>
      <a class="what" href={`#${id}`}>{auction.title}</a>
      <span class={`told ${tone(kind)}`}>{words.standings[kind]}</span>
      <Price auction={auction} />
      <span class="when"><span class={`badge ${auction.state}`}>{t().states[auction.state]}</span> <Countdown auction={auction} /></span>
      <Star id={id} title={auction.title} />
    </li>
  );
}

function List({ id, head, held, empty }: { id: string; head: string; held: Stake[]; empty: string }) {
  return (
    <section class="panel" aria-labelledby={`${id}-head`}>
      <h2 id={`${id}-head`}>{head} <span class="count number">{held.length}</span></h2>
      {held.length === 0 ? <p class="quiet">{empty}</p>
        : <ul id={id} class="stakes">{held.map((stake) => <Row key={stake.id} stake={stake} />)}</ul>}
    </section>
  );
}

function Notify() {
  const words = say();
  const now = notifying.value;
  if (now === "none") return null;
  return (
    <div class="panel notify">
      <button id="notify" type="button" aria-pressed={now === "on"} aria-describedby="notify-more" disabled={now === "denied"}
        onClick={() => void notify(now !== "on")}>{words.notify}</button>
      <p id="notify-more" class="quiet" role="status">{now === "denied" ? words.notify_denied : words.notify_more}</p>
    </div>
  );
}

export function Mine() {
  const words = say();
  const all = in_order(stakes.all.value);
  const marked = new Set(watchlist.value);
  const bids = all.filter(({ standing }) => standing.value.kind !== "none");
  const watched = all.filter((stake) => marked.has(stake.id) && !bids.includes(stake));
  return (
    <div class="mine">
      <h1 tabIndex={-1}>{words.mine}</h1>
      <List id="bids" head={words.bids} held={bids} empty={session.holder.value === null ? words.nobody : words.no_bids} />
      <List id="watched" head={words.watched} held={watched} empty={words.no_watched} />
      <Notify />
    </div>
  );
}
