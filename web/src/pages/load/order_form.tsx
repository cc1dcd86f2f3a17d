// What the bots are to do.
import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Auction } from "@flashbid/client";
import { client } from "../../house";
import { goes_on, run, start, stop } from "./run";
import { t } from "./words";

const MOST_BOTS = 500;
const MOST_RATE = 50_000;
const DURATIONS_S = [5, 10, 30, 60, 120];

function Duration() {
  const words = t();
  return (
    <label>{words.duration}
      <select id="load-duration" name="duration">
        {DURATIONS_S.map((s) => (
          <option key={s} value={s} selected={s === 10}>{s < 60 ? words.seconds(s) : words.minutes(s / 60)}</option>
        ))}
      </select>
    </label>
  );
}

function Where() {
  const [open, set_open] = useState<Auction[]>([]);
  useEffect(() => {
    client.http.auctions(null, "open").then((page) => set_open(page.items), () => {}); // then a new one only
  }, []);
  return (
    <label>{t().auction}
      <select id="load-auction" name="auction">
        <option value="">{t().new_auction}</option>
        {open.map(({ id, title }) => <option key={id} value={id}>{title}</option>)}
      </select>
    </label>
  );
}

export function OrderForm() {
  const words = t();
  const [has_rate, set_has_rate] = useState(false);
  const [is_starting, set_is_starting] = useState(false);
  const is_running = run.value?.state === "running";
  const submit = async (submitted: JSX.TargetedSubmitEvent<HTMLFormElement>) => {
    submitted.preventDefault();
    const said = new FormData(submitted.currentTarget);
    const number = (name: string) => Number(said.get(name)) || null;
    set_is_starting(true);
    await start({
      auction_id: number("auction"), bots: number("bots") ?? 50, duration_ms: (number("duration") ?? 10) * 1000,
      rate: has_rate ? number("rate") : null,
    });
    set_is_starting(false);
  };
  return (
    <form id="load-form" class="panel load-order" onSubmit={(submitted) => void submit(submitted)}>
      <label>{words.bots}
        <input id="load-bots" name="bots" type="number" required min={1} max={MOST_BOTS} step={1} defaultValue="50" />
      </label>
      <Duration />
      <label>{words.pace}
        <select id="load-pace" value={has_rate ? "rate" : ""} onChange={(change) => set_has_rate(change.currentTarget.value !== "")}>
          <option value="">{words.unlimited}</option>
          <option value="rate">{words.at_rate}</option>
        </select>
      </label>
      <label class={has_rate ? "" : "load-unused"}>{words.rate}
        <input id="load-rate" name="rate" type="number" required min={1} max={MOST_RATE} step={1} defaultValue="2000"
          disabled={!has_rate} />
      </label>
      <Where />
      <div class="load-buttons">
        <button id="load-start" type="submit" class="primary" disabled={is_starting || goes_on(run.value)}>
          {is_starting ? words.starting : words.start}
        </button>
        <button id="load-stop" type="button" disabled={!is_running} onClick={() => void stop()}>{words.stop}</button>
      </div>
    </form>
  );
}
