// Which amounts the room offers with one touch, and which it asks about again. Pure; integers of minor units.
import type { Auction, Increment } from "@flashbid/client";

// How many steps above the least amount each of the further offers is.
const FURTHER = [1, 4];
const FAR_STEPS = 10;

// The step in force at a price; null = it is not known here: a preset's tables are the server's.
export function step_at(increment: Increment, price: number): number | null {
  if (typeof increment === "number") return increment;
  if (!("table" in increment)) return null;
  return increment.table.find(([below]) => below === null || price < below)?.[1] ?? null;
}

type Terms = Pick<Auction, "increment" | "price" | "minimum_next" | "amount_limit">;

// The step that the next bid has to take: as the terms say, or as the server has applied it to this price.
export function step_in_force({ increment, price, minimum_next }: Terms): number | null {
  if (price !== null && minimum_next !== null) return minimum_next - price;
  return minimum_next === null ? null : step_at(increment, minimum_next);
}

// The least amount and sensible ones above it, rising; none when nobody can bid higher.
export function offers(terms: Terms): number[] {
  const { increment, minimum_next, amount_limit } = terms;
  const now = step_in_force(terms);
  if (minimum_next === null) return [];
  const found = [minimum_next];
  if (now === null) return found;
  const most = Math.min(amount_limit ?? Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  let amount = minimum_next;
  for (let steps = 1; steps <= Math.max(...FURTHER); ++steps) {
    amount += step_at(increment, amount) ?? now;
    if (amount > most) break;
    if (FURTHER.includes(steps)) found.push(amount);
  }
  return found;
}

// So much more than is needed that it may be a slip: above every offer, and more than ten steps or double the price.
export function is_far(amount: number, terms: Terms): boolean {
  const { price, minimum_next } = terms;
  if (minimum_next === null || amount <= Math.max(...offers(terms))) return false;
  const step = step_in_force(terms);
  return (step !== null && amount - minimum_next > FAR_STEPS * step) || amount >= 2 * (price ?? minimum_next);
}
