import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Auction, AuctionEvent, AuctionView, EventBidAccepted, BidResult } from "@flashbid/client";
import { is_own, learn, mask, NOTHING, type Own, standing } from "../../src/own/standing";

const AT = "2026-01-01T00:00:00.000Z";
const lot = {
  id: 1, title: "Lot", description: "", image_url: null, currency: "CNY", format: "english", opening_price: 100, increment: 10,
  opens_at: AT, closes_at: AT, soft_close: null, seller: null, self_outbid: true, amount_limit: null, state: "open", price: null,
  leader: null, minimum_next: 100, bids: 0, extensions: 0, reserve_met: null, winner: null, sold: null, watchers: 0, epoch: 1,
  sequence: 2, server_time: AT,
} as Auction;

const bid = (sequence: number, bidder: string, amount: number): EventBidAccepted => ({
  event: "bid_accepted", auction_id: 1, epoch: 1, sequence, at: AT, bidder, amount, price: amount, leader: bidder,
  minimum_next: amount + 10, closes_at: AT,
});

function view(events: AuctionEvent[], more: Partial<Auction> = {}): AuctionView {
  const last = events.findLast((event) => event.event === "bid_accepted") as EventBidAccepted | undefined;
  const auction = { ...lot, sequence: events.at(-1)?.sequence ?? 2, ...(last ? { price: last.price, leader: last.leader } : {}), ...more };
  return { auction, events, from: (events[0]?.sequence ?? auction.sequence + 1) - 1, resets: 0 };
}

const result = (verdict: "accepted" | "rejected", as_of_sequence: number, amount: number, leader: string | null, price: number): BidResult => ({
  verdict, ...(verdict === "accepted" ? { sequence: as_of_sequence } : { reason: "amount_below_minimum" }), auction_id: 1, bidder: "Alice",
  amount, price, leader, minimum_next: price + 10, closes_at: AT, as_of_sequence, decided_at: AT,
} as BidResult);

describe("in a house that shows names", () => {
  test("the leader leads, who has bid before was outbid, others have no part in it", () => {
    const now = view([bid(3, "Alice", 100), bid(4, "Bob", 110)]);
    expect(standing(now, NOTHING, "Bob")).toEqual({ kind: "leading", amount: 110 });
    expect(standing(now, NOTHING, "Alice")).toEqual({ kind: "outbid", price: 110, leader: "Bob" });
    expect(standing(now, NOTHING, "Carol")).toEqual({ kind: "none" });
    expect(standing(now, NOTHING, null)).toEqual({ kind: "none" });
  });

  test("a bid of before the known events is remembered", () => {
    const now = view([bid(304, "Bob", 110)]);
    expect(standing(now, NOTHING, "Alice")?.kind).toBe("none");
    expect(standing(now, { ...NOTHING, bids: [{ sequence: 3, amount: 100 }] }, "Alice")?.kind).toBe("outbid");
  });

  test("the end: won, lost, or below the reserve", () => {
    const events = [bid(3, "Alice", 100), bid(4, "Bob", 110)];
    const sold = view(events, { state: "closed", sold: true, winner: "Bob" });
    expect(standing(sold, NOTHING, "Bob")).toEqual({ kind: "won", amount: 110 });
    expect(standing(sold, NOTHING, "Alice")?.kind).toBe("lost");
    expect(standing(sold, NOTHING, "Carol")?.kind).toBe("none");
    const unsold = view(events, { state: "closed", sold: false, winner: null });
    expect(standing(unsold, NOTHING, "Bob")?.kind).toBe("below_reserve");
    expect(standing(view(events, { state: "cancelled" }), NOTHING, "Bob")?.kind).toBe("none");
  });
});

