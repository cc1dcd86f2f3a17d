import { describe, expect, test } from "vitest";
import { type HealthTold, parts_of } from "../src/pages/operate/health";

const told = (metrics: Record<string, number>, more: Partial<HealthTold> = {}): HealthTold => ({ ready: true, reason: null, degraded: [], metrics, ...more });
const part = (name: string, now: HealthTold, before: HealthTold | null = null) => parts_of(now, before).find((each) => each.part === name);
const EMBEDDED = { flashbid_commit_seconds_sum: 10, flashbid_commit_seconds_count: 1000, flashbid_failed_commits_total: 0 };

describe("how the house is", () => {
  test("an engine that takes no bids says why", () => {
    expect(part("engine", told({ flashbid_watchers: 3, 'flashbid_connections{kind="http"}': 2, 'flashbid_connections{kind="sse"}': 1 })))
      .toEqual({ part: "engine", grade: "good", figures: [{ of: "ready" }, { of: "watchers", count: 3 }, { of: "connections", count: 3 },
        { of: "auctions", count: 0 }] });
    expect(part("engine", told({}, { ready: false, reason: "the disk is full" }))).toMatchObject({ grade: "bad", figures: [{ of: "reason", text: "the disk is full" },
      {}, {}, {}] });
  });

  test("a commit's time is that since the last look, and a failure is trouble while it is new", () => {
    const now = told({ ...EMBEDDED, flashbid_commit_seconds_sum: 12, flashbid_commit_seconds_count: 1100, flashbid_failed_commits_total: 1 });
    expect(part("ledger", now, told(EMBEDDED))).toMatchObject({ grade: "bad", figures: [{ of: "commit_ms", ms: 20 }, { of: "failed_commits", count: 1 }, {}] });
    expect(part("ledger", now, now)).toMatchObject({ grade: "warm", figures: [{ of: "failed_commits" }, { of: "unmoved", count: 0 }] });
    expect(part("ledger", told({ flashbid_redis_in_flight: 4 }))).toMatchObject({ grade: "good", figures: [{ of: "in_flight", count: 4 }, { of: "lost", count: 0 }] });
  });

  test("an archive is late, away, halted, or not there", () => {
    const archive = (seconds: number, up: number, alarm: number) => part("archive", told({ flashbid_archive_up: up, flashbid_archive_alarm: alarm,
      flashbid_archive_lag_seconds: seconds, flashbid_archive_lag_events: 7 }));
    expect(archive(9, 1, 0)).toEqual({ part: "archive", grade: "good", figures: [{ of: "behind", seconds: 9, count: 7 }] });
    expect(archive(10, 1, 0)?.grade).toBe("warm");
    expect(archive(1, 0, 0)).toMatchObject({ grade: "bad", figures: [{ of: "away" }, {}] });
    expect(archive(1, 0, 1)).toMatchObject({ grade: "bad", figures: [{ of: "halted" }, {}] });
    expect(part("archive", told({}))).toMatchObject({ grade: "none", figures: [{ of: "no_archive" }] });
  });

  test("a queue that waits and does not move wants a look", () => {
    const now = (count: number) => told({ 'flashbid_group_waiting_events{group="rabbitmq"}': count });
    expect(part("queues", now(5))).toEqual({ part: "queues", grade: "good", figures: [{ of: "group", name: "rabbitmq", count: 5 }] });
    expect(part("queues", now(5), now(6))?.grade).toBe("good");
    expect(part("queues", now(5), now(5))?.grade).toBe("warm");
    expect(part("queues", now(0), now(0))?.grade).toBe("good");
    expect(part("queues", told({}))?.grade).toBe("none");
  });
});
