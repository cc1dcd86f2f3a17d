import { texts_of } from "../../texts";

const en = {
  title: "Auctions",
  search: "Search", search_hint: "Title, description or number", clear: "Clear the search",
  show: "Show", all: "All", sections: { open: "Open", scheduled: "Coming", closed: "Finished" },
  sort: "Sort by", sorts: { ending: "Ending soonest", newest: "Newest", bids: "Most bids", price: "Highest price" },
  found: (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "auction" : "auctions"}`,
  more: (n: number) => `Show more (${n.toLocaleString("en")} left)`,
  cut: (n: number) => `This house has more auctions than are shown here (${n.toLocaleString("en")} of a kind).`,
  loading: "Looking for auctions…",
  away: "The server cannot be reached. Trying again…",
  stale: "No connection: prices are as last seen.",
  refused: "The house does not show its auctions to you.",
  none_found: "No auction is like that.", none_here: "None at the moment.", show_all: "Show all auctions",
  empty: "No auctions yet",
  empty_operator: "Create the first one: it appears here at once, for everybody who is looking.",
  create: "Create an auction",
  empty_visitor: "Come back soon, or leave this page open: a new auction appears by itself.",
  opening: "Opening price", price: "Price", final: "Final price",
};

export const say = texts_of({
  en,
  zh: {
    title: "拍卖",
    search: "搜索", search_hint: "标题、描述或编号", clear: "清除搜索",
    show: "筛选", all: "全部", sections: { open: "进行中", scheduled: "即将开始", closed: "已结束" },
    sort: "排序", sorts: { ending: "最快结束", newest: "最新发布", bids: "出价最多", price: "价格最高" },
    found: (n: number) => `共 ${n.toLocaleString("zh")} 场拍卖`,
    more: (n: number) => `显示更多（还有 ${n.toLocaleString("zh")} 场）`,
    cut: (n: number) => `拍卖数量较多，此处未能全部显示（每类 ${n.toLocaleString("zh")} 场）。`,
    loading: "正在查找拍卖…",
    away: "无法连接服务器，正在重试…",
    stale: "连接已断开，显示的是最后获知的价格。",
    refused: "您无权查看此处的拍卖。",
    none_found: "没有符合条件的拍卖。", none_here: "暂无。", show_all: "显示全部拍卖",
    empty: "还没有拍卖",
    empty_operator: "创建第一场拍卖：创建后所有访客立即可见。",
    create: "创建拍卖",
    empty_visitor: "请稍后再来，或保持此页面打开：新的拍卖会自动出现。",
    opening: "起拍价", price: "当前价", final: "成交价",
  },
});
