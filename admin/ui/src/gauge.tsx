import { count, duration, plural, rate } from "./format.ts";
import { cellsOf, kept, levels } from "./cells.ts";
import type { Provider } from "./types.ts";

const beyond = 8;

/** The mailbox as places that fill, and what becomes of requests that find none: behind the wall they wait, or are dropped. */
export function Gauge({ p, refused, places = 40 }: { p: Provider; refused: number; places?: number }) {
  // In wait mode it is not for want of a place that requests are refused.
  const dropped = p.drop_excess_requests ? refused : 0;
  const n = cellsOf(p.buffer_size, places);
  const held = kept(p);
  const taken = p.queued + held;
  const tone = taken >= p.buffer_size ? "full" : "";
  return (
    <div class="gauge">
      <div class="gauge-head">
        <span class="what">Mailbox</span>
        <span>
          <b data-testid="queued">{p.queued}</b> of <span data-testid="buffer">{p.buffer_size}</span> places
        </span>
      </div>
      <div
        class={`cells ${tone}`}
        role="meter"
        aria-label={`Mailbox of ${p.name}`}
        aria-valuemin={0}
        aria-valuemax={p.buffer_size}
        aria-valuenow={Math.min(taken, p.buffer_size)}
        aria-valuetext={`${p.queued} of ${p.buffer_size} places taken, ${held > 0 ? `${held} kept for retries, ` : ""}${p.waiting} wait for a place`}
      >
        <Cells of={levels(p.queued, p.buffer_size, n)} also={levels(taken, p.buffer_size, n)} />
        <span class="wall" />
        <span class={`beyond ${dropped > 0 ? "dropping" : ""}`}>
          <Cells of={levels(p.waiting, (p.buffer_size / n) * beyond, beyond)} />
        </span>
      </div>
      <div class="gauge-foot">
        <span>
          {held > 0 ? <span class="held">{plural(held, "place")} for retries</span> : p.queued > 0 ? `oldest ${duration(p.oldest_queued_ms)}` : "empty"}
          {p.drain_rate > 0 && `, drains ${rate(p.drain_rate)}/s`}
        </span>
        <span class="outside">
          <Outside p={p} dropped={dropped} />
        </span>
      </div>
    </div>
  );
}

function Outside({ p, dropped }: { p: Provider; dropped: number }) {
  const waiting = (
    <span class={p.waiting > 0 ? "wait" : undefined} hidden={p.drop_excess_requests && p.waiting === 0}>
      <b data-testid="waiting">{p.waiting}</b> waiting
    </span>
  );
  if (!p.drop_excess_requests) return waiting;
  return (
    <>
      {waiting}
      {dropped > 0 ? <span class="drop">dropping {rate(dropped)}/s</span> : p.waiting === 0 && <span>drops when full</span>}
    </>
  );
}

/** Cells that are on as far as `of` says, and kept as far as `also` does beyond that. */
function Cells({ of, also = of }: { of: number[]; also?: number[] }) {
  return (
    <>
      {of.map((level, i) => {
        const shown = level > 0 ? level : also[i] ?? 0;
        return <i key={i} class={level > 0 ? "on" : shown > 0 ? "held" : undefined} style={shown > 0 && shown < 1 ? { opacity: 0.35 + 0.65 * shown } : undefined} />;
      })}
    </>
  );
}

/** The workers: one dot each, or a bar where there are too many for dots. */
export function Workers({ p }: { p: Provider }) {
  const busy = Math.min(p.in_hand, p.workers);
  const free = Math.max(0, p.workers - busy);
  const surplus = p.workers - p.concurrency;
  return (
    <div class="workers">
      <div class="gauge-head">
        <span class="what">Workers</span>
        <span title="Requests in backoff were refused by the provider and are tried again; they hold no worker.">
          <b data-testid="busy">{p.in_hand}</b> of <span data-testid="workers">{p.workers}</span> busy
          {p.backing_off > 0 && `, ${count(p.backing_off)} in backoff`}
          {surplus > 0 && `, ${surplus} leaving`}
        </span>
      </div>
      {p.workers <= 60 ? (
        <div class={p.workers > 20 ? "dots many" : "dots"} aria-hidden="true">
          {Array.from({ length: p.workers }, (_, i) => (
            <i key={i} class={i < busy ? "on" : undefined} />
          ))}
        </div>
      ) : (
        <div class="bar2" aria-hidden="true">
          <i style={{ flexGrow: busy }} class="on" />
          <i style={{ flexGrow: free }} />
        </div>
      )}
    </div>
  );
}
