// What is asked in front of the table: calling off.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Auction, Problem } from "../../client";
import { client } from "../../house";
import { money } from "../../money";
import { language } from "../../texts";
import { problem_words } from "../../texts/problems";
import { say } from "./texts";

export function why(error: unknown): string {
  return error instanceof Problem ? problem_words(error, language.value) : problem_words({ code: "outcome_unknown", detail: "", retry_after_s: null }, language.value);
}

// A modal one: the browser keeps the keyboard in it, and Escape closes it.
function Dialog({ id, title, closed, children }: { id: string; title: string; closed: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    element.current?.showModal();
  }, []);
  return (
    <dialog ref={element} id={id} class="panel" aria-labelledby={`${id}-title`} onClose={closed}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </dialog>
  );
}

export function Cancel({ auction, closed, done }: { auction: Auction; closed: () => void; done: (auction: Auction) => void }) {
  const words = say();
  const [answer, set_answer] = useState("");
  const [sending, set_sending] = useState(false);
  const go = async () => {
    set_sending(true);
    try {
      done(await client.http.cancel(auction.id));
    } catch (error) {
      set_answer(why(error));
      set_sending(false);
    }
  };
  return (
    <Dialog id="cancel" title={words.cancel_title(auction.title)} closed={closed}>
      <p>{auction.leader === null ? words.cancel_no_bids
        : words.cancel_bids(auction.bids, money(auction.price ?? 0, auction.currency), auction.leader)}</p>
      <p>{words.cancel_for_ever}</p>
      <p class="answer bad" role="status">{answer}</p>
      <div class="buttons">
        <button id="cancel-no" type="button" autofocus onClick={closed}>{words.cancel_no}</button>
        <button id="cancel-yes" type="button" class="danger" disabled={sending} onClick={() => void go()}>{words.cancel_yes}</button>
      </div>
    </Dialog>
  );
}
