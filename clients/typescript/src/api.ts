// What FlashBid says and takes. Made from docs/api/openapi.yaml and docs/api/asyncapi.yaml by api_types.py; not to be edited.
// Money: integers of the currency's minor units. Times: RFC 3339, UTC, with milliseconds.

/** An auction at one sequence. */
export interface Auction {
  id: number;
  title: string;
  /** ISO 4217, in use. */
  currency: string;
  format: Format;
  /** Minor units of the auction's currency. */
  opening_price: number;
  increment: Increment;
  opens_at: string;
  closes_at: string;
  soft_close: SoftClose | null;
  seller: string | null;
  self_outbid: boolean;
  amount_limit: number | null;
  description: string;
  image_url: string | null;
  /** null if there is no reserve. */
  reserve_met: boolean | null;
  state: AuctionState;
  price: number | null;
  /**
   * A bidder's id; with `--public-bidders masked` its first character, `***` and its last one (`A***e`; `A***` of an
   * id of one character). A mask and not a pseudonym: several bidders may have the same.
   */
  leader: string | null;
  /** The lowest admissible next amount; null only when no admissible amount is left. */
  minimum_next: number | null;
  /** Accepted ones. */
  bids: number;
  /** How often the end has moved. */
  extensions: number;
  /**
   * A bidder's id; with `--public-bidders masked` its first character, `***` and its last one (`A***e`; `A***` of an
   * id of one character). A mask and not a pseudonym: several bidders may have the same.
   */
  winner: string | null;
  /** null until closed. */
  sold: boolean | null;
  watchers: number;
  /** Changes when history may have been lost. */
  epoch: number;
  /** Gapless from 1 per auction. */
  sequence: number;
  server_time: string;
}

export interface NewAuction {
  id?: number;
  title: string;
  /** ISO 4217, in use. */
  currency: string;
  format?: Format;
  /** Minor units of the auction's currency. */
  opening_price: number;
  increment?: Increment;
  /** The hidden floor to sell. Others only see whether it is met. */
  reserve?: number | null;
  /** Now, if null or left out. */
  opens_at?: string | null;
  /** RFC 3339 with any offset; cut to milliseconds. */
  closes_at: string;
  soft_close?: NewSoftClose | null;
  /** May not bid here. */
  seller?: string | null;
  /** false: the leader's own bids are `already_leading`. */
  self_outbid?: boolean;
  /** No bid may be higher. */
  amount_limit?: number | null;
  description?: string;
  /** http or https. */
  image_url?: string | null;
}

/** A durable fact. What it carries depends on `event`. */
export type AuctionEvent =
  | EventCreated
  | EventOpened
  | EventBidAccepted
  | EventExtended
  | EventClosed
  | EventCancelled;

export interface BidAccepted {
  verdict: "accepted";
  auction_id: number;
  /** Gapless from 1 per auction. */
  sequence: number;
  bidder: string;
  /** Minor units of the auction's currency. */
  amount: number;
  /** Minor units of the auction's currency. */
  price: number;
  /**
   * A bidder's id; with `--public-bidders masked` its first character, `***` and its last one (`A***e`; `A***` of an
   * id of one character). A mask and not a pseudonym: several bidders may have the same.
   */
  leader: string;
  /** The lowest admissible next amount; null only when no admissible amount is left. */
  minimum_next: number | null;
  closes_at: string;
  /** Gapless from 1 per auction. */
  as_of_sequence: number;
  decided_at: string;
}

export interface BidRejected {
  verdict: "rejected";
  reason: Reason;
  auction_id: number;
  bidder: string;
  /** Minor units of the auction's currency. */
  amount: number;
  price: number | null;
  /**
   * A bidder's id; with `--public-bidders masked` its first character, `***` and its last one (`A***e`; `A***` of an
   * id of one character). A mask and not a pseudonym: several bidders may have the same.
   */
  leader: string | null;
  /** The lowest admissible next amount; null only when no admissible amount is left. */
  minimum_next: number | null;
  closes_at: string;
  /** Gapless from 1 per auction. */
  as_of_sequence: number;
  decided_at: string;
}

export interface HistoryBid {
  /** Gapless from 1 per auction. */
  sequence: number;
  /**
   * A bidder's id; with `--public-bidders masked` its first character, `***` and its last one (`A***e`; `A***` of an
   * id of one character). A mask and not a pseudonym: several bidders may have the same.
   */
  bidder: string;
  /** Minor units of the auction's currency. */
  amount: number;
  at: string;
}

export interface AccessTerms {
  /** Whether one registers and logs in here: `/v1/accounts`, `/v1/sessions`. */
  accounts: boolean;
  /** With `--dev` a name; otherwise a token. */
  login: "name" | "token";
  /** Whether even reading needs a token. */
  private: boolean;
  /** Whether bots can be started here: `/v1/load`. Only with `--dev`, without `--private` and without TLS. */
  load: boolean;
}

