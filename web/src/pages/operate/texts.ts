import { texts_of } from "../../texts";
import { both } from "./words";

export const say = texts_of(both);
