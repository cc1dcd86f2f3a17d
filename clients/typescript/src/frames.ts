// A message as the frame that it is; null if it is none that this client knows. What is left out here shows as a gap and is
// asked for again, so nothing behind this line looks at a frame's form any more.
import type { ServerFrame } from "./types.js";

type Said = Record<string, unknown>;

const is_whole = Number.isSafeInteger as (value: unknown) => value is number;
const is_text = (value: unknown) => typeof value === "string";
const is_time = (value: unknown) => typeof value === "string" && Number.isFinite(Date.parse(value));
const is_placed = ({ epoch, sequence }: Said) => is_whole(epoch) && is_whole(sequence);
const is_object = (value: unknown): value is Said => typeof value === "object" && value !== null;
const is_auction = (value: unknown) =>
  is_object(value) && is_whole(value.id) && is_placed(value) && is_text(value.state) && is_time(value.closes_at);

function is_event(said: Said): boolean {
  if (!is_whole(said.auction_id) || !is_placed(said)) return false;
  if (said.event === "bid_accepted") return is_whole(said.price) && is_text(said.leader) && is_time(said.closes_at);
  if (said.event === "extended") return is_time(said.closes_at) && is_whole(said.extensions);
  return is_text(said.event);
}

function is_frame(said: Said): boolean {
  switch (said.type) {
    case "snapshot":
    case "reset":
      return is_auction(said.auction);
    case "event":
      return is_event(said);
    case "state":
      return is_whole(said.auction_id) && is_placed(said) && is_text(said.state) && is_time(said.closes_at);
    case "bid_result":
      return is_text(said.id) && (said.verdict === "accepted" || said.verdict === "rejected");
    case "time":
      return is_text(said.id) && is_time(said.server_time);
    case "error":
      return is_text(said.code);
    default:
      return false; // of a newer server
  }
}

export function frame_of(data: unknown): ServerFrame | null {
  if (typeof data !== "string") return null;
  try {
    const said: unknown = JSON.parse(data);
    return is_object(said) && is_frame(said) ? (said as unknown as ServerFrame) : null;
  } catch {
    return null;
  }
}
