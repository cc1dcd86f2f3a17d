// Whether two that ask are one: a token that takes the place of another one is of the same holder, and may ask what became of
// that one's bids.
import type { Who } from "./types.js";

function subject_of(token: string): string | null {
  try {
    const claims: unknown = JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
    return (claims as { sub?: string }).sub ?? null;
  } catch {
    return null;
  }
}

export function same_holder(one: Who | null, other: Who | null): boolean {
  if (one === null || other === null) return one === other;
  if ("token" in one !== "token" in other) return false;
  if ("token" in one && "token" in other) {
    return one.token === other.token || (subject_of(one.token) !== null && subject_of(one.token) === subject_of(other.token));
  }
  return "bidder" in one && "bidder" in other && one.bidder === other.bidder;
}
