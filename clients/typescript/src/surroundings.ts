// What the client needs of where it runs: given from outside, it runs in a page, in a program, and in a test that rules
// over time, chance and every connection.

/** As much of a WebSocket as is used. */
export interface SocketLike {
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onerror: (() => void) | null; // says nothing that onclose does not say
  onclose: ((close: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(): void;
}
export const OPEN = 1;

/** What a test may rule over; none of it is needed otherwise. */
export interface Surroundings {
  open: (url: string, protocol: string) => SocketLike;
  now: () => number; // milliseconds, of this machine's clock
  random: () => number;
  after: (ms: number, what: () => void) => () => void; // the answer calls it off
  soon: (what: () => void) => void; // once, before the next picture is drawn
}

/** Such as the browser's own, or that of the npm package `ws`. */
export type WebSocketClass = new (url: string, protocol: string) => unknown;

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

function opener(web_socket: WebSocketClass | undefined): Surroundings["open"] {
  const Socket = web_socket ?? globalThis.WebSocket;
  if (Socket === undefined) {
    throw new TypeError("there is no WebSocket here: pass one as web_socket, such as that of the npm package ws, or take Node 22");
  }
  return (url, protocol) => new Socket(url, protocol) as SocketLike;
}

export function surroundings(given: Partial<Surroundings>, web_socket?: WebSocketClass): Surroundings {
  return {
    open: given.open ?? opener(web_socket),
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
