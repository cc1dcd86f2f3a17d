// All live and coming auctions as a table. A row draws itself anew when its auction moves, the cells of time once a second.
import { signal, useComputed, useSignalEffect } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Auction } from "../../client";
import { client, second } from "../../house";
import { money } from "../../money";
import { left } from "../../parts/countdown";
import { t } from "../../texts";
import { Board, type Filter, type Row } from "./board";
import { Cancel, why } from "./dialogs";
import { HealthPanel } from "./health_panel";
import { COLUMNS, type Column } from "./order";
import { say } from "./texts";

const FILTERS: Filter[] = ["live_and_coming", "open", "scheduled", "closed", "cancelled", "all"];

// What was done, told once: here, or by the form before it came here.
export const told = signal<{ text: string; id?: number; bad?: boolean } | null>(null);

const figure = (rate: number) => rate.toFixed(1);

function Left({ row }: { row: Row }) {
  const { state, closes_at, opens_at } = row.auction.value;
  if (state !== "open" && state !== "scheduled") return <>–</>;
  return <>{left(state === "open" ? closes_at : opens_at, second.value)}</>;
}

function Rate({ row }: { row: Row }) {
  void second.value;
  void row.auction.value.bids;
  return <>{figure(row.rate.at(client.clock.now()))}</>;
}

async function save_csv(auction: Auction): Promise<void> {
  try {
    const file = await client.http.file(`/v1/auctions/${auction.id}/bids.csv`);
    const name = `auction-${auction.id}-bids.csv`;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    told.value = { text: say().csv_saved(name) };
  } catch (error) {
    told.value = { text: why(error), bad: true };
  }
}

function TableRow({ row, asked }: { row: Row; asked: (auction: Auction) => void }) {
  const auction = row.auction.value;
  const { id, title, state } = auction;
  const words = say();
  const names = words.columns;
  const can_cancel = state === "open" || state === "scheduled";
  return (
    <tr id={`row-${id}`}>
      <td class="number" data-name={names.id}>{id}</td>
      <th scope="row" class="name"><a href={`#${id}`}>{title}</a></th>
      <td class="state" data-name={names.state}><span class={`badge ${state}`}>{t().states[state]}</span></td>
      <td class="number price" data-name={names.price}>{money(auction.price ?? auction.opening_price, auction.currency)}</td>
      <td class="leader" data-name={names.leader}>{auction.winner ?? auction.leader ?? "–"}</td>
      <td class="number bids" data-name={names.bids}>{auction.bids}</td>
      <td class="number rate" data-name={names.rate}><Rate row={row} /></td>
      <td class="number watchers" data-name={names.watchers}>{auction.watchers}</td>
      <td class="number left" data-name={names.left}><Left row={row} /></td>
      <td class="actions">
        <button type="button" class="csv" aria-label={words.csv_of(title)} onClick={() => void save_csv(auction)}>{words.csv}</button>
        <a class="button explain" aria-label={words.history_of(title)} href={`#operate/explain/${id}`}>{words.history}</a>
        <a class="button again" aria-label={words.again_of(title)} href={`#operate/new/${id}`}>{words.again}</a>
        <button type="button" class="cancel" aria-label={words.cancel_of(title)} disabled={!can_cancel}
          onClick={() => asked(auction)}>{words.cancel}</button>
      </td>
    </tr>
  );
}

function Head({ board }: { board: Board }) {
  const words = say();
  const { column: by, falling } = board.order.value;
  const head = (column: Column) => (
    <th key={column} scope="col" class={column} aria-sort={column === by ? (falling ? "descending" : "ascending") : undefined}>
      <button type="button" class="sort" aria-label={words.sort_by(words.columns[column])} onClick={() => board.press(column)}>
        {words.columns[column]}<span aria-hidden="true">{column !== by ? "" : falling ? " ↓" : " ↑"}</span>
      </button>
    </th>
  );
  return <thead><tr>{COLUMNS.map(head)}<th scope="col">{words.actions}</th></tr></thead>;
}

function Counts({ board }: { board: Board }) {
  const shown = board.shown.value;
  void second.value;
  const now = client.clock.now();
  const rate = shown.reduce((sum, row) => sum + row.rate.at(now), 0);
  const watchers = shown.reduce((sum, row) => sum + row.auction.peek().watchers, 0);
  return <p id="counts" class="quiet number">{say().counts(shown.length, board.rows.value.size, figure(rate), watchers)}</p>;
}

function Choice({ board }: { board: Board }) {
  const words = say();
  const named = (filter: Filter) => (filter === "all" || filter === "live_and_coming" ? words[filter] : t().states[filter]);
  return (
    <div class="choice">
      <label>{words.shown}
        <select id="filter" value={board.filter.value} onInput={(event) => (board.filter.value = event.currentTarget.value as Filter)}>
          {FILTERS.map((filter) => <option key={filter} value={filter}>{named(filter)}</option>)}
        </select>
      </label>
      <label>{words.search}
        <input id="search" type="search" value={board.search.value} onInput={(event) => (board.search.value = event.currentTarget.value)} />
      </label>
      <Counts board={board} />
    </div>
  );
}

function Told() {
  const { text, id, bad } = told.value ?? { text: "" };
  return (
    <p id="told" class={`answer ${bad ? "bad" : "good"}`} role="status">
      {text} {id !== undefined && <a href={`#${id}`}>{say().see_it}</a>}
    </p>
  );
}

export function Table() {
  const [board] = useState(() => new Board());
  const [asked, set_asked] = useState<Auction | null>(null);
  const words = say();
  useEffect(() => {
    board.begin();
    return () => {
      board.end();
      told.value = null;
    };
  }, [board]);
  useSignalEffect(() => board.follow());
  const is_empty = useComputed(() => board.shown.value.length === 0);
  const { loaded } = board;
  return (
    <>
      <div class="heading"><h1>{words.title}</h1><a id="create" class="button primary" href="#operate/new">{words.create}</a></div>
      <HealthPanel />
      <Told />
      <Choice board={board} />
      <div class="rows">
        <table id="auctions">
          <Head board={board} />
          <tbody>
            {board.shown.value.map((row) => (
              <TableRow key={row.auction.peek().id} row={row} asked={set_asked} />
            ))}
          </tbody>
        </table>
      </div>
      {is_empty.value && <p class="quiet">{loaded.value === "yes" ? words.nothing : loaded.value === "failed" ? words.cannot_load : words.loading}</p>}
      {asked !== null && (
        <Cancel auction={asked} closed={() => set_asked(null)}
          done={(auction) => {
            board.take(auction);
            told.value = { text: words.cancelled(auction.title) };
            set_asked(null);
          }} />
      )}
    </>
  );
}
