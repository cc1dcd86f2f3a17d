// How the house is, out of what /v1/health tells, part by part. Pure.

export interface HealthTold {
  ready: boolean;
  reason: string | null;
  degraded: string[];
  metrics: Record<string, number>;
}

export type Grade = "good" | "warm" | "bad" | "none";
export interface Part {
  part: "engine" | "ledger" | "archive" | "queues";
  grade: Grade;
  figures: Figure[];
}
export type Figure =
  | { of: "reason"; text: string }
  | { of: "ready" | "no_archive" | "halted" | "away" | "no_groups" }
  | { of: "auctions" | "watchers" | "connections" | "failed_commits" | "unmoved" | "in_flight" | "lost"; count: number }
  | { of: "commit_ms"; ms: number }
  | { of: "behind"; seconds: number; count: number }
  | { of: "group"; name: string; count: number };

const LATE_S = 10; // as /readyz has it
const GROUP = /^flashbid_group_waiting_events\{group="(.*)"\}$/;

function engine({ ready, reason, metrics }: HealthTold): Part {
  const connections = Object.entries(metrics).reduce((sum, [name, value]) => (name.startsWith("flashbid_connections{") ? sum + value : sum), 0);
  return { part: "engine", grade: ready ? "good" : "bad", figures: [
    ready ? { of: "ready" } : { of: "reason", text: reason ?? "" },
    { of: "watchers", count: metrics["flashbid_watchers"] ?? 0 }, { of: "connections", count: connections },
    ...("flashbid_redis_in_flight" in metrics ? [] : [{ of: "auctions" as const, count: metrics["flashbid_auctions_in_memory"] ?? 0 }]),
  ] };
}

// A commit's mean time is that since the last look: of all since the start it would hide a disk that has become slow.
function ledger({ metrics }: HealthTold, before: HealthTold | null): Part {
  if ("flashbid_redis_in_flight" in metrics) {
    const lost = metrics["flashbid_redis_lost_events_total"] ?? 0;
    return { part: "ledger", grade: lost > 0 ? "warm" : "good", figures: [
      { of: "in_flight", count: metrics["flashbid_redis_in_flight"] ?? 0 }, { of: "lost", count: lost }] };
  }
  const since = (name: string) => (metrics[name] ?? 0) - (before?.metrics[name] ?? 0);
  const commits = since("flashbid_commit_seconds_count");
  const failed = metrics["flashbid_failed_commits_total"] ?? 0;
  return { part: "ledger", grade: since("flashbid_failed_commits_total") > 0 ? "bad" : failed > 0 ? "warm" : "good", figures: [
    ...(commits > 0 ? [{ of: "commit_ms" as const, ms: (1000 * since("flashbid_commit_seconds_sum")) / commits }] : []),
    { of: "failed_commits", count: failed }, { of: "unmoved", count: metrics["flashbid_ledger_unmoved_records"] ?? 0 }] };
}

function archive({ metrics }: HealthTold): Part {
  if (!("flashbid_archive_up" in metrics)) return { part: "archive", grade: "none", figures: [{ of: "no_archive" }] };
  const seconds = metrics["flashbid_archive_lag_seconds"] ?? 0;
  const halted = metrics["flashbid_archive_alarm"] === 1;
  const away = !halted && metrics["flashbid_archive_up"] !== 1;
  return { part: "archive", grade: halted || away ? "bad" : seconds >= LATE_S ? "warm" : "good", figures: [
    ...(halted ? [{ of: "halted" as const }] : away ? [{ of: "away" as const }] : []),
    { of: "behind", seconds, count: metrics["flashbid_archive_lag_events"] ?? 0 }] };
}

// Behind and not catching up since the last look: perhaps nobody works there.
function queues({ metrics }: HealthTold, before: HealthTold | null): Part {
  const groups = Object.entries(metrics).flatMap(([name, count]) => {
    const group = GROUP.exec(name)?.[1];
    return group === undefined ? [] : [{ name: group, count, stands: before !== null && count > 0 && count >= (before.metrics[name] ?? Infinity) }];
  });
  if (groups.length === 0) return { part: "queues", grade: "none", figures: [{ of: "no_groups" }] };
  return { part: "queues", grade: groups.some(({ stands }) => stands) ? "warm" : "good",
    figures: groups.map(({ name, count }) => ({ of: "group", name, count })) };
}

export function parts_of(told: HealthTold, before: HealthTold | null): Part[] {
  return [engine(told), ledger(told, before), archive(told), queues(told, before)];
}
