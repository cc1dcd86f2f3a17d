// A price that is seen to move: it lights up for a moment, in figures of one width, so that nothing beside it shifts.
import { useEffect, useRef } from "preact/hooks";
import type { Auction } from "@flashbid/client";
import { money } from "../money";

const still = matchMedia("(prefers-reduced-motion: reduce)");

export function Price({ auction, id, class: class_name = "" }: { auction: Auction; id?: string; class?: string }) {
  const shown = money(auction.price ?? auction.opening_price, auction.currency);
  const element = useRef<HTMLParagraphElement>(null);
  const before = useRef(shown);
  useEffect(() => {
    if (before.current === shown) return;
    before.current = shown;
    if (still.matches) return;
    element.current?.animate?.([{ color: "var(--good)" }, { color: "inherit" }], { duration: 600, easing: "ease-out" });
  }, [shown]);
  return <p ref={element} id={id} class={`price number ${class_name}`}>{shown}</p>;
}
