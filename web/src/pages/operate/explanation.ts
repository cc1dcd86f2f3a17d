// What /v1/auctions/{id}/explain tells, as the page shows it: one line a fact, and why it is so in the visitor's language. The
// server says it in English; the other language says the same from the same numbers. Pure.
import type { Auction, Reason } from "../../client";
import { money } from "../../money";
import { terms_words } from "../../texts/terms";

export interface Shown {
  price: number | null;
  leader: string | null;
  minimum_next: number | null;
  closes_at: string;
}
interface Step {
  step: number;
  from: number;
  below: number | null;
}
interface Told {
  sequence: number;
  at: string;
  by: string | null;
  before: Shown | null;
  after: Shown;
  why: string;
}
export type EventTold = Told & (
  | { event: "created" | "cancelled"; rule: "operator_asked" }
  | { event: "opened"; rule: "opens_at_reached"; numbers: { opens_at: string } }
  | { event: "bid_accepted"; rule: "opening_price_reached" | "minimum_next_reached";
    numbers: { amount: number; least: number; step: Step | null; left_ms: number;
      end: "none" | "before_window" | "moved" | "not_later" | "extensions_used" } }
  | { event: "extended"; rule: "soft_close"; numbers: { bid_sequence: number; left_ms: number; extensions: number } }
  | { event: "closed"; rule: "closes_at_reached";
    numbers: { sold: boolean; winner: string | null; price: number | null; reserve_met: boolean | null } });
export interface RejectionTold extends Omit<Shown, "leader"> {
  as_of_sequence: number;
  at: string;
  by: string;
  amount: number;
  reason: Reason;
  leader: string | null;
  step: Step | null;
  why: string;
}
export interface Explained {
  events: EventTold[];
  rejections: RejectionTold[];
  rejections_since: string; // of those decided from here on none is missing
  next_after_sequence: number;
}
export type Line = EventTold | (RejectionTold & { event: "rejected" });

const place = (line: Line) => (line.event === "rejected" ? line.as_of_sequence : line.sequence);
const name_of = (line: Line) => (line.event === "rejected" ? `${line.as_of_sequence} ${line.at} ${line.by} ${line.amount}` : `${line.sequence}`);

// The lines of some pages in the order in which they came to be: a refused bid behind the state that it was refused on. What
// two pages tell is there once.
export function lines_of(pages: readonly Explained[]): Line[] {
  const lines = new Map<string, Line>();
  for (const { events, rejections } of pages) {
    for (const line of [...events, ...rejections.map((rejection) => ({ ...rejection, event: "rejected" as const }))]) lines.set(name_of(line), line);
  }
  return [...lines.values()].sort((a, b) => place(a) - place(b) || Number(a.event === "rejected") - Number(b.event === "rejected")
    || Date.parse(a.at) - Date.parse(b.at));
}

// What bidders saw before and after, where it moved.
export function moves_of(line: Line): { of: "price" | "closes_at"; from: number | string | null; to: number | string | null }[] {
  if (line.event === "rejected" || line.before === null) return [];
  const { before, after } = line;
  return (["price", "closes_at"] as const).flatMap((of) => (before[of] === after[of] ? [] : [{ of, from: before[of], to: after[of] }]));
}

export type Why = (line: Line, auction: Auction, time: (at: string) => string) => string;

const zh: Why = (line, auction, time) => {
  const amount = (value: number | null) => money(value ?? 0, auction.currency);
  const { duration } = terms_words.zh;
  const step_words = (step: Step, price: number | null) =>
    `当前价 ${amount(price)} 时加价幅度为 ${amount(step.step)}${step.from > 0 ? `（${amount(step.from)} 起` : ""}${
      step.below === null ? (step.from > 0 ? "）" : "") : `${step.from > 0 ? "，" : "（"}低于 ${amount(step.below)}）`}`;
  const soft_close = auction.soft_close;
  const inside = (left_ms: number) => `距结束 ${duration(left_ms)}，在最后 ${duration(soft_close?.window_ms ?? 0)}内`;
  switch (line.event) {
    case "created": return `${line.by ?? "未知管理员"} 创建了拍卖。`;
    case "cancelled": return `${line.by ?? "未知管理员"} 取消了拍卖。`;
    case "opened": return `已到开始时间 ${time(line.numbers.opens_at)}。`;
    case "bid_accepted": {
      const { step, least, left_ms, end } = line.numbers;
      const rule = step === null ? `首次出价须达到起拍价 ${amount(least)}。`
        : `${step_words(step, line.before?.price ?? null)}，须不低于 ${amount(least)}。`;
      const ends = {
        none: "",
        before_window: `距结束 ${duration(left_ms)}，早于最后 ${duration(soft_close?.window_ms ?? 0)}，结束时间不变。`,
        moved: `${inside(left_ms)}，结束时间顺延。`,
        not_later: `${inside(left_ms)}，但出价后 ${duration(soft_close?.extend_ms ?? 0)}不晚于结束时间，结束时间不变。`,
        extensions_used: `${inside(left_ms)}，但顺延次数已达上限（${soft_close?.max_extensions ?? 0} 次），结束时间不变。`,
      };
      return `${line.by ?? ""} 出价 ${amount(line.numbers.amount)}：${rule}${ends[end]}`;
    }
    case "extended": {
      const { bid_sequence, left_ms, extensions } = line.numbers;
      const from = soft_close?.mode === "from_close" ? "原定结束时间" : "该次出价";
      const most = soft_close?.max_extensions == null ? "" : `，最多 ${soft_close.max_extensions} 次`;
      return `第 ${bid_sequence} 号出价${inside(left_ms)}：结束时间由 ${time(line.before?.closes_at ?? line.after.closes_at)} 移至 ${time(line.after.closes_at)}，即${from}后 ${
        duration(soft_close?.extend_ms ?? 0)}；第 ${extensions} 次顺延${most}。`;
    }
    case "closed": {
      const { sold, winner, price, reserve_met } = line.numbers;
      const reached = `已到结束时间 ${time(line.before?.closes_at ?? line.after.closes_at)}。`;
      if (price === null) return `${reached}无人出价，流拍。`;
      if (!sold) return `${reached}${amount(price)} 低于保留价，未成交。`;
      return `${reached}${winner ?? ""} 以 ${amount(price)} 竞得${reserve_met === null ? "" : "，达到保留价"}。`;
    }
    case "rejected": {
      const reasons: Record<Reason, string> = {
        not_open_yet: `${time(auction.opens_at)} 才开始。`,
        closed: `拍卖已于 ${time(line.closes_at)} 结束。`,
        cancelled: "拍卖已取消。",
        own_auction: `${line.by} 是卖家。`,
        already_leading: `${line.by} 已经领先，按规则不能提高自己的出价。`,
        amount_below_minimum: line.minimum_next === null ? "已没有更高的金额可出。"
          : `${amount(line.amount)} 低于 ${amount(line.minimum_next)}：${
            line.step === null ? "首次出价须达到起拍价" : step_words(line.step, line.price)}。`,
        amount_above_limit: `${amount(line.amount)} 高于上限 ${amount(auction.amount_limit)}。`,
      };
      return Object.hasOwn(reasons, line.reason) ? reasons[line.reason] : line.why;
    }
  }
};

export const why_words: { en: Why; zh: Why } = { en: (line) => line.why, zh };
