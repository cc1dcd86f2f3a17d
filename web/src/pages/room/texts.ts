import { locale, texts_of } from "../../texts";
import { en, zh } from "./words";

export const say = texts_of({ en, zh });

const formats = new Map<string, Intl.DateTimeFormat>();

function format(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale()} ${name}`;
  let found = formats.get(key);
  if (found === undefined) formats.set(key, (found = new Intl.DateTimeFormat(locale(), options)));
  return found;
}

// "14:05:30", in the visitor's time zone.
export function time_of_day(at: string): string {
  return format("time", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(Date.parse(at));
}

// "14:05:30" of today, with the day in front of it otherwise.
export function soon_or_day(at: string, now_ms: number): string {
  const day = (ms: number) => format("date", { day: "numeric", month: "long" }).format(ms);
  const on = day(Date.parse(at));
  return on === day(now_ms) ? time_of_day(at) : `${on} ${time_of_day(at)}`;
}

// "26 November 2026 at 14:05:30 UTC+8"
export function day_and_time(at: string): string {
  return format("day", {
    year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
    timeZoneName: "short",
  }).format(Date.parse(at));
}
