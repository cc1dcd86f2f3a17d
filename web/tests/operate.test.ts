import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Auction } from "../src/client";
import { type Draft, draft_of, EMPTY, field_of, HOUSE_PRESETS, read } from "../src/pages/operate/draft";
import { ordered } from "../src/pages/operate/order";
import { BidRate, OVER_MS } from "../src/pages/operate/rate";
import { type PresetTable, summary } from "../src/pages/operate/summary";
import { both } from "../src/pages/operate/words";
import { terms_words } from "../src/texts/terms";

const NOW = Date.parse("2026-11-26T12:00:00.000Z");
const filled: Draft = { ...EMPTY, title: "Jade bowl", opening_price: "100" };
const errors_of = (changed: Partial<Draft>) => read({ ...filled, ...changed }, NOW).errors;

describe("a draft", () => {
  test("is what the server is asked for", () => {
    expect(read(filled, NOW)).toEqual({ errors: null, auction: {
      title: "Jade bowl", description: "", image_url: null, currency: "CNY", opening_price: 10000, increment: 100, reserve: null,
      opens_at: null, closes_at: "2026-11-26T13:00:00.000Z", seller: null, self_outbid: true, amount_limit: null,
      soft_close: { window_ms: 30000, extend_ms: 30000, mode: "from_bid", max_extensions: null } } });
  });

  test("says what is wrong, field by field", () => {
    expect(read(EMPTY, NOW).errors).toEqual({ title: "missing", opening_price: "missing" });
    expect(errors_of({ currency: "C1" })).toMatchObject({ currency: "no_currency" });
    expect(errors_of({ currency: "jpy", opening_price: "1.5", step: "1" })).toEqual({ opening_price: "no_amount" });
    expect(errors_of({ step: "0" })).toEqual({ step: "no_amount" });
    expect(errors_of({ opening_price: "0" })).toBeNull();
    expect(errors_of({ image_url: "javascript:alert(1)" })).toEqual({ image_url: "no_url" });
    expect(errors_of({ seller: "a b" })).toEqual({ seller: "no_name" });
    expect(errors_of({ closes: "at", closes_at: "" })).toEqual({ closes_at: "missing" });
    expect(errors_of({ closes: "at", closes_at: "2020-01-01T00:00" })).toEqual({ closes_at: "in_the_past" });
    expect(errors_of({ opens: "at", opens_at: "2099-01-02T00:00", closes: "at", closes_at: "2099-01-01T00:00" })).toEqual({ closes_at: "before_opening" });
    expect(errors_of({ window_s: "0", extend_s: "1.5", max_extensions: "x" }))
      .toEqual({ window_s: "no_seconds", extend_s: "no_seconds", max_extensions: "no_count" });
    expect(errors_of({ soft: "none", window_s: "0" })).toBeNull();
    const table = (below: string) => ({ increment: "table" as const, table: [{ below: "10", step: "1" }, { below, step: "2" }, { below: "", step: "3" }] });
    expect(errors_of(table("10"))).toEqual({ table: "not_rising" });
    expect(read({ ...filled, ...table("20") }, NOW).auction?.increment).toEqual({ table: [[1000, 100], [2000, 200], [null, 300]] });
  });

  test("every house preset only wants a title", () => {
    for (const preset of Object.values(HOUSE_PRESETS)) expect(read({ ...filled, ...preset }, NOW).errors).toBeNull();
  });

  // What the houses have published: a change of it is a change of what the button says it is.
  test("presets that are like a house's have its soft close and steps", () => {
    const asked = (preset: keyof typeof HOUSE_PRESETS) => read({ ...filled, ...HOUSE_PRESETS[preset] }, NOW).auction;
    const minutes = (mode: string) => ({ window_ms: 300000, extend_ms: 300000, mode, max_extensions: null });
    expect(asked("ebay")).toMatchObject({ currency: "USD", soft_close: null, increment: { preset: "ebay-us" }, closes_at: "2026-12-03T12:00:00.000Z" });
    expect(asked("judicial")).toMatchObject({ currency: "CNY", soft_close: minutes("from_bid"), reserve: null, closes_at: "2026-11-27T12:00:00.000Z" });
    expect(asked("yahoo_jp")).toMatchObject({ currency: "JPY", opening_price: 1000, soft_close: minutes("from_close"), increment: { preset: "yahoo-jp" } });
    expect(asked("whatnot")).toMatchObject({ currency: "USD", increment: { preset: "whatnot" }, closes_at: "2026-11-26T12:00:30.000Z" });
  });

  test("the same again asks for the same", () => {
    const increments = fc.oneof(fc.integer({ min: 1, max: 1e9 }), fc.constantFrom({ preset: "whatnot" }),
      fc.constantFrom({ table: [[1000, 100], [null, 250]] as [number | null, number][] }));
    const softs = fc.option(fc.record({ window_ms: fc.integer({ min: 1, max: 900 }).map((s) => s * 1000),
      extend_ms: fc.integer({ min: 1, max: 900 }).map((s) => s * 1000), mode: fc.constantFrom("from_bid" as const, "from_close" as const),
      max_extensions: fc.option(fc.integer({ min: 1, max: 99 })) }));
    fc.assert(fc.property(fc.constantFrom("CNY", "JPY", "KWD"), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), increments, softs,
      fc.boolean(), fc.option(fc.integer({ min: 1, max: 1e12 })), (currency, opening_price, increment, soft_close, self_outbid, amount_limit) => {
        const auction = { title: "A", description: "d", image_url: null, currency, opening_price, increment, soft_close, self_outbid,
          amount_limit, seller: "s", opens_at: "2026-01-01T00:00:00.000Z", closes_at: "2026-01-01T00:07:00.000Z" };
        const { auction: asked } = read(draft_of(auction as unknown as Auction), NOW);
        expect(asked).toEqual({ ...auction, reserve: null, opens_at: null, closes_at: "2026-11-26T12:07:00.000Z" });
      }));
  });

  test("an error of the server finds its field", () => {
    expect(field_of('"closes_at" must be in the future', filled)).toBe("closes_at");
    expect(field_of('"increment" must be at least 1', filled)).toBe("step");
    expect(field_of('"increment" is no table', { ...filled, increment: "table" })).toBe("table");
    expect(field_of('"soft_close.window_ms" is too large', filled)).toBe("window_s");
    expect(field_of("there is no such auction", filled)).toBeNull();
    expect(field_of('"constructor" is not a field', filled)).toBeNull();
  });
});

