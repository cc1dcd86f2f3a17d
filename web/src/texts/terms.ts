// What an auction's terms mean, in words, in both languages: durations, steps, the soft close. Pure.
import type { Increment, NewSoftClose } from "@flashbid/client";
import { money } from "../money";

export interface TermsWords {
  duration: (ms: number) => string; // "1 minute 30 seconds"
  last: (ms: number) => string; // "the last minute", of the time before the end
  increment: (increment: Increment, currency: string) => string[]; // a line each
  soft_close: (terms: NewSoftClose | null) => string;
}

const PRESETS: Record<string, string> = { "ebay-us": "eBay US", "yahoo-jp": "Yahoo! Auctions Japan", whatnot: "Whatnot" };
const UNITS_S = [86400, 3600, 60, 1];

// The two largest units of it, beginning with one that is not zero. Tenths below ten seconds.
function units(ms: number): [number, number][] {
  if (ms < 10_000) return [[Math.round(ms / 100) / 10, 3]];
  let rest = Math.round(ms / 1000);
  const found: [number, number][] = [];
  UNITS_S.forEach((size, unit) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || found.length > 0) found.push([count, unit]);
  });
  return found.slice(0, 2).filter(([count]) => count > 0);
}

const EN_UNITS = ["day", "hour", "minute", "second"];
const ZH_UNITS = [" 天", " 小时", " 分钟", " 秒"];

function en_duration(ms: number): string {
  return units(ms).map(([count, unit]) => `${count} ${EN_UNITS[unit]}${count === 1 ? "" : "s"}`).join(" ");
}

function zh_duration(ms: number): string {
  return units(ms).map(([count, unit]) => `${count}${ZH_UNITS[unit]}`).join(" ");
}

// "the last minute", but "the last 5 minutes".
function en_last(ms: number): string {
  return `the last ${en_duration(ms).replace(/^1 (\w+)$/, "$1")}`;
}

type Rows = [number | null, number][];

export const terms_words: { en: TermsWords; zh: TermsWords } = {
  en: {
    duration: en_duration,
    last: en_last,
    increment: (increment, currency) => {
      if (typeof increment === "number") return [`Each bid is at least ${money(increment, currency)} higher.`];
      if ("preset" in increment) return [`Steps as at ${PRESETS[increment.preset] ?? increment.preset}: the higher the price, the larger.`];
      return (increment.table as Rows).map(([below, step], row, rows) =>
        below !== null ? `Below ${money(below, currency)}: at least ${money(step, currency)} higher.`
          : rows.length === 1 ? `Each bid is at least ${money(step, currency)} higher.`
            : `From ${money(rows[row - 1]?.[0] ?? 0, currency)} on: at least ${money(step, currency)} higher.`);
    },
    soft_close: (terms) => {
      if (terms === null) return "The end does not move.";
      const { window_ms, extend_ms, mode, max_extensions } = terms;
      const often = max_extensions == null ? "" : max_extensions === 1 ? ", once at most" : `, ${max_extensions} times at most`;
      return mode === "from_bid"
        ? `A bid in ${en_last(window_ms)} moves the end to ${en_duration(extend_ms)} after that bid${often}.`
        : `A bid in ${en_last(window_ms)} moves the end by ${en_duration(extend_ms)}${often}.`;
    },
  },
  zh: {
    duration: zh_duration,
    last: (ms) => `最后 ${zh_duration(ms)}内`,
    increment: (increment, currency) => {
      if (typeof increment === "number") return [`每次加价至少 ${money(increment, currency)}。`];
      if ("preset" in increment) return [`加价幅度同 ${PRESETS[increment.preset] ?? increment.preset}：价格越高，幅度越大。`];
      return (increment.table as Rows).map(([below, step], row, rows) =>
        below !== null ? `低于 ${money(below, currency)} 时，每次加价至少 ${money(step, currency)}。`
          : rows.length === 1 ? `每次加价至少 ${money(step, currency)}。`
            : `${money(rows[row - 1]?.[0] ?? 0, currency)} 起，每次加价至少 ${money(step, currency)}。`);
    },
    soft_close: (terms) => {
      if (terms === null) return "结束时间不会顺延。";
      const { window_ms, extend_ms, mode, max_extensions } = terms;
      const often = max_extensions == null ? "" : `，最多顺延 ${max_extensions} 次`;
      return mode === "from_bid"
        ? `最后 ${zh_duration(window_ms)}内有人出价，结束时间顺延至该次出价后 ${zh_duration(extend_ms)}${often}。`
        : `最后 ${zh_duration(window_ms)}内有人出价，结束时间顺延 ${zh_duration(extend_ms)}${often}。`;
    },
  },
};
