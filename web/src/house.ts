// What every page shares: one client, one session, and the place in the address.
import { effect, signal } from "@preact/signals";
import { Client, type Link } from "@flashbid/client";
import { visit } from "./visits";
import { Session } from "./session/session";

const IS_LOGIN = /\/v1\/(accounts|sessions)(\/|$)/; // what it refuses is a password, or a session

// Whatever page asked: who is refused as the holder of a token is no holder any more.
async function asked(what: RequestInfo | URL, how?: RequestInit): Promise<Response> {
  const response = await fetch(what, how);
  const shown = new Headers(how?.headers).get("Authorization");
  if (response.status === 401 && shown !== null && !IS_LOGIN.test(String(what))) void session.refused(shown.replace("Bearer ", ""));
  return response;
}

export const client = new Client({ fetch: asked });
export const session = new Session(client);

// Where a visitor says who they are; pages open it where it is needed.
export const login_is_open = signal(false);

export const link = signal<Link>(client.link);
client.on_link((now) => (link.value = now));

// Behind the #: "" the lobby, "1001" an auction's room, "operate", "load".
export const place = signal(location.hash.slice(1));
window.addEventListener("hashchange", () => {
  session.look_at_address();
  visit.arrive();
  place.value = location.hash.slice(1);
});

export function is_lobby(place: string): boolean {
  return place === "" || place.startsWith("?");
}

// The lobby as it was left, with what was looked for: where its links lead.
export const lobby_place = signal("");
effect(() => {
  if (is_lobby(place.value)) lobby_place.value = place.value;
});

// The same page and the same visit, of which the address now says something else.
export function go_quietly(to: string): void {
  history.replaceState(history.state, "", `${location.pathname}${location.search}#${to}`);
  place.value = location.hash.slice(1);
}

// The second that clocks on the pages show, on the server's clock; one timer for all.
export const second = signal(0);
function tick(): void {
  second.value = Math.floor(client.clock.now() / 1000);
  setTimeout(tick, 1000 - (client.clock.now() % 1000));
}

export async function begin(): Promise<void> {
  client.on_refused((code) => {
    if (code === 4401 && session.token.value !== null) void session.refused(session.token.value);
  });
  client.on_link((now) => {
    if (now === "live") void session.ask_terms();
  });
  // A phone that comes out of a lift, a tab that is looked at again: no waiting for the next attempt.
  window.addEventListener("online", () => client.hurry());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") client.hurry();
  });
  effect(() => {
    if (session.was_ended.value) login_is_open.value = true;
  });
  tick();
  const ready = session.begin(); // takes the token out of the address at once
  visit.arrive();
  await ready;
  place.value = location.hash.slice(1);
  client.start();
}
