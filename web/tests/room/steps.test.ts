import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { is_far, offers, step_at, step_in_force } from "../../src/pages/room/steps";
import type { Increment } from "@flashbid/client";

const table: Increment = { table: [[10000, 500], [50000, 1000], [null, 5000]] };
const terms = (price: number | null, minimum_next: number | null, increment: Increment = 500, amount_limit: number | null = null) =>
  ({ price, minimum_next, increment, amount_limit });

describe("the step in force", () => {
  test("of a fixed step and of a table, at the bounds", () => {
    expect(step_at(500, 0)).toBe(500);
    expect([0, 9999, 10000, 49999, 50000, 10 ** 9].map((price) => step_at(table, price))).toEqual([500, 500, 1000, 1000, 5000, 5000]);
    expect(step_at({ preset: "ebay-us" }, 100)).toBeNull();
  });

  test("is the one that the server applied, once there is a price", () => {
    expect(step_in_force(terms(10000, 10250, { preset: "ebay-us" }))).toBe(250);
    expect(step_in_force(terms(null, 10000, { preset: "ebay-us" }))).toBeNull();
    expect(step_in_force(terms(null, 10000, table))).toBe(1000);
    expect(step_in_force(terms(10000, null))).toBeNull();
  });
});

describe("offers", () => {
  test("go on by the steps that will be in force", () => {
    expect(offers(terms(9000, 9500, table))).toEqual([9500, 10000, 13000]);
    expect(offers(terms(10000, 10500))).toEqual([10500, 11000, 12500]);
    expect(offers(terms(10000, 10250, { preset: "ebay-us" }))).toEqual([10250, 10500, 11250]);
    expect(offers(terms(null, 99, { preset: "ebay-us" }))).toEqual([99]);
  });

  test("end at the limit, except for the least, which the server refuses with a reason", () => {
    expect(offers(terms(10000, 10500, 500, 11000))).toEqual([10500, 11000]);
    expect(offers(terms(10000, 10500, 500, 10400))).toEqual([10500]);
    expect(offers(terms(10000, null))).toEqual([]);
  });

  test("are amounts that may be bid, strictly rising from the least, whatever the terms", () => {
    const amount = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(fc.property(amount, amount, fc.option(amount), (minimum, step, limit) => {
      const found = offers(terms(null, minimum, step, limit));
      expect(found[0]).toBe(minimum);
      found.forEach((each, i) => {
        expect(Number.isSafeInteger(each)).toBe(true);
        if (i > 0) {
          expect(each).toBeGreaterThan(found[i - 1] as number);
          expect(each).toBeLessThanOrEqual(limit ?? Number.MAX_SAFE_INTEGER);
        }
        expect(is_far(each, terms(null, minimum, step, limit))).toBe(false);
      });
    }));
  });
});

describe("an amount that may be a slip", () => {
  test("is more than ten steps above the least, or double the price", () => {
    const now = terms(100000, 100500);
    expect(is_far(105500, now)).toBe(false);
    expect(is_far(105501, now)).toBe(true);
    const coarse = terms(1000, 1500);
    expect(is_far(1999, coarse)).toBe(false);
    expect(is_far(3500, coarse)).toBe(false); // an offer
    expect(is_far(3501, coarse)).toBe(true); // double, though only four steps
  });

  test("without a known step is double the least", () => {
    const now = terms(null, 99, { preset: "ebay-us" });
    expect(is_far(197, now)).toBe(false);
    expect(is_far(198, now)).toBe(true);
    expect(is_far(50, now)).toBe(false);
  });
});
