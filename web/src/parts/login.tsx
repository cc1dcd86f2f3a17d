// How a visitor becomes somebody: a name typed, a token pasted, or an account of this house.
import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";
import { Problem } from "@flashbid/client";
import { say } from "../frame/texts";
import { session } from "../house";
import { claims_of } from "../session/token";
import { t } from "../texts";

const A_NAME = /^[A-Za-z0-9._:@-]{1,64}$/;

function why(error: unknown): string {
  const words = say();
  if (!(error instanceof Problem)) return words.server_away;
  if (error.status === 401) return words.wrong_password;
  if (error.code === "account_exists") return words.name_taken;
  if (error.status === 429) return words.too_often(error.retry_after_s ?? 1);
  return error.detail;
}

type Submitted = JSX.TargetedSubmitEvent<HTMLFormElement>;

// `id`: of the form. `submit`: its answer is what is wrong, null if nothing is.
function Form({ id, submit, done, children }: {
  id: string; submit: (said: FormData, button: string) => Promise<string | null>; done: () => void; children: ComponentChildren;
}) {
  const form = useRef<HTMLFormElement>(null);
  const [answer, set_answer] = useState("");
  const [is_busy, set_busy] = useState(false);
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  const send = async (submitted: Submitted) => {
    submitted.preventDefault();
    if (is_busy) return;
    set_busy(true);
    const wrong = await submit(new FormData(submitted.currentTarget), submitted.submitter?.id ?? "").catch(why);
    set_busy(false);
    set_answer(wrong ?? "");
    if (wrong === null) done();
  };
  return (
    <form id={id} ref={form} class="login panel" aria-busy={is_busy} onSubmit={(submitted) => void send(submitted)}>
      {children}
      <p id="login-answer" class="answer bad" role="status">{answer}</p>
    </form>
  );
}

const text = (said: FormData, name: string) => String(said.get(name) ?? "").trim();

function NameForm({ done }: { done: () => void }) {
  const words = say();
  const submit = async (said: FormData) => {
    const name = text(said, "name");
    if (!A_NAME.test(name)) return words.not_a_name;
    session.use_name(name);
    return null;
  };
  return (
    <Form id="name-form" submit={submit} done={done}>
      <label>{t().name}
        <input id="own-name" name="name" defaultValue={session.name.value} autocomplete="nickname" required maxLength={64} />
      </label>
      <button type="submit" class="primary">{words.save}</button>
      <p class="quiet hint">{words.name_hint}</p>
    </Form>
  );
}

function AccountForm({ done }: { done: () => void }) {
  const words = t();
  const submit = async (said: FormData, button: string) => {
    await session.enter(text(said, "account"), String(said.get("password")), button === "register");
    return null;
  };
  return (
    <Form id="login-form" submit={submit} done={done}>
      <label>{words.name}
        <input id="account" name="account" autocomplete="username" required maxLength={64} pattern="[A-Za-z0-9._:@\-]+" />
      </label>
      <label>{words.password}
        <input id="password" name="password" type="password" autocomplete="current-password" required minLength={8} maxLength={256} />
      </label>
      <button type="submit" class="primary">{words.log_in}</button>
      <button id="register" type="submit">{words.register}</button>
    </Form>
  );
}

function TokenForm({ done }: { done: () => void }) {
  const words = t();
  const submit = async (said: FormData) => (session.use_token(text(said, "token")) ? null : t().not_a_token);
  return (
    <Form id="login-form" submit={submit} done={done}>
      <label>{words.token}
        <input id="token" name="token" type="password" autocomplete="off" spellcheck={false} required />
      </label>
      <button type="submit" class="primary">{words.log_in}</button>
    </Form>
  );
}

export function Login({ done }: { done: () => void }) {
  const terms = session.terms.value;
  const Chosen = terms.login === "name" ? NameForm : terms.accounts ? AccountForm : TokenForm;
  return (
    <>
      {session.was_ended.value && <p id="ended" class="panel" role="status">{t().token_ended}</p>}
      <Chosen done={done} />
    </>
  );
}

// A link wants to make somebody else of who is logged in.
export function Offer() {
  const offered = session.offered.value;
  const holder = offered === null ? null : claims_of(offered)?.sub ?? null;
  if (holder === null) return null;
  return (
    <div id="offer" class="panel" role="alertdialog" aria-labelledby="offer-text">
      <p id="offer-text">{t().offered(holder)}</p>
      <p class="buttons">
        <button type="button" class="primary" onClick={() => session.take_offer()}>{t().take_offer}</button>
        <button type="button" onClick={() => (session.offered.value = null)}>{t().leave_offer}</button>
      </p>
    </div>
  );
}
