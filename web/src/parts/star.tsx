// Marks an auction to come back to it, or no more.
import { is_marked, mark } from "../own/watchlist";
import { say } from "../own/texts";

// `with_word`: where there is room for it.
export function Star({ id, title, with_word = false }: { id: number; title: string; with_word?: boolean }) {
  const words = say();
  const is_on = is_marked(id);
  return (
    <button type="button" class={`star ${is_on ? "on" : ""}`} aria-pressed={is_on} aria-label={words.mark_of(title)} title={is_on ? words.marked : words.mark}
      onClick={() => mark(id, !is_on)}>
      <span aria-hidden="true">{is_on ? "★" : "☆"}</span>{with_word && <span>{` ${is_on ? words.marked : words.mark}`}</span>}
    </button>
  );
}
