// Files that the server makes, saved by the browser; fetched with the visitor's token, which a link would not have.
import { client } from "../house";

// The name under which it was saved.
export async function save_bids(auction_id: number): Promise<string> {
  const file = await client.http.file(`/v1/auctions/${auction_id}/bids.csv`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `auction-${auction_id}-bids.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return link.download;
}
