// The parts of the form that say how bidding runs: increments, times, the soft close.
import { plain } from "../../money";
import { language } from "../../texts";
import { terms_words } from "../../texts/terms";
import type { Draft, Step } from "./draft";
import { Choices, type Form, marks, Problem, Select, Text } from "./fields";
import type { PresetTable } from "./summary";
import { say } from "./texts";

function PresetRows({ preset, currency }: { preset: PresetTable; currency: string }) {
  const words = say();
  const rows = preset.table;
  if (rows === null) return <p class="problem" id="f-preset-wrong">{words.not_whole(currency)}</p>;
  return (
    <>
      <table class="steps number" id="preset-rows">
        <thead><tr><th scope="col">{words.price_below} ({currency})</th><th scope="col">{words.step}</th></tr></thead>
        <tbody>
          {rows.map(([below, step]) => (
            <tr key={below}><td>{below === null ? words.above : plain(below, currency)}</td><td>{plain(step, currency)}</td></tr>
          ))}
        </tbody>
      </table>
      <a href={preset.source} rel="noreferrer noopener" target="_blank">{words.source}</a>
    </>
  );
}

function OwnRows({ form }: { form: Form }) {
  const words = say();
  const { table } = form.draft.value;
  const set = (row: number, changed: Partial<Step>) =>
    form.change({ table: table.map((step, index) => (index === row ? { ...step, ...changed } : step)) });
  const last = table.length - 1;
  return (
    <>
      <table class="steps" id="own-rows">
        <thead><tr><th scope="col">{words.price_below}</th><th scope="col">{words.step}</th><td /></tr></thead>
        <tbody>
          {table.map(({ below, step }, row) => (
            <tr key={row}>
              <td>{row === last ? words.above : (
                <input class="below" inputMode="decimal" aria-label={words.below_of(row + 1)} value={below}
                  onInput={(event) => set(row, { below: event.currentTarget.value })} {...marks(form, "table")} />
              )}</td>
              <td><input class="step" inputMode="decimal" aria-label={words.step_of(row + 1)} value={step}
                onInput={(event) => set(row, { step: event.currentTarget.value })} {...marks(form, "table")} /></td>
              <td>{row !== last && (
                <button type="button" class="remove" aria-label={words.remove_row(row + 1)}
                  onClick={() => form.change({ table: table.filter((_, index) => index !== row) })}>×</button>
              )}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <button id="add-row" type="button" disabled={table.length >= 100}
        onClick={() => form.change({ table: [...table.slice(0, last), { below: "", step: "" }, ...table.slice(last)] })}>
        {words.add_row}
      </button>
      <Problem form={form} field="table" />
    </>
  );
}

export function IncrementFields({ form, presets }: { form: Form; presets: PresetTable[] }) {
  const words = say();
  const { increment, preset: name, currency } = form.draft.value;
  const preset = presets.find((each) => each.name === name);
  return (
    <fieldset>
      <legend>{words.increment}</legend>
      <Choices form={form} field="increment" label={words.increment}
        options={[["fixed", words.fixed], ["preset", words.preset], ["table", words.table]]} />
      {increment === "fixed" && <Text form={form} field="step" label={words.step} inputMode="decimal" />}
      {increment === "table" && <OwnRows form={form} />}
      {increment === "preset" && (
        <>
          <Select id="f-preset" label={words.preset_name} value={name} changed={(value) => form.change({ preset: value })}>
            {presets.map((each) => <option key={each.name} value={each.name}>{each.name}</option>)}
          </Select>
          {preset !== undefined && <PresetRows preset={preset} currency={currency.toUpperCase()} />}
          <Problem form={form} field="preset" />
        </>
      )}
    </fieldset>
  );
}

function ClosesIn({ form }: { form: Form }) {
  const words = say();
  const { closes, closes_in_s } = form.draft.value;
  const quick = Object.entries(words.closes_in);
  // As long as the auction was of which this is one like.
  const own: [string, string][] = closes_in_s in words.closes_in ? []
    : [[closes_in_s, words.later(terms_words[language.value].duration(Number(closes_in_s) * 1000))]];
  return (
    <Select id="f-closes" label={words.closes} value={closes === "at" ? "at" : closes_in_s}
      changed={(value) => form.change(value === "at" ? { closes: "at" } : { closes: "in", closes_in_s: value })}>
      {[...quick, ...own].map(([seconds, text]) => <option key={seconds} value={seconds}>{text}</option>)}
      <option value="at">{words.own_time}</option>
    </Select>
  );
}

export function TimeFields({ form }: { form: Form }) {
  const words = say();
  const { opens, closes } = form.draft.value;
  return (
    <fieldset>
      <legend>{words.when}</legend>
      <div class="fields">
        <Select id="f-opens" label={words.opens} value={opens} changed={(value) => form.change({ opens: value as Draft["opens"] })}>
          <option value="now">{words.now}</option>
          <option value="at">{words.at}</option>
        </Select>
        {opens === "at" && <Text form={form} field="opens_at" label={words.opens_at} type="datetime-local" />}
        <ClosesIn form={form} />
        {closes === "at" && <Text form={form} field="closes_at" label={words.closes_at} type="datetime-local" />}
      </div>
      {closes === "in" && <Problem form={form} field="closes_at" />}
      {(opens === "at" || closes === "at") &&
        <p class="quiet">{words.zone(Intl.DateTimeFormat().resolvedOptions().timeZone)}</p>}
    </fieldset>
  );
}

const SOFT: Record<string, Partial<Draft>> = {
  none: { soft: "none" },
  soft_30: { soft: "from_bid", window_s: "30", extend_s: "30", max_extensions: "" },
  soft_10: { soft: "from_bid", window_s: "10", extend_s: "10", max_extensions: "" },
  soft_120: { soft: "from_close", window_s: "120", extend_s: "120", max_extensions: "" },
};

function soft_name(draft: Draft): string {
  if (draft.soft === "none") return "none";
  const is = (preset: Partial<Draft>) => Object.entries(preset).every(([field, value]) => draft[field as keyof Draft] === value);
  return Object.keys(SOFT).find((name) => is(SOFT[name] ?? {})) ?? "own";
}

export function SoftFields({ form }: { form: Form }) {
  const words = say();
  const draft = form.draft.value;
  return (
    <fieldset>
      <legend>{words.soft}</legend>
      <Select id="f-soft-preset" label={words.soft} value={soft_name(draft)}
        changed={(value) => form.change(SOFT[value] ?? { soft: "from_bid", max_extensions: draft.max_extensions || "10" })}>
        <option value="none">{words.soft_none}</option>
        <option value="soft_30">{words.soft_30}</option>
        <option value="soft_10">{words.soft_10}</option>
        <option value="soft_120">{words.soft_120}</option>
        <option value="own">{words.soft_own}</option>
      </Select>
      {draft.soft !== "none" && (
        <>
          <Choices form={form} field="soft" label={words.soft_mode} options={[["from_bid", words.from_bid], ["from_close", words.from_close]]} />
          <div class="fields">
            <Text form={form} field="window_s" label={words.window_s} inputMode="numeric" />
            <Text form={form} field="extend_s" label={words.extend_s} inputMode="numeric" />
            <Text form={form} field="max_extensions" label={words.max_extensions} inputMode="numeric" />
          </div>
        </>
      )}
      <Problem form={form} field="soft" />
    </fieldset>
  );
}
