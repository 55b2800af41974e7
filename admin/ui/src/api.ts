// Calls of the admin API.

import { eventReader } from "./sse.ts";
import type { State } from "./types.ts";

const stored = "bifrost-admin-token";

/** The token is kept until the tab is closed, and is sent to this listener only. */
export function token(): string {
  return sessionStorage.getItem(stored) ?? "";
}

export function keepToken(value: string): void {
  if (value === "") sessionStorage.removeItem(stored);
  else sessionStorage.setItem(stored, value);
}

/** What the admin API has refused, or with status 0 that it could not be reached. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {};
  if (token() !== "") headers["Authorization"] = `Bearer ${token()}`;
  const init: RequestInit = { method, headers, cache: "no-store", credentials: "omit" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  if (signal) init.signal = signal;
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (err) {
    if (signal?.aborted) throw err;
    throw new Refusal(0, "The gateway cannot be reached.");
  }
  if (answer.ok) return answer;
  throw new Refusal(answer.status, await reasonOf(answer));
}

async function reasonOf(answer: Response): Promise<string> {
  try {
    const { error } = (await answer.json()) as { error: { message: string } };
    return error.message;
  } catch {
    return `The gateway has answered with status ${answer.status}.`;
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await call("GET", path, undefined, signal)).json()) as T;
}

export async function patch<T>(path: string, body: unknown): Promise<T> {
  return (await (await call("PATCH", path, body)).json()) as T;
}

export async function post<T>(path: string): Promise<T> {
  return (await (await call("POST", path)).json()) as T;
}

export function providerPath(name: string): string {
  return `/api/v1/providers/${encodeURIComponent(name)}`;
}

/** Hands over a snapshot each interval until the stream ends, breaks, or is silent for too long. EventSource could not send the token. */
export async function events(intervalMS: number, take: (s: State) => void): Promise<void> {
  const silent = new AbortController();
  const stop = () => silent.abort();
  let timer = setTimeout(stop, 10_000);
  try {
    const answer = await call("GET", `/api/v1/events?interval=${intervalMS}ms`, undefined, silent.signal);
    const read = eventReader();
    const text = new TextDecoder();
    const body = answer.body?.getReader();
    for (;;) {
      const piece = await body?.read();
      if (!piece || piece.done) return;
      clearTimeout(timer);
      timer = setTimeout(stop, 5_000 + 3 * intervalMS);
      for (const data of read(text.decode(piece.value, { stream: true }))) take(JSON.parse(data) as State);
    }
  } finally {
    clearTimeout(timer);
    silent.abort();
  }
}
