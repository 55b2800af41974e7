import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { meaning } from "../src/reasons.ts";

test("every reason of the runtime is explained", () => {
  const source = readFileSync(join(process.cwd(), "../../schemas/error.go"), "utf8");
  const reasons = [...source.matchAll(/\bReason\w+\s+Reason = "(\w+)"/g)].map((m) => m[1] as string);
  assert.ok(reasons.length > 5);
  for (const reason of reasons) assert.notEqual(meaning(reason), "", reason);
});

test("a reason that is not known has no explanation", () => {
  assert.equal(meaning("something_new"), "");
});
