// What the client needs of where it runs: given from outside, it runs in a page, in a program, and in a test that rules
// over time, chance and every connection.

// As much of a WebSocket as is used.
export interface SocketLike {
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((close: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(): void;
}
export const OPEN = 1;

export interface Surroundings {
  open: (url: string, protocol: string) => SocketLike;
  now: () => number; // milliseconds, of this machine's clock
  random: () => number;
  after: (ms: number, what: () => void) => () => void; // the answer calls it off
  soon: (what: () => void) => void; // once, before the next picture is drawn
}

const UNSEEN_MS = 200;

// A page that nobody sees draws no pictures; it is told all the same.
function before_the_next_picture(what: () => void): void {
  if (typeof requestAnimationFrame !== "function") return void setTimeout(what, 0);
  let is_done = false;
  const once = () => {
    if (is_done) return;
    is_done = true;
    cancelAnimationFrame(picture);
    clearTimeout(timer);
    what();
  };
  const picture = requestAnimationFrame(once);
  const timer = setTimeout(once, UNSEEN_MS);
}

export function surroundings(given: Partial<Surroundings>): Surroundings {
  return {
    open: (url, protocol) => new WebSocket(url, protocol) as unknown as SocketLike,
    now: () => Date.now(),
    random: () => Math.random(),
    after: (ms, what) => {
      const timer = setTimeout(what, ms);
      return () => clearTimeout(timer);
    },
    soon: before_the_next_picture,
    ...given,
  };
}
