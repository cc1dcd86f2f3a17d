// The auction room: one auction, live.
import { useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Auction, AuctionView, Problem } from "@flashbid/client";
import { client, link, lobby_place, second, session } from "../../house";
import { money } from "../../money";
import { Price } from "../../parts/price";
import { Star } from "../../parts/star";
import { language, t } from "../../texts";
import { problem_words } from "../../texts/problems";
import { Announcer } from "./announcer";
import { type Banner, banner } from "./banner";
import { BidPanel } from "./bid_panel";
import { Bidding } from "./bidding";
import { Chart } from "./chart";
import { Details } from "./details";
import { last_move, move_sentence } from "./events";
import { EventsList } from "./events_list";
import { Following } from "./follow";
import { day_and_time, say, soon_or_day, time_of_day } from "./texts";
import { TimeLeft } from "./time_left";
import { short } from "./words";
import "uplot/dist/uPlot.min.css"; // here, so that drawing the chart later adds nothing to the document's head
import "./room.css";

const MOVE_TOLD_MS = 30_000;
const LONG_PRICE = 16;

function who(auction: Auction): string {
  const words = t();
  if (auction.state === "closed") return auction.sold === true ? words.won(short(auction.winner ?? "")) : words.not_sold;
  return auction.leader === null ? words.no_bid_yet : words.leads(short(auction.leader));
}

// One line that tells what is out of the ordinary: no connection, or that the end has moved, and why.
function Note({ view }: { view: AuctionView }) {
  const words = say();
  void second.value;
  const move = last_move(view.events);
  const is_fresh = move !== null && client.clock.now() - Date.parse(move.event.at) < MOVE_TOLD_MS;
  const is_stale = link.value === "offline";
  const { state, closes_at, soft_close } = view.auction;
  const end = soon_or_day(closes_at, client.clock.now());
  const usual = state === "open" ? words.ends_at(end, soft_close !== null) : state === "closed" ? words.ended_at(end) : "";
  const text = is_stale ? words.stale : is_fresh ? move_sentence(move, view.auction, words, time_of_day) : usual;
  return <p id="note" class={`note ${text === usual ? "" : "told"}`}>{text}</p>;
}

function Reserve({ auction }: { auction: Auction }) {
  const words = say();
  const { reserve_met, state } = auction;
  const text = reserve_met === null || state === "cancelled" ? "" : reserve_met ? words.reserve_met : words.reserve_not_met;
  return <span id="reserve">{text}</span>;
}

function Now({ view, following, standing }: { view: AuctionView; following: Following; standing: Banner }) {
  const words = say();
  const { auction } = view;
  const label = auction.price === null ? words.opening : auction.state === "closed" ? words.final : words.price;
  const is_long = money(auction.price ?? auction.opening_price, auction.currency).length > LONG_PRICE;
  return (
    <section class={`now ${standing.tone}`} aria-label={label}>
      <p class="row">
        <span id="state" class={`badge ${auction.state}`}>{t().states[auction.state]}</span>
        <TimeLeft auction={auction} />
      </p>
      <Note view={view} />
      <p class="quiet label">{label}</p>
      <Price auction={auction} id="price" class={is_long ? "long" : ""} />
      <p id="leader" class="quiet leader">{`${who(auction)} · ${t().bids(auction.bids)}`}</p>
      <p class="quiet aside number">
        <span id="watchers">{t().watchers(Math.max(link.value === "live" ? 1 : 0, following.watchers.value ?? 0))}</span>
        <Reserve auction={auction} />
      </p>
      <div id="standing" class={`standing ${standing.tone}`} data-standing={standing.kind}>
        <strong>{standing.head}</strong>
        <span class="number">{standing.more}</span>
      </div>
    </section>
  );
}

// The title of the tab tells where one stands, also when nobody looks.
function title_of(auction: Auction, { kind, head }: Banner): string {
  const price = money(auction.price ?? auction.opening_price, auction.currency);
  const is_told = kind !== "none" && kind !== "seller" && kind !== "not_yet";
  return `${is_told ? `${head} · ` : ""}${price} · ${auction.title}`;
}

function useRoom(id: number) {
  const room = useMemo(() => {
    const following = new Following(id);
    return { following, bidding: new Bidding(following), announcer: new Announcer() };
  }, [id]);
  useEffect(() => {
    room.following.begin();
    room.bidding.begin();
    return () => {
      room.bidding.end();
      room.following.end();
      room.announcer.end();
    };
  }, [room]);
  return room;
}

function useAnnouncements({ following, bidding, announcer }: ReturnType<typeof useRoom>): void {
  const before = useRef({ standing: "", price: "" });
  useSignalEffect(() => {
    const view = following.view.value;
    const words = say();
    if (view === null) {
      document.title = `${of_the_unseen(following.id, following.trouble.value)[0]} · FlashBid`;
      return;
    }
    const shown = banner(view.auction, following.standing.value, session.holder.value, words, day_and_time(view.auction.opens_at));
    document.title = title_of(view.auction, shown);
    const price = words.announce(money(view.auction.price ?? view.auction.opening_price, view.auction.currency), who(view.auction));
    const { current } = before;
    if (current.price !== "" && current.price !== price) announcer.calmly(price);
    if (current.standing !== "" && current.standing !== shown.kind) announcer.at_once(words.announce(shown.head, shown.more));
    current.price = price;
    current.standing = shown.kind;
  });
  useSignalEffect(() => announcer.at_once(bidding.answer.value.text(say())));
}

function of_the_unseen(id: number, problem: Problem | null): [head: string, more: string] {
  const words = say();
  if (problem === null) return [words.loading, ""];
  if (problem.code === "not_found") return [words.unknown(id), words.unknown_more];
  if (problem.code === "unauthenticated" || problem.code === "forbidden") return [words.private, words.private_more];
  return [words.unreadable, `${problem_words(problem, language.value)} ${words.unreadable_more}`];
}

function Unseen({ id, problem }: { id: number; problem: Problem | null }) {
  const [head, more] = of_the_unseen(id, problem);
  return (
    <div class="panel unseen">
      <h1 id="title" tabIndex={-1}>{head}</h1>
      <p id="unseen-more" class="quiet">{more}</p>
    </div>
  );
}

export function Room({ id }: { id: number }) {
  const room = useRoom(id);
  const { following, bidding, announcer } = room;
  useAnnouncements(room);
  const words = say();
  const view = following.view.value;
  const auction = view?.auction;
  return (
    <article class="room">
      <a class="back" href={`#${lobby_place.value}`}>{`← ${words.back}`}</a>
      {view === null || auction === undefined ? <Unseen id={id} problem={following.trouble.value} /> : (
        <>
          <div class="headline">
            <h1 id="title" tabIndex={-1}>{auction.title}</h1>
            <Star id={id} title={auction.title} with_word />
          </div>
          <div class="panel stage">
            <Now view={view} following={following}
              standing={banner(auction, following.standing.value, session.holder.value, words, day_and_time(auction.opens_at))} />
            <BidPanel auction={auction} bidding={bidding} following={following} />
          </div>
          <Chart following={following} auction={auction} />
          <EventsList following={following} currency={auction.currency} />
          <Details auction={auction} />
        </>
      )}
      <p id="announcement" class="heard" aria-live="polite">{announcer.text.value}</p>
    </article>
  );
}
