// The form's state, and a field of it: its label, its value, and what is wrong with it, said to everyone.
import { type Signal, signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { type Draft, EMPTY, type Errors, type Field } from "./draft";
import { say } from "./texts";

export class Form {
  readonly draft: Signal<Draft>;
  readonly errors = signal<Errors>({}); // of the form itself
  readonly refusals = signal<Partial<Record<Field, string>>>({}); // of the server, in its words

  constructor(draft: Draft = EMPTY) {
    this.draft = signal(draft);
  }

  // What is changed is not wrong any more, until it is looked at again.
  change(changed: Partial<Draft>): void {
    this.draft.value = { ...this.draft.value, ...changed };
    const without = <Kind extends object>(all: Kind) =>
      Object.fromEntries(Object.entries(all).filter(([field]) => !(field in changed))) as Kind;
    this.errors.value = without(this.errors.value);
    this.refusals.value = without(this.refusals.value);
  }

  wrong(field: Field): string {
    const error = this.errors.value[field];
    return this.refusals.value[field] ?? (error === undefined ? "" : say().wrong[error] ?? error);
  }
}

type TextField = { [Name in Field]: Draft[Name] extends string ? Name : never }[Field];

export function Problem({ form, field }: { form: Form; field: Field }) {
  const text = form.wrong(field);
  return text === "" ? null : <p id={`f-${field}-wrong`} class="problem">{text}</p>;
}

// What ties a field to its problem.
export function marks(form: Form, field: Field) {
  const is_wrong = form.wrong(field) !== "";
  return { "aria-invalid": is_wrong, "aria-describedby": is_wrong ? `f-${field}-wrong` : undefined } as const;
}

type InputProps = Omit<JSX.InputHTMLAttributes<HTMLInputElement>, "form" | "label">;

export function Text({ form, field, label, hint, class: class_name, ...input }:
  { form: Form; field: TextField; label: string; hint?: string; class?: string } & InputProps) {
  return (
    <div class={class_name}>
      <label>{label}
        <input id={`f-${field}`} autocomplete="off" {...input} {...marks(form, field)} value={form.draft.value[field]}
          onInput={(event) => form.change({ [field]: event.currentTarget.value })} />
      </label>
      {hint !== undefined && <p class="quiet">{hint}</p>}
      <Problem form={form} field={field} />
    </div>
  );
}

export function Choices({ form, field, label, options }:
  { form: Form; field: TextField; label: string; options: [string, string][] }) {
  return (
    <div class="choices" role="radiogroup" aria-label={label}>
      {options.map(([value, text]) => (
        <label key={value}>
          <input type="radio" name={`f-${field}`} id={`f-${field}-${value}`} value={value} checked={form.draft.value[field] === value}
            onInput={() => form.change({ [field]: value })} />
          {text}
        </label>
      ))}
    </div>
  );
}

export function Select({ id, label, value, changed, children }:
  { id: string; label: string; value: string; changed: (value: string) => void; children: ComponentChildren }) {
  return (
    <label>{label}
      <select id={id} value={value} onInput={(event) => changed(event.currentTarget.value)}>{children}</select>
    </label>
  );
}
