// What a visitor is told of their auctions wherever they are on the pages; and, if they have asked for it, by the browser while
// they look at something else. Nobody is asked for leave before they have pressed the button.
import { signal } from "@preact/signals";
import { place } from "../house";
import { money } from "../money";
import { stakes, type Stake, type Turn } from "./stakes";
import { say } from "./texts";

export interface Notice {
  id: number; // of the auction; it has one notice at most
  turn: Turn;
  head: string;
  more: string;
}

const MOST = 3; // the oldest give way
const KEPT = "notify";

export const notices = signal<readonly Notice[]>([]); // the newest last

export function dismiss(id: number): void {
  if (notices.peek().some((notice) => notice.id === id)) notices.value = notices.peek().filter((notice) => notice.id !== id);
}

function notice_of(turn: Turn, { id, auction, standing }: Stake): Notice {
  const words = say();
  const { title, price, currency } = auction.peek() ?? { title: "", price: null, currency: "" };
  const now = standing.peek();
  const amount = now.kind === "outbid" ? money(now.price, currency) : price === null ? "" : money(price, currency);
  return { id, turn, head: words.turns[turn], more: words.turn_more(title, amount) };
}

// off: not asked for. denied: the browser does not allow it. none: it has no such thing.
export type Notifying = "on" | "off" | "denied" | "none";

function notifying_now(): Notifying {
  if (typeof Notification === "undefined") return "none";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && localStorage.getItem(KEPT) === "on" ? "on" : "off";
}

export const notifying = signal<Notifying>(notifying_now());

export async function notify(is_wanted: boolean): Promise<void> {
  localStorage.setItem(KEPT, is_wanted ? "on" : "off");
  if (is_wanted && Notification.permission === "default") await Notification.requestPermission();
  notifying.value = notifying_now();
}

function show_outside({ id, head, more }: Notice): void {
  try {
    const shown = new Notification(head, { body: more, tag: `flashbid-${id}` });
    shown.onclick = () => {
      window.focus();
      location.hash = String(id);
      shown.close();
    };
  } catch {
    notifying.value = "none"; // phones allow it to service workers only
  }
}

export function begin_notices(): void {
  stakes.on_turn((turn, stake) => {
    dismiss(stake.id);
    if (turn === null) return;
    const notice = notice_of(turn, stake);
    if (document.hidden && notifying.value === "on") show_outside(notice);
    // Its room tells by itself.
    if (place.peek() !== String(stake.id)) notices.value = [...notices.peek(), notice].slice(-MOST);
  });
  place.subscribe((now) => dismiss(Number(now)));
}
