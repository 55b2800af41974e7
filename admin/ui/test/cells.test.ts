import assert from "node:assert/strict";
import test from "node:test";
import { cellsOf, levels } from "../src/cells.ts";

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
