// News of one's own auctions, above whatever page is shown, until they are closed or the auction is looked at.
import { dismiss, notices } from "../own/notices";
import { say } from "../own/texts";

export function Notices() {
  const words = say();
  return (
    <div id="notices" class="notices" role="status" aria-label={words.notices}>
      {notices.value.map(({ id, turn, head, more }) => (
        <div key={id} class={`notice-card ${turn === "won" ? "good" : "warm"}`} data-id={id} data-turn={turn}>
          <p><strong>{head}</strong></p>
          <p class="number more">{more}</p>
          <p class="buttons">
            <a class="button" href={`#${id}`}>{words.to_room}</a>
            <button type="button" onClick={() => dismiss(id)}>{words.dismiss}</button>
          </p>
        </div>
      ))}
    </div>
  );
}
