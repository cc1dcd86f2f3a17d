// The frame around every page: which one it is, its title, and who one is.
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { useArrival } from "./frame/arrival";
import { Header } from "./frame/header";
import { Notices } from "./frame/notices";
import { Closed, NotFound } from "./frame/other_pages";
import { say } from "./frame/texts";
import { is_lobby, login_is_open, place, session } from "./house";
import { Lobby } from "./pages/lobby/lobby";
import { Mine } from "./pages/mine/mine";
import { Operate } from "./pages/operate/operate";
import { LoadPanel } from "./pages/load/load_panel";
import { Room } from "./pages/room/room";
import { say as say_own } from "./own/texts";
import { Login, Offer } from "./parts/login";
import { language, t } from "./texts";

interface Shown {
  key: string; // another one is another page
  title: string | null; // null = the page says it itself
  page: VNode;
}

function shown(): Shown {
  const words = t();
  if (session.known.value && session.terms.value.private && session.holder.value === null) {
    return { key: "closed", title: say().closed, page: <Closed /> };
  }
  if (is_lobby(place.value)) return { key: "lobby", title: words.auctions, page: <Lobby /> };
  const [path = ""] = place.value.split("?");
  const [where = ""] = path.split("/");
  if (where === "mine") return { key: where, title: say_own().mine, page: <Mine /> };
  if (where === "operate") return { key: path, title: words.operate, page: <Operate /> };
  if (where === "load") return { key: where, title: words.load, page: <LoadPanel /> };
  const id = /^[1-9]\d{0,15}$/.test(place.value) ? Number(place.value) : NaN;
  if (Number.isSafeInteger(id)) return { key: place.value, title: null, page: <Room key={id} id={id} /> };
  return { key: "unknown", title: say().unknown, page: <NotFound /> };
}

export function App() {
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
  const { key, title, page } = shown();
  useEffect(() => {
    if (title !== null) document.title = `${title} · FlashBid`;
  }, [key, title]);
  useArrival(key);
  const may_log_in = session.known.value && (session.terms.value.login === "name" || session.holder.value === null);
  return (
    <>
      <Header />
      <main id="main" tabIndex={-1}>
        <Offer />
        {login_is_open.value && may_log_in && <Login done={() => (login_is_open.value = false)} />}
        {page}
      </main>
      <Notices />
    </>
  );
}
