import type { Texts } from ".";

export const zh: Texts = {
  auctions: "拍卖", operate: "管理", load: "压测", api: "文档", other_language: "English",
  live: "实时", connecting: "连接中…", offline: "连接已断开，正在重试…",
  states: { scheduled: "即将开始", open: "进行中", closed: "已结束", cancelled: "已取消" },
  ends_in: (time: string) => `${time} 后结束`, opens_in: (time: string) => `${time} 后开始`,
  leads: (name: string) => `${name} 领先`, won: (name: string) => `${name} 竞得`,
  no_bid_yet: "暂无出价", not_sold: "流拍",
  bids: (n: number) => `${n} 次出价`, watchers: (n: number) => `${n} 人围观`,
  log_in: "登录", log_out: "退出", register: "注册", name: "您的名字", password: "密码", token: "您的令牌",
  not_a_token: "令牌无效或已过期。",
  token_ended: "您的令牌已过期，请重新登录后再出价。",
  offered: (holder: string) => `此链接将以 ${holder} 的身份登录。请确认它是发给您的。`,
  take_offer: "登录", leave_offer: "不用了",
};
