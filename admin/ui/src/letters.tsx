import { count } from "./format.ts";
import { usePolled } from "./poll.ts";
import { Failures } from "./provider.tsx";
import { meaning } from "./reasons.ts";
import { useStore } from "./store.ts";
import { linkTo } from "./route.ts";
import type { DeadLetters, State } from "./types.ts";

/** What was refused, by reason. */
export function Letters() {
  const { state } = useStore();
  const { value } = usePolled<DeadLetters>("/api/v1/dead-letters", 1000);
  if (!state) return null;
  const all = state.dead_letters;
  const sum = all.reduce((n, l) => n + l.count, 0);
  return (
    <>
      <h1 tabIndex={-1}>Dead letters</h1>
      <p class="lead">
        Requests that Bifrost itself did not pass on: <b data-testid="dead-letters-total">{count(sum)}</b> since the start. Each caller got an error that says why, and when to come again.
      </p>
      <section class="panel" aria-labelledby="by-reason">
        <h2 id="by-reason">By reason</h2>
        {all.length === 0 ? (
          <p class="none">There are none: every request has found its place.</p>
        ) : (
          <ul class="reasons">
            {all.map((l) => (
              <li key={l.reason} data-testid={`reason-${l.reason}`}>
                <div class="reason-head">
                  <code>{l.reason}</code>
                  <b>{count(l.count)}</b>
                </div>
                <div class="share" aria-hidden="true"><i style={{ width: `${(100 * l.count) / Math.max(1, sum)}%` }} /></div>
                <p class="chips">{byProvider(state, l.reason).map(([name, n]) => (
                  <a key={name} href={linkTo({ page: "provider", name })}>{name} <b>{count(n)}</b></a>
                ))}</p>
                <p>{meaning(l.reason)}</p>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section class="panel" aria-labelledby="recent">
        <h2 id="recent">The last ones</h2>
        <Failures list={value?.recent ?? []} now={Date.parse(state.at)} label="The last dead letters" of="provider" />
      </section>
    </>
  );
}

/** Who has how many of a reason, most first. What a shutdown takes out counts as draining. */
function byProvider(state: State, reason: string): [string, number][] {
  return state.providers
    .map((p): [string, number] => [p.name, (p.refused[reason] ?? 0) + (reason === "draining" ? p.dead_lettered : 0)])
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1]);
}
