// The last minutes of each provider, made of the snapshots that have come.

import type { Provider, State } from "./types.ts";
import { total } from "./format.ts";

/** How far back charts go, and over how long a rate is measured, in seconds. */
export const shown = 120;
const measured = 2;

/** How many seconds a chart shows of what is known from min to max: half a minute at first, so that it is not empty, and more as there is more. */
export function spanOf(min: number, max: number): number {
  return Math.round(Math.min(shown, Math.max(30, max - min)));
}

/** What a chart can show of a provider. Counts are of an instant; rates are per second. */
export interface Sample {
  t: number; // Unix time in seconds
  queued: number;
  waiting: number;
  size: number; // of the mailbox
  busy: number;
  workers: number;
  admitted: number;
  answered: number;
  failed: number;
  refused: number;
  p50: number;
  p95: number;
  p99: number;
  wait: number;
  input: number;
  output: number;
}

/** The series of a provider, oldest first; all arrays are equally long. */
export type Series = { [K in keyof Sample]: number[] };

const fields: (keyof Sample)[] = [
  "t", "queued", "waiting", "size", "busy", "workers", "admitted", "answered", "failed", "refused",
  "p50", "p95", "p99", "wait", "input", "output",
];

/** What counters were at an instant, to measure rates. */
interface Mark {
  t: number;
  admitted: number;
  answered: number;
  failed: number;
  refused: number;
}

interface Track {
  marks: Mark[];
  series: Series;
}

/** Refusals, and what a shutdown took out of the mailbox. */
export function lettersOf(p: Provider): number {
  return total(p.refused) + p.dead_lettered;
}

function markOf(t: number, p: Provider): Mark {
  return { t, admitted: p.admitted, answered: p.completed, failed: p.failed, refused: lettersOf(p) };
}

/** History is emptied when the gateway was started anew, since its counters begin again. */
export class History {
  private started = "";
  private tracks = new Map<string, Track>();

  add(s: State): void {
    if (s.started !== this.started) {
      this.tracks.clear();
      this.started = s.started;
    }
    const t = Date.parse(s.at) / 1000;
    for (const name of this.tracks.keys()) {
      if (!s.providers.some((p) => p.name === name)) this.tracks.delete(name);
    }
    for (const p of s.providers) this.track(p.name, t, p);
  }

  /** The series of a provider; empty ones if nothing is known of it. */
  of(name: string): Series {
    return this.tracks.get(name)?.series ?? empty();
  }

  /** The newest sample of a provider. */
  last(name: string): Sample | undefined {
    const series = this.tracks.get(name)?.series;
    if (!series || series.t.length === 0) return undefined;
    const at = series.t.length - 1;
    return Object.fromEntries(fields.map((f) => [f, series[f][at] ?? 0])) as unknown as Sample;
  }

  private track(name: string, t: number, p: Provider): void {
    let track = this.tracks.get(name);
    const newest = track?.series.t.at(-1);
    const counted = track?.marks.at(-1);
    // A provider that was taken out and added again counts anew; so does a clock set back.
    if (!track || (counted && counted.admitted > p.admitted) || (newest && newest > t + 1)) {
      track = { marks: [], series: empty() };
      this.tracks.set(name, track);
    } else if (newest !== undefined && t - newest < 0.05) {
      return;
    }
    const mark = markOf(t, p);
    track.marks.push(mark);
    while (track.marks.length > 2 && (track.marks[1] as Mark).t <= t - measured) track.marks.shift();
    append(track.series, sampleOf(track.marks[0] as Mark, mark, p));
  }
}

function sampleOf(from: Mark, to: Mark, p: Provider): Sample {
  const per = (a: number, b: number) => (to.t > from.t ? Math.max(0, (b - a) / (to.t - from.t)) : 0);
  return {
    t: to.t,
    queued: p.queued,
    waiting: p.waiting,
    size: p.buffer_size,
    busy: p.in_hand,
    workers: p.workers,
    admitted: per(from.admitted, to.admitted),
    answered: per(from.answered, to.answered),
    failed: per(from.failed, to.failed),
    refused: per(from.refused, to.refused),
    p50: p.latency.p50_ms,
    p95: p.latency.p95_ms,
    p99: p.latency.p99_ms,
    wait: p.wait.p95_ms,
    input: p.input_tokens_per_second,
    output: p.output_tokens_per_second,
  };
}

function empty(): Series {
  return Object.fromEntries(fields.map((f) => [f, []])) as unknown as Series;
}

function append(series: Series, sample: Sample): void {
  for (const f of fields) series[f].push(sample[f]);
  let old = 0;
  while ((series.t[old] as number) < sample.t - shown - 2) old++;
  if (old > 0) for (const f of fields) series[f].splice(0, old);
}
