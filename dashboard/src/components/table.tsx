// A list of rows, of which only those in sight are in the page: fifty thousand cost what thirty do. Rule: rows are of one height, and a row is asked
// for when it comes into sight.
import type { ComponentChildren, JSX } from 'preact';
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** As of a grid: `90px`, `minmax(120px, 2fr)`. */
  readonly width: string;
  readonly align?: 'right';
  readonly cell: (row: Row) => ComponentChildren;
}

export interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly count: number;
  readonly rowAt: (index: number) => Row;
  readonly keyOf: (row: Row) => string | number;
  readonly selected?: string | number | null;
  readonly onOpen?: (row: Row) => void;
  /** So many rows have been put before the first one since the table was made: what is in sight stays in sight. */
  readonly putBefore?: number;
  /** Stands in place of rows. */
  readonly empty?: ComponentChildren;
}

const ROW_PX = 32;
/** Beyond what is in sight, so that a short scroll finds rows in place. */
const SPARE_ROWS = 10;
/** The page is changed once for so many rows that come into sight. */
const STEP_ROWS = 5;

export function Table<Row>(props: TableProps<Row>): JSX.Element {
  const { label, columns, count, rowAt, keyOf, selected = null, onOpen, putBefore = 0, empty } = props;
  const box = useRef<HTMLDivElement>(null);
  const first = useSignal(0);
  const inSight = useSignal(30);
  const active = useSignal(0);
  useStandStill(box, putBefore, active);
  useEffect(() => {
    const { current } = box;
    if (current === null) return undefined;
    const fit = new ResizeObserver(() => (inSight.value = Math.ceil(current.clientHeight / ROW_PX)));
    fit.observe(current);
    return () => fit.disconnect();
  }, []);
  const look = (): void => {
    const row = Math.floor((box.current?.scrollTop ?? 0) / ROW_PX);
    first.value = row - (row % STEP_ROWS);
  };
  const moveTo = (index: number): void => {
    active.value = Math.max(0, Math.min(count - 1, index));
    showRow(box.current, active.value);
  };
  const hear = (event: KeyboardEvent): void => {
    const to = targetOf(event.key, { active: active.value, count, page: inSight.value - 2 });
    if (to !== null) moveTo(to);
    else if ((event.key === 'Enter' || event.key === ' ') && count > 0) onOpen?.(rowAt(active.value));
    else return;
    event.preventDefault();
  };
  const from = Math.max(0, first.value - SPARE_ROWS);
  const to = Math.min(count, first.value + inSight.value + SPARE_ROWS + STEP_ROWS);
  const rows = Array.from({ length: Math.max(0, to - from) }, (_, place) => {
    const index = from + place;
    const row = rowAt(index);
    const key = keyOf(row);
    const open = (): void => {
      active.value = index;
      onOpen?.(row);
    };
    const isActive = index === active.value;
    return (
      <TableRow
        key={key}
        {...{ columns, row, index, isActive, open }}
        id={`row-${key}`}
        isSelected={key === selected}
      />
    );
  });
  const activeId = active.value < count ? `row-${keyOf(rowAt(active.value))}` : undefined;
  return (
    <div class="table-frame">
      <div
        class="table"
        ref={box}
        role="grid"
        aria-label={label}
        aria-rowcount={count + 1}
        aria-activedescendant={activeId}
        tabIndex={0}
        onScroll={look}
        onKeyDown={hear}
      >
        <div class="row head" role="row" aria-rowindex={1} style={templateOf(columns)}>
          {columns.map(({ key, title, align }) => (
            <span key={key} class={align} role="columnheader">
              {title}
            </span>
          ))}
        </div>
        <div class="rows" role="rowgroup" style={{ height: `${count * ROW_PX}px` }}>
          {rows}
        </div>
      </div>
      {count === 0 && empty !== undefined && <div class="table-empty">{empty}</div>}
    </div>
  );
}

interface TableRowProps<Row> {
  readonly columns: readonly Column<Row>[];
  readonly row: Row;
  readonly index: number;
  readonly id: string;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly open: () => void;
}

function TableRow<Row>({ columns, row, index, id, isActive, isSelected, open }: TableRowProps<Row>): JSX.Element {
  return (
    <div
      id={id}
      class={isActive ? 'row active' : 'row'}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      style={{ ...templateOf(columns), transform: `translateY(${index * ROW_PX}px)` }}
      onClick={open}
    >
      {columns.map((column) => (
        <span key={column.key} class={column.align} role="gridcell">
          {column.cell(row)}
        </span>
      ))}
    </div>
  );
}

function templateOf(columns: readonly { readonly width: string }[]): { readonly gridTemplateColumns: string } {
  return { gridTemplateColumns: columns.map(({ width }) => width).join(' ') };
}

/** Whoever has scrolled away from the newest rows reads on undisturbed. */
function useStandStill(
  box: { readonly current: HTMLDivElement | null },
  putBefore: number,
  active: { value: number },
): void {
  const seen = useRef(putBefore);
  useLayoutEffect(() => {
    const more = putBefore - seen.current;
    seen.current = putBefore;
    const { current } = box;
    if (more <= 0 || current === null || current.scrollTop === 0) return;
    current.scrollTop += more * ROW_PX;
    active.value += more;
  }, [putBefore]);
}

function showRow(box: HTMLDivElement | null, index: number): void {
  if (box === null) return;
  const top = index * ROW_PX;
  const height = box.clientHeight - ROW_PX;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW_PX > box.scrollTop + height) box.scrollTop = top + ROW_PX - height;
}

interface Standing {
  readonly active: number;
  readonly count: number;
  readonly page: number;
}

function targetOf(key: string, { active, count, page }: Standing): number | null {
  if (key === 'ArrowDown') return active + 1;
  if (key === 'ArrowUp') return active - 1;
  if (key === 'PageDown') return active + page;
  if (key === 'PageUp') return active - page;
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : null;
}
