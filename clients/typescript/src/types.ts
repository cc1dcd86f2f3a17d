// What is said of auctions in more than one of the API's own words; those are in api.ts.
import type { BidAccepted, BidRejected, StateFrame } from "./api.js";

export type * from "./api.js";

/** The answer to a bid: both are decisions; an error is a `Problem`. */
export type BidResult = BidAccepted | BidRejected;

/** What moves of an auction while it runs. */
export type Standing = Omit<StateFrame, "type" | "auction_id">;

// Where a watcher is in an auction's history.
export interface Place {
  epoch: number;
  sequence: number;
}

/** Who asks: the holder of a token, or with `--dev` somebody of that name. */
export type Who = { token: string } | { bidder: string };
