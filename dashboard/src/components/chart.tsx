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
  /** Bars for sums of days; lines for what goes on. */
  readonly kind?: 'lines' | 'bars';
}

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
  return <div ref={place} class="chart" role="img" aria-label={label} style={{ minHeight: `${height}px` }} />;
}

async function loadPlot(): Promise<typeof uPlot> {
  const [{ default: Plot }] = await Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')]);
  return Plot;
}

function dataOf({ times, series }: ChartProps): uPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])];
}

function optionsOf(Plot: typeof uPlot, props: ChartProps, place: HTMLElement): uPlot.Options {
  const { series, height = 180, format = String, kind = 'lines' } = props;
  const style = getComputedStyle(place);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const axis = { stroke: color('--muted'), grid: { stroke: color('--edge'), width: 1 }, ticks: { show: false } };
  const paths = kind === 'bars' ? Plot.paths.bars?.({ size: [0.6, 60] }) : undefined;
  return {
    width: place.clientWidth,
    height,
    cursor: { points: { size: 6 } },
    legend: { live: true },
    scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [axis, { ...axis, size: 64, values: (_plot, values) => values.map(format) }],
    series: [
      {},
      ...series.map((each, index) => ({
        label: each.label,
        stroke: color(each.color ?? `--line-${(index % 6) + 1}`),
        width: 1.5,
        ...(kind === 'bars' && { fill: color(each.color ?? `--line-${(index % 6) + 1}`) }),
        ...(paths !== undefined && { paths }),
        value: (_plot: uPlot, value: number | null) => (value === null ? '–' : format(value)),
      })),
    ],
  };
}
