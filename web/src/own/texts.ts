import { texts_of } from "../texts";

export const say = texts_of({
  en: {
    mine: "My auctions", mine_outbid: (n: number) => `outbid in ${n}`,
    turns: { outbid: "You were outbid", won: "You won", lost: "Won by somebody else", below_reserve: "Not sold: your bid was below the reserve" },
    turn_more: (title: string, amount: string) => `${title} · ${amount}`,
    to_room: "Go there", dismiss: "Close", notices: "News of your auctions",
    mark: "Watch", marked: "Watching", mark_of: (title: string) => `Watch: ${title}`,
    bids: "Bids", no_bids: "Auctions that you bid on with this browser are listed here, and where you stand in them.",
    nobody: "Say who you are to see your bids.",
    watched: "Watchlist", no_watched: "Nothing yet. ☆ in an auction keeps it here, in this browser.",
    standings: {
      none: "", leading: "You lead", outbid: "Outbid", perhaps: "Perhaps you lead", won: "Won", below_reserve: "Not sold", lost: "Not won",
    },
    gone: (id: number) => `Auction ${id} is not shown any more`, loading: "…",
    notify: "Tell me also while I look at something else", notify_more: "By a notification of your browser: when you are outbid, and how it ended.",
    notify_denied: "Your browser does not allow notifications of this site. You can change that in its settings for this site.",
  },
  zh: {
    mine: "我的拍卖", mine_outbid: (n: number) => `${n} 场出价被超过`,
    turns: { outbid: "您的出价已被超过", won: "您已竞得", lost: "已由他人竞得", below_reserve: "流拍：您的出价未达保留价" },
    turn_more: (title: string, amount: string) => `${title} · ${amount}`,
    to_room: "前往", dismiss: "关闭", notices: "您的拍卖动态",
    mark: "关注", marked: "已关注", mark_of: (title: string) => `关注：${title}`,
    bids: "出价", no_bids: "您用此浏览器出过价的拍卖及领先情况会显示在这里。",
    nobody: "请先登录或设置名字，以查看您的出价。",
    watched: "关注列表", no_watched: "暂无。在拍卖中点按 ☆ 即可收藏到此浏览器。",
    standings: {
      none: "", leading: "您领先", outbid: "已被超过", perhaps: "可能是您领先", won: "已竞得", below_reserve: "流拍", lost: "未竞得",
    },
    gone: (id: number) => `编号 ${id} 的拍卖已不再显示`, loading: "…",
    notify: "我在看别的内容时也通知我", notify_more: "由浏览器发出通知：出价被超过时，以及拍卖结束时。",
    notify_denied: "浏览器不允许此网站发送通知，可在浏览器的网站设置中更改。",
  },
});
