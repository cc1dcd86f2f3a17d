// A new auction: the form, what it means in words beside it, and one auction however often it is pressed.
import { effect, useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Auction, type NewAuction, new_key, Problem as Refusal } from "@flashbid/client";
import { client } from "../../house";
import { language, locale } from "../../texts";
import { problem_words } from "../../texts/problems";
import { terms_words } from "../../texts/terms";
import { type Draft, draft_of, field_of, HOUSE_PRESETS, type HousePreset, read } from "./draft";
import { Form, Problem, Text } from "./fields";
import { type PresetTable, summary } from "./summary";
import { told } from "./table";
import { IncrementFields, SoftFields, TimeFields } from "./terms_fields";
import { say } from "./texts";

const CURRENCIES = ["CNY", "USD", "EUR", "JPY", "GBP", "HKD", "KRW", "KWD"];

// What left and may stand: the same again tells, with the same key, as long as nothing was changed.
interface Attempt {
  draft: Draft;
  body: NewAuction;
  key: string;
}

function usePresets(form: Form): PresetTable[] {
  const presets = useSignal<PresetTable[]>([]);
  useEffect(() => {
    let asked = "";
    return effect(() => {
      const currency = form.draft.value.currency.trim().toUpperCase();
      if (!/^[A-Z]{3}$/.test(currency) || currency === asked) return;
      asked = currency;
      client.http.get<{ presets: PresetTable[] }>(`/v1/increments?currency=${currency}`).then(
        (found) => {
          if (asked === currency) presets.value = found.presets;
        },
        () => (asked = ""), // not a currency the server knows: it says so when the auction is created
      );
    });
  }, [form]);
  return presets.value;
}

function Summary({ form, presets }: { form: Form; presets: PresetTable[] }) {
  const words = say();
  const draft = form.draft.value;
  const { auction } = read(draft, client.clock.now());
  const time = (at: string) => new Date(at).toLocaleString(locale(), { dateStyle: "full", timeStyle: "short" });
  return (
    <>
      <h2>{words.in_words}</h2>
      <ul id="summary">
        {auction === null ? <li class="quiet">{words.not_yet}</li>
          : summary(auction, draft, presets, { words, terms: terms_words[language.value], time })
            .map((sentence) => <li key={sentence}>{sentence}</li>)}
      </ul>
    </>
  );
}

function Presets({ form }: { form: Form }) {
  const words = say();
  return (
    <div class="house-presets" role="group" aria-label={words.presets}>
      <span class="quiet">{words.presets}:</span>
      {(Object.keys(HOUSE_PRESETS) as HousePreset[]).map((name) => (
        <button key={name} type="button" id={`preset-${name}`} onClick={() => form.change(HOUSE_PRESETS[name])}>{words.house[name]}</button>
      ))}
    </div>
  );
}

function GoodsFields({ form }: { form: Form }) {
  const words = say();
  return (
    <fieldset>
      <legend>{words.goods}</legend>
      <div class="fields">
        <Text form={form} field="title" label={words.f_title} class="wide" maxLength={200} />
        <div class="wide">
          <label>{words.description}
            <textarea id="f-description" rows={3} value={form.draft.value.description}
              onInput={(event) => form.change({ description: event.currentTarget.value })} />
          </label>
          <Problem form={form} field="description" />
        </div>
        <Text form={form} field="image_url" label={words.image_url} class="wide" inputMode="url" />
      </div>
    </fieldset>
  );
}

function MoneyFields({ form }: { form: Form }) {
  const words = say();
  return (
    <fieldset>
      <legend>{words.money}</legend>
      <div class="fields">
        <Text form={form} field="currency" label={words.currency} list="currencies" maxLength={3} />
        <datalist id="currencies">{CURRENCIES.map((code) => <option key={code} value={code} />)}</datalist>
        <Text form={form} field="opening_price" label={words.opening_price} inputMode="decimal" />
        <Text form={form} field="reserve" label={words.reserve} hint={words.reserve_hint} inputMode="decimal" />
      </div>
    </fieldset>
  );
}

