export const en = {
  auctions: "Auctions", operate: "Operate", load: "Load", api: "Docs", other_language: "中文",
  live: "live", connecting: "connecting…", offline: "offline, trying again…",
  states: { scheduled: "coming", open: "open", closed: "finished", cancelled: "called off" },
  ends_in: (time: string) => `ends in ${time}`, opens_in: (time: string) => `opens in ${time}`,
  leads: (name: string) => `${name} leads`, won: (name: string) => `${name} has won`,
  no_bid_yet: "No bid yet", not_sold: "Not sold",
  bids: (n: number) => `${n} ${n === 1 ? "bid" : "bids"}`, watchers: (n: number) => `${n} watching`,
  // Logging in
  log_in: "Log in", log_out: "Log out", register: "Register", name: "Your name", password: "Password", token: "Your token",
  not_a_token: "That is no token, or it has ended.",
  token_ended: "Your token has ended. Log in again to bid.",
  offered: (holder: string) => `This link logs you in as ${holder}. Only go on if it was meant for you.`,
  take_offer: "Log in", leave_offer: "No, thanks",
};
