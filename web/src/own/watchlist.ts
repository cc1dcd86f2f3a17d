// The auctions that a visitor has marked to come back to. Kept in this browser, whoever is logged in.
import { signal } from "@preact/signals";
import { on_change, read, write } from "./kept";

const KEPT = "watchlist";
const MOST = 100; // the oldest give way

function kept(): readonly number[] {
  const ids = read<unknown[]>(localStorage, KEPT);
  return Array.isArray(ids) ? ids.filter((id): id is number => Number.isSafeInteger(id)) : [];
}

export const watchlist = signal(kept()); // the newest last
on_change(KEPT, () => (watchlist.value = kept()));

export function is_marked(id: number): boolean {
  return watchlist.value.includes(id);
}

export function mark(id: number, is_wanted: boolean): void {
  const others = watchlist.peek().filter((each) => each !== id);
  watchlist.value = is_wanted ? [...others, id].slice(-MOST) : others;
  write(localStorage, KEPT, watchlist.peek());
}
