// What FlashBid says and takes, as in /openapi.json and /asyncapi.json. Money: integers of the currency's minor units.

export type AuctionState = "scheduled" | "open" | "closed" | "cancelled";

export interface IncrementRow {
  below: number | null;
  step: number;
}
export type Increment = number | { table: [number | null, number][] } | { preset: string };

export interface SoftClose {
  window_ms: number;
  extend_ms: number;
  mode: "from_bid" | "from_close";
  max_extensions?: number | null;
}

// What moves while an auction runs; the same in an auction and in a `state` frame.
export interface Standing {
  state: AuctionState;
  price: number | null; // null before the first bid
  leader: string | null;
  minimum_next: number | null; // null = nobody can bid higher
  bids: number;
  closes_at: string; // RFC 3339, as all times
  extensions: number;
  reserve_met: boolean | null; // null = there is no reserve
  winner: string | null;
  sold: boolean | null; // null until it is closed
  watchers: number;
  epoch: number;
  sequence: number; // of the last event that this rests on
  server_time: string;
}

export interface Auction extends Standing {
  id: number;
  title: string;
  description: string;
  image_url: string | null;
  currency: string; // ISO 4217
  format: "english";
  opening_price: number;
  increment: Increment;
  opens_at: string;
  soft_close: SoftClose | null;
  seller: string | null;
  self_outbid: boolean;
  amount_limit: number | null;
}

// What an operator gives to make one; what is left out has the server's default.
export interface NewAuction {
  title: string;
  currency: string;
  opening_price: number;
  closes_at: string;
  description?: string;
  image_url?: string | null;
  increment?: Increment;
  reserve?: number | null;
  opens_at?: string | null;
  soft_close?: SoftClose | null;
  seller?: string | null;
  self_outbid?: boolean;
  amount_limit?: number | null;
}

interface Numbered {
  auction_id: number;
  epoch: number;
  sequence: number; // gapless from 1 in an auction
  at: string;
}
export interface Created extends Numbered {
  event: "created";
}
export interface Opened extends Numbered {
  event: "opened";
}
export interface BidAccepted extends Numbered {
  event: "bid_accepted";
  bidder: string;
  amount: number;
  price: number;
  leader: string;
  minimum_next: number | null;
  closes_at: string;
}
export interface Extended extends Numbered {
  event: "extended";
  closes_at: string;
  extensions: number;
}
export interface Closed extends Numbered {
  event: "closed";
  winner: string | null;
  price: number | null;
  sold: boolean;
}
export interface Cancelled extends Numbered {
  event: "cancelled";
}
export type AuctionEvent = Created | Opened | BidAccepted | Extended | Closed | Cancelled;

export interface Bid {
  sequence: number;
  bidder: string;
  amount: number;
  at: string;
}

export type Reason =
  | "not_open_yet"
  | "closed"
  | "cancelled"
  | "own_auction"
  | "already_leading"
  | "amount_below_minimum"
  | "amount_above_limit";

interface Decided {
  auction_id: number;
  bidder: string;
  amount: number;
  price: number | null;
  leader: string | null;
  minimum_next: number | null;
  closes_at: string;
  as_of_sequence: number;
  decided_at: string;
}
export interface Accepted extends Decided {
  verdict: "accepted";
  sequence: number;
}
export interface Rejected extends Decided {
  verdict: "rejected";
  reason: Reason;
}
export type BidResult = Accepted | Rejected;

// Where a watcher is in an auction's history.
export interface Place {
  epoch: number;
  sequence: number;
}

export type ServerFrame =
  | { type: "snapshot"; auction: Auction }
  | { type: "reset"; auction: Auction }
  | ({ type: "event" } & AuctionEvent)
  | ({ type: "state"; auction_id: number } & Standing)
  | ({ type: "bid_result"; id: string } & BidResult)
  | { type: "time"; id: string; server_time: string }
  | { type: "error"; id?: string; auction_id?: number; code: string; detail?: string; retry_after_s?: number };

export type ClientFrame =
  | { type: "auth"; token: string }
  | { type: "auth"; bidder: string }
  | { type: "subscribe"; auction_id: number; epoch?: number; after_sequence?: number; mode?: "latest" }
  | { type: "unsubscribe"; auction_id: number }
  | { type: "bid"; id: string; auction_id: number; amount: number; idempotency_key: string }
  | { type: "time"; id: string };

// Who asks: the holder of a token, or with --dev somebody of that name.
export type Who = { token: string } | { bidder: string };

export interface AccessTerms {
  login: "name" | "token";
  accounts: boolean;
  private: boolean;
  load?: boolean;
}
