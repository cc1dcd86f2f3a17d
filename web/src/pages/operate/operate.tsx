// The operator's pages: #operate follows all auctions, #operate/new makes one, #operate/new/ID one like another.
import { place, session } from "../../house";
import { Login } from "../../parts/login";
import { Create } from "./create";
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
  const [, page, like] = place.value.split("/");
  if (page !== "new") return <Table />;
  const id = /^[1-9]\d{0,15}$/.test(like ?? "") ? Number(like) : null;
  return <Create key={like ?? ""} like={id} />;
}
