import assert from "node:assert/strict";
import test from "node:test";
import { eventReader } from "../src/sse.ts";

const stream = 'event: state\r\ndata: {"a":1}\r\n\r\n: a comment\n\ndata: two\ndata:lines\n\ndata: unfinished';

test("events are read whole, wherever the stream is cut", () => {
  for (let cut = 0; cut <= stream.length; cut++) {
    const read = eventReader();
    const events = [...read(stream.slice(0, cut)), ...read(stream.slice(cut))];
    assert.deepEqual(events, ['{"a":1}', "two\nlines"]);
  }
});

test("a stream that comes byte by byte has the same events", () => {
  const read = eventReader();
  assert.deepEqual([...stream].flatMap(read), ['{"a":1}', "two\nlines"]);
});
