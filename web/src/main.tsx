import { render } from "preact";
import { App } from "./app";
import { begin } from "./house";
import { begin_notices } from "./own/notices";
import { stakes } from "./own/stakes";
import "./style/base.css";

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
stakes.begin();
begin_notices();
void begin();
