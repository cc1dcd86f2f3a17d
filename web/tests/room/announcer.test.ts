import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Announcer } from "../../src/pages/room/announcer";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function heard(announcer: Announcer): string[] {
  const texts: string[] = [];
  announcer.text.subscribe((text) => text !== "" && texts.push(text));
  return texts;
}

test("a price that moves twenty times a second is told every few seconds, the newest", () => {
  const announcer = new Announcer();
  const texts = heard(announcer);
  for (let i = 1; i <= 400; ++i) {
    announcer.calmly(`price ${i}`);
    vi.advanceTimersByTime(50);
  }
  expect(texts.length).toBeGreaterThanOrEqual(3);
  expect(texts.length).toBeLessThanOrEqual(4);
  expect(texts[0]).toBe("price 100");
});

test("one's own state is told at once, with its answer, and the price waits meanwhile", () => {
  const announcer = new Announcer();
  const texts = heard(announcer);
  announcer.calmly("price 1");
  vi.advanceTimersByTime(4900);
  announcer.at_once("accepted.");
  announcer.at_once("You lead.");
  announcer.at_once("");
  vi.advanceTimersByTime(300);
  expect(texts).toEqual(["accepted. You lead."]);
  vi.advanceTimersByTime(4000);
  expect(texts).toHaveLength(1);
  vi.advanceTimersByTime(1000);
  expect(texts).toEqual(["accepted. You lead.", "price 1"]);
  announcer.at_once("gone");
  announcer.end();
  vi.advanceTimersByTime(60000);
  expect(texts).toHaveLength(2);
});
