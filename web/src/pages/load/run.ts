// The bots' run as the server tells it: started, followed a few times a second while it goes on, stopped.
import { signal } from "@preact/signals";
import { Problem } from "@flashbid/client";
import { client } from "../../house";

export interface LoadOrder {
  auction_id: number | null; // null = one is made for the run
  bots: number;
  duration_ms: number;
  rate: number | null; // bids a second in all; null = as fast as they are answered
}

// What was decided since the point before.
export interface LoadPoint {
  at_ms: number;
  accepted: number;
  rejected: number;
  p50_ms: number | null;
  p99_ms: number | null;
}

export interface LoadRun extends LoadOrder {
  state: "running" | "checking" | "finished" | "failed";
  auction_id: number;
  started_at: string;
  server_time: string;
  accepted: number;
  rejected: number;
  refused: number;
  unknown: number;
  bids_per_second: number;
  latency_ms: { p50: number | null; p99: number | null; max: number | null };
  series: LoadPoint[];
  violations: number | null;
  verdict: "clean" | "violations" | "nothing_decided" | null;
  detail: string | null;
}

const FOLLOWED_EVERY_MS = 250;
const LOOKED_FOR_EVERY_MS = 3_000; // somebody else may start one

export const run = signal<LoadRun | null>(null); // the one that goes on, or the last one
export const problem = signal<Problem | null>(null); // why it could not be started or stopped
export const is_away = signal(false); // how it stands cannot be read

export const goes_on = (one: LoadRun | null) => one?.state === "running" || one?.state === "checking";

let look_soon = () => {};
let asked = 0; // answers to an earlier question than the newest are late

async function take(question: () => Promise<LoadRun | { state: "idle" }>): Promise<void> {
  const number = ++asked;
  const said = await question();
  if (number === asked) run.value = said.state === "idle" ? null : said;
}

async function order(question: () => Promise<LoadRun | { state: "idle" }>): Promise<void> {
  problem.value = null;
  try {
    await take(question);
    look_soon();
  } catch (error) {
    problem.value = error instanceof Problem ? error : new Problem(0, "unavailable", String(error));
  }
}

export const start = (wanted: LoadOrder) => order(() => client.http.post("/v1/load", wanted));
export const stop = () => order(() => client.http.post("/v1/load/stop", {}));

// Until the answer is called.
export function follow(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined; // none while a question is under way
  let has_ended = false;
  const look = async () => {
    timer = undefined;
    await take(() => client.http.get("/v1/load")).then(() => (is_away.value = false), () => (is_away.value = true));
    if (!has_ended) timer = setTimeout(look, goes_on(run.value) ? FOLLOWED_EVERY_MS : LOOKED_FOR_EVERY_MS);
  };
  look_soon = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = setTimeout(look, FOLLOWED_EVERY_MS);
  };
  void look();
  return () => {
    has_ended = true;
    look_soon = () => {};
    clearTimeout(timer);
  };
}
