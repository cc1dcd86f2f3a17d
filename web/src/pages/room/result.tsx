// How an auction ended, in words, where the bidding was; and all of its bids as a file.
import { useState } from "preact/hooks";
import { type Auction, Problem } from "@flashbid/client";
import { money } from "../../money";
import { save_bids } from "../../parts/save";
import { language } from "../../texts";
import { problem_words } from "../../texts/problems";
import { say } from "./texts";
import { result_lines } from "./words";

export function Result({ auction, bidders }: { auction: Auction; bidders: number | null }) {
  const words = say();
  const [saved, set_saved] = useState<{ text: string; is_bad: boolean }>({ text: "", is_bad: false });
  const save = () => {
    save_bids(auction.id).then(
      (name) => set_saved({ text: words.csv_saved(name), is_bad: false }),
      (error) => set_saved({ text: error instanceof Problem ? problem_words(error, language.value) : words.csv_failed, is_bad: true }));
  };
  const [first, ...others] = result_lines(auction, bidders, words, (amount) => money(amount, auction.currency));
  return (
    <div id="result" class="result">
      <h2>{words.result}</h2>
      <p class="outcome">{first}</p>
      {others.map((each) => <p key={each} class="number">{each}</p>)}
      {auction.bids > 0 && (
        <>
          <button id="csv" type="button" onClick={save}>{words.csv}</button>
          <p id="csv-answer" class={`answer ${saved.is_bad ? "bad" : "quiet"}`} role="status">{saved.text}</p>
        </>
      )}
    </div>
  );
}
