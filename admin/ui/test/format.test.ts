import assert from "node:assert/strict";
import test from "node:test";
import { clock, count, duration, moment, plural, rate, since, span } from "../src/format.ts";

test("a rate has at most five characters", () => {
  const cases: [number, string][] = [
    [0, "0"], [-1, "0"], [NaN, "0"], [0.01, "<0.1"], [0.5, "0.5"], [9.94, "9.9"], [9.96, "10"], [27.4, "27"],
    [999, "999"], [9_994, "9994"], [12_345, "12.3k"], [99_499, "99.5k"], [123_456, "123k"], [1_500_000, "1.5M"],
  ];
  for (const [n, want] of cases) {
    assert.equal(rate(n), want);
    assert.ok(rate(n).length <= 5);
  }
});

test("a duration has the unit that fits it", () => {
  const cases: [number, string][] = [
    [0, "0 ms"], [0.4, "0.4 ms"], [12.6, "13 ms"], [999.4, "999 ms"], [1234, "1.23 s"], [12_340, "12.3 s"], [65_000, "1 min 5 s"],
  ];
  for (const [ms, want] of cases) assert.equal(duration(ms), want);
});

test("a long duration has two parts", () => {
  assert.equal(span(-3), "0 s");
  assert.equal(span(59), "59 s");
  assert.equal(span(3_725), "1 h 2 min");
  assert.equal(span(200_000), "2 d 7 h");
});

test("small counts are written as they are, for programs that read the page", () => {
  assert.equal(count(9_999), "9999");
  assert.equal(count(12_345), "12,345");
  assert.equal(plural(1, "place"), "1 place");
  assert.equal(plural(2, "place"), "2 places");
});

test("an instant that Go left at its zero value is unknown", () => {
  for (const of of [(at: string) => since(at, Date.now()), clock, moment]) {
    assert.equal(of("0001-01-01T00:00:00Z"), "unknown");
    assert.equal(of("no time"), "unknown");
  }
  assert.equal(since("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:01:30Z")), "1 min 30 s");
});
