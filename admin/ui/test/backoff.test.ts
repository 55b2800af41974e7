import assert from "node:assert/strict";
import test from "node:test";
import { backoff } from "../src/backoff.ts";

test("the wait doubles up to its bound", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 1000].map((n) => backoff(n, 0.5)), [500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

test("the wait is spread, so that all pages do not come back at once", () => {
  assert.equal(backoff(1, 0), 750);
  assert.equal(backoff(1, 1), 1250);
});
