// What is looked for in the lobby, as it stands behind the # of the address: "?q=jade&state=open&sort=bids". Pure.
import type { Auction } from "@flashbid/client";
import { decimals } from "../../money";

export const SECTIONS = ["open", "scheduled", "closed"] as const; // closed: those that were called off, too
export type Section = (typeof SECTIONS)[number];
export const SORTS = ["ending", "newest", "bids", "price"] as const;
export type Sort = (typeof SORTS)[number];

export interface Query {
  text: string;
  section: Section | null; // null = all of them
  sort: Sort;
}

const MOST_CHARACTERS = 200;

const one_of = <One extends string>(all: readonly One[], text: string | null): One | null =>
  all.find((each) => each === text) ?? null;

export function query_of(place: string): Query {
  const said = new URLSearchParams(place.startsWith("?") ? place : "");
  return {
    text: (said.get("q") ?? "").slice(0, MOST_CHARACTERS),
    section: one_of(SECTIONS, said.get("state")),
    sort: one_of(SORTS, said.get("sort")) ?? "ending",
  };
}

export function place_of({ text, section, sort }: Query): string {
  const said = new URLSearchParams();
  if (text !== "") said.set("q", text);
  if (section !== null) said.set("state", section);
  if (sort !== "ending") said.set("sort", sort);
  const all = said.toString();
  return all === "" ? "" : `?${all}`;
}

export function section_of({ state }: Auction): Section {
  return state === "open" || state === "scheduled" ? state : "closed";
}

const folded = (text: string) => text.normalize("NFKC").toLowerCase();

// Every word of the text must be in it, in whatever order; "#1001" is the number alone.
export function matcher(text: string): (auction: Auction) => boolean {
  const words = folded(text).split(/\s+/).filter((word) => word !== "");
  return ({ id, title, description }) => {
    const all = folded(`${title}\n${description}\n${id}`);
    return words.every((word) => (/^#\d+$/.test(word) ? word === `#${id}` : all.includes(word)));
  };
}

// In whole units of its currency. Only for the order: what is shown is never a fraction.
const worth = (auction: Auction) => (auction.price ?? auction.opening_price) / 10 ** decimals(auction.currency);

const when = (auction: Auction) => Date.parse(auction.state === "scheduled" ? auction.opens_at : auction.closes_at);

const orders: Record<Sort, (one: Auction, other: Auction) => number> = {
  ending: (one, other) => (section_of(one) === "closed" ? when(other) - when(one) : when(one) - when(other)),
  newest: (one, other) => other.id - one.id,
  bids: (one, other) => other.bids - one.bids,
  price: (one, other) => worth(other) - worth(one),
};

// Within a section; what is equal stays in one order, so that nothing jumps about.
export function order(sort: Sort): (one: Auction, other: Auction) => number {
  return (one, other) => orders[sort](one, other) || one.id - other.id;
}
