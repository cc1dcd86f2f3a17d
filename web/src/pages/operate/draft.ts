// A form for a new auction, as it is filled in: texts, and what they mean. Pure: the time and its zone come from outside.
import type { Auction, Increment, NewAuction, SoftClose } from "../../client";
import { parse_money, plain } from "../../money";

export interface Step {
  below: string; // empty in the last one
  step: string;
}

export interface Draft {
  title: string;
  description: string;
  image_url: string;
  currency: string;
  opening_price: string; // amounts are decimals of the currency
  increment: "fixed" | "preset" | "table";
  step: string;
  preset: string;
  table: Step[];
  reserve: string;
  opens: "now" | "at";
  opens_at: string; // as <input type="datetime-local"> has it, in the visitor's time zone
  closes: "in" | "at";
  closes_in_s: string; // from the opening on
  closes_at: string;
  soft: "none" | "from_bid" | "from_close";
  window_s: string;
  extend_s: string;
  max_extensions: string;
  seller: string;
  self_outbid: boolean;
  amount_limit: string;
}

export type Field = keyof Draft;
export type Wrong = "missing" | "no_amount" | "no_currency" | "no_time" | "in_the_past" | "before_opening" | "no_seconds" | "no_count"
  | "not_rising" | "no_url" | "no_name";
export type Errors = Partial<Record<Field, Wrong>>;

export const EMPTY: Draft = {
  title: "", description: "", image_url: "", currency: "CNY", opening_price: "",
  increment: "fixed", step: "1", preset: "ebay-us", table: [{ below: "100", step: "1" }, { below: "", step: "5" }],
  reserve: "", opens: "now", opens_at: "", closes: "in", closes_in_s: "3600", closes_at: "",
  soft: "from_bid", window_s: "30", extend_s: "30", max_extensions: "", seller: "", self_outbid: true, amount_limit: "",
};

// How auctions of a kind usually run; title and goods stay as they are. Of those that are like a house's, what that house has
// published, and ours where it has not: opening prices and fixed steps, and the lengths that a seller chooses there.
//   ebay      days, and a fixed end: 1, 3, 5, 7 or 10 of them (eBay, "Listing durations and timings":
//             https://www.ebay.com.au/help/selling/listings/creating-managing-listings/selecting-listing-duration?id=4652); the steps of ebay-us
//   judicial  24 hours at least; a bid in the last 5 minutes moves the end to 5 minutes after it; the reserve is the opening price
//             (Supreme People's Court, rules on online judicial auctions, 法释〔2016〕18号, articles 10 and 20)
//   yahoo_jp  if the price rises in the last 5 minutes, the end moves by 5, without limit (Yahoo! Auctions Japan, 自動延長, as told
//             at https://kba.co.jp/blog/7506); the steps of yahoo-jp
//   whatnot   seconds, which start anew with a late bid: the seller sets how many, these are ours; the steps of whatnot (source:
//             src/auction/increment.hpp)
export type HousePreset = "ebay" | "judicial" | "yahoo_jp" | "whatnot" | "evening" | "tickets";
const terms = { increment: "fixed", opens: "now", closes: "in", max_extensions: "", reserve: "", amount_limit: "", self_outbid: true } as const;
const table = { ...terms, increment: "preset" } as const;
export const HOUSE_PRESETS: Record<HousePreset, Partial<Draft>> = {
  ebay: { ...table, currency: "USD", opening_price: "0.99", preset: "ebay-us", closes_in_s: "604800", soft: "none" },
  judicial: { ...terms, currency: "CNY", opening_price: "100000", step: "1000", closes_in_s: "86400", soft: "from_bid", window_s: "300", extend_s: "300" },
  yahoo_jp: { ...table, currency: "JPY", opening_price: "1000", preset: "yahoo-jp", closes_in_s: "259200", soft: "from_close", window_s: "300",
    extend_s: "300" },
  whatnot: { ...table, currency: "USD", opening_price: "1", preset: "whatnot", closes_in_s: "30", soft: "from_bid", window_s: "10", extend_s: "10" },
  evening: { ...table, opening_price: "1000", preset: "ebay-us", closes_in_s: "3600", soft: "from_close", window_s: "120", extend_s: "120" },
  tickets: { ...terms, opening_price: "50", step: "5", closes_in_s: "300", soft: "none", self_outbid: false },
};

export type Read = { auction: NewAuction; errors: null } | { auction: null; errors: Errors };

