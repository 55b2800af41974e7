// How long to wait before the gateway is called again.

const first = 500;
const longest = 8_000;

/** Milliseconds before the n-th new try, 0 for the first: doubling, and spread by random (0 to 1), so that all pages do not come back at once. */
export function backoff(n: number, random: number): number {
  const full = Math.min(longest, first * 2 ** Math.min(n, 10));
  return Math.round(full * (0.75 + random / 2));
}
