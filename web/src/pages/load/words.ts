import { locale, texts_of } from "../../texts";

export const t = texts_of({
  en: {
    title: "Put the house under load",
    what: "Bots bid in one auction over real connections. Then a checker goes through every single answer: no price may be wrong.",
    not_here: "Bots can only be started where the house runs for trying it out (serve --dev).",
    bots: "Bots", duration: "How long", seconds: (n: number) => `${n} seconds`, minutes: (n: number) => n === 1 ? "1 minute" : `${n} minutes`,
    pace: "How fast", unlimited: "as fast as they can", at_rate: "at a fixed rate", rate: "Bids a second",
    auction: "Where", new_auction: "a new auction",
    start: "Start bots", stop: "Stop", starting: "Starting…",
    per_second: "bids a second", accepted: "accepted", rejected: "rejected by the rules", p50: "half of them within", p99: "99 of 100 within",
    price: "Price now", room: "Watch it in its room", in_new_tab: "opens beside this page",
    figures: "Live figures",
    throughput: "Decisions a second", latency: "Time to the decision, milliseconds", median: "half", slowest: "99 of 100",
    before: "Choose and press start: you will see the price move, the speed and, at the end, the verdict.",
    running: (left: number) => `The bots are bidding: ${left} s to go.`,
    checking: "The bidding is over. Every answer is being checked…",
    clean: (n: string) => `${n} bids decided, every one checked: no price error.`,
    violations: (n: string, why: string) => `The checker found ${n} broken promises. ${why}`,
    nothing: (why: string) => `No bid was decided. ${why}`,
    failed: (why: string) => `The run was not judged. ${why}`,
    others: (refused: string, unknown: string) => `Besides: ${refused} refused before the rules, ${unknown} without an answer.`,
    away: "The house does not answer at the moment; trying again.",
  },
  zh: {
    title: "给拍卖行加压",
    what: "机器人通过真实连接对同一场拍卖出价，速度由您决定。结束后，检查器会逐一核对每个答复：价格不允许有任何错误。",
    not_here: "只有在试用模式（serve --dev）下才能启动机器人。",
    bots: "机器人数量", duration: "时长", seconds: (n: number) => `${n} 秒`, minutes: (n: number) => `${n} 分钟`,
    pace: "速度", unlimited: "尽可能快", at_rate: "固定速率", rate: "每秒出价",
    auction: "拍卖", new_auction: "新建一场拍卖",
    start: "启动机器人", stop: "停止", starting: "启动中…",
    per_second: "每秒出价", accepted: "已接受", rejected: "按规则拒绝", p50: "半数不超过", p99: "99% 不超过",
    price: "当前价格", room: "到拍卖间观看", in_new_tab: "在新标签页中打开",
    figures: "实时数据",
    throughput: "每秒裁决数", latency: "裁决耗时（毫秒）", median: "半数", slowest: "99%",
    before: "选好后点击启动：您会看到价格跳动、处理速度，以及最后的结论。",
    running: (left: number) => `机器人正在出价：还剩 ${left} 秒。`,
    checking: "出价已结束，正在逐一核对每个答复…",
    clean: (n: string) => `共裁决 ${n} 次出价，已逐一核对：没有任何价格错误。`,
    violations: (n: string, why: string) => `检查器发现 ${n} 处违约。${why}`,
    nothing: (why: string) => `没有任何出价被裁决。${why}`,
    failed: (why: string) => `本次未能得出结论。${why}`,
    others: (refused: string, unknown: string) => `另有：${refused} 次在规则之前被拒，${unknown} 次没有答复。`,
    away: "拍卖行暂时没有响应，正在重试。",
  },
});

export const count = (n: number) => new Intl.NumberFormat(locale(), { maximumFractionDigits: 0 }).format(n);
// Three figures are enough: 0.42, 4.21, 42.1, 421.
export const milliseconds = (ms: number | null) =>
  ms === null ? "–" : `${new Intl.NumberFormat(locale(), { maximumSignificantDigits: 3 }).format(ms)} ms`;
