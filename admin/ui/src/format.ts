// Numbers as people read them. All functions are pure.

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A whole number, with commas from five digits on. */
export function count(n: number): string {
  return Math.abs(n) < 10_000 ? String(Math.round(n)) : grouped.format(n);
}

/** A number per second, in at most five characters. */
export function rate(n: number): string {
  if (!(n > 0)) return "0";
  if (n < 0.05) return "<0.1";
  if (n < 9.95) return n.toFixed(1);
  if (n < 9_995) return String(Math.round(n));
  return n < 999_500 ? (n / 1000).toFixed(n < 99_500 ? 1 : 0) + "k" : (n / 1e6).toFixed(1) + "M";
}

/** A duration, given in milliseconds. */
export function duration(ms: number): string {
  if (!(ms > 0)) return "0 ms";
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return span(ms / 1000);
}

/** A long duration, given in seconds: its two largest parts. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

/** How long before now (both in milliseconds) an instant was. */
export function since(at: string, now: number): string {
  const then = Date.parse(at);
  return Number.isFinite(then) && then > 0 ? span((now - then) / 1000) : "unknown";
}

/** The time of day of an instant, where the reader is. */
export function clock(at: string): string {
  const d = new Date(at);
  return d.getTime() > 0 ? [d.getHours(), d.getMinutes(), d.getSeconds()].map(twoDigits).join(":") : "unknown";
}

/** The day and time of an instant, where the reader is. */
export function moment(at: string): string {
  const d = new Date(at);
  return d.getTime() > 0 ? `${d.getFullYear()}-${twoDigits(d.getMonth() + 1)}-${twoDigits(d.getDate())} ${clock(at)}` : "unknown";
}

function twoDigits(n: number): string {
  return String(n).padStart(2, "0");
}

/** "1 place", "2 places". */
export function plural(n: number, one: string, many = one + "s"): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** The sum of the counters of a record. */
export function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0);
}
