// What the system is for, within a minute: bots bid, the price moves, and a checker judges what they were told.
import { useEffect, useState } from "preact/hooks";
import type { Auction } from "@flashbid/client";
import { client, session } from "../../house";
import { Price } from "../../parts/price";
import { language } from "../../texts";
import { problem_words } from "../../texts/problems";
import { Chart } from "./chart";
import { OrderForm } from "./order_form";
import { follow, is_away, type LoadRun, problem, run } from "./run";
import { count, milliseconds, t } from "./words";
import "./load.css";

// How it stands, in words; said aloud when it changes, which is why the seconds are not in it.
function verdict_of(one: LoadRun | null): { text: string; tone: "" | "good" | "bad" } {
  const words = t();
  if (one === null) return { text: words.before, tone: "" };
  const why = one.detail ?? "";
  if (one.state === "checking") return { text: words.checking, tone: "" };
  if (one.state === "failed") return { text: words.failed(why), tone: "bad" };
  switch (one.verdict) {
    case "clean":
      return { text: `${words.clean(count(one.accepted + one.rejected))} ${why}`, tone: "good" };
    case "violations":
      return { text: words.violations(count(one.violations ?? 0), why), tone: "bad" };
    case "nothing_decided":
      return { text: words.nothing(why), tone: "bad" };
    default:
      return { text: "", tone: "" };
  }
}

function Progress({ one }: { one: LoadRun }) {
  const passed_ms = Math.min(one.duration_ms, Math.max(0, Date.parse(one.server_time) - Date.parse(one.started_at)));
  const text = t().running(Math.ceil((one.duration_ms - passed_ms) / 1000));
  return (
    <p class="load-progress">
      <progress max={one.duration_ms} value={passed_ms} aria-label={text} /> <span class="number">{text}</span>
    </p>
  );
}

function Verdict({ one }: { one: LoadRun | null }) {
  const { text, tone } = verdict_of(one);
  const words = t();
  const others = (one?.refused ?? 0) + (one?.unknown ?? 0);
  const refusal = problem.value;
  return (
    <section class={`panel load-judged ${tone}`}>
      {one?.state === "running" && <Progress one={one} />}
      <p id="load-verdict" class="load-said" role="status">{tone === "good" && <span aria-hidden="true">✓ </span>}{text}</p>
      <p id="load-problem" class="quiet" role="status">{refusal !== null ? problem_words(refusal, language.value)
        : is_away.value ? words.away : one !== null && others > 0 ? words.others(count(one.refused), count(one.unknown)) : ""}</p>
    </section>
  );
}

function Figures({ one }: { one: LoadRun | null }) {
  const words = t();
  const shown = (n: number | undefined) => (n === undefined ? "–" : count(n));
  const figures: [id: string, label: string, value: string][] = [
    ["load-per-second", words.per_second, shown(one?.bids_per_second)],
    ["load-accepted", words.accepted, shown(one?.accepted)],
    ["load-rejected", words.rejected, shown(one?.rejected)],
    ["load-p50", words.p50, milliseconds(one?.latency_ms.p50 ?? null)],
    ["load-p99", words.p99, milliseconds(one?.latency_ms.p99 ?? null)],
  ];
  return (
    <dl class="load-figures" aria-label={words.figures}>
      {figures.map(([id, label, value]) => (
        <div class="panel" key={id}><dt>{label}</dt><dd id={id} class="number">{value}</dd></div>
      ))}
    </dl>
  );
}

// The auction that is bid on, as any visitor sees it: the bots' prices come the way that everybody's do.
function Target({ id }: { id: number | null }) {
  const words = t();
  const [auction, set_auction] = useState<Auction | null>(null);
  useEffect(() => {
    set_auction(null);
    if (id === null) return;
    const watch = client.watch(id, (view) => set_auction(view.auction), { mode: "latest" });
    return () => watch.end();
  }, [id]);
  return (
    <section class="panel load-target">
      <h2>{words.price}</h2>
      {auction === null ? <p class="price number">–</p> : <Price auction={auction} id="load-price" />}
      <p class="quiet">{auction === null ? "" : auction.title}</p>
      <p>{id !== null && (
        <a id="load-room" href={`#${id}`} target="_blank" rel="noopener" title={words.in_new_tab}>{words.room} ↗</a>
      )}</p>
    </section>
  );
}

// What was decided in each stretch, as a number a second.
function rates(one: LoadRun | null, name: "accepted" | "rejected"): (number | null)[] {
  return (one?.series ?? []).map((point, n, all) => {
    const ms = point.at_ms - (all[n - 1]?.at_ms ?? 0);
    return ms > 0 ? (point[name] * 1000) / ms : null;
  });
}

function Charts({ one }: { one: LoadRun | null }) {
  const words = t();
  const series = one?.series ?? [];
  const shared = { seconds: series.map(({ at_ms }) => at_ms / 1000), until_s: (one?.duration_ms ?? 10_000) / 1000 };
  return (
    <div class="load-charts">
      <Chart id="load-throughput" title={words.throughput} {...shared} lines={[
        { label: words.accepted, colour: "--good", values: rates(one, "accepted") },
        { label: words.rejected, colour: "--accent", values: rates(one, "rejected") },
      ]} />
      <Chart id="load-latency" title={words.latency} {...shared} lines={[
        { label: words.median, colour: "--accent", values: series.map(({ p50_ms }) => p50_ms) },
        { label: words.slowest, colour: "--warm", values: series.map(({ p99_ms }) => p99_ms) },
      ]} />
    </div>
  );
}

export function LoadPanel() {
  const words = t();
  const is_here = session.terms.value.load === true;
  useEffect(() => (is_here ? follow() : undefined), [is_here]);
  const one = run.value;
  return (
    <div class="load-panel">
      <h1 tabIndex={-1}>{words.title}</h1>
      {!is_here ? <p>{session.known.value ? words.not_here : ""}</p> : (
        <>
          <p class="quiet">{words.what}</p>
          <OrderForm />
          <div class="load-now">
            <Verdict one={one} />
            <Target id={one?.auction_id ?? null} />
          </div>
          <Figures one={one} />
          <Charts one={one} />
        </>
      )}
    </div>
  );
}
