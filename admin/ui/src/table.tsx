import type { ComponentChildren } from "preact";

export interface Row {
  key: string | number;
  cells: ComponentChildren[];
}

interface TableProps {
  label: string;
  heads: string[];
  rows: Row[];
  /** Said where there are no rows. */
  empty: string;
  /** Columns that hold numbers. */
  numbers?: number[];
  /** "tall": long, and scrolls in a window of its own; "diff": its first column may break. */
  kind?: "tall" | "diff" | "";
  /** On a phone a row is two lines, the second one of its last two cells. */
  folds?: boolean;
}

/** A table whose first column names its rows. It scrolls sideways where it is too wide, by keyboard too. */
export function Table({ label, heads, rows, empty, numbers = [], kind = "", folds = false }: TableProps) {
  if (rows.length === 0) return <p class="none">{empty}</p>;
  const align = (i: number) => (numbers.includes(i) ? "number" : undefined);
  return (
    <div class={`scroll ${kind} ${folds ? "folds" : ""}`} role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {heads.map((h, i) => (
              <th key={h} scope="col" class={align(i)}>{h}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              {row.cells.map((cell, i) =>
                i === 0 ? <th key={i} scope="row" class={align(i)}>{cell}</th> : <td key={i} class={align(i)} data-head={heads[i]}>{cell}</td>,
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
