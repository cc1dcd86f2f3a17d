// Search, filter and order. They stand in the address, so that who comes back from a room finds the same list.
import type { Query, Section, Sort } from "./query";
import { SECTIONS, SORTS } from "./query";
import { say } from "./texts";

interface Props {
  query: Query;
  counts: Record<Section, number>;
  change: (query: Partial<Query>) => void;
}

function Filter({ query, counts, change }: Props) {
  const words = say();
  const total = SECTIONS.reduce((sum, section) => sum + counts[section], 0);
  const choice = (section: Section | null, name: string, count: number) => (
    <button type="button" data-section={section ?? "all"} aria-pressed={query.section === section} onClick={() => change({ section })}>
      {name} <span class="count number">{count}</span>
    </button>
  );
  return (
    <div class="choices" role="group" aria-label={words.show}>
      {choice(null, words.all, total)}
      {SECTIONS.map((section) => choice(section, words.sections[section], counts[section]))}
    </div>
  );
}

export function Tools(props: Props) {
  const { query, change } = props;
  const words = say();
  return (
    <form class="tools" role="search" onSubmit={(submitted) => submitted.preventDefault()}>
      <label class="search">
        <span>{words.search}</span>
        <input id="search" type="search" value={query.text} placeholder={words.search_hint} maxLength={200} autocomplete="off"
          spellcheck={false} enterkeyhint="search" onInput={(typed) => change({ text: typed.currentTarget.value })} />
      </label>
      <label class="order">
        <span>{words.sort}</span>
        <select id="sort" value={query.sort} onChange={(chosen) => change({ sort: chosen.currentTarget.value as Sort })}>
          {SORTS.map((sort) => <option key={sort} value={sort}>{words.sorts[sort]}</option>)}
        </select>
      </label>
      <Filter {...props} />
    </form>
  );
}
