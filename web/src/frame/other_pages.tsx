// What is shown where there is nothing to show.
import { useEffect } from "preact/hooks";
import { login_is_open } from "../house";
import { say } from "./texts";

export function NotFound() {
  const words = say();
  return (
    <div id="not-found" class="panel">
      <h1 tabIndex={-1}>{words.unknown}</h1>
      <p>{words.unknown_more}</p>
      <p><a href="#">{words.to_lobby}</a></p>
    </div>
  );
}

// A private house, to somebody who has not logged in.
export function Closed() {
  const words = say();
  useEffect(() => void (login_is_open.value = true), []);
  return (
    <div id="closed" class="panel">
      <h1 tabIndex={-1}>{words.closed}</h1>
      <p>{words.closed_more}</p>
    </div>
  );
}
