// The words of the pages in the visitor's language: the browser's, unless another was chosen. Both languages have the same
// words, which the compiler checks.
import { signal } from "@preact/signals";
import { en } from "./en";
import { zh } from "./zh";

export type Language = "en" | "zh";
export type Texts = typeof en;
const words: Record<Language, Texts> = { en, zh };
const KEPT = "language";

function first_language(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.startsWith("zh") ? "zh" : "en";
}

export const language = signal<Language>(first_language());

// To be called where it is shown, so that a change of language shows it anew.
export function t(): Texts {
  return words[language.value];
}

export function locale(): string {
  return language.value === "zh" ? "zh-CN" : "en-GB";
}

export function switch_language(): void {
  language.value = language.value === "en" ? "zh" : "en";
  localStorage.setItem(KEPT, language.value);
}

// The words of one page, which stand in its own folder: const t = texts_of({ en: {…}, zh: {…} }), shown as t().title.
export function texts_of<Words>(both: { en: Words; zh: NoInfer<Words> }): () => Words {
  return () => both[language.value];
}
