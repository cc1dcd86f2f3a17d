export { Client, new_key, type ClientOptions, type Watch } from "./client";
export type { Link } from "./connection";
export { OutcomeUnknown, Problem } from "./problem";
export type { SocketLike, Surroundings } from "./surroundings";
export type * from "./types";
export type { AuctionView } from "./view";
export type { WatchOptions } from "./watching";