function MoreFields({ form }: { form: Form }) {
  const words = say();
  return (
    <fieldset>
      <legend>{words.more}</legend>
      <div class="fields">
        <Text form={form} field="seller" label={words.seller} maxLength={64} />
        <Text form={form} field="amount_limit" label={words.amount_limit} inputMode="decimal" />
      </div>
      <label class="tick">
        <input id="f-self_outbid" type="checkbox" checked={form.draft.value.self_outbid}
          onInput={(event) => form.change({ self_outbid: event.currentTarget.checked })} />
        {words.self_outbid}
      </label>
    </fieldset>
  );
}

// Creates; says what came of it.
function useSubmit(form: Form) {
  const sending = useSignal(false);
  const answer = useSignal("");
  const attempt = useRef<Attempt | null>(null);
  const refuse = (error: Refusal, draft: Draft) => {
    const words = say();
    const field = field_of(error.detail, draft);
    const text = problem_words(error, language.value);
    if (field === null) return void (answer.value = `${text} (${error.detail})`);
    form.refusals.value = { [field]: language.value === "en" ? error.detail : `${text}（${error.detail}）` };
    answer.value = words.fix;
  };
  const send = async ({ draft, body, key }: Attempt) => {
    try {
      const made = await client.http.create(body, key);
      attempt.current = null;
      told.value = { text: say().created(made.title, made.id), id: made.id };
      location.hash = "#operate";
    } catch (error) {
      const is_decided = error instanceof Refusal && error.status < 500;
      if (is_decided) attempt.current = null;
      if (error instanceof Refusal && (is_decided || error.code === "unavailable")) refuse(error, draft);
      else answer.value = say().not_known;
    }
    sending.value = false;
  };
  const submit = (submitted: JSX.TargetedSubmitEvent<HTMLFormElement>) => {
    submitted.preventDefault();
    if (sending.value) return;
    const draft = form.draft.value;
    if (attempt.current?.draft !== draft) {
      const { auction, errors } = read(draft, client.clock.now());
      form.errors.value = errors ?? {};
      if (auction === null) {
        answer.value = say().fix;
        const element = submitted.currentTarget;
        requestAnimationFrame(() => element.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
        return;
      }
      attempt.current = { draft, body: auction, key: new_key() };
    }
    sending.value = true;
    answer.value = "";
    void send(attempt.current);
  };
  return { sending, answer, submit };
}

function NewForm({ form }: { form: Form }) {
  const words = say();
  const presets = usePresets(form);
  const { sending, answer, submit } = useSubmit(form);
  const label = useComputed(() => (sending.value ? say().saving : say().save));
  return (
    <form id="new-auction" class="form" noValidate onSubmit={submit}>
      <div>
        <GoodsFields form={form} />
        <MoneyFields form={form} />
        <IncrementFields form={form} presets={presets} />
        <TimeFields form={form} />
        <SoftFields form={form} />
        <MoreFields form={form} />
      </div>
      <div class="panel words">
        <Summary form={form} presets={presets} />
        <button id="save" type="submit" class="primary save" disabled={sending.value}>{label}</button>
        <p id="save-answer" class="answer bad" role="status">{answer}</p>
        <a href="#operate">{words.back}</a>
      </div>
    </form>
  );
}

export function Create({ like }: { like: number | null }) {
  const [form, set_form] = useState<Form | null>(like === null ? () => new Form() : null);
  const words = say();
  useEffect(() => {
    if (like === null) return;
    client.http.auction(like).then((auction: Auction) => set_form(new Form(draft_of(auction))), () => set_form(new Form()));
  }, [like]);
  return (
    <>
      <h1>{words.create}</h1>
      {form === null ? <p class="quiet">{words.loading}</p> : <><Presets form={form} /><NewForm form={form} /></>}
    </>
  );
}
