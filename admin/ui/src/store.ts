// What all pages show: the newest snapshot, the last minutes, and whether the gateway is
// there. One instance; components read it by useStore.

import { useEffect, useState } from "preact/hooks";
import { Refusal, events, get, keepToken, token } from "./api.ts";
import { backoff } from "./backoff.ts";
import { History } from "./history.ts";
import type { Demo, ProviderDetail, State } from "./types.ts";

const intervalMS = 500;

export type Link = "connecting" | "live" | "lost";

export interface Notice {
  id: number;
  kind: "good" | "bad";
  text: string;
}

class Store {
  state: State | null = null;
  link: Link = "connecting";
  /** The load of a demonstration; null: this is none; undefined: not known yet. */
  demo: Demo | null | undefined = undefined;
  /** Why the token form is shown; null: it is not. */
  askToken: string | null = null;
  /** When the next try is, while the link is lost. */
  retryAt = 0;
  notices: Notice[] = [];
  readonly history = new History();

  private listeners = new Set<() => void>();
  private nextNotice = 1;
  private wake: () => void = () => {};

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Watches the gateway for as long as the page is open. */
  async watch(): Promise<void> {
    for (let tries = 0; ; ) {
      try {
        await events(intervalMS, (s) => {
          tries = 0;
          this.take(s);
        });
        // A reload ends the events in good order, and they are there again at once.
        if (tries === 0) {
          tries++;
          await this.pause(50);
          continue;
        }
      } catch (err) {
        if (err instanceof Refusal && err.status === 401) {
          this.askToken = token() === "" ? "" : "That is not the token of this gateway.";
          keepToken("");
          this.changed();
          await this.pause(24 * 3_600_000);
          continue;
        }
      }
      const wait = backoff(tries++, Math.random());
      this.link = "lost";
      this.retryAt = Date.now() + wait;
      this.changed();
      await this.pause(wait);
    }
  }

  /** Tries at once what it would have tried later. */
  retry(): void {
    this.wake();
  }

  login(value: string): void {
    keepToken(value);
    this.askToken = null;
    this.link = "connecting";
    this.changed();
    this.retry();
  }

  /** What a change has answered is shown before the next snapshot comes. */
  merge(detail: ProviderDetail): void {
    if (!this.state) return;
    const providers = this.state.providers.map((p) => (p.name === detail.name ? { ...p, ...detail } : p));
    this.state = { ...this.state, providers };
    this.changed();
  }

  notify(kind: Notice["kind"], text: string): void {
    const notice = { id: this.nextNotice++, kind, text };
    this.notices = [...this.notices.slice(-2), notice];
    this.changed();
    setTimeout(() => this.dismiss(notice.id), kind === "good" ? 5_000 : 12_000);
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((n) => n.id !== id);
    this.changed();
  }

  private take(s: State): void {
    if (this.state && this.state.version !== s.version) {
      location.reload(); // another version of the gateway has another dashboard
      return;
    }
    if (!this.state) void this.probe();
    this.state = s;
    this.link = "live";
    this.history.add(s);
    this.changed();
  }

  /** Pages wait for it, so that what they show does not move when it is known. */
  private async probe(): Promise<void> {
    try {
      this.demo = await get<Demo>("/api/v1/demo");
    } catch {
      this.demo = null;
    }
    this.changed();
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

export const store = new Store();

/** Renders the component again whenever something has changed. */
export function useStore(): Store {
  const [, again] = useState(0);
  useEffect(() => store.subscribe(() => again((n) => n + 1)), []);
  return store;
}

/** Tells the user what a refused call has said; of is put before it. */
export function complain(err: unknown, of = ""): void {
  if (err instanceof Refusal && err.status === 401) store.retry();
  store.notify("bad", of + (err instanceof Error ? err.message : String(err)));
}
