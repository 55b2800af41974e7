import { useEffect, useId, useRef, useState } from "preact/hooks";
import { patch } from "./api.ts";
import { count } from "./format.ts";
import { usePolled } from "./poll.ts";
import { linkTo } from "./route.ts";
import { complain, store } from "./store.ts";
import type { Demo } from "./types.ts";

const path = "/api/v1/demo";

/** What there is to see of a provider of the demonstration; nothing of any other. */
export function About({ provider }: { provider: string }) {
  const text = store.demo?.about?.[provider];
  return text ? <p class="hint">{text}</p> : null;
}

/** The load that a demonstration makes. */
export function DemoPanel({ first }: { first: Demo }) {
  const { value, set } = usePolled<Demo>(path, 1000);
  const [draft, setDraft] = useState<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const id = useId();
  useEffect(() => () => clearTimeout(timer.current), []);
  const demo = value ?? first;

  const send = async (change: { rate?: number; paused?: boolean }) => {
    try {
      set(await patch<Demo>(path, change));
    } catch (err) {
      complain(err);
    }
  };
  // While the slider moves, it is sent a few times a second, and not put back by an older answer.
  const slide = (rate: number) => {
    setDraft(rate);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void send({ rate }).then(() => setDraft(null)), 120);
  };
  const rate = draft ?? Math.round(demo.rate);
  return (
    <section class="panel demo" aria-labelledby={`${id}-head`} data-testid="demo">
      <h2 id={`${id}-head`}>Demonstration load</h2>
      <div class="slide">
        <label for={id}>Requests per second</label>
        <input id={id} type="range" min={0} max={demo.max_rate} step={1} value={rate} data-testid="rate"
          style={{ "--share": `${demo.max_rate > 0 ? (100 * rate) / demo.max_rate : 0}%` }}
          onInput={(e) => slide(Number(e.currentTarget.value))} />
        <output for={id}>{rate}</output>
      </div>
      <button type="button" aria-pressed={demo.paused} data-testid="pause" onClick={() => void send({ paused: !demo.paused })}>
        {demo.paused ? "▶ Resume" : "❚❚ Pause"}
      </button>
      <p class="counts">
        <span><b>{count(demo.sent)}</b> sent</span>
        <span><b class="busy">{count(demo.answered)}</b> answered</span>
        <span><b class="drop">{count(demo.refused)}</b> refused</span>
        <span><b class="fail">{count(demo.failed)}</b> failed</span>
      </p>
      <p class="hint about">
        Callers ask three simulated providers. A request takes a place in its provider's mailbox until a worker is free. If the mailbox is full, it waits behind the wall
        for a place, or is refused at once, which is a <a href={linkTo({ page: "letters" })}>dead letter</a>. Move the slider, or change a card's settings, and watch.
      </p>
    </section>
  );
}
