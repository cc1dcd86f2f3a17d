// What the real server said (tests/frames/record.py), whole, disordered, repeated and cut: the view that it leads to is what
// the server itself knew at the end.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Auction, AuctionEvent, ServerFrame } from "../src/index.js";
import { frame_of } from "../src/frames.js";
import { ViewKeeper } from "../src/view.js";

interface Recording {
  frames: ServerFrame[];
  auction: Auction;
  events: AuctionEvent[];
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`./frames/${name}.json`, import.meta.url), "utf8")) as Recording;

const every = ["snapshot_bids_cancelled", "reset", "resumed", "closed_sold", "closed_unsold"];

// A keeper that stands where the recorded subscription asked to go on.
function keeper_of({ frames, auction, events }: Recording, mode: "every" | "latest" = "every"): ViewKeeper {
  const keeper = new ViewKeeper(auction.id, mode);
  const first = frames[0]!;
  if (first.type !== "event") return keeper;
  const before = events.filter(({ sequence }) => sequence < first.sequence);
  const born: Auction = { ...auction, state: "scheduled", price: null, leader: null, bids: 0, extensions: 0, winner: null,
    sold: null, reserve_met: auction.reserve_met === null ? null : false, sequence: 0, epoch: first.epoch };
  keeper.begin(born, 0);
  for (const event of before) keeper.take({ type: "event", ...event });
  return keeper;
}

const truth = ({ auction }: Recording) => {
  const { watchers: _w, server_time: _s, reserve_met: _r, ...rest } = auction;
  return rest;
};
const shown = (keeper: ViewKeeper) => {
  const { watchers: _w, server_time: _s, reserve_met: _r, ...rest } = keeper.current!.auction;
  return rest;
};

describe("recorded frames", () => {
  test.each([...every, "latest", "refused", "private_house"])("of %s are all known", (name) => {
    for (const frame of read(name).frames) expect(frame_of(JSON.stringify(frame))).toEqual(frame);
  });

  test.each(every)("of %s lead to what the server knew", (name) => {
    const recording = read(name);
    const keeper = keeper_of(recording);
    for (const frame of recording.frames) keeper.take(frame);
    expect(shown(keeper)).toEqual(truth(recording));
    const { events } = keeper.current!;
    expect(events).toEqual(recording.events.slice(recording.events.length - events.length));
    expect(keeper.current!.resets).toBe(recording.frames.filter(({ type }) => type === "reset").length);
  });

  test.each(["closed_sold", "closed_unsold"])("of %s tell whether the reserve was met", (name) => {
    const recording = read(name);
    const keeper = keeper_of(recording);
    for (const frame of recording.frames) keeper.take(frame);
    expect(keeper.current!.auction.reserve_met).toBe(recording.auction.reserve_met);
  });

  test("of the newest state lead to it, and late ones change nothing", () => {
    const recording = read("latest");
    const keeper = keeper_of(recording, "latest");
    for (const frame of [...recording.frames, recording.frames[1]!, recording.frames[2]!]) keeper.take(frame);
    expect(shown(keeper)).toEqual(truth(recording));
    expect(keeper.current!.auction.reserve_met).toBe(recording.auction.reserve_met);
    expect(keeper.current!.events).toEqual([]);
  });

  // In whatever order they come, and however often: what is taken is in sequence, and asking where it says goes on to the end.
  test.each(every)("of %s, disordered, leave no gap and no wrong state", (name) => {
    const recording = read(name);
    const opening = recording.frames.filter(({ type }) => type === "snapshot" || type === "reset").slice(-1);
    const events = recording.frames.filter(({ type }) => type === "event");
    fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 30 }), (order) => {
      const keeper = keeper_of(recording);
      for (const frame of opening) keeper.take(frame);
      for (const n of order) {
        const event = events[n % events.length] as ServerFrame & AuctionEvent;
        const place = keeper.continuation!.sequence;
        const expected = event.sequence <= place ? "unchanged" : event.sequence === place + 1 ? "changed" : "gap";
        expect(keeper.take(event)).toBe(expected);
      }
      for (const event of recording.events.slice(keeper.continuation!.sequence)) {
        expect(keeper.take({ type: "event", ...event })).toBe("changed");
      }
      expect(shown(keeper)).toEqual(truth(recording));
    }));
  });
});
