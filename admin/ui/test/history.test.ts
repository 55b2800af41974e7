import assert from "node:assert/strict";
import test from "node:test";
import { History, shown, spanOf } from "../src/history.ts";
import type { Provider, State } from "../src/types.ts";

const none = { count: 0, p50_ms: 0, p95_ms: 0, p99_ms: 0 };
const start = Date.parse("2026-01-01T00:00:00Z");

function provider(over: Partial<Provider> = {}): Provider {
  return {
    name: "a", type: "simulated", state: "ready", remote: false, drop_excess_requests: true, concurrency: 1, buffer_size: 10,
    queued: 0, waiting: 0, in_hand: 0, backing_off: 0, workers: 1, oldest_queued_ms: 0, drain_rate: 0,
    offered: 0, admitted: 0, left: 0, refused: {}, completed: 0, failed: 0, cancelled: 0, dead_lettered: 0, restarts: 0, retries: 0,
    latency: none, wait: none, first_token: none, requests_per_second: 0, input_tokens_per_second: 0, output_tokens_per_second: 0,
    keys: [], ...over,
  };
}

function snapshot(seconds: number, providers: Provider[], started = "x"): State {
  return {
    at: new Date(start + seconds * 1000).toISOString(), version: "1", started, ready: true, draining: false,
    config: { path: "", number: 1, digest: "", loaded_at: "", override: false }, drop_excess_requests: true, not_found: 0,
    providers, nodes: [], pools: [], dead_letters: [],
  };
}

test("rates are of the last two seconds, refusals of all reasons together", () => {
  const h = new History();
  for (let i = 0; i <= 20; i++) {
    h.add(snapshot(i / 2, [provider({ admitted: 10 * i, completed: 5 * i, refused: { queue_full: i, draining: i }, queued: i })]));
  }
  const last = h.last("a");
  assert.equal(last?.admitted, 20);
  assert.equal(last?.answered, 10);
  assert.equal(last?.refused, 4);
  assert.equal(last?.queued, 20);
});

test("the first snapshot has no rate", () => {
  const h = new History();
  h.add(snapshot(0, [provider({ admitted: 1000 })]));
  assert.equal(h.last("a")?.admitted, 0);
});

test("a gateway that was started anew begins with nothing", () => {
  const h = new History();
  h.add(snapshot(0, [provider({ admitted: 5000 })], "first"));
  h.add(snapshot(1, [provider({ admitted: 3 })], "second"));
  assert.equal(h.of("a").t.length, 1);
  assert.equal(h.last("a")?.admitted, 0);
});

test("a provider that was removed and added again never has a negative rate", () => {
  const h = new History();
  h.add(snapshot(0, [provider({ admitted: 5000 })]));
  h.add(snapshot(1, [provider({ admitted: 2 })]));
  h.add(snapshot(2, [provider({ admitted: 4 })]));
  assert.deepEqual(h.of("a").admitted, [0, 2]);
});

test("a provider that is gone is forgotten", () => {
  const h = new History();
  h.add(snapshot(0, [provider()]));
  h.add(snapshot(1, []));
  assert.equal(h.last("a"), undefined);
  assert.deepEqual(h.of("a").t, []);
});

test("what is older than the charts is dropped, and all series stay equally long", () => {
  const h = new History();
  for (let i = 0; i < 1000; i++) h.add(snapshot(i / 2, [provider({ queued: i })]));
  const s = h.of("a");
  assert.ok(s.t.length <= 2 * (shown + 2) + 1);
  for (const values of Object.values(s)) assert.equal(values.length, s.t.length);
});

test("the same snapshot twice is one", () => {
  const h = new History();
  h.add(snapshot(1, [provider()]));
  h.add(snapshot(1, [provider()]));
  assert.equal(h.of("a").t.length, 1);
});

test("a chart shows half a minute at first and two minutes at most", () => {
  assert.equal(spanOf(100, 100), 30);
  assert.equal(spanOf(100, 160), 60);
  assert.equal(spanOf(0, 900), shown);
});
