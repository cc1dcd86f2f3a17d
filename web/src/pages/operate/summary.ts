// A new auction in words, a sentence each: what bidders will meet. Pure.
import type { Increment, NewAuction } from "@flashbid/client";
import { money } from "../../money";
import type { TermsWords } from "../../texts/terms";
import type { Draft } from "./draft";
import type { Words } from "./words";

export interface PresetTable {
  name: string;
  source: string;
  published: [string | null, string][];
  table: [number | null, number][] | null; // null = it does not come out whole in the currency
}

export interface Speech {
  words: Words;
  terms: TermsWords;
  time: (at: string) => string;
}

// A preset by its rows, where they are known.
function told(increment: Increment, presets: PresetTable[]): Increment {
  if (typeof increment === "number" || !("preset" in increment)) return increment;
  const table = presets.find((preset) => preset.name === increment.preset)?.table ?? null;
  return table === null ? increment : { table };
}

export function summary(auction: NewAuction, draft: Draft, presets: PresetTable[], { words, terms, time }: Speech): string[] {
  const { currency } = auction;
  const increment = told(auction.increment ?? 1, presets);
  const start = money(auction.opening_price, currency);
  return [
    ...(typeof increment === "number" ? [words.s_starts_and_rise(start, money(increment, currency))]
      : [words.s_starts(start), ...terms.increment(increment, currency)]),
    auction.opens_at == null ? words.s_opens_now : words.s_opens_at(time(auction.opens_at)),
    draft.closes === "in" ? words.s_closes_in(terms.duration(Number(draft.closes_in_s) * 1000)) : words.s_closes_at(time(auction.closes_at)),
    terms.soft_close(auction.soft_close ?? null),
    auction.reserve == null ? words.s_no_reserve : words.s_reserve(money(auction.reserve, currency)),
    ...(auction.seller == null ? [] : [words.s_seller(auction.seller)]),
    ...(auction.self_outbid === false ? [words.s_no_self] : []),
    ...(auction.amount_limit == null ? [] : [words.s_limit(money(auction.amount_limit, currency))]),
  ];
}