export interface Session {
  /** A JWT: `sub` the name as it was registered, `role`, `iss` "flashbid". */
  access_token: string;
  token_type: "Bearer";
  /** Seconds that the access token lives. */
  expires_in: number;
  /** Opaque; good for one use within 30 days. */
  refresh_token: string;
}

export interface EventCreated {
  auction_id: number;
  /** Changes when history may have been lost. */
  epoch: number;
  /** Gapless from 1 per auction. */
  sequence: number;
  event: "created";
  auction: CreatedAuction;
  at: string;
}

export interface EventOpened {
  auction_id: number;
  /** Changes when history may have been lost. */
  epoch: number;
  /** Gapless from 1 per auction. */
  sequence: number;
  event: "opened";
  at: string;
}

export interface EventBidAccepted {
  auction_id: number;
  /** Changes when history may have been lost. */
  epoch: number;
  /** Gapless from 1 per auction. */
  sequence: number;
  event: "bid_accepted";
  /**
   * A bidder's id; with `--public-bidders masked` its first character, `***` and its last one (`A***e`; `A***` of an
   * id of one character). A mask and not a pseudonym: several bidders may have the same.
   */
  bidder: string;
  /** Minor units of the auction's currency. */
  amount: number;
  /** Minor units of the auction's currency. */
  price: number;
  /**
   * A bidder's id; with `--public-bidders masked` its first character, `***` and its last one (`A***e`; `A***` of an
   * id of one character). A mask and not a pseudonym: several bidders may have the same.
   */
  leader: string;
  /** The lowest admissible next amount; null only when no admissible amount is left. */
  minimum_next: number | null;
  /** The end in force when the bid was decided; an `extended` event right after it tells of a move. */
  closes_at: string;
  at: string;
}

export interface EventExtended {
  auction_id: number;
  /** Changes when history may have been lost. */
  epoch: number;
  /** Gapless from 1 per auction. */
  sequence: number;
  event: "extended";
  closes_at: string;
  extensions: number;
  at: string;
}

export interface EventClosed {
  auction_id: number;
  /** Changes when history may have been lost. */
  epoch: number;
  /** Gapless from 1 per auction. */
  sequence: number;
  event: "closed";
  /**
   * A bidder's id; with `--public-bidders masked` its first character, `***` and its last one (`A***e`; `A***` of an
   * id of one character). A mask and not a pseudonym: several bidders may have the same.
   */
  winner: string | null;
  price: number | null;
  sold: boolean;
  at: string;
}

export interface EventCancelled {
  auction_id: number;
  /** Changes when history may have been lost. */
  epoch: number;
  /** Gapless from 1 per auction. */
  sequence: number;
  event: "cancelled";
  at: string;
}

export type AuctionState = "scheduled" | "open" | "closed" | "cancelled";

/** The table with statuses and whether to retry is in docs/errors.md. Names are never reused. */
export type Code =
  | "invalid_json"
  | "invalid_utf8"
  | "unknown_field"
  | "missing_field"
  | "duplicate_field"
  | "invalid_type"
  | "invalid_value"
  | "invalid_amount"
  | "invalid_query"
  | "bad_request"
  | "unauthenticated"
  | "forbidden"
  | "host_not_allowed"
  | "origin_not_allowed"
  | "not_found"
  | "method_not_allowed"
  | "request_timeout"
  | "auction_exists"
  | "auction_not_cancellable"
  | "payload_too_large"
  | "uri_too_long"
  | "unsupported_media_type"
  | "idempotency_key_reused"
  | "upgrade_required"
  | "rate_limited"
  | "headers_too_large"
  | "internal"
  | "transfer_coding_not_implemented"
  | "unavailable"
  | "outcome_unknown"
  | "http_version_not_supported"
  | "account_exists"
  | "load_running"
  | "auction_not_open"
  | "not_implemented";

/** More formats will follow. */
export type Format = "english";

/** By how much a bid must beat the price - a fixed step, a table, or a preset in major units of the currency. */
export type Increment = number | {
  table: IncrementTable;
} | {
  preset: "ebay-us" | "yahoo-jp" | "whatnot";
};

export interface SoftClose {
  window_ms: number;
  extend_ms: number;
  /** `from_bid`: to max(closes_at, now + extend_ms). `from_close`: to closes_at + extend_ms. */
  mode: "from_bid" | "from_close";
  /** null = without limit. */
  max_extensions: number | null;
}

/** An accepted bid at `closes_at - window_ms <= now < closes_at` moves the end. */
export interface NewSoftClose {
  window_ms: number;
  extend_ms: number;
  /** `from_bid`: to max(closes_at, now + extend_ms). `from_close`: to closes_at + extend_ms. */
  mode: "from_bid" | "from_close";
  /** null = without limit. */
  max_extensions?: number | null;
}

/** The first rule that refused, checked in this order. */
export type Reason =
  | "not_open_yet"
  | "closed"
  | "cancelled"
  | "own_auction"
  | "already_leading"
  | "amount_below_minimum"
  | "amount_above_limit";