describe("in words", () => {
  const presets: PresetTable[] = [{ name: "ebay-us", source: "", published: [], table: [[100, 5], [null, 25]] }];
  const sentences = (changed: Partial<Draft>, language: "en" | "zh" = "en") => {
    const draft = { ...filled, ...changed };
    const { auction } = read(draft, NOW);
    if (auction === null) throw new Error("not filled in");
    return summary(auction, draft, presets, { words: both[language], terms: terms_words[language], time: (at) => `<${at}>` });
  };

  test("what is usual", () => {
    expect(sentences({})).toEqual(["Bids start at 100.00 CNY and rise by at least 1.00 CNY.", "It opens at once.", "It closes 1 hour after it opens.",
      "A bid in the last 30 seconds moves the end to 30 seconds after that bid.", "It is sold to the highest bid, whatever it is."]);
    expect(sentences({}, "zh")).toEqual(["起拍价 100.00 CNY，每次加价至少 1.00 CNY。", "立即开始。", "开始 1 小时后结束。",
      "最后 30 秒内有人出价，结束时间顺延至该次出价后 30 秒。", "价高者得，不设保留价。"]);
  });

  test("everything that can be said", () => {
    const all = { increment: "preset" as const, reserve: "500", seller: "house", self_outbid: false, amount_limit: "900", soft: "none" as const };
    expect(sentences(all)).toEqual(["Bids start at 100.00 CNY.", "Below 1.00 CNY: at least 0.05 CNY higher.", "From 1.00 CNY on: at least 0.25 CNY higher.",
      "It opens at once.", "It closes 1 hour after it opens.", "The end does not move.",
      "It is sold only from 500.00 CNY on; bidders do not see that amount, only whether it is met.", "house sells it and may not bid.",
      "Who leads cannot raise the own bid.", "No bid above 900.00 CNY is taken."]);
    expect(sentences(all, "zh")).toHaveLength(10);
  });
});

describe("bids a second", () => {
  test("are those of the last seconds", () => {
    const rate = new BidRate();
    rate.take(100, 0);
    expect(rate.at(0)).toBe(0);
    for (let second = 1; second <= 10; ++second) rate.take(100 + 20 * second, second * 1000);
    expect(rate.at(10_000)).toBe(20);
    expect(rate.at(12_500)).toBeCloseTo(12, 5);
    expect(rate.at(16_000)).toBe(0);
    rate.take(5, 17_000);
    expect(rate.at(17_000), "a history that was lost is no bid").toBe(0);
  });

  test("whatever comes: the bids since the window began", () => {
    const steps = fc.array(fc.record({ wait: fc.integer({ min: 1, max: 3000 }), bids: fc.integer({ min: 0, max: 50 }) }), { minLength: 1, maxLength: 40 });
    fc.assert(fc.property(steps, (all) => {
      const rate = new BidRate();
      const counts = [{ at: 0, bids: 0 }];
      rate.take(0, 0);
      for (const { wait, bids } of all) {
        const last = counts.at(-1) ?? { at: 0, bids: 0 };
        counts.push({ at: last.at + wait, bids: last.bids + bids });
        rate.take(last.bids + bids, last.at + wait);
      }
      const end = counts.at(-1) ?? { at: 0, bids: 0 };
      const before = counts.filter(({ at }) => at <= end.at - OVER_MS).at(-1)?.bids ?? 0;
      expect(rate.at(end.at)).toBeCloseTo(((end.bids - before) * 1000) / OVER_MS, 9);
    }));
  });
});

describe("the order of rows", () => {
  const row = (id: number, more: Partial<Auction>, rate = 0) =>
    ({ auction: { peek: () => ({ id, title: `t${id}`, state: "open", price: null, opening_price: 0, closes_at: "2026-01-01T00:00:00Z", ...more }) as Auction },
      rate: { at: () => rate } });
  const ids = (rows: ReturnType<typeof row>[]) => rows.map((each) => each.auction.peek().id);

  test("what ends next is first, what is over last", () => {
    const rows = [row(1, { state: "closed", closes_at: "2025-01-01T00:00:00Z" }), row(2, { closes_at: "2026-02-01T00:00:00Z" }),
      row(3, { closes_at: "2026-01-01T00:00:00Z" }), row(4, { state: "scheduled", opens_at: "2025-06-01T00:00:00Z" })];
    expect(ids(ordered(rows, { column: "left", falling: false }, NOW))).toEqual([3, 2, 4, 1]);
  });

  test("by rate, price and title, and alike ones by number", () => {
    const rows = [row(3, { price: 5 }, 1), row(1, { opening_price: 9 }, 1), row(2, { price: 7, title: "a" }, 4)];
    expect(ids(ordered(rows, { column: "rate", falling: true }, NOW))).toEqual([2, 1, 3]);
    expect(ids(ordered(rows, { column: "price", falling: true }, NOW))).toEqual([1, 2, 3]);
    expect(ids(ordered(rows, { column: "title", falling: false }, NOW))).toEqual([2, 1, 3]);
  });
});
