// A program that uses the client as a stranger would: bids as it is told on stdin, and says on stdout all that it is told, a
// JSON line each.        ORIGIN AUCTION BIDDER
import { createInterface } from "node:readline";
import { Client } from "@flashbid/client";
import WebSocket from "ws";

const [origin, auction_id, bidder] = process.argv.slice(2);
const client = new Client({ origin, who: { bidder }, web_socket: WebSocket });
const say = (what) => console.log(JSON.stringify(what));

client.on_link((link) => say({ link }));

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { amount, ...options } = JSON.parse(line);
    client.bid(Number(auction_id), amount, options).then((answer) => say({ answer }), ({ name, message }) => say({ name, message }));
  })
  .on("close", () => client.end());

for await (const { auction, events, reset } of client.subscribe(Number(auction_id))) say({ auction, events, reset });
say({ ended: true });
