// The auctions of the house, live: open, coming and finished ones.
import { computed, type ReadonlySignal, type Signal } from "@preact/signals";
import { useComputed, useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Auction } from "@flashbid/client";
import { visit } from "../../visits";
import { client, go_quietly, link, place, session } from "../../house";
import { Card } from "./card";
import { Catalogue, MOST_OF_A_STATE } from "./catalogue";
import { Following, Screen, to_follow } from "./follow";
import "./lobby.css";
import { matcher, order, place_of, type Query, query_of, type Section, SECTIONS, section_of } from "./query";
import { say } from "./texts";
import { Tools } from "./tools";

const STEP = 60; // cards that are made at once
const AHEAD_PX = 1500;

// They outlive the page: who comes back finds the list at once.
const catalogue = new Catalogue(client.http);
const following = new Following(client, catalogue);
const screen = new Screen();
const query = computed(() => query_of(place.value));

type Sections = Record<Section, Signal<Auction>[]>;

function arrange({ text, sort }: Query): Sections {
  void catalogue.shape.value;
  if (sort === "bids" || sort === "price") void catalogue.ranks.value;
  const fits = matcher(text);
  const in_order = order(sort);
  const found: Sections = { open: [], scheduled: [], closed: [] };
  for (const held of catalogue.all()) if (fits(held.peek())) found[section_of(held.peek())].push(held);
  for (const section of SECTIONS) found[section].sort((one, other) => in_order(one.peek(), other.peek()));
  return found;
}

function change(changed: Partial<Query>): void {
  go_quietly(place_of({ ...query.peek(), ...changed }));
}

function useLive(): void {
  useEffect(() => {
    catalogue.begin();
    const stop_listening = client.on_link((now) => now === "live" && catalogue.ask_all());
    return () => {
      stop_listening();
      catalogue.end();
      following.end();
    };
  }, []);
  // Somebody else may see others.
  const asked_as = useRef(session.holder.peek());
  useSignalEffect(() => {
    if (session.holder.value === asked_as.current) return;
    asked_as.current = session.holder.value;
    if (session.terms.peek().private) catalogue.forget();
    catalogue.ask_all();
  });
  useSignalEffect(() => {
    void catalogue.shape.value;
    following.follow(to_follow(catalogue.all().map((held) => held.peek()), screen.shown.value));
  });
}

function More({ left, show }: { left: number; show: () => void }) {
  const element = useRef<HTMLButtonElement>(null);
  const latest = useRef(show);
  latest.current = show;
  // Anew at each step: an observer tells only of changes, and the end of the list may still be near.
  useEffect(() => {
    if (element.current === null) return;
    const observer = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && latest.current(),
      { rootMargin: `${AHEAD_PX}px` });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [left]);
  return <button ref={element} class="more" type="button" onClick={show}>{say().more(left)}</button>;
}

function List({ section, held }: { section: Section; held: Signal<Auction>[] }) {
  const key = `shown-${section}`;
  const [shown, set_shown] = useState(() => visit.kept<number>(key) ?? STEP);
  useEffect(() => visit.keep(key, shown), [shown]);
  const words = say();
  return (
    <section class="group" aria-labelledby={`group-${section}`}>
      <h2 id={`group-${section}`}>{words.sections[section]} <span class="count number">{held.length}</span></h2>
      {held.length === 0 ? <p class="quiet">{words.none_here}</p> : (
        <ul class="cards">
          {held.slice(0, shown).map((each) => <Card key={each.peek().id} held={each} screen={screen} />)}
        </ul>
      )}
      {held.length > shown && <More left={held.length - shown} show={() => set_shown(shown + STEP)} />}
    </section>
  );
}

function Empty() {
  const words = say();
  const operates = session.known.value && session.may_operate.value;
  return (
    <div id="empty" class="panel notice">
      <h2>{words.empty}</h2>
      <p>{operates ? words.empty_operator : words.empty_visitor}</p>
      {operates && <p><a class="button primary" href="#operate">{words.create}</a></p>}
    </div>
  );
}

function status_words(count: number): string {
  const words = say();
  if (catalogue.phase.value === "away" || link.value === "offline") return words.stale;
  return catalogue.is_cut.value ? `${words.found(count)}. ${words.cut(MOST_OF_A_STATE)}` : words.found(count);
}

// Nothing is known of any auction: why?
function Nothing() {
  const words = say();
  const phase = catalogue.phase.value;
  if (phase === "ready") return <Empty />;
  return <p id="waiting" class="panel notice" role="status">{words[phase]}</p>;
}

function Found({ sections }: { sections: ReadonlySignal<Sections> }) {
  const words = say();
  const now = query.value;
  const wanted = SECTIONS.filter((section) => now.section === null || now.section === section);
  const counts = Object.fromEntries(SECTIONS.map((section) => [section, sections.value[section].length])) as Record<Section, number>;
  const count = wanted.reduce((sum, section) => sum + counts[section], 0);
  return (
    <>
      <Tools query={now} counts={counts} change={change} />
      <p id="found" class="quiet status" role="status">{status_words(count)}</p>
      {count === 0 ? (
        <div id="none" class="panel notice">
          <p>{now.text === "" ? words.none_here : words.none_found}</p>
          <p><button type="button" onClick={() => change({ text: "", section: null })}>{words.show_all}</button></p>
        </div>
      ) : wanted.filter((section) => counts[section] > 0 || now.section === section)
        .map((section) => <List key={`${section} ${now.text} ${now.sort}`} section={section} held={sections.value[section]} />)}
    </>
  );
}

export function Lobby() {
  useLive();
  const sections = useComputed(() => arrange(query.value));
  const has_any = useComputed(() => (void catalogue.shape.value, catalogue.all().length > 0));
  return (
    <div class={link.value === "offline" || catalogue.phase.value === "away" ? "lobby stale" : "lobby"}>
      <h1 tabIndex={-1}>{say().title}</h1>
      {has_any.value ? <Found sections={sections} /> : <Nothing />}
    </div>
  );
}
