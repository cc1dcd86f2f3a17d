/** An answer of the server that is no result: its `code` is one of the table in FlashBid's docs/errors.md. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    /** Of HTTP; 0 = it came over the socket. */
    readonly status: number,
    readonly code: string,
    /** What was wrong, in English. */
    readonly detail: string,
    /** How long to stay away, where the server said so. */
    readonly retry_after_s: number | null = null,
  ) {
    super(detail || code);
  }
}

/** The bid was sent and no answer came in time: it may stand. The same bid with the same `key` tells. */
export class OutcomeUnknown extends Error {
  override readonly name = "OutcomeUnknown";

  constructor(readonly key: string) {
    super("the outcome of the bid is not known");
  }
}
