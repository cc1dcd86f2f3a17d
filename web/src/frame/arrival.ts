// What a change of the page is for somebody who does not see it or has scrolled: the heading is read out, the place is the one
// that was left.
import { useEffect, useRef } from "preact/hooks";
import { visit } from "../visits";

const PATIENCE_MS = 3_000; // a page may say "loading" first, under another heading

const focus = (element: HTMLElement | null) => element?.focus({ preventScroll: true });
const heading = () => document.querySelector<HTMLElement>("main h1");

// The heading, until it stays or the visitor does something.
function focus_heading(): () => void {
  focus(heading());
  const observer = new MutationObserver(() => {
    if (document.activeElement === document.body) focus(heading());
  });
  observer.observe(document.body, { childList: true, subtree: true });
  const stop = () => observer.disconnect();
  for (const what of ["keydown", "pointerdown"]) window.addEventListener(what, stop, { once: true });
  const timer = setTimeout(stop, PATIENCE_MS);
  return () => {
    clearTimeout(timer);
    stop();
  };
}

// `page`: which one is shown; another is an arrival. The first one leaves the focus where the browser has put it.
export function useArrival(page: string): void {
  const is_first = useRef(true);
  useEffect(() => {
    const scroll = () => visit.keep("scroll", window.scrollY);
    window.scrollTo(0, visit.is_return ? visit.kept<number>("scroll") ?? 0 : 0);
    const began = is_first.current;
    is_first.current = false;
    const from = visit.is_return ? visit.kept<string>("left_by") : undefined;
    const link = from === undefined ? null : document.querySelector<HTMLElement>(`main a[href="${CSS.escape(from)}"]`);
    let stop = () => {};
    if (link !== null) focus(link);
    else if (!began) stop = focus_heading();
    const leave = (pressed: MouseEvent) => {
      const left_by = (pressed.target as Element).closest?.("main a")?.getAttribute("href");
      if (left_by?.startsWith("#")) visit.keep("left_by", left_by);
    };
    window.addEventListener("scroll", scroll, { passive: true });
    window.addEventListener("click", leave, { capture: true });
    return () => {
      stop();
      window.removeEventListener("scroll", scroll);
      window.removeEventListener("click", leave, { capture: true });
    };
  }, [page]);
}
