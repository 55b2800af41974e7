import { Chart } from "./chart.tsx";
import { count, duration, rate } from "./format.ts";
import type { Series } from "./history.ts";

interface Props {
  series: Series;
  height: number;
}

export function MailboxChart({ series, height }: Props) {
  return (
    <Chart title="Mailbox, in requests" times={series.t} height={height} least={4} format={count}
      lines={[
        { label: "queued", color: "queue", values: series.queued, fill: true },
        { label: "waiting", color: "wait", values: series.waiting },
        { label: "size", color: "muted", values: series.size, dash: true },
      ]}
    />
  );
}

export function FlowChart({ series, height }: Props) {
  return (
    <Chart title="Requests per second" times={series.t} height={height} least={4} format={rate}
      lines={[
        { label: "answered", color: "busy", values: series.answered, fill: true },
        { label: "failed", color: "fail", values: series.failed },
        { label: "refused", color: "drop", values: series.refused },
      ]}
    />
  );
}

export function LatencyChart({ series, height }: Props) {
  return (
    <Chart title="Latency, over ten seconds" times={series.t} height={height} least={20} format={duration}
      lines={[
        { label: "p50", color: "queue", values: series.p50, fill: true },
        { label: "p95", color: "token", values: series.p95 },
        { label: "wait p95", color: "wait", values: series.wait },
      ]}
    />
  );
}

export function TokenChart({ series, height }: Props) {
  return (
    <Chart title="Tokens per second" times={series.t} height={height} least={10} format={rate}
      lines={[
        { label: "out", color: "token", values: series.output, fill: true },
        { label: "in", color: "queue", values: series.input },
      ]}
    />
  );
}
