// Answers that only one page needs, asked for while it is shown.

import { useEffect, useState } from "preact/hooks";
import { Refusal, get } from "./api.ts";

export interface Polled<T> {
  value: T | null;
  /** What the last call was refused with. */
  error: string | null;
  /** Takes an answer that another call has had, or asks anew. */
  set: (value: T) => void;
  again: () => void;
}

/** Asks for path at once and then each ms after the answer; 0: only once. A 404 or 501 ends it. */
export function usePolled<T>(path: string, ms: number): Polled<T> {
  const [value, set] = useState<T | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const leave = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      let more = ms > 0;
      try {
        const answer = await get<T>(path, leave.signal);
        if (leave.signal.aborted) return;
        set(answer);
        setError(null);
      } catch (err) {
        if (leave.signal.aborted) return;
        setError(err instanceof Error ? err.message : String(err));
        if (err instanceof Refusal && (err.status === 404 || err.status === 501)) more = false;
      }
      if (more) timer = setTimeout(ask, ms);
    };
    void ask();
    return () => {
      leave.abort();
      clearTimeout(timer);
    };
  }, [path, ms, turn]);
  return { value, error, set, again: () => setTurn((n) => n + 1) };
}
