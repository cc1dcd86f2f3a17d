// An answer of the server that is no result: its `code` is one of the published table, `detail` says what was wrong.
export class Problem extends Error {
  constructor(
    readonly status: number, // of HTTP; 0 = it came over the socket
    readonly code: string,
    readonly detail: string,
    readonly retry_after_s: number | null = null,
  ) {
    super(detail || code);
    this.name = "Problem";
  }
}

// The bid was sent and no answer came: it may stand. The same bid with the same key tells.
export class OutcomeUnknown extends Error {
  constructor(readonly key: string) {
    super("the outcome of the bid is not known");
    this.name = "OutcomeUnknown";
  }
}