/** The auction as the public may see it when it is created, before any boundary or bid. */
export interface CreatedAuction {
  id: number;
  title: string;
  /** ISO 4217, in use. */
  currency: string;
  format: Format;
  /** Minor units of the auction's currency. */
  opening_price: number;
  increment: Increment;
  opens_at: string;
  closes_at: string;
  soft_close: SoftClose | null;
  seller: string | null;
  self_outbid: boolean;
  amount_limit: number | null;
  description: string;
  image_url: string | null;
  /** null if there is no reserve. */
  reserve_met: boolean | null;
  state: AuctionState;
  price: number | null;
  /**
   * A bidder's id; with `--public-bidders masked` its first character, `***` and its last one (`A***e`; `A***` of an
   * id of one character). A mask and not a pseudonym: several bidders may have the same.
   */
  leader: string | null;
  /** The lowest admissible next amount; null only when no admissible amount is left. */
  minimum_next: number | null;
  /** Accepted ones. */
  bids: number;
  /** How often the end has moved. */
  extensions: number;
  /**
   * A bidder's id; with `--public-bidders masked` its first character, `***` and its last one (`A***e`; `A***` of an
   * id of one character). A mask and not a pseudonym: several bidders may have the same.
   */
  winner: string | null;
  /** null until closed. */
  sold: boolean | null;
}

/** Rows `[below, step]` with `below` rising and null in the last one only. */
export type IncrementTable = [number | null, number][];

/** The auction where the subscription starts; every later event follows. */
export type SnapshotFrame = {
  type: "snapshot";
  auction: Auction;
};

/** The history that was asked for cannot be continued - start over from this. */
export type ResetFrame = {
  type: "reset";
  auction: Auction;
};

/** An event, in sequence; the bytes of the history with a type in front. */
export type EventFrame = { type: "event"; } & AuctionEvent;

/** What moves of an auction, at its newest, for `mode latest`; never a late one. */
export type StateFrame = {
  type: "state";
  auction_id: number;
  state: AuctionState;
  price: number | null;
  /**
   * A bidder's id; with `--public-bidders masked` its first character, `***` and its last one (`A***e`; `A***` of an
   * id of one character). A mask and not a pseudonym: several bidders may have the same.
   */
  leader: string | null;
  /** The lowest admissible next amount; null only when no admissible amount is left. */
  minimum_next: number | null;
  bids: number;
  closes_at: string;
  extensions: number;
  reserve_met: boolean | null;
  /**
   * A bidder's id; with `--public-bidders masked` its first character, `***` and its last one (`A***e`; `A***` of an
   * id of one character). A mask and not a pseudonym: several bidders may have the same.
   */
  winner: string | null;
  sold: boolean | null;
  watchers: number;
  /** Changes when history may have been lost. */
  epoch: number;
  /** Gapless from 1 per auction. */
  sequence: number;
  server_time: string;
};

/** The decision, as over HTTP. */
export type BidResultFrame = { type: "bid_result"; id?: string; } & (BidAccepted | BidRejected);

/** The answer to `time`. */
export type ServerTimeFrame = {
  type: "time";
  /** The client's own, given back with the answer; left out if it gave none. */
  id?: string;
  server_time: string;
};

/** A frame could not be carried out. The codes are those of HTTP's problems. */
export type ErrorFrame = {
  type: "error";
  /** The client's own, given back with the answer; left out if it gave none. */
  id?: string;
  auction_id?: number;
  code: Code;
  detail: string;
  /** With the codes whose status is 429 or 503: what `Retry-After` is over HTTP. */
  retry_after_s?: number;
};

/** What the server sends over the socket. */
export type ServerFrame =
  | SnapshotFrame
  | ResetFrame
  | EventFrame
  | StateFrame
  | BidResultFrame
  | ServerTimeFrame
  | ErrorFrame;

/** Who bids on this socket. The first frame, unless a header said it. */
export type AuthFrame = {
  type: "auth";
  /** A JWT. */
  token?: string;
  bidder?: string;
};

/** Watch an auction; again replaces the subscription. */
export type SubscribeFrame = {
  type: "subscribe";
  auction_id: number;
  /** Changes when history may have been lost. */
  epoch?: number;
  after_sequence?: number;
  mode?: "every" | "latest";
};

/** Watch it no more. */
export type UnsubscribeFrame = {
  type: "unsubscribe";
  auction_id: number;
};

/** Bid. Answered by `bid_result` or `error` with the same id. */
export type BidFrame = {
  type: "bid";
  /** The client's own, given back with the answer; left out if it gave none. */
  id?: string;
  auction_id: number;
  /** Minor units of the auction's currency. */
  amount: number;
  idempotency_key?: string;
};

/** Ask what time it is. */
export type TimeFrame = {
  type: "time";
  /** The client's own, given back with the answer; left out if it gave none. */
  id?: string;
};

/** What it takes over the socket. */
export type ClientFrame =
  | AuthFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | BidFrame
  | TimeFrame;
