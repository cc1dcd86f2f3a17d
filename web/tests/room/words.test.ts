import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Auction, AuctionEvent, EventBidAccepted, EventExtended, Increment } from "@flashbid/client";
import { banner } from "../../src/pages/room/banner";
import { last_move, line, move_of, move_sentence } from "../../src/pages/room/events";
import { en, result_lines, short, zh } from "../../src/pages/room/words";
import { problem_words } from "../../src/texts/problems";
import { terms_words } from "../../src/texts/terms";

const document_of = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const clock = (at: string) => at.slice(11, 19);
const bid = (closes_at: string): EventBidAccepted => ({
  event: "bid_accepted", auction_id: 1, epoch: 1, sequence: 7, at: "2026-01-01T14:04:30.000Z", bidder: "Bob", amount: 12345, price: 12345,
  leader: "Bob", minimum_next: 12445, closes_at,
});
const extended: EventExtended = { event: "extended", auction_id: 1, epoch: 1, sequence: 8, at: "2026-01-01T14:04:30.000Z",
  closes_at: "2026-01-01T14:05:30.000Z", extensions: 1 };
const lot = { soft_close: { window_ms: 60000, extend_ms: 60000, mode: "from_bid" }, currency: "CNY", state: "open" } as Auction;

describe("durations", () => {
  test("have two units at most, and tenths below ten seconds", () => {
    const { duration } = terms_words.en;
    expect([1000, 3450, 10000, 60000, 90000, 3600000, 3661000, 86400000, 90061000].map(duration)).toEqual([
      "1 second", "3.5 seconds", "10 seconds", "1 minute", "1 minute 30 seconds", "1 hour", "1 hour 1 minute", "1 day", "1 day 1 hour"]);
    expect([60000, 90000].map(terms_words.zh.duration)).toEqual(["1 分钟", "1 分钟 30 秒"]);
  });
});

describe("the soft close in words", () => {
  test("when and by how much the end moves", () => {
    const from_bid = { window_ms: 60000, extend_ms: 300000, mode: "from_bid", max_extensions: null } as const;
    expect(en.soft_close(from_bid)).toBe("A bid in the last minute moves the end to 5 minutes after that bid.");
    expect(zh.soft_close(from_bid)).toBe("最后 1 分钟内有人出价，结束时间顺延至该次出价后 5 分钟。");
    const from_close = { window_ms: 10000, extend_ms: 10000, mode: "from_close", max_extensions: 30 } as const;
    expect(en.soft_close(from_close)).toBe("A bid in the last 10 seconds moves the end by 10 seconds, 30 times at most.");
    expect(zh.soft_close(from_close)).toBe("最后 10 秒内有人出价，结束时间顺延 10 秒，最多顺延 30 次。");
    expect(en.soft_close({ ...from_close, max_extensions: 1 })).toContain("once at most");
    expect(en.soft_close(null)).toBe("The end does not move.");
  });

  test("a move says why", () => {
    const move = move_of(extended, bid("2026-01-01T14:05:00.000Z"));
    expect(move_sentence(move, lot, en, clock)).toBe("The end moved by 30 seconds to 14:05:30, because Bob bid in the last minute.");
    expect(move_sentence(move, lot, zh, clock)).toBe("因 Bob 在最后 1 分钟内出价，结束时间顺延 30 秒至 14:05:30。");
  });

  test("without its bid, or by next to nothing, it says what is known", () => {
    expect(move_sentence(move_of(extended, undefined), lot, en, clock)).toBe("The end moved to 14:05:30");
    expect(move_of(extended, { ...bid("2026-01-01T14:05:00.000Z"), sequence: 6 }).by_ms).toBeNull();
    expect(move_sentence(move_of(extended, bid("2026-01-01T14:05:29.900Z")), lot, en, clock))
      .toBe("The end moved to 14:05:30, because Bob bid in the last minute.");
  });

  test("the last of them is told", () => {
    expect(last_move([])).toBeNull();
    expect(last_move([bid("2026-01-01T14:05:00.000Z"), extended])?.by_ms).toBe(30000);
  });
});

describe("steps in words", () => {
  test("fixed, table, preset", () => {
    expect(en.increment(500, "CNY")).toEqual(["Each bid is at least 5.00 CNY higher."]);
    expect(en.increment({ table: [[10000, 500], [null, 1000]] }, "CNY")).toEqual(
      ["Below 100.00 CNY: at least 5.00 CNY higher.", "From 100.00 CNY on: at least 10.00 CNY higher."]);
    expect(zh.increment({ table: [[null, 1000]] }, "JPY")).toEqual(["每次加价至少 1,000 JPY。"]);
    expect(en.increment({ preset: "yahoo-jp" }, "JPY")[0]).toContain("Yahoo! Auctions Japan");
    expect(en.increment({ preset: "of-tomorrow" } as unknown as Increment, "JPY")[0]).toContain("of-tomorrow");
  });
});

