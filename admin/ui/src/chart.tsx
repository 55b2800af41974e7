import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { span } from "./format.ts";
import { spanOf } from "./history.ts";

export interface Line {
  label: string;
  /** A colour of app.css, such as "queue" for --queue. */
  color: string;
  values: number[];
  fill?: boolean;
  dash?: boolean;
}

interface ChartProps {
  title: string;
  /** In Unix seconds, oldest first. */
  times: number[];
  lines: Line[];
  format: (n: number) => string;
  height: number;
  /** The smallest top of the scale, so that a quiet chart does not magnify noise. */
  least: number;
}

/** The last minutes of a few values. What it shows is said by its legend and, for who cannot see it, by a sentence. */
export function Chart({ title, times, lines, format, height, least }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const visible = useRef(true);
  const [at, setAt] = useState<number | null>(null);
  const top = useRef(least);
  top.current = least;
  const shape = lines.map((l) => l.label).join() + height;

  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(parent, lines, format, height, top, setAt), dataOf(times, lines), parent);
    };
    make();
    const sized = new ResizeObserver(() => {
      const p = plot.current;
      if (p && p.width !== parent.clientWidth && parent.clientWidth > 0) p.setSize({ width: parent.clientWidth, height });
    });
    sized.observe(parent);
    const seen = new IntersectionObserver((entries) => { visible.current = entries.at(-1)?.isIntersecting ?? true; }, { rootMargin: "1500px 0px" });
    seen.observe(parent);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", make);
    return () => {
      sized.disconnect();
      seen.disconnect();
      dark.removeEventListener("change", make);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => {
    if (visible.current) plot.current?.setData(dataOf(times, lines)); // a page may have a hundred charts
  });

  const valueOf = (l: Line) => (at === null ? l.values.at(-1) : l.values[at]) ?? 0;
  const ago = at === null ? "" : `${Math.round((times.at(-1) ?? 0) - (times[at] ?? 0))} s ago`;
  return (
    <figure class="chart">
      <figcaption>
        <span class="what">{title}{ago !== "" && <small> {ago}</small>}</span>
        <span class="legend">
          {lines.map((l) => (
            <span key={l.label}>
              <i style={{ background: `var(--${l.color})` }} />
              {l.label} <b>{format(valueOf(l))}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={box} class="plot" style={{ height: `${height}px` }} role="img" aria-label={sentence(title, spanOf(times[0] ?? 0, times.at(-1) ?? 0), lines, format)} />
      <div class="ends" aria-hidden="true"><span>{span(spanOf(times[0] ?? 0, times.at(-1) ?? 0))} ago</span><span>now</span></div>
    </figure>
  );
}

/** The chart in words. */
export function sentence(title: string, seconds: number, lines: Line[], format: (n: number) => string): string {
  const parts = lines.map((l) => {
    const now = l.values.at(-1) ?? 0;
    const most = l.values.reduce((a, b) => Math.max(a, b), 0);
    return `${l.label} ${format(now)} now, at most ${format(most)}`;
  });
  return `${title} of the last ${span(seconds)}: ${parts.join("; ")}`;
}

function dataOf(times: number[], lines: Line[]): uPlot.AlignedData {
  return [times, ...lines.map((l) => l.values)];
}

function options(parent: HTMLElement, lines: Line[], format: (n: number) => string, height: number,
  least: { current: number }, setAt: (at: number | null) => void): uPlot.Options {
  const css = getComputedStyle(parent);
  const color = (name: string) => css.getPropertyValue(`--${name}`).trim();
  const font = `11px ${css.fontFamily}`;
  const small = height < 120;
  return {
    width: parent.clientWidth || 300,
    height,
    padding: [6, 2, 7, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
    scales: {
      x: { time: false, range: (_, min, max) => [(max ?? 0) - spanOf(min ?? 0, max ?? 0), max ?? 0] },
      y: { range: (_, __, max) => [0, Math.max(least.current, (max ?? 0) * 1.08)] },
    },
    axes: [
      { show: false },
      {
        stroke: color("muted"), font, size: 38, gap: 4, space: small ? 28 : 34,
        grid: { stroke: color("line"), width: 1 }, ticks: { show: false },
        values: (_, splits) => splits.map((v) => format(v).replace(/\.0+(?!\d)/, "")),
      },
    ],
    series: [
      {},
      ...lines.map((l) => ({
        label: l.label,
        stroke: color(l.color),
        width: 1.75,
        points: { show: false },
        ...(l.fill ? { fill: color(l.color) + "26" } : {}),
        ...(l.dash ? { dash: [4, 4], width: 1 } : {}),
      })),
    ],
    hooks: { setCursor: [(u) => setAt(u.cursor.left != null && u.cursor.left >= 0 ? (u.cursor.idx ?? null) : null)] },
  };
}
