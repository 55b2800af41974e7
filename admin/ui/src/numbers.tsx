import type { ComponentChildren } from "preact";
import { count, duration, rate } from "./format.ts";
import { lettersOf, type Sample } from "./history.ts";
import type { Percentiles, Provider } from "./types.ts";

interface NumberProps {
  label: string;
  value: ComponentChildren;
  unit?: string;
  tone?: "drop" | "wait" | "fail" | "busy" | "token" | undefined;
}

/** One number with its name. Use it within a dl. */
export function Figure({ label, value, unit, tone }: NumberProps) {
  return (
    <div class={tone ? `figure ${tone}` : "figure"}>
      <dt>{label}</dt>
      <dd>{value}{unit && <small>{unit}</small>}</dd>
    </div>
  );
}

/** What a provider does per second, and its dead letters. */
export function Flow({ p, now }: { p: Provider; now: Sample | undefined }) {
  const letters = lettersOf(p);
  return (
    <dl class="figures">
      <Figure label="Admitted" value={rate(now?.admitted ?? 0)} unit="/s" />
      <Figure label="Answered" value={rate(now?.answered ?? 0)} unit="/s" tone={(now?.answered ?? 0) > 0 ? "busy" : undefined} />
      <Figure label="Failed" value={rate(now?.failed ?? 0)} unit="/s" tone={(now?.failed ?? 0) > 0 ? "fail" : undefined} />
      <Figure label="Refused" value={rate(now?.refused ?? 0)} unit="/s" tone={(now?.refused ?? 0) > 0 ? "drop" : undefined} />
      <Figure label="Dead letters" value={<span data-testid="dead-letters">{letters}</span>} tone={letters > 0 ? "drop" : undefined} />
      <Figure label="Tokens out" value={rate(p.output_tokens_per_second)} unit="/s" tone={p.output_tokens_per_second > 0 ? "token" : undefined} />
    </dl>
  );
}

/** Percentiles of the last ten seconds. */
export function Times({ p }: { p: Provider }) {
  return (
    <table class="times">
      <caption class="unseen">Percentiles of the last ten seconds of {p.name}</caption>
      <thead>
        <tr>
          <th scope="col">Last 10 s</th>
          <th scope="col">p50</th>
          <th scope="col">p95</th>
          <th scope="col">p99</th>
        </tr>
      </thead>
      <tbody>
        <TimesRow name="Latency" of={p.latency} />
        <TimesRow name="Wait" of={p.wait} />
        <TimesRow name="First token" of={p.first_token} />
      </tbody>
    </table>
  );
}

function TimesRow({ name, of }: { name: string; of: Percentiles }) {
  const say = (ms: number) => (of.count === 0 ? "–" : duration(ms));
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{say(of.p50_ms)}</td>
      <td>{say(of.p95_ms)}</td>
      <td>{say(of.p99_ms)}</td>
    </tr>
  );
}

const pills = { ready: "good", degraded: "warn", draining: "warn", unreached: "bad" } as const;

export function StatePill({ state }: { state: Provider["state"] }) {
  return <span class={`pill ${pills[state] ?? ""}`}>{state}</span>;
}

/** That keys rest; nothing while all can be used. */
export function RestingKeys({ p }: { p: Provider }) {
  const resting = p.keys.filter((k) => !k.healthy).length;
  if (resting === 0) return null;
  return <span class="pill warn">{p.keys.length === 1 ? "key rests" : `${count(resting)} of ${count(p.keys.length)} keys rest`}</span>;
}