describe("an answer that comes before its event", () => {
  const before = view([bid(3, "Bob", 100)]);

  test("counts: accepted leads", () => {
    const own = learn(NOTHING, result("accepted", 4, 110, "Alice", 110));
    expect(standing(before, own, "Alice")).toEqual({ kind: "leading", amount: 110 });
  });

  test("a refusal tells who leads, and is no bid", () => {
    const refused = learn(NOTHING, result("rejected", 5, 100, "Bob", 130));
    expect(standing(before, refused, "Alice")?.kind).toBe("none");
    const outbid = learn(learn(NOTHING, result("accepted", 4, 110, "Alice", 110)), result("rejected", 6, 120, "Bob", 130));
    expect(standing(before, outbid, "Alice")).toEqual({ kind: "outbid", price: 130, leader: "Bob" });
  });

  test("an older answer does not take the newer one's place", () => {
    const own = learn(learn(NOTHING, result("rejected", 9, 120, "Bob", 130)), result("accepted", 4, 110, "Alice", 110));
    expect(own.told?.sequence).toBe(9);
    expect(own.bids).toEqual([{ sequence: 4, amount: 110 }]);
  });
});

describe("in a house that masks names", () => {
  const own: Own = { ...NOTHING, bids: [{ sequence: 4, amount: 110 }] };

  test("masks are the server's", () => {
    expect([mask("Alice"), mask("A"), mask("Al")]).toEqual(["A***e", "A***", "A***l"]);
  });

  test("one's own is known by its sequence", () => {
    const now = view([bid(3, "B***b", 100), bid(4, "A***e", 110)]);
    expect(standing(now, own, "Alice")).toEqual({ kind: "leading", amount: 110 });
    expect(is_own(bid(4, "A***e", 110), own, "Alice")).toBe(true);
    expect(is_own(bid(4, "A***e", 120), own, "Alice")).toBe(false); // of another ledger
    expect(standing(now, NOTHING, "Bob")?.kind).toBe("none");
  });

  test("somebody with the same mask is not oneself", () => {
    expect(standing(view([bid(4, "A***e", 110), bid(5, "A***e", 120)]), own, "Alice"))
      .toEqual({ kind: "outbid", price: 120, leader: "A***e" });
  });

  test("where nothing is known of own bids it is left open", () => {
    expect(standing(view([bid(4, "A***e", 110)]), NOTHING, "Alice")?.kind).toBe("perhaps");
  });

  test("an event before its answer says nothing yet", () => {
    const now = view([bid(4, "A***e", 110), bid(5, "A***e", 120)]);
    expect(standing(now, { ...own, in_flight: 120 }, "Alice")).toBeNull();
    expect(standing(now, learn(own, result("accepted", 5, 120, "Alice", 120)), "Alice")?.kind).toBe("leading");
  });

  test("no history is needed: the price tells whose bid it is", () => {
    const now = (price: number) => view([], { sequence: 9, price, leader: "A***e" });
    expect(standing(now(110), own, "Alice")?.kind).toBe("leading");
    expect(standing(now(120), own, "Alice")?.kind).toBe("outbid");
  });

  test("a refusal of one's own says who leads", () => {
    const told = learn(NOTHING, result("rejected", 4, 100, "Alice", 110));
    expect(standing(view([bid(4, "A***e", 110)]), told, "Alice")?.kind).toBe("leading");
    expect(standing(view([bid(4, "A***e", 110), bid(5, "A***e", 120)]), told, "Alice")?.kind).not.toBe("leading");
  });

  test("whoever bids: nobody is told to lead who does not", () => {
    const names = fc.constantFrom("Alice", "Alyce", "Bob");
    fc.assert(fc.property(fc.array(names, { minLength: 1, maxLength: 12 }), fc.nat(11), (bidders, seen) => {
      let own = NOTHING;
      const events: AuctionEvent[] = [];
      bidders.forEach((name, i) => {
        const amount = 100 + 10 * i;
        if (name === "Alice") own = learn(own, result("accepted", 3 + i, amount, "Alice", amount));
        if (i <= seen) events.push(bid(3 + i, mask(name), amount)); // the socket may lag behind the answers
      });
      const last = events.length - 1;
      const kind = standing(view(events), own, "Alice")?.kind;
      const knows_more = (own.told?.sequence ?? 0) > 3 + last;
      const leads = knows_more || bidders[last] === "Alice";
      expect(kind === "leading").toBe(leads);
    }));
  });
});
