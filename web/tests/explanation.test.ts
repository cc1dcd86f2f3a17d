import { describe, expect, test } from "vitest";
import type { Auction } from "../src/client";
import { type EventTold, type Explained, type Line, lines_of, moves_of, type RejectionTold, why_words } from "../src/pages/operate/explanation";

const auction = { currency: "CNY", opens_at: "T0", amount_limit: 90000, soft_close: { window_ms: 120000, extend_ms: 60000, mode: "from_bid", max_extensions: 3 } } as unknown as Auction;
const seen = (price: number | null, closes_at = "T1") => ({ price, leader: null, minimum_next: null, closes_at });
const event = (sequence: number, more: object): EventTold =>
  ({ sequence, at: `2026-01-01T00:00:0${sequence}.000Z`, by: null, before: seen(10000), after: seen(10500), why: `why ${sequence}`, ...more }) as EventTold;
const refused = (as_of_sequence: number, second: number, more: object = {}): RejectionTold =>
  ({ as_of_sequence, at: `2026-01-01T00:00:0${second}.000Z`, by: "Bob", amount: 100, reason: "amount_below_minimum", price: 10000, leader: "Alice",
    minimum_next: 10500, closes_at: "T1", step: { step: 500, from: 0, below: null }, why: "why not", ...more });
const page = (events: EventTold[], rejections: RejectionTold[] = []): Explained =>
  ({ events, rejections, rejections_since: "", next_after_sequence: events.at(-1)?.sequence ?? 0 });
const zh = (line: object) => why_words.zh(line as Line, auction, (at) => `<${at}>`);

describe("lines", () => {
  test("a refused bid stands behind the state it was refused on, and once however often it is told", () => {
    const told = [page([event(1, {}), event(2, {})], [refused(1, 2), refused(1, 1)]), page([], [refused(2, 3)]), page([], [refused(2, 3), refused(2, 4)])];
    expect(lines_of(told).map((line) => (line.event === "rejected" ? `r${line.as_of_sequence}@${line.at.slice(18, 19)}` : line.sequence)))
      .toEqual([1, "r1@1", "r1@2", 2, "r2@3", "r2@4"]);
  });

  test("only what moved is shown to have moved", () => {
    expect(moves_of(event(3, { event: "bid_accepted" }))).toEqual([{ of: "price", from: 10000, to: 10500 }]);
    expect(moves_of(event(3, { after: seen(10000, "T2") }))).toEqual([{ of: "closes_at", from: "T1", to: "T2" }]);
    expect(moves_of(event(1, { before: null }))).toEqual([]);
  });
});

describe("why, in Chinese", () => {
  test("of events", () => {
    expect(zh(event(1, { event: "created", by: "boss" }))).toBe("boss 创建了拍卖。");
    expect(zh(event(2, { event: "opened", numbers: { opens_at: "T0" } }))).toBe("已到开始时间 <T0>。");
    const bid = { event: "bid_accepted", by: "Bob" };
    expect(zh(event(3, { ...bid, numbers: { amount: 10000, least: 10000, step: null, left_ms: 300000, end: "before_window" } })))
      .toBe("Bob 出价 100.00 CNY：首次出价须达到起拍价 100.00 CNY。距结束 5 分钟，早于最后 2 分钟，结束时间不变。");
    expect(zh(event(4, { ...bid, numbers: { amount: 10500, least: 10500, step: { step: 500, from: 5000, below: 20000 }, left_ms: 60000, end: "moved" } })))
      .toBe("Bob 出价 105.00 CNY：当前价 100.00 CNY 时加价幅度为 5.00 CNY（50.00 CNY 起，低于 200.00 CNY），须不低于 105.00 CNY。距结束 1 分钟，在最后 2 分钟内，结束时间顺延。");
    expect(zh(event(5, { event: "extended", after: seen(10500, "T2"), numbers: { bid_sequence: 4, left_ms: 60000, extensions: 1 } })))
      .toBe("第 4 号出价距结束 1 分钟，在最后 2 分钟内：结束时间由 <T1> 移至 <T2>，即该次出价后 1 分钟；第 1 次顺延，最多 3 次。");
    const closed = (numbers: object) => zh(event(6, { event: "closed", numbers }));
    expect(closed({ sold: false, winner: null, price: null, reserve_met: null })).toBe("已到结束时间 <T1>。无人出价，流拍。");
    expect(closed({ sold: false, winner: null, price: 10500, reserve_met: false })).toBe("已到结束时间 <T1>。105.00 CNY 低于保留价，未成交。");
    expect(closed({ sold: true, winner: "Bob", price: 10500, reserve_met: null })).toBe("已到结束时间 <T1>。Bob 以 105.00 CNY 竞得。");
  });

  test("of refused bids, and of a reason that is not known yet", () => {
    const rejected = (more: object) => zh({ event: "rejected", ...refused(2, 3, more) });
    expect(rejected({})).toBe("1.00 CNY 低于 105.00 CNY：当前价 100.00 CNY 时加价幅度为 5.00 CNY。");
    expect(rejected({ reason: "closed" })).toBe("拍卖已于 <T1> 结束。");
    expect(rejected({ reason: "amount_above_limit", amount: 90001 })).toBe("900.01 CNY 高于上限 900.00 CNY。");
    expect(rejected({ reason: "of_tomorrow" })).toBe("why not");
  });

  test("English is what the server says", () => {
    expect(why_words.en(event(1, { event: "created" }), auction, String)).toBe("why 1");
  });
});
