import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimals, money, parse_money, plain } from "../src/money";

const amounts = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const currencies = fc.constantFrom("CNY", "JPY", "KWD", "USD", "XXX");

describe("money", () => {
  test("shows the currency's decimals", () => {
    expect(money(1055000, "CNY")).toBe("10,550.00 CNY");
    expect(money(5, "CNY")).toBe("0.05 CNY");
    expect(money(1055000, "JPY")).toBe("1,055,000 JPY");
    expect(money(1055000, "KWD")).toBe("1,055.000 KWD");
    expect(money(Number.MAX_SAFE_INTEGER, "USD")).toBe("90,071,992,547,409.91 USD");
  });

  test("what is shown reads back as the same amount, whatever it is", () => {
    fc.assert(fc.property(amounts, currencies, (amount, currency) => {
      expect(parse_money(plain(amount, currency), currency)).toBe(amount);
      expect(parse_money(money(amount, currency).replace(` ${currency}`, ""), currency)).toBe(amount);
    }));
  });

  test("what is no amount of the currency is none", () => {
    for (const text of ["", ".", "-1", "+1", "1e3", "0x10", "1.005", "1 000", "一百", "NaN", "90071992547409.92"]) {
      expect(parse_money(text, "CNY"), text).toBeNull();
    }
    expect(parse_money("1.5", "JPY")).toBeNull();
    expect(parse_money("105.5", "CNY")).toBe(10550);
    expect(parse_money(" 1,000 ", "CNY")).toBe(100000);
    expect(decimals("not a currency")).toBe(2);
  });
});
