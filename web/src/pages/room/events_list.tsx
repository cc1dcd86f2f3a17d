// What happened, the newest first. A row is a place and not an event: a new event moves the texts and no element, so that
// nothing on the page shifts however often it comes.
import { Component } from "preact";
import { useState } from "preact/hooks";
import type { AuctionEvent } from "@flashbid/client";
import { session } from "../../house";
import { language } from "../../texts";
import { line } from "./events";
import { type Following, ROWS } from "./follow";
import { is_own } from "../../own/standing";
import { say, time_of_day } from "./texts";

const PAGE = 200;

interface RowProps {
  event: AuctionEvent;
  before: AuctionEvent | undefined;
  currency: string;
  is_own: boolean;
  spoken: string; // the language
}

class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { event, before, is_own, spoken } = this.props;
    return next.event !== event || next.before !== before || next.is_own !== is_own || next.spoken !== spoken;
  }

  override render({ event, before, currency, is_own }: RowProps) {
    const text = line(event, before, is_own, currency, say(), time_of_day);
    return (
      <li value={event.sequence} class={`${event.event} ${is_own ? "own" : ""}`}>
        <span class="what number" title={text}>{text}</span>
        <time class="number" dateTime={event.at}>{time_of_day(event.at)}</time>
      </li>
    );
  }
}

function Rows({ events, following, currency }: { events: readonly AuctionEvent[]; following: Following; currency: string }) {
  const holder = session.holder.value;
  const own = following.own.value;
  const rows = [];
  for (let i = events.length - 1; i >= 0; --i) {
    const event = events[i] as AuctionEvent;
    rows.push(<Row key={rows.length} event={event} before={events[i - 1]} currency={currency} spoken={language.value}
      is_own={event.event === "bid_accepted" && is_own(event, own, holder)} />);
  }
  return <ol id="events" class="events" reversed>{rows}</ol>;
}

// A page of the past stands still; the newest page lives.
export function EventsList({ following, currency }: { following: Following; currency: string }) {
  const [page, set_page] = useState<AuctionEvent[] | null>(null);
  const [trouble, set_trouble] = useState(false);
  const words = say();
  const events = page ?? following.newest.value;
  const first = events[0]?.sequence ?? 1;
  const last = events.at(-1)?.sequence ?? 0;
  const turn = (before: number, count: number) => {
    following.older(before, count).then(
      (found) => {
        set_page(found);
        set_trouble(false);
      },
      () => set_trouble(true));
  };
  const newer = () => {
    const newest = following.newest.value.at(-1)?.sequence ?? 0;
    if (last + PAGE >= newest - ROWS) set_page(null);
    else turn(last + PAGE + 1, PAGE);
  };
  return (
    <section class="panel happened" aria-labelledby="events-head">
      <h2 id="events-head">{words.events}</h2>
      <div class="scrolled" tabIndex={0} role="region" aria-labelledby="events-head">
        <Rows events={events} following={following} currency={currency} />
      </div>
      <div class="pages">
        <button id="older" type="button" disabled={first <= 1} onClick={() => turn(first, PAGE)}>{words.older}</button>
        <button id="newer" type="button" disabled={page === null} onClick={newer}>{words.newer}</button>
        <button id="newest" type="button" disabled={page === null} onClick={() => set_page(null)}>{words.newest}</button>
        <span class="quiet number">{trouble ? words.unreadable_page : page !== null && last > 0 ? words.shown(first, last) : ""}</span>
      </div>
    </section>
  );
}
