// The cells of a gauge.

/** How many cells show a mailbox of the given size: one for each place, or fewer that stand for equally many each. */
export function cellsOf(size: number, most: number): number {
  if (size <= 0) return 1;
  if (size <= most) return size;
  // A number of cells that divides the size looks exact when it is counted.
  for (let n = most; n >= most / 2; n--) if (size % n === 0) return n;
  return most;
}

/** How full each of n cells is, from 0 to 1, if together they hold size and value is in them. */
export function levels(value: number, size: number, n: number): number[] {
  const full = size > 0 ? (Math.max(0, value) / size) * n : 0;
  return Array.from({ length: n }, (_, i) => Math.min(1, Math.max(0, full - i)));
}

/** How many places of a mailbox are kept for requests that back off: what is accepted is never more than the places and the workers together. */
export function kept(p: { queued: number; in_hand: number; backing_off: number; concurrency: number; buffer_size: number }): number {
  return Math.max(0, Math.min(p.in_hand + p.backing_off - p.concurrency, p.backing_off, p.buffer_size - p.queued));
}
