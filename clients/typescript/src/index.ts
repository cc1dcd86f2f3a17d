export { Client, new_key, type ClientOptions, type Watch } from "./client.js";
export type { Link } from "./connection.js";
export { OutcomeUnknown, Problem } from "./problem.js";
export type { SocketLike, Surroundings } from "./surroundings.js";
export type * from "./types.js";
export type { AuctionView } from "./view.js";
export type { WatchOptions } from "./watching.js";
