// One WebSocket to the server that comes back by itself: authenticates first, measures the clock, and takes silence for death.
import { Backoff } from "./backoff.js";
import type { ServerClock } from "./clock.js";
import { frame_of } from "./frames.js";
import { same_holder } from "./holder.js";
import { OPEN, type SocketLike, type Surroundings } from "./surroundings.js";
import type { ClientFrame, ServerFrame, ServerTimeFrame, Who } from "./types.js";

/** How it stands with the server; `offline` comes back by itself. */
export type Link = "connecting" | "live" | "offline";

const PROTOCOL = "flashbid.v1";
const OPENED_WITHIN_MS = 10_000;
const ASK_EVERY_MS = 10_000;
const FIRST_ASKS_MS = 300;
const FIRST_ASKS = 3; // for a good offset soon
const HEARD_WITHIN_MS = 10_000; // of a question: any frame shows that the link lives
const HURRIED_WITHIN_MS = 3_000;
const LIVED_MS = 5_000; // a link that held so long was no failed attempt
const MOST_ASKED = 8; // questions whose answers are still waited for

const SLOW_READER = 1013;
const TOKEN_ENDED = 4401;
const FORBIDDEN = 4403;
const TOO_MANY = 4429;

export interface ConnectionEvents {
  frame: (frame: ServerFrame) => void;
  link: (link: Link) => void;
  opened: () => void; // authenticated as far as it goes: subscribe now
  lost: () => void; // what was in flight has no answer
  refused: (code: number) => void; // 4401: who asks is not believed (any more); closed with 4403 or 4429
}

export class Connection {
  private socket: SocketLike | null = null;
  private who: Who | null = null;
  private link: Link = "connecting";
  private readonly backoff: Backoff;
  private readonly asked = new Map<string, number>(); // the id of a question -> when it left
  private questions = 0; // of this socket
  private has_lived = false;
  private has_started = false;
  private ended = false;
  private stop_waiting: () => void = () => {}; // for the next attempt, or the next question
  private stop_doubting: (() => void) | null = null; // until something is heard
  private stop_living: () => void = () => {};

  constructor(
    private readonly url: string,
    private readonly clock: ServerClock,
    private readonly events: ConnectionEvents,
    private readonly around: Surroundings,
  ) {
    this.backoff = new Backoff(around.random);
  }

  start(): void {
    if (this.has_started) return;
    this.has_started = true;
    this.connect();
  }

  end(): void {
    this.ended = true;
    this.stop_waiting();
    this.drop();
  }

  get state(): Link {
    return this.link;
  }

  // From now on somebody else. A new token of the same holder goes over the same socket. Another holder leaves it, and so does
  // who logs out: a server that does not take an `auth` frame goes on with the one before.
  identify(who: Who | null): void {
    const was = this.who;
    this.who = who;
    if (JSON.stringify(who) === JSON.stringify(was)) return;
    if (was === null || same_holder(was, who)) this.send({ type: "auth", ...who } as ClientFrame);
    else if (this.socket !== null) this.reconnect();
  }

  // Whether it left; a frame that did not is not kept.
  send(frame: ClientFrame): boolean {
    if (this.socket?.readyState !== OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  // There is reason to think that the network has come back, or that the link is dead: try, or ask, now.
  hurry(): void {
    if (this.ended || !this.has_started) return;
    if (this.socket === null) {
      this.stop_waiting();
      this.connect();
    } else if (this.socket.readyState === OPEN) {
      this.ask(HURRIED_WITHIN_MS);
    }
  }

  private reconnect(): void {
    this.stop_waiting();
    this.drop();
    this.connect();
  }

  private set_link(link: Link): void {
    if (this.link === link) return;
    this.link = link;
    this.events.link(link);
  }

  private connect(): void {
    this.set_link(this.link === "offline" ? "offline" : "connecting");
    if (this.ended || this.socket !== null) return; // whoever heard of it may have acted
    const socket = this.try_to_open();
    if (socket === null) return this.come_back(this.backoff.next_ms());
    this.socket = socket;
    this.doubt(OPENED_WITHIN_MS);
    socket.onerror = () => {}; // what nobody hears ends a program on Node
    socket.onopen = () => this.socket === socket && this.on_open();
    socket.onmessage = ({ data }) => this.socket === socket && this.on_message(data);
    socket.onclose = ({ code }) => this.socket === socket && this.on_close(code);
  }

  private try_to_open(): SocketLike | null {
    try {
      return this.around.open(this.url, PROTOCOL);
    } catch {
      return null;
    }
  }

  private on_open(): void {
    this.stop_living = this.around.after(LIVED_MS, () => {
      this.has_lived = true;
      this.backoff.succeeded();
    });
    this.believe();
    if (this.who !== null) this.send({ type: "auth", ...this.who } as ClientFrame);
    this.questions = 0;
    this.ask(HEARD_WITHIN_MS);
    this.set_link("live");
    this.events.opened();
  }

  private on_message(data: unknown): void {
    this.believe();
    const frame = frame_of(data);
    if (frame === null) return;
    if (frame.type === "time") return this.hear_time(frame);
    const is_of_auth = frame.type === "error" && frame.id === undefined && frame.auction_id === undefined;
    if (is_of_auth && frame.code === "unauthenticated") return this.not_believed();
    this.events.frame(frame);
  }

  private on_close(code: number): void {
    const had_lived = this.has_lived;
    this.drop();
    this.come_back(this.pause_ms(code, had_lived));
    if (code === TOKEN_ENDED) this.not_believed();
    else if (code === FORBIDDEN || code === TOO_MANY) this.events.refused(code);
  }

  // The same token would be refused again, and the socket may still be believed to be of the one before.
  private not_believed(): void {
    this.who = null;
    if (this.socket !== null) this.reconnect();
    this.events.refused(TOKEN_ENDED);
  }

  // A reader that was too slow resumes at once, unless it is so again and again.
  private pause_ms(code: number, had_lived: boolean): number {
    if (code === SLOW_READER && had_lived) return 0;
    return code === FORBIDDEN || code === TOO_MANY ? this.backoff.longest_ms() : this.backoff.next_ms();
  }

  private come_back(ms: number): void {
    this.stop_waiting();
    this.stop_waiting = this.around.after(ms, () => this.connect());
    this.set_link("offline");
  }

  private drop(): void {
    const socket = this.socket;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    this.socket = null;
    this.has_lived = false;
    this.stop_living();
    this.stop_waiting();
    this.believe();
    this.asked.clear();
    socket.close();
    this.events.lost();
  }

  private doubt(within_ms: number): void {
    this.stop_doubting?.();
    this.stop_doubting = this.around.after(within_ms, () => {
      this.drop();
      this.come_back(this.backoff.next_ms());
    });
  }

  private believe(): void {
    this.stop_doubting?.();
    this.stop_doubting = null;
  }

  private ask(within_ms: number): void {
    const id = `t${++this.questions}`;
    this.asked.set(id, this.around.now());
    if (this.asked.size > MOST_ASKED) this.asked.delete(this.asked.keys().next().value ?? "");
    this.send({ type: "time", id });
    this.doubt(within_ms);
    this.stop_waiting();
    this.stop_waiting = this.around.after(this.questions < FIRST_ASKS ? FIRST_ASKS_MS : ASK_EVERY_MS,
      () => this.ask(HEARD_WITHIN_MS));
  }

  private hear_time({ id = "", server_time }: ServerTimeFrame): void {
    const sent = this.asked.get(id);
    if (sent === undefined) return;
    this.asked.delete(id);
    this.clock.measured(sent, server_time);
  }
}
