// The bar above every page: where one is, whether it is live, who one is, in which language.
import type { ComponentChildren } from "preact";
import { is_lobby, link, lobby_place, login_is_open, place, session } from "../house";
import { stakes } from "../own/stakes";
import { say as say_own } from "../own/texts";
import { switch_language, t } from "../texts";
import { say } from "./texts";

function NavLink({ to, is_here, children }: { to: string; is_here: boolean; children: ComponentChildren }) {
  return <a href={`#${to}`} aria-current={is_here ? "page" : undefined}>{children}</a>;
}

// How many of one's auctions ask for a bid.
function Outbid() {
  const count = stakes.all.value.filter(({ standing }) => standing.value.kind === "outbid").length;
  return count === 0 ? null : <span id="outbid" class="news number" aria-label={say_own().mine_outbid(count)} role="img">{count}</span>;
}

function Who() {
  if (!session.known.value) return null;
  const holder = session.holder.value;
  const by_name = session.terms.value.login === "name";
  const press = () => {
    if (holder === null || by_name) login_is_open.value = !login_is_open.value;
    else void session.log_out();
  };
  const words = holder === null ? (by_name ? say().choose_name : t().log_in) : by_name ? say().named(holder) : `${holder}: ${t().log_out}`;
  return (
    <button id={by_name ? "name" : "login"} class="who" type="button" onClick={press}
      aria-expanded={holder === null || by_name ? login_is_open.value : undefined}>
      {words}
    </button>
  );
}

export function Header() {
  const words = t();
  const here = place.value;
  const within = (page: string) => here === page || here.startsWith(`${page}/`) || here.startsWith(`${page}?`);
  const skip = (pressed: Event) => {
    pressed.preventDefault(); // the address says where one is: it stays
    document.getElementById("main")?.focus();
  };
  return (
    <header class="bar">
      <a class="skip" href={`#${here}`} onClick={skip}>{say().skip}</a>
      <a class="brand" href="#"><span aria-hidden="true">⚡ </span>FlashBid</a>
      <span id="link" class={`link ${link.value === "live" ? "on" : ""}`} role="status">{words[link.value]}</span>
      <nav aria-label={say().pages}>
        <NavLink to={lobby_place.value} is_here={is_lobby(here)}>{words.auctions}</NavLink>
        <NavLink to="mine" is_here={within("mine")}>{say_own().mine}<Outbid /></NavLink>
        {session.known.value && session.may_operate.value && <NavLink to="operate" is_here={within("operate")}>{words.operate}</NavLink>}
        {session.terms.value.load && <NavLink to="load" is_here={within("load")}>{words.load}</NavLink>}
        <a href="/docs">{words.api}</a>
      </nav>
      <div class="own">
        <Who />
        <button id="language" type="button" lang={words.other_language === "English" ? "en" : "zh-CN"} onClick={switch_language}>
          {words.other_language}
        </button>
      </div>
    </header>
  );
}
