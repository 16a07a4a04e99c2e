// Numbers over time with axes, drawn by uPlot, which is loaded with the first chart. Rule: its colours are those of the theme, and the same numbers
// stand in the page as text or table.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { theme } from '../state/theme.ts';

export interface ChartSeries {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** A colour of the theme: `--line-1` to `--line-6`; in order if it is missing. */
  readonly color?: string;
}

export interface ChartProps {
  readonly label: string;
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly height?: number;
  readonly format?: (value: number) => string;
  /** Bars for sums of days (UTC), one upon the other; lines for what goes on. */
  readonly kind?: 'lines' | 'bars';
}

const HALF_DAY_S = 43_200;

export function Chart(props: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const { label, times, series, height = 180 } = props;
  useEffect(() => {
    const { current } = place;
    if (current === null) return undefined;
    let drawn: uPlot | null = null;
    let isGone = false;
    const fit = new ResizeObserver(() => drawn?.setSize({ width: current.clientWidth, height }));
    void loadPlot().then((Plot) => {
      if (isGone) return;
      drawn = new Plot(optionsOf(Plot, props, current), dataOf(props), current);
      fit.observe(current);
    });
    return () => {
      isGone = true;
      fit.disconnect();
      drawn?.destroy();
    };
  }, [times, series, height, theme.value]);
  return (
    <div
      ref={place}
      class={`chart ${props.kind ?? 'lines'}`}
      role="img"
      aria-label={label}
      style={{ minHeight: `${height}px` }}
    />
  );
}

async function loadPlot(): Promise<typeof uPlot> {
  const [{ default: Plot }] = await Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')]);
  return Plot;
}

function dataOf({ times, series, kind }: ChartProps): uPlot.AlignedData {
  const values = series.map((each) => [...each.values]);
  return [[...times], ...(kind === 'bars' ? stacked(values) : values)];
}

/**
 * Drawn in order: each bar is as high as it and those that are drawn after it together, which cover what is theirs. Where there is nothing, not
 * even a line is drawn.
 */
function stacked(values: readonly (readonly (number | null)[])[]): (number | null)[][] {
  return values.map((own, index) =>
    own.map((_, at) => {
      const height = values.slice(index).reduce((sum, each) => sum + (each[at] ?? 0), 0);
      return height === 0 ? null : height;
    }),
  );
}

function whenOf(Plot: typeof uPlot, { times, kind }: ChartProps): Partial<uPlot.Options> {
  if (kind !== 'bars') return {};
  const [first = 0] = times;
  const last = times.at(-1) ?? first;
  return {
    tzDate: (seconds) => Plot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: {
      x: { range: () => [first - HALF_DAY_S, last + HALF_DAY_S] },
      y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] },
    },
  };
}

function optionsOf(Plot: typeof uPlot, props: ChartProps, place: HTMLElement): uPlot.Options {
  const { series, height = 180, format = String, kind = 'lines' } = props;
  const style = getComputedStyle(place);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const day = (_plot: uPlot, values: number[]): string[] =>
    values.map((seconds) => new Date(seconds * 1000).toISOString().slice(5, 10));
  const axis = { stroke: color('--muted'), grid: { stroke: color('--edge'), width: 1 }, ticks: { show: false } };
  const paths = kind === 'bars' ? Plot.paths.bars?.({ size: [0.6, 60] }) : undefined;
  return {
    width: place.clientWidth,
    height,
    cursor: { points: { size: 6 } },
    legend: { live: true },
    scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    ...whenOf(Plot, props),
    axes: [
      kind === 'bars' ? { ...axis, values: day } : axis,
      { ...axis, size: 64, values: (_plot, values) => values.map(format) },
    ],
    series: [
      kind === 'bars' ? { label: 'Day', value: '{YYYY}-{MM}-{DD}' } : {},
      ...series.map((each, index) => ({
        label: each.label,
        stroke: color(each.color ?? `--line-${(index % 6) + 1}`),
        width: 1.5,
        ...(kind === 'bars' && { fill: color(each.color ?? `--line-${(index % 6) + 1}`) }),
        ...(paths !== undefined && { paths, points: { show: false } }),
        value: (_plot: uPlot, _drawn: number | null, _place: number, at: number | null) => {
          const value = at === null ? null : (each.values[at] ?? null);
          return value === null ? '–' : format(value);
        },
      })),
    ],
  };
}
