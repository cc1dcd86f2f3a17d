// Bidding in one room: what was pressed becomes a bid with one key, and its answer a sentence. Nothing is said of a bid that
// the server has not said.
import { effect, signal } from "@preact/signals";
import { type BidResult, new_key, OutcomeUnknown, Problem } from "@flashbid/client";
import { client, session } from "../../house";
import { money, plain } from "../../money";
import { language } from "../../texts";
import { problem_words } from "../../texts/problems";
import type { Following } from "./follow";
import { keep_unanswered, unanswered } from "../../own/own_bids";
import { learn } from "../../own/standing";
import { is_far } from "./steps";
import type { en } from "./words";

type Sentence = (words: typeof en) => string;

export interface Answer {
  tone: "plain" | "good" | "bad";
  text: Sentence;
  again: number | null; // the amount whose outcome can be asked for
}

export interface Question {
  kind: "far" | "leading" | "perhaps";
  amount: number;
}

const NAME = /^[A-Za-z0-9._:@-]{1,64}$/;
const TWICE_MS = 400; // a second press that soon is the first one's echo
const MAY_STAND = new Set(["outcome_unknown", "internal"]);
const NO_ANSWER: Answer = { tone: "plain", text: () => "", again: null };

export class Bidding {
  readonly answer = signal<Answer>(NO_ANSWER);
  readonly busy = signal(false);
  readonly question = signal<Question | null>(null);
  readonly name = signal(session.name.value); // as it is being typed, with --dev
  readonly typed = signal<string | null>(null); // an amount of one's own; null = the least is proposed
  private pressed_ms = -Infinity;
  private stop: () => void = () => {};

  constructor(private readonly following: Following) {}

  begin(): void {
    this.stop = effect(() => {
      const holder = session.holder.value;
      this.following.be(holder);
      this.pressed_ms = -Infinity;
      if (this.busy.peek()) return;
      this.question.value = null;
      this.answer.value = NO_ANSWER; // what was said to somebody else
      const left = holder === null ? null : unanswered(this.following.id, holder);
      if (left !== null) this.tell_unknown(left.amount);
    });
  }

  end(): void {
    this.stop();
  }

  use_name(): boolean {
    const name = this.name.value.trim();
    if (!NAME.test(name)) return false;
    if (name !== session.name.value) session.use_name(name);
    return true;
  }

  // One touch on an amount that the page has offered.
  press(amount: number): void {
    this.ask_or_place(amount, false);
  }

  submit(amount: number | null, currency: string): void {
    if (amount === null) return this.say("bad", (words) => words.not_an_amount(plain(1_234_500, currency)));
    this.ask_or_place(amount, true);
  }

  confirm(): void {
    const question = this.question.value;
    this.question.value = null;
    if (question !== null && !this.busy.value) void this.place(question.amount);
  }

  private ask_or_place(amount: number, is_own_amount: boolean): void {
    const auction = this.following.view.value?.auction;
    if (auction === undefined) return;
    if (session.terms.value.login === "name" && !this.use_name()) return this.say("bad", (words) => words.name_first);
    const holder = session.holder.value;
    if (holder === null) return this.say("bad", (words) => words.log_in_first);
    const now = performance.now();
    if (this.busy.value || now - this.pressed_ms < TWICE_MS) return;
    this.pressed_ms = now;
    // To ask for the outcome of a bid is no new one.
    if (unanswered(auction.id, holder)?.amount === amount) return void this.place(amount);
    const { kind } = this.following.standing.value;
    if (is_own_amount && is_far(amount, auction)) this.question.value = { kind: "far", amount };
    else if (kind === "leading" && auction.self_outbid) this.question.value = { kind, amount };
    else if (kind === "perhaps") this.question.value = { kind, amount };
    else void this.place(amount);
  }

  private say(tone: Answer["tone"], text: Sentence, again: number | null = null): void {
    this.answer.value = { tone, text, again };
  }

  private tell_unknown(amount: number): void {
    const currency = () => this.following.view.value?.auction.currency ?? "";
    this.say("plain", (words) => words.outcome(money(amount, currency())), amount);
  }

  private async place(amount: number): Promise<void> {
    const { following } = this;
    const auction = following.view.value?.auction;
    const holder = session.holder.value;
    if (auction === undefined || holder === null) return;
    const left = unanswered(auction.id, holder);
    const key = left !== null && left.amount === amount ? left.key : new_key();
    keep_unanswered(auction.id, holder, { amount, key, at_ms: left?.key === key ? left.at_ms : Date.now() });
    this.busy.value = true;
    following.learned({ ...following.own.value, in_flight: amount });
    this.say("plain", (words) =>
      (client.link === "live" ? words.sending : words.sending_offline)(money(amount, auction.currency)));
    try {
      this.decided(await client.bid(auction.id, amount, { key }), holder, auction.currency);
    } catch (error) {
      this.failed(error, amount, holder);
    } finally {
      this.busy.value = false;
      if (session.holder.value === holder) following.learned({ ...following.own.value, in_flight: null });
      else this.answer.value = NO_ANSWER; // it was another's bid
    }
  }

  private decided(result: BidResult, holder: string, currency: string): void {
    keep_unanswered(this.following.id, holder, null);
    if (session.holder.value === holder && result.bidder === holder) {
      this.following.learned({ ...learn(this.following.own.value, result), in_flight: null });
    }
    if (result.verdict === "accepted") {
      this.typed.value = null;
      return this.say("good", (words) => words.accepted(money(result.amount, currency)));
    }
    const least = result.minimum_next === null ? "" : money(result.minimum_next, currency);
    const limit = this.following.view.value?.auction.amount_limit ?? null;
    this.say("bad", (words) => {
      if (!Object.hasOwn(words.reasons, result.reason)) return words.other_reason(result.reason);
      return words.reasons[result.reason]?.(least, limit === null ? "" : money(limit, currency)) ?? "";
    });
  }

  private failed(error: unknown, amount: number, holder: string): void {
    if (error instanceof OutcomeUnknown || !(error instanceof Problem) || MAY_STAND.has(error.code)) return this.tell_unknown(amount);
    keep_unanswered(this.following.id, holder, null);
    this.say("bad", () => problem_words(error, language.value));
  }
}
