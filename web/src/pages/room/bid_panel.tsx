// The form to bid: one touch for the next steps, an own amount, a question before what may be a slip, the answer.
import { useEffect, useRef } from "preact/hooks";
import type { JSX } from "preact";
import type { Auction } from "@flashbid/client";
import { session } from "../../house";
import { money, parse_money, plain } from "../../money";
import type { Answer, Bidding, Question } from "./bidding";
import type { Following } from "./follow";
import { Result } from "./result";
import { offers } from "./steps";
import { say } from "./texts";

// What was under the finger when it came down is what is bid, though the price moves meanwhile.
function Offer({ amount, bidding, currency, is_first }: { amount: number; bidding: Bidding; currency: string; is_first: boolean }) {
  const held = useRef<number | null>(null);
  const shown = money(amount, currency);
  return (
    <button type="button" class={is_first ? "primary" : ""} aria-disabled={bidding.busy.value}
      onPointerDown={() => (held.current = amount)} onPointerLeave={() => (held.current = null)}
      onClick={() => {
        bidding.press(held.current ?? amount);
        held.current = null;
      }}>
      <span class="number">{is_first ? say().bid(shown) : shown}</span>
    </button>
  );
}

function Offers({ auction, bidding }: { auction: Auction; bidding: Bidding }) {
  const amounts = offers(auction);
  return (
    <div id="steps" class="steps" role="group" aria-label={say().bidding}>
      {amounts.length === 0 && <p class="quiet">{say().no_higher}</p>}
      {amounts.map((amount, step) => (
        <Offer key={step} amount={amount} bidding={bidding} currency={auction.currency} is_first={step === 0} />
      ))}
    </div>
  );
}

function OwnAmount({ auction, bidding }: { auction: Auction; bidding: Bidding }) {
  const words = say();
  const { currency, minimum_next } = auction;
  const proposed = minimum_next === null ? "" : plain(minimum_next, currency);
  const submit = (submitted: JSX.TargetedSubmitEvent<HTMLFormElement>) => {
    submitted.preventDefault();
    bidding.submit(parse_money(bidding.typed.value ?? proposed, currency), currency);
  };
  return (
    <form id="bid-form" class="own-amount" noValidate onSubmit={submit}>
      <label>{`${words.own_amount} (${currency})`}
        <input id="amount" class="number" inputMode="decimal" autocomplete="off" maxLength={24} aria-describedby="answer"
          value={bidding.typed.value ?? proposed}
          onFocus={(focused) => focused.currentTarget.select()}
          onInput={(changed) => (bidding.typed.value = changed.currentTarget.value)}
          onBlur={() => bidding.typed.value?.trim() === "" && (bidding.typed.value = null)} />
      </label>
      <button type="submit" aria-disabled={bidding.busy.value}>{words.bid_button}</button>
    </form>
  );
}

// With --dev whoever bids says who it is.
function Name({ bidding }: { bidding: Bidding }) {
  return (
    <label class="name-field">{say().name}
      <input id="bidder" autocomplete="nickname" spellcheck={false} autocapitalize="off" maxLength={64} value={bidding.name.value}
        onInput={(changed) => (bidding.name.value = changed.currentTarget.value)} onChange={() => bidding.use_name()} />
    </label>
  );
}

interface AnswerProps {
  answer: Answer;
  bidding: Bidding;
  currency: string;
  is_outbid: boolean;
}

function AnswerLine({ answer, bidding, currency, is_outbid }: AnswerProps) {
  const words = say();
  const tone = answer.tone === "plain" || (answer.tone === "good" && is_outbid) ? "quiet" : answer.tone;
  const { again } = answer;
  return (
    <div class="answer-slot">
      <p id="answer" class={`answer number ${tone}`}>{answer.text(words)}</p>
      {again !== null && (
        <button id="ask-again" type="button" onClick={() => bidding.press(again)}>{words.ask_again(money(again, currency))}</button>
      )}
    </div>
  );
}

function Confirm({ question, auction, bidding }: { question: Question; auction: Auction; bidding: Bidding }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const words = say();
  const amount = money(question.amount, auction.currency);
  const least = auction.minimum_next === null ? "" : money(auction.minimum_next, auction.currency);
  const [head, more] = question.kind === "far" ? [words.confirm_far(amount), words.confirm_far_more(least)]
    : question.kind === "leading" ? [words.confirm_leading, words.confirm_leading_more(amount)]
      : [words.confirm_perhaps, words.confirm_perhaps_more(amount)];
  return (
    <dialog id="confirm" ref={dialog} aria-labelledby="confirm-head" aria-describedby="confirm-more"
      onClose={() => (bidding.question.value = null)}>
      <h2 id="confirm-head" class="number">{head}</h2>
      <p id="confirm-more" class="number">{more}</p>
      <div class="choices">
        <button id="no" type="button" autofocus onClick={() => (bidding.question.value = null)}>{words.no}</button>
        <button id="yes" type="button" class="primary" onClick={() => bidding.confirm()}>{words.yes(amount)}</button>
      </div>
    </dialog>
  );
}

export function BidPanel({ auction, bidding, following }: { auction: Auction; bidding: Bidding; following: Following }) {
  const question = bidding.question.value;
  const is_over = auction.state === "closed" || auction.state === "cancelled";
  const by_name = session.known.value && session.terms.value.login === "name";
  const was_open = useRef(false); // an answer may still come, or be read
  was_open.current ||= !is_over;
  return (
    <section class={was_open.current ? "bidding" : "bidding over"} aria-label={is_over ? say().result : say().bidding}>
      {is_over && <Result auction={auction} bidders={following.bidders.value} />}
      {auction.state === "open" && (
        <>
          {by_name && <Name bidding={bidding} />}
          <Offers auction={auction} bidding={bidding} />
          <OwnAmount auction={auction} bidding={bidding} />
        </>
      )}
      {auction.state === "scheduled" && (
        <>
          {by_name && <Name bidding={bidding} />}
          <p id="first-bid" class="quiet number">{say().first_bid(money(auction.minimum_next ?? auction.opening_price, auction.currency))}</p>
        </>
      )}
      {!is_over && question !== null && <Confirm question={question} auction={auction} bidding={bidding} />}
      {was_open.current && (
        <AnswerLine answer={bidding.answer.value} bidding={bidding} currency={auction.currency}
          is_outbid={following.standing.value.kind === "outbid"} />
      )}
    </section>
  );
}
