// FlashBid's HTTP routes. Every method throws a Problem for an answer that is none of its results.
import { Problem } from "./problem.js";
import type { AccessTerms, Auction, AuctionEvent, AuctionState, HistoryBid, NewAuction, Who } from "./types.js";

/** One page of a list. */
export interface Page<Item> {
  items: Item[];
  /** What to ask for the next page; null = that was the last. */
  next: string | null;
}

function headers_of(who: Who | null): Record<string, string> {
  if (who === null) return {};
  return "token" in who ? { Authorization: `Bearer ${who.token}` } : { "X-Bidder": who.bidder };
}

async function problem_of(response: Response): Promise<Problem> {
  const said = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
  const wait = Number(response.headers.get("Retry-After") ?? NaN);
  return new Problem(response.status, said.code ?? "internal", said.detail ?? response.statusText,
    Number.isFinite(wait) ? wait : null);
}

/** The routes. Every method throws a `Problem` for an answer that is none of its results. */
export class Http {
  who: Who | null = null;

  constructor(
    private readonly origin: string,
    private readonly ask: typeof fetch = (...what) => fetch(...what),
  ) {}

  /** Any route, such as `/v1/auctions/1/actions`. */
  async get<Answer>(path: string): Promise<Answer> {
    const response = await this.ask(this.origin + path, { headers: headers_of(this.who) });
    if (!response.ok) throw await problem_of(response);
    return (await response.json()) as Answer;
  }

  /** What is kept as a file, whole: one that broke off on its way is an error. */
  async file(path: string): Promise<Blob> {
    const response = await this.ask(this.origin + path, { headers: headers_of(this.who) });
    if (!response.ok) throw await problem_of(response);
    return response.blob();
  }

  /** With an `idempotency_key` the same again has one effect. */
  async post<Answer>(path: string, body: unknown = null, idempotency_key: string | null = null): Promise<Answer> {
    const response = await this.ask(this.origin + path, {
      method: "POST",
      headers: {
        ...headers_of(this.who),
        ...(body === null ? {} : { "Content-Type": "application/json" }),
        ...(idempotency_key === null ? {} : { "Idempotency-Key": idempotency_key }),
      },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw await problem_of(response);
    return (response.status === 204 ? null : await response.json()) as Answer;
  }

  /** How somebody says here who they are. */
  access(): Promise<AccessTerms> {
    return this.get("/v1/access");
  }

  /** Auctions in the order of their ids, all or those of one state. */
  async auctions(cursor: string | null = null, state: AuctionState | null = null, limit = 100): Promise<Page<Auction>> {
    const asked = new URLSearchParams({ limit: String(limit) });
    if (cursor !== null) asked.set("cursor", cursor);
    if (state !== null) asked.set("state", state);
    const page = await this.get<{ auctions: Auction[]; next_cursor: string | null }>(`/v1/auctions?${asked}`);
    return { items: page.auctions, next: page.next_cursor };
  }

  auction(id: number): Promise<Auction> {
    return this.get(`/v1/auctions/${id}`);
  }

  /** For operators. With the same key again: the same auction. */
  create(auction: NewAuction, idempotency_key: string): Promise<Auction> {
    return this.post("/v1/auctions", auction, idempotency_key);
  }

  /** For operators. */
  cancel(id: number): Promise<Auction> {
    return this.post(`/v1/auctions/${id}/cancel`, {});
  }

  /** A page of what happened, oldest first. */
  events(id: number, after_sequence = 0, limit = 1000): Promise<{ events: AuctionEvent[] }> {
    return this.get(`/v1/auctions/${id}/events?after_sequence=${after_sequence}&limit=${limit}`);
  }

  /** Every accepted bid, oldest first, a page at a time. */
  async *bids(id: number): AsyncGenerator<HistoryBid[]> {
    for (let after = 0; ; ) {
      const page = await this.get<{ bids: HistoryBid[]; next_after_sequence: number }>(
        `/v1/auctions/${id}/bids?after_sequence=${after}&limit=1000`);
      if (page.bids.length === 0) return;
      yield page.bids;
      after = page.next_after_sequence;
    }
  }
}