describe("every answer has words of its own in both languages", () => {
  test("every problem of the published table", () => {
    const codes = [...document_of("docs/errors.md").matchAll(/^\| `(\w+)` \| \d{3} \|/gm)].map((found) => found[1] as string);
    expect(codes.length).toBeGreaterThan(30);
    for (const code of codes) {
      const said = { code, detail: "what the server said", retry_after_s: null };
      expect(problem_words(said, "en"), code).not.toBe(said.detail);
      expect(problem_words(said, "zh"), code).toMatch(/\p{Script=Han}/u);
    }
  });

  test("a limit says for how long; a code of tomorrow says what the server said", () => {
    const limited = { code: "rate_limited", detail: "", retry_after_s: 3 };
    expect(problem_words(limited, "en")).toContain("3 seconds");
    expect(problem_words({ ...limited, retry_after_s: 1 }, "en")).toContain("1 second.");
    expect(problem_words(limited, "zh")).toContain("3 秒");
    for (const code of ["of_tomorrow", "constructor", "__proto__"]) {
      expect(problem_words({ code, detail: "as it stands", retry_after_s: null }, "en")).toBe("as it stands");
    }
  });

  test("every reason that a bid is rejected for", () => {
    const listed = /Reason:\s*\n(?:.*\n)*?\s*enum: \[([\w, ]+)\]/.exec(document_of("docs/api/openapi.yaml"))?.[1] ?? "";
    const reasons = listed.split(",").map((each) => each.trim());
    expect(reasons).toContain("amount_below_minimum");
    for (const reason of reasons) {
      expect(en.reasons[reason]?.("1.00 CNY", "9.00 CNY"), reason).toBeTruthy();
      expect(zh.reasons[reason]?.("1.00 CNY", "9.00 CNY"), reason).toMatch(/\p{Script=Han}/u);
    }
    expect(en.reasons["amount_below_minimum"]?.("1.00 CNY", "9.00 CNY")).toContain("1.00 CNY");
    expect(zh.reasons["amount_above_limit"]?.("1.00 CNY", "9.00 CNY")).toContain("9.00 CNY");
  });
});

describe("lines and banners", () => {
  const names = (event: AuctionEvent, is_own = false) => line(event, undefined, is_own, "CNY", en, clock);

  test("an event as a line", () => {
    expect(names(bid("2026-01-01T14:05:00.000Z"))).toBe("Bob bids 123.45 CNY");
    expect(names(bid("2026-01-01T14:05:00.000Z"), true)).toBe("You bid 123.45 CNY");
    const closed = { event: "closed", auction_id: 1, epoch: 1, sequence: 9, at: "", winner: "Bob", price: 5, sold: true } as const;
    expect(names(closed)).toBe("Sold to Bob for 0.05 CNY");
    expect(names({ ...closed, winner: null, sold: false })).toBe("Closed without a sale");
    expect(names({ ...closed, event: "of_tomorrow" } as unknown as AuctionEvent)).toBe("of_tomorrow");
  });

  test("the reserve's story at the end", () => {
    const closed = { ...lot, state: "closed", sold: false, price: 12345, bids: 3, winner: null } as Auction;
    expect(banner(closed, { kind: "none" }, "Carol", en, "").more).toBe("The highest bid, 123.45 CNY, was below the reserve.");
    expect(banner(closed, { kind: "below_reserve", amount: 12345 }, "Bob", en, "").more).toContain("Your bid of 123.45 CNY");
    expect(banner({ ...closed, price: null, bids: 0 }, { kind: "none" }, null, en, "").more).toBe("There was no bid.");
    const sold = { ...closed, sold: true, winner: "Bob" };
    expect(banner(sold, { kind: "lost" }, "Alice", en, "")).toMatchObject({ kind: "lost", more: "Bob won for 123.45 CNY." });
    expect(banner(sold, { kind: "won", amount: 12345 }, "Bob", en, "")).toMatchObject({ head: "You won", tone: "good" });
  });

  test("a long name is cut where a sentence needs room", () => {
    expect(short("B".repeat(64))).toHaveLength(20);
    expect(short("Bob")).toBe("Bob");
  });
});

describe("the result in words", () => {
  const sold = {
    state: "closed", sold: true, winner: "Bob", leader: "Bob", price: 12300, opening_price: 10000, bids: 12, extensions: 2,
    opens_at: "2026-01-01T14:00:00.000Z", closes_at: "2026-01-01T14:10:00.000Z",
  } as Auction;
  const of = (changed: Partial<Auction>, bidders: number | null = 3, words = en) =>
    result_lines({ ...sold, ...changed }, bidders, words, (value) => `${value}`);

  test("sold, and how it came about", () => {
    expect(of({})).toEqual(["Sold to Bob for 12300.", "12 bids by 3 bidders in 10 minutes.", "It opened at 10000, and rose by 23%.",
      "Late bids moved the end twice."]);
    expect(of({}, null, zh)).toEqual(["Bob 以 12300 竞得。", "10 分钟内共 12 次出价。", "起拍价 10000，上涨 23%。", "因临近结束时出价，结束时间顺延 2 次。"]);
    expect(of({ price: 10000, bids: 1, extensions: 0 }, 1)).toEqual(["Sold to Bob for 10000.", "1 bid by 1 bidder in 10 minutes."]);
    expect(of({ opening_price: 0, extensions: 1 }).slice(2)).toEqual(["Late bids moved the end once."]);
  });

  test("not sold, and why", () => {
    expect(of({ sold: false, winner: null, price: null, leader: null, bids: 0 })).toEqual(["Not sold: there was no bid."]);
    expect(of({ sold: false, winner: null })[0]).toBe("Not sold: the highest bid, 12300 by Bob, was below the reserve.");
    expect(of({ state: "cancelled", sold: null })).toEqual(["Called off: no bid of it counts."]);
  });
});
