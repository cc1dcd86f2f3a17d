// In which order rows stand. Pure.
import type { Auction } from "@flashbid/client";

export const COLUMNS = ["id", "title", "state", "price", "leader", "bids", "rate", "watchers", "left"] as const;
export type Column = (typeof COLUMNS)[number];

const STATES = { open: 0, scheduled: 1, closed: 2, cancelled: 3 };

// What a column is compared by: the next thing to happen first, for the time that is left.
function value_of(auction: Auction, rate: number, column: Column): number | string {
  switch (column) {
    case "title": return auction.title.toLowerCase();
    case "state": return STATES[auction.state];
    case "price": return auction.price ?? auction.opening_price;
    case "leader": return auction.leader?.toLowerCase() ?? "";
    case "rate": return rate;
    case "left": return STATES[auction.state] * 1e15 + Date.parse(auction.state === "scheduled" ? auction.opens_at : auction.closes_at);
    default: return auction[column];
  }
}

interface Ordered {
  auction: { peek(): Auction };
  rate: { at(now_ms: number): number };
}

// Rows that are alike in the column stand by their number.
export function ordered<Row extends Ordered>(rows: Row[], { column, falling }: { column: Column; falling: boolean }, now_ms: number): Row[] {
  const keyed = rows.map((row) => ({ row, key: value_of(row.auction.peek(), row.rate.at(now_ms), column), id: row.auction.peek().id }));
  keyed.sort((one, other) => {
    const order = typeof one.key === "string" ? one.key.localeCompare(String(other.key)) : one.key - Number(other.key);
    return (falling ? -order : order) || one.id - other.id;
  });
  return keyed.map(({ row }) => row);
}
