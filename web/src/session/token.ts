// Reads a token only to show whose it is and when it ends; the server verifies it.
export interface Claims {
  sub: string;
  exp: number; // seconds since 1970
  role: "bidder" | "operator";
}

// The claims of a token that has not ended; null if it is none.
export function claims_of(token: string): Claims | null {
  try {
    const part = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Claims>;
    if (typeof claims.sub !== "string" || typeof claims.exp !== "number" || claims.exp * 1000 <= Date.now()) return null;
    return { sub: claims.sub, exp: claims.exp, role: claims.role === "operator" ? "operator" : "bidder" };
  } catch {
    return null;
  }
}

// Takes a token out of the address, where another login has put it behind # (browsers send that to nobody), so that it is
// neither shown nor kept in the history: #token=TOKEN, or #PLACE&token=TOKEN.
export function take_from_address(): string | null {
  const parts = location.hash.slice(1).split("&");
  const passed = parts.find((part) => part.startsWith("token="));
  if (passed === undefined) return null;
  const rest = parts.filter((part) => part !== passed).join("&");
  history.replaceState(null, "", `${location.pathname}${location.search}${rest === "" ? "" : `#${rest}`}`);
  return passed.slice("token=".length); // a token has nothing in it that an address would escape
}
