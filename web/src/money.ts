// Money on the pages: integers of minor units, taken apart and put together as text, never through a fraction.
const places_of = new Map<string, number>();

export function decimals(currency: string): number {
  let places = places_of.get(currency);
  if (places === undefined) {
    try {
      places = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
    } catch {
      places = 2;
    }
    places_of.set(currency, places);
  }
  return places;
}

// 1055000, "CNY" -> "10550.00".
export function plain(amount: number, currency: string): string {
  const places = decimals(currency);
  const digits = String(amount).padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  return places > 0 ? `${whole}.${digits.slice(-places)}` : whole;
}

// 1055000, "CNY" -> "10,550.00 CNY".
export function money(amount: number, currency: string): string {
  const [whole = "", fraction] = plain(amount, currency).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${fraction === undefined ? grouped : `${grouped}.${fraction}`} ${currency}`;
}

// "105.5", "CNY" -> 10550; null if it is not an amount of that currency.
export function parse_money(text: string, currency: string): number | null {
  const places = decimals(currency);
  const match = /^(\d{1,16})(?:\.(\d*))?$/.exec(text.trim().replaceAll(",", ""));
  if (match === null || (match[2] ?? "").length > places) return null;
  const amount = Number((match[1] ?? "") + (match[2] ?? "").padEnd(places, "0"));
  return Number.isSafeInteger(amount) ? amount : null;
}
