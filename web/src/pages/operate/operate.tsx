// The operator's pages: #operate follows all auctions, #operate/new makes one, #operate/new/ID one like another,
// #operate/explain/ID tells one's history.
import { place, session } from "../../house";
import { Login } from "../../parts/login";
import { Create } from "./create";
import { Explain } from "./explain";
import "./operate.css";
import { Table } from "./table";
import { say } from "./texts";

function Refused() {
  const words = say();
  const holder = session.holder.value;
  return (
    <section id="refused">
      <h1>{words.title}</h1>
      <p>{words.closed_to_you}</p>
      <p>{holder === null ? words.log_in_here : words.bidder_here(holder)}</p>
      <Login done={() => {}} />
    </section>
  );
}

export function Operate() {
  if (!session.known.value) return <h1>{say().title}</h1>;
  if (!session.may_operate.value) return <Refused />;
  const [, page, which] = place.value.split("/");
  const id = /^[1-9]\d{0,15}$/.test(which ?? "") ? Number(which) : null;
  if (page === "explain" && id !== null) return <Explain key={id} id={id} />;
  if (page !== "new") return <Table />;
  return <Create key={which ?? ""} like={id} />;
}
