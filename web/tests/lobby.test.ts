import fc from "fast-check";
import { expect, test } from "vitest";
import type { Auction } from "@flashbid/client";
import { to_follow } from "../src/pages/lobby/follow";
import { matcher, order, place_of, query_of, SECTIONS, SORTS } from "../src/pages/lobby/query";

function auction(id: number, more: Partial<Auction> = {}): Auction {
  return {
    id, title: `Lot ${id}`, description: "", image_url: null, currency: "CNY", format: "english", opening_price: 100, increment: 1,
    opens_at: "2030-01-01T00:00:00.000Z", soft_close: null, seller: null, self_outbid: true, amount_limit: null, state: "open",
    price: null, leader: null, minimum_next: 100, bids: 0, closes_at: new Date(1893456000000 + id * 1000).toISOString(), extensions: 0,
    reserve_met: null, winner: null, sold: null, watchers: 0, epoch: 1, sequence: 1, server_time: "2030-01-01T00:00:00.000Z", ...more,
  };
}

test("whatever is looked for comes back out of the address", () => {
  const queries = fc.record({
    text: fc.string({ maxLength: 60, unit: "grapheme" }), section: fc.constantFrom(null, ...SECTIONS), sort: fc.constantFrom(...SORTS),
  });
  fc.assert(fc.property(queries, (query) => {
    expect(query_of(place_of(query))).toEqual(query);
  }));
});

test("an address from somebody else is a query all the same", () => {
  expect(query_of("?q=%E0%A4%A&state=evil&sort=__proto__")).toMatchObject({ section: null, sort: "ending" });
  expect(query_of(`?q=${"x".repeat(5000)}`).text.length).toBe(200);
});

test("every word must be there, in any order, whatever its case or width", () => {
  const camera = auction(1957, { title: "Rangefinder ＣＡＭＥＲＡ", description: "Made in Wetzlar" });
  for (const text of ["", "camera", "wetzlar RANGE", "1957", "#1957", "  made  in "]) expect(matcher(text)(camera), text).toBe(true);
  for (const text of ["cameras", "#195", "camera bowl", "<b>"]) expect(matcher(text)(camera), text).toBe(false);
});

test("finished ones begin with the last, open ones with the next to end", () => {
  const all = [1, 2, 3].map((id) => auction(id));
  expect([...all].sort(order("ending")).map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(all.map((each) => ({ ...each, state: "closed" as const })).sort(order("ending")).map(({ id }) => id)).toEqual([3, 2, 1]);
});

test("a yen and a hundred fen are worth the same in the order", () => {
  const [yen, fen, more] = [auction(1, { currency: "JPY", price: 7 }), auction(2, { price: 650 }), auction(3, { price: 701 })];
  expect([yen, fen, more].sort(order("price")).map(({ id }) => id)).toEqual([3, 1, 2]);
});

test("a socket watches what is on the screen first, then what ends soonest, and never more than it may", () => {
  const all = Array.from({ length: 2000 }, (_, n) => auction(n + 1, n % 10 === 0 ? { state: "closed" } : {}));
  const followed = to_follow(all, new Set([1999, 1990, 1]), 900);
  expect(followed.length).toBe(900);
  expect(followed.slice(0, 4)).toEqual([1990, 1999, 2, 3]); // 1 is over
  expect(to_follow(all.slice(0, 50), new Set(), 900).length).toBe(45);
});
