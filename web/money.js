// Money on the page: integers of minor units, taken apart and put together as text, never through a fraction.
export function decimals(currency) {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  } catch {
    return 2;
  }
}

// 1055000, "CNY" -> "10,550.00 CNY"; bare: "10550.00".
export function show(amount, currency, bare = false) {
  const places = decimals(currency);
  const digits = String(amount).padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  const fraction = places ? "." + digits.slice(-places) : "";
  return bare ? whole + fraction : `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${fraction} ${currency}`;
}

// "105.5", "CNY" -> 10550; null if it is not an amount of that currency.
export function parse(text, currency) {
  const places = decimals(currency);
  const match = /^(\d{1,16})(?:\.(\d*))?$/.exec(text.trim().replaceAll(",", ""));
  if (!match || (match[2] ?? "").length > places) return null;
  const amount = Number(match[1] + (match[2] ?? "").padEnd(places, "0"));
  return Number.isSafeInteger(amount) ? amount : null;
}
