// The price over time, drawn at most a few times a second, with what it shows in words.
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Auction } from "@flashbid/client";
import { client, second } from "../../house";
import { money } from "../../money";
import { language, locale } from "../../texts";
import type { Following } from "./follow";
import type { Plot } from "./plot";
import { say } from "./texts";

const REDRAW_MS = 250;
const DAY_S = 86_400;

function time_label(at_s: number, step_s: number): string {
  const options: Intl.DateTimeFormatOptions = step_s >= DAY_S ? { day: "numeric", month: "short" }
    : { hour: "2-digit", minute: "2-digit", hour12: false, ...(step_s < 60 ? { second: "2-digit" } : {}) };
  return new Date(at_s * 1000).toLocaleString(locale(), options);
}

// The last price holds until now, or until the end. Of what is over the whole time is shown.
function draw(plot: Plot, following: Following): void {
  const auction = following.view.peek()?.auction;
  const bids = following.prices.all;
  if (auction === undefined) return;
  const times_s = bids.map((bid) => Date.parse(bid.at) / 1000);
  const prices: (number | null)[] = bids.map((bid) => bid.amount);
  const last = bids.at(-1);
  if (last !== undefined) {
    const until_s = Math.min(client.clock.now(), Date.parse(auction.closes_at)) / 1000;
    times_s.push(Math.max(until_s, Date.parse(last.at) / 1000));
    prices.push(last.amount);
    if (auction.state === "closed") {
      times_s.unshift(Date.parse(auction.opens_at) / 1000);
      prices.unshift(null);
    }
  }
  plot.draw(times_s, prices);
}

function keep_drawn(place: HTMLElement, following: Following, plot: Plot): () => void {
  let waiting: ReturnType<typeof setTimeout> | null = null;
  const soon = () => {
    waiting ??= setTimeout(() => {
      waiting = null;
      draw(plot, following);
    }, REDRAW_MS);
  };
  draw(plot, following);
  const stop = effect(() => {
    void following.prices.version.value;
    void second.value;
    void language.value;
    soon();
  });
  const resized = new ResizeObserver(() => plot.fit());
  resized.observe(place);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", plot.recolour);
  return () => {
    stop();
    if (waiting !== null) clearTimeout(waiting);
    resized.disconnect();
    scheme.removeEventListener("change", plot.recolour);
    plot.end();
  };
}

export function Chart({ following, auction }: { following: Following; auction: Auction }) {
  const place = useRef<HTMLDivElement>(null);
  const words = say();
  useEffect(() => {
    let end = () => {};
    let is_gone = false;
    void import("./plot").then(({ make_plot }) => {
      if (is_gone || place.current === null) return;
      const plot = make_plot(place.current, { price: (amount) => money(Math.round(amount), auction.currency).replace(/ .*$/, ""), time: time_label });
      end = keep_drawn(place.current, following, plot);
    });
    return () => {
      is_gone = true;
      end();
    };
  }, [following]);
  void following.prices.version.value;
  const bids = following.prices.all;
  const [first, last] = [bids[0], bids.at(-1)];
  const told = first === undefined || last === undefined ? words.chart_empty
    : first === last ? words.chart_one(money(first.amount, auction.currency))
      : words.chart_told(money(first.amount, auction.currency), money(last.amount, auction.currency), bids.length,
        words.duration(Date.parse(last.at) - Date.parse(first.at)));
  return (
    <section class="panel charted" aria-labelledby="chart-head">
      <h2 id="chart-head">{words.chart}</h2>
      <div id="chart" ref={place} class={`chart ${first === undefined ? "empty" : ""}`} role="img" aria-labelledby="chart-head" aria-describedby="chart-told" />
      <p id="chart-told" class="quiet number">{told}</p>
    </section>
  );
}
