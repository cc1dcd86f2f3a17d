// One auction's whole history for an operator: who did what when, why it came about, and which bids were refused.
import { useEffect, useState } from "preact/hooks";
import type { Auction } from "../../client";
import { client } from "../../house";
import { money } from "../../money";
import { language, locale, t } from "../../texts";
import { why } from "./dialogs";
import { type Explained, type Line, lines_of, moves_of, why_words } from "./explanation";
import { say } from "./texts";

const PAGE = 200;

const time = (at: string) =>
  new Date(at).toLocaleString(locale(), { dateStyle: "short", timeStyle: "medium" }) + new Date(at).toISOString().slice(19, 23);

function Moves({ line, auction }: { line: Line; auction: Auction }) {
  const words = say();
  const value = (of: "price" | "closes_at", shown: number | string | null) =>
    shown === null ? "–" : of === "price" ? money(Number(shown), auction.currency) : time(String(shown));
  const moves = moves_of(line);
  if (moves.length === 0) return null;
  return (
    <ul class="moves number quiet">
      {moves.map(({ of, from, to }) => <li key={of}>{words.moved[of]}: {value(of, from)} → {value(of, to)}</li>)}
    </ul>
  );
}

function Told({ line, auction }: { line: Line; auction: Auction }) {
  const words = say();
  const refused = line.event === "rejected";
  return (
    <li class={line.event} data-sequence={refused ? line.as_of_sequence : line.sequence}>
      <p class="fact">
        <span class="number quiet">{refused ? "" : line.sequence}</span>
        <span class={`badge ${line.event}`}>{words.facts[line.event]}{refused ? ` · ${line.reason}` : ""}</span>
        <strong>{line.by ?? (line.event === "created" || line.event === "cancelled" ? words.somebody : words.time_itself)}</strong>
        {refused && <span class="number">{money(line.amount, auction.currency)}</span>}
        <time class="quiet number" dateTime={line.at}>{time(line.at)}</time>
      </p>
      <p class="why">{why_words[language.value](line, auction, time)}</p>
      <Moves line={line} auction={auction} />
    </li>
  );
}

export function Explain({ id }: { id: number }) {
  const words = say();
  const [auction, set_auction] = useState<Auction | null>(null);
  const [pages, set_pages] = useState<Explained[]>([]);
  const [answer, set_answer] = useState("");
  const ask = async (after: number) => {
    try {
      set_auction(await client.http.auction(id));
      const page = await client.http.get<Explained>(`/v1/auctions/${id}/explain?after_sequence=${after}&limit=${PAGE}`);
      set_pages((before) => [...before, page]);
      set_answer("");
    } catch (error) {
      set_answer(why(error));
    }
  };
  useEffect(() => void ask(0), [id]);
  const last = pages.at(-1);
  const is_all = last !== undefined && auction !== null && last.next_after_sequence >= auction.sequence;
  return (
    <>
      <div class="heading">
        <h1>{auction === null ? words.history : words.history_of(auction.title)}</h1>
        <a href={`#${id}`}>{words.see_it}</a> <a href="#operate">{words.back}</a>
      </div>
      {auction !== null && (
        <p class="quiet">
          <span class={`badge ${auction.state}`}>{t().states[auction.state]}</span> {words.of_events(last?.next_after_sequence ?? 0, auction.sequence)}
        </p>
      )}
      <ol id="story" class="story">
        {auction !== null && lines_of(pages).map((line, row) => <Told key={row} line={line} auction={auction} />)}
      </ol>
      <p id="explain-answer" class="answer bad" role="status">{answer}</p>
      <button id="explain-more" type="button" onClick={() => void ask(last?.next_after_sequence ?? 0)}>{is_all ? words.look_again : words.go_on}</button>
      {last !== undefined && <p class="quiet">{words.refused_since(time(last.rejections_since))}</p>}
    </>
  );
}
