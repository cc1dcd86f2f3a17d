// Who the visitor is. With --dev a name, typed and kept; otherwise the holder of a token: of an account of this house, or of
// another login, pasted or passed in the address. Tokens are kept for this tab only.
import { computed, signal } from "@preact/signals";
import { type AccessTerms, type Client, Problem } from "@flashbid/client";
import { claims_of, take_from_address } from "./token";

const TOKEN = "token";
const REFRESH_TOKEN = "refresh_token";
const NAME = "bidder";
const REFRESH_AHEAD_MS = 60_000;
const RETRY_MS = 5_000;

interface SessionAnswer {
  access_token: string;
  refresh_token: string;
  expires_in: number;
}

export class Session {
  readonly terms = signal<AccessTerms>({ login: "name", accounts: false, private: false, load: false });
  readonly known = signal(false); // the server has said what the terms are
  readonly token = signal<string | null>(sessionStorage.getItem(TOKEN));
  readonly name = signal(localStorage.getItem(NAME) ?? "");
  // A token that came with the address while somebody else is logged in: used only if the visitor says so.
  readonly offered = signal<string | null>(null);

  // The server has ended it, not the visitor.
  readonly was_ended = signal(false);

  // Whose bids they are; null = nobody is logged in, or no name has been given.
  readonly holder = computed(() =>
    this.terms.value.login === "name" ? this.name.value || null
      : this.token.value === null ? null : claims_of(this.token.value)?.sub ?? null);
  readonly may_operate = computed(() =>
    this.terms.value.login === "name" || (this.token.value !== null && claims_of(this.token.value)?.role === "operator"));

  private refreshed_ms = 0; // when the last session came
  private readonly other_tabs = new BroadcastChannel("flashbid-session");
  private refreshing: Promise<void> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly client: Client) {
    // A tab that was duplicated holds the same refresh token, which is good for one use: whoever uses it tells the others.
    this.other_tabs.onmessage = ({ data: { was, now } }: MessageEvent<{ was: string; now: SessionAnswer | null }>) => {
      if (sessionStorage.getItem(REFRESH_TOKEN) !== was) return;
      if (now === null) this.forget();
      else this.keep_session(now);
    };
  }

  async begin(): Promise<void> {
    this.look_at_address();
    this.tell_client();
    if (sessionStorage.getItem(REFRESH_TOKEN) !== null) await this.refresh();
    await this.ask_terms();
  }

  async ask_terms(): Promise<void> {
    try {
      this.terms.value = await this.client.http.access();
      this.known.value = true;
      this.tell_client();
    } catch {
      // The server is away: asked again when the socket is back.
    }
  }

  // The server does not take this token: it has ended while this machine slept, was revoked, or is of another house. A session may
  // go on with its next one.
  async refused(token: string): Promise<void> {
    if (token !== this.token.value) return; // another one by now
    if (sessionStorage.getItem(REFRESH_TOKEN) !== null && Date.now() - this.refreshed_ms > RETRY_MS) await this.refresh();
    else this.forget(true);
  }

  look_at_address(): void {
    const passed = take_from_address();
    if (passed === null || claims_of(passed) === null || passed === this.token.value) return;
    const holder = this.token.value === null ? null : claims_of(this.token.value)?.sub ?? null;
    if (holder === null || holder === claims_of(passed)?.sub) this.use_token(passed);
    else this.offered.value = passed;
  }

  take_offer(): void {
    if (this.offered.value !== null) this.use_token(this.offered.value);
    this.offered.value = null;
  }

  use_name(name: string): void {
    localStorage.setItem(NAME, name);
    this.name.value = name;
    this.tell_client();
  }

  use_token(text: string): boolean {
    if (claims_of(text) === null) return false;
    sessionStorage.removeItem(REFRESH_TOKEN);
    this.keep(text);
    return true;
  }

  // Logs in with an account, making it first if it is new. Throws what the server says against it.
  async enter(name: string, password: string, is_new: boolean): Promise<void> {
    if (is_new) await this.client.http.post("/v1/accounts", { name, password });
    this.keep_session(await this.client.http.post<SessionAnswer>("/v1/sessions", { name, password }));
  }

  async log_out(): Promise<void> {
    const refresh_token = sessionStorage.getItem(REFRESH_TOKEN);
    this.forget();
    if (refresh_token === null) return;
    this.other_tabs.postMessage({ was: refresh_token, now: null });
    await this.end_session(refresh_token);
  }

  // Not logged in from now on. `by_server`: it does not take the token any more.
  forget(by_server = false): void {
    if (this.token.value !== null) this.was_ended.value = by_server;
    clearTimeout(this.timer);
    sessionStorage.removeItem(TOKEN);
    sessionStorage.removeItem(REFRESH_TOKEN);
    this.token.value = null;
    this.tell_client();
  }

  // The next token, before this one ends. One request at a time: a refresh token is good for one use.
  async refresh(): Promise<void> {
    this.refreshing ??= this.replace_tokens().finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  private async replace_tokens(): Promise<void> {
    clearTimeout(this.timer);
    const refresh_token = sessionStorage.getItem(REFRESH_TOKEN);
    if (refresh_token === null) return;
    try {
      const session = await this.client.http.post<SessionAnswer>("/v1/sessions/refresh", { refresh_token });
      // The visitor may have logged out, or in again, meanwhile: then this session is nobody's.
      if (sessionStorage.getItem(REFRESH_TOKEN) !== refresh_token) return void this.end_session(session.refresh_token);
      this.keep_session(session);
      this.other_tabs.postMessage({ was: refresh_token, now: session });
    } catch (error) {
      if (sessionStorage.getItem(REFRESH_TOKEN) !== refresh_token) return;
      if (error instanceof Problem && error.status === 401) this.forget(true);
      else this.timer = setTimeout(() => void this.refresh(), RETRY_MS);
    }
  }

  private keep_session(session: SessionAnswer): void {
    this.refreshed_ms = Date.now();
    sessionStorage.setItem(REFRESH_TOKEN, session.refresh_token);
    this.keep(session.access_token);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), Math.max(RETRY_MS, session.expires_in * 1000 - REFRESH_AHEAD_MS));
  }

  private keep(token: string): void {
    sessionStorage.setItem(TOKEN, token);
    this.was_ended.value = false;
    this.token.value = token;
    this.tell_client();
  }

  // If the server is away the session ends by itself, some day.
  private async end_session(refresh_token: string): Promise<void> {
    await this.client.http.post("/v1/sessions/logout", { refresh_token }).catch(() => {});
  }

  private tell_client(): void {
    const by_name = this.known.value && this.terms.value.login === "name";
    if (by_name) this.client.identify(this.name.value === "" ? null : { bidder: this.name.value });
    else this.client.identify(this.token.value === null ? null : { token: this.token.value });
  }
}
