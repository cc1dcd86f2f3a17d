// The codes of docs/errors.md in words that somebody who bids can use, in both languages. Pure.
import type { Problem } from "@flashbid/client";

type Words = Record<string, string>;

const malformed = ["invalid_json", "invalid_utf8", "unknown_field", "missing_field", "duplicate_field", "invalid_type", "invalid_query",
  "bad_request", "method_not_allowed", "uri_too_long", "unsupported_media_type", "upgrade_required", "headers_too_large",
  "transfer_coding_not_implemented", "http_version_not_supported", "payload_too_large"];
const each_of = (codes: string[], text: string): Words => Object.fromEntries(codes.map((code) => [code, text]));

const en: Words = {
  ...each_of(malformed, "The server did not understand this page. Reload it and try again."),
  invalid_value: "The server does not take this value.",
  invalid_amount: "That is not an amount the server takes.",
  unauthenticated: "Log in first.",
  forbidden: "You may not do this.",
  host_not_allowed: "This server serves its own machine only.",
  origin_not_allowed: "This server does not take requests from other sites.",
  not_found: "There is no such auction.",
  request_timeout: "The request did not arrive in time. Try again.",
  auction_exists: "This number is taken by another auction.",
  auction_not_cancellable: "It is over already and cannot be called off.",
  idempotency_key_reused: "This attempt was made with another amount before. Try again.",
  rate_limited: "Too many requests. Try again in a moment.",
  internal: "The server has a fault: whether this was done is not known. The same again tells.",
  unavailable: "The server cannot decide now, and nothing was done. Try again in a moment.",
  outcome_unknown: "The outcome is not known yet. The same again tells.",
  account_exists: "An account has this name already.",
  load_running: "Bots are at work already. Wait until they have ended, or stop them.",
  auction_not_open: "Bots can only bid on an auction that is open.",
  not_implemented: "This server does not do that, as it was started.",
};

const zh: Words = {
  ...each_of(malformed, "服务器无法理解此页面的请求，请刷新后重试。"),
  invalid_value: "服务器不接受该值。",
  invalid_amount: "服务器不接受该金额。",
  unauthenticated: "请先登录。",
  forbidden: "您无权执行此操作。",
  host_not_allowed: "此服务器仅供本机使用。",
  origin_not_allowed: "此服务器不接受其他网站的请求。",
  not_found: "没有这场拍卖。",
  request_timeout: "请求未能及时送达，请重试。",
  auction_exists: "该编号已被其他拍卖使用。",
  auction_not_cancellable: "拍卖已经结束，无法取消。",
  idempotency_key_reused: "该次操作此前使用了其他金额，请重试。",
  rate_limited: "请求过于频繁，请稍后再试。",
  internal: "服务器出现故障，结果尚不确定；以相同内容再试一次即可得知。",
  unavailable: "服务器暂时无法处理，本次操作未生效，请稍后再试。",
  outcome_unknown: "结果尚不确定；以相同内容再试一次即可得知。",
  account_exists: "该名称已有账户使用。",
  load_running: "机器人正在运行，请等待其结束或先停止。",
  auction_not_open: "机器人只能在进行中的拍卖里出价。",
  not_implemented: "此服务器的启动方式不支持该操作。",
};

const wait = {
  en: (seconds: number) => `Too many requests. The next one is taken in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`,
  zh: (seconds: number) => `请求过于频繁，请在 ${seconds} 秒后再试。`,
};

// A code of a newer server says what the server said.
export function problem_words({ code, detail, retry_after_s }: Pick<Problem, "code" | "detail" | "retry_after_s">,
  language: "en" | "zh"): string {
  if (code === "rate_limited" && retry_after_s !== null) return wait[language](retry_after_s);
  const words = language === "zh" ? zh : en;
  return (Object.hasOwn(words, code) ? words[code] : undefined) ?? detail;
}