// What the server would be asked for, or what stands in the way, field by field.
export function read(draft: Draft, now_ms: number): Read {
  const errors: Errors = {};
  const wrong = <Value>(field: Field, what: Wrong, value: Value): Value => {
    errors[field] ??= what;
    return value;
  };
  const currency = draft.currency.trim().toUpperCase();
  if (!/^[A-Z]{3}$/.test(currency)) wrong("currency", "no_currency", null);
  const amount = (field: Field, text: string, least = 0): number => {
    if (text.trim() === "") return wrong(field, "missing", 0);
    const value = parse_money(text, currency);
    return value === null || value < least ? wrong(field, "no_amount", 0) : value;
  };
  const amount_or_null = (field: Field, text: string) => (text.trim() === "" ? null : amount(field, text));
  const whole = (field: Field, text: string, what: Wrong): number => {
    const found = /^\d{1,7}$/.test(text.trim()) ? Number(text) : 0;
    return found < 1 ? wrong(field, what, 1) : found;
  };
  const time = (field: Field, text: string): number => {
    const found = text === "" ? NaN : new Date(text).getTime();
    return Number.isNaN(found) ? wrong(field, text === "" ? "missing" : "no_time", now_ms) : found;
  };
  if (draft.title.trim() === "") wrong("title", "missing", null);
  const image_url = draft.image_url.trim();
  if (image_url !== "" && !/^https?:\/\/[^\s]+$/.test(image_url)) wrong("image_url", "no_url", null);
  const seller = draft.seller.trim();
  if (seller !== "" && !/^[A-Za-z0-9._:@-]{1,64}$/.test(seller)) wrong("seller", "no_name", null);
  const opens_ms = draft.opens === "at" ? time("opens_at", draft.opens_at) : now_ms;
  const closes_ms = draft.closes === "at" ? time("closes_at", draft.closes_at)
    : opens_ms + 1000 * whole("closes_in_s", draft.closes_in_s, "no_seconds");
  if (draft.closes === "at" && closes_ms <= now_ms) wrong("closes_at", "in_the_past", null);
  else if (closes_ms <= opens_ms) wrong("closes_at", "before_opening", null);
  const auction: NewAuction = {
    title: draft.title.trim(), description: draft.description.trim(), image_url: image_url === "" ? null : image_url, currency,
    opening_price: amount("opening_price", draft.opening_price), increment: read_increment(draft, amount, wrong),
    reserve: amount_or_null("reserve", draft.reserve),
    opens_at: draft.opens === "at" ? new Date(opens_ms).toISOString() : null, closes_at: new Date(closes_ms).toISOString(),
    soft_close: read_soft_close(draft, whole),
    seller: seller === "" ? null : seller, self_outbid: draft.self_outbid,
    amount_limit: amount_or_null("amount_limit", draft.amount_limit),
  };
  return Object.keys(errors).length === 0 ? { auction, errors: null } : { auction: null, errors };
}

function read_increment(draft: Draft, amount: (field: Field, text: string, least: number) => number,
  wrong: (field: Field, what: Wrong, value: null) => null): Increment {
  if (draft.increment === "fixed") return amount("step", draft.step, 1);
  if (draft.increment === "preset") return { preset: draft.preset };
  let before = 0;
  const table = draft.table.map(({ below, step }, row): [number | null, number] => {
    if (row === draft.table.length - 1) return [null, amount("table", step, 1)];
    const bound = amount("table", below, 1);
    if (bound <= before) wrong("table", "not_rising", null);
    before = bound;
    return [bound, amount("table", step, 1)];
  });
  return { table };
}

function read_soft_close(draft: Draft, whole: (field: Field, text: string, what: Wrong) => number): SoftClose | null {
  if (draft.soft === "none") return null;
  return {
    window_ms: 1000 * whole("window_s", draft.window_s, "no_seconds"),
    extend_ms: 1000 * whole("extend_s", draft.extend_s, "no_seconds"), mode: draft.soft,
    max_extensions: draft.max_extensions.trim() === "" ? null : whole("max_extensions", draft.max_extensions, "no_count"),
  };
}

// The same again: as that auction, opening now and open for as long. Its reserve is hidden, and so not in it.
export function draft_of(auction: Auction): Draft {
  const { currency } = auction;
  const text = (amount: number | null) => (amount === null ? "" : plain(amount, currency));
  const { increment, soft_close } = auction;
  const kind = typeof increment === "number" ? "fixed" : "preset" in increment ? "preset" : "table";
  const lasts_ms = Date.parse(auction.closes_at) - Date.parse(auction.opens_at);
  return {
    ...EMPTY, title: auction.title, description: auction.description, image_url: auction.image_url ?? "", currency,
    opening_price: text(auction.opening_price), increment: kind,
    step: typeof increment === "number" ? text(increment) : EMPTY.step,
    preset: typeof increment !== "number" && "preset" in increment ? increment.preset : EMPTY.preset,
    table: typeof increment !== "number" && "table" in increment
      ? increment.table.map(([below, step]) => ({ below: text(below), step: text(step) })) : EMPTY.table,
    closes_in_s: String(Math.max(1, Math.round(lasts_ms / 1000))),
    soft: soft_close?.mode ?? "none",
    window_s: soft_close === null ? EMPTY.window_s : String(Math.max(1, Math.round(soft_close.window_ms / 1000))),
    extend_s: soft_close === null ? EMPTY.extend_s : String(Math.max(1, Math.round(soft_close.extend_ms / 1000))),
    max_extensions: soft_close?.max_extensions == null ? "" : String(soft_close.max_extensions),
    seller: auction.seller ?? "", self_outbid: auction.self_outbid, amount_limit: text(auction.amount_limit),
  };
}

const FIELDS: Record<string, Field> = {
  title: "title", description: "description", image_url: "image_url", currency: "currency", opening_price: "opening_price",
  reserve: "reserve", opens_at: "opens_at", closes_at: "closes_at", seller: "seller", self_outbid: "self_outbid",
  amount_limit: "amount_limit", "soft_close.window_ms": "window_s", "soft_close.extend_ms": "extend_s", "soft_close.mode": "soft",
  "soft_close.max_extensions": "max_extensions", soft_close: "soft", window_ms: "window_s", extend_ms: "extend_s",
  max_extensions: "max_extensions", "increment.table": "table", "increment.preset": "preset", preset: "preset", table: "table",
};

// The field that an error of the server is about: it names it first, in quotes. Null = none of the form's.
export function field_of(detail: string, draft: Draft): Field | null {
  const name = /^"([a-z_.]+)"/.exec(detail)?.[1] ?? "";
  if (name === "increment") return draft.increment === "fixed" ? "step" : draft.increment;
  return Object.hasOwn(FIELDS, name) ? FIELDS[name] ?? null : null;
}
