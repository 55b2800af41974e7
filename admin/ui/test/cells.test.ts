import assert from "node:assert/strict";
import test from "node:test";
import { cellsOf, kept, levels } from "../src/cells.ts";

test("a small mailbox has a cell for each place", () => {
  for (const size of [1, 7, 40]) assert.equal(cellsOf(size, 40), size);
});

test("a large mailbox has cells that stand for equally many places each, where that can be", () => {
  assert.equal(cellsOf(100, 40), 25);
  assert.equal(cellsOf(1000, 40), 40);
  assert.equal(cellsOf(101, 40), 40);
  assert.equal(cellsOf(0, 40), 1);
});

test("cells fill one after the other, the last of them in part", () => {
  assert.deepEqual(levels(5, 8, 4), [1, 1, 0.5, 0]);
  assert.deepEqual(levels(0, 8, 4), [0, 0, 0, 0]);
});

test("no cell is more than full or less than empty", () => {
  assert.deepEqual(levels(50, 8, 4), [1, 1, 1, 1]);
  assert.deepEqual(levels(-1, 8, 4), [0, 0, 0, 0]);
  assert.deepEqual(levels(3, 0, 2), [0, 0]);
});

test("places are kept for requests that back off, as far as workers do not make up for them", () => {
  const p = { concurrency: 2, buffer_size: 15 };
  assert.equal(kept({ ...p, queued: 0, in_hand: 0, backing_off: 14 }), 12);
  assert.equal(kept({ ...p, queued: 10, in_hand: 2, backing_off: 5 }), 5);
  assert.equal(kept({ ...p, queued: 12, in_hand: 2, backing_off: 5 }), 3);
  assert.equal(kept({ ...p, queued: 3, in_hand: 1, backing_off: 1 }), 0);
  assert.equal(kept({ ...p, queued: 20, in_hand: 4, backing_off: 0 }), 0);
});
