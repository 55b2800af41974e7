import { Table } from "./table.tsx";
import { count, duration } from "./format.ts";
import { useStore } from "./store.ts";

/** The other nodes, as this one sees them. */
export function Nodes() {
  const { state } = useStore();
  const nodes = state?.nodes ?? [];
  return (
    <>
      <h1 tabIndex={-1}>Nodes</h1>
      <p class="lead">The other nodes, as this one sees them. Calls are those that it has sent to the node.</p>
      <section class="panel">
        <Table
          label="Nodes"
          empty="This gateway knows no other node."
          heads={["Address", "State", "Round trip", "In flight", "Serving", "Calls", "Lost"]}
          numbers={[2, 3, 4, 5, 6]}
          rows={nodes.map((n) => ({
            key: n.address,
            cells: [
              <code>{n.address}</code>,
              <span class={`pill ${n.state === "up" ? "good" : n.state === "lost" ? "bad" : "warn"}`}>{n.state}</span>,
              n.round_trip_ms > 0 ? duration(n.round_trip_ms) : "–",
              `${count(n.in_flight)} of ${count(n.credits)}`,
              count(n.serving),
              count(n.calls),
              count(n.lost),
            ],
          }))}
        />
      </section>
    </>
  );
}
