import fc from "fast-check";
import { expect, test } from "vitest";
import { MOST_PRICES, Prices } from "../../src/pages/room/prices";

const bids = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => ({ sequence: from + i, amount: 100 * (from + i), at: "2026-01-01T00:00:00.000Z" }));
const sequences = (prices: Prices) => prices.all.map((bid) => bid.sequence);

test("whatever comes first, every price is there once, in order", () => {
  const slice = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(30));
  fc.assert(fc.property(fc.array(slice, { minLength: 1, maxLength: 8 }), (slices) => {
    const prices = new Prices();
    const wanted = new Set<number>();
    for (const [from, length] of slices) {
      prices.add(bids(from, from + length));
      bids(from, from + length).forEach((bid) => wanted.add(bid.sequence));
    }
    expect(sequences(prices)).toEqual([...wanted].sort((one, other) => one - other));
  }));
});

test("the oldest go, and nothing new is no change", () => {
  const prices = new Prices();
  prices.add(bids(1, MOST_PRICES + 5));
  expect(prices.all.length).toBe(MOST_PRICES);
  expect(prices.all[0]?.sequence).toBe(6);
  const version = prices.version.value;
  prices.add(bids(MOST_PRICES, MOST_PRICES + 5));
  expect(prices.version.value).toBe(version);
});

test("of an auction that is over the whole curve stays, thinned", () => {
  const prices = new Prices();
  prices.keep_whole();
  for (let from = 1; from <= 10 * MOST_PRICES; from += 1000) prices.add(bids(from, from + 999));
  expect(prices.all.length).toBeLessThanOrEqual(MOST_PRICES);
  expect(prices.all.length).toBeGreaterThan(MOST_PRICES / 3);
  expect([prices.all[0]?.sequence, prices.last_sequence]).toEqual([1, 10 * MOST_PRICES]);
  const amounts = prices.all.map((bid) => bid.amount);
  expect(amounts).toEqual([...amounts].sort((one, other) => one - other));
});
