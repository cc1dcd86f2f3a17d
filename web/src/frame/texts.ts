import { texts_of } from "../texts";

export const say = texts_of({
  en: {
    skip: "Skip to the content", pages: "Pages",
    choose_name: "Choose a name", named: (name: string) => `You: ${name}`,
    name_hint: "Bids of this browser are made under this name.", save: "Save", not_a_name: "Letters, digits and . _ : @ - only, at most 64.",
    unknown: "There is no such page", unknown_more: "The address may be mistyped, or of a newer FlashBid.", to_lobby: "To the auctions",
    closed: "Log in to see the auctions", closed_more: "This house is private: its auctions are for those who have logged in.",
    wrong_password: "Wrong name or password.", name_taken: "This name is taken. Choose another, or log in.",
    too_often: (seconds: number) => `Too many attempts. Try again in ${seconds} s.`,
    server_away: "The server cannot be reached. Try again in a moment.",
  },
  zh: {
    skip: "跳到正文", pages: "页面",
    choose_name: "设置名字", named: (name: string) => `您：${name}`,
    name_hint: "此浏览器将以该名字出价。", save: "保存", not_a_name: "只能使用字母、数字和 . _ : @ -，最多 64 个字符。",
    unknown: "没有这个页面", unknown_more: "地址可能有误，或来自更新版本的 FlashBid。", to_lobby: "查看拍卖",
    closed: "登录后查看拍卖", closed_more: "此处为私人拍卖，仅向已登录者开放。",
    wrong_password: "名字或密码错误。", name_taken: "该名字已被占用，请换一个或直接登录。",
    too_often: (seconds: number) => `尝试过于频繁，请在 ${seconds} 秒后重试。`,
    server_away: "无法连接服务器，请稍后再试。",
  },
});
