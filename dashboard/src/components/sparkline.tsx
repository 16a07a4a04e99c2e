// The recent course of one number, small. Rule: no axis, no exact value; whoever wants these reads the figure beside it.
import type { JSX } from 'preact';

const WIDTH = 240;
const HEIGHT = 40;

export interface SparklineProps {
  readonly values: readonly number[];
  /** So many places, the newest at the right. */
  readonly places: number;
  readonly label: string;
}

export function Sparkline({ values, places, label }: SparklineProps): JSX.Element {
  const most = Math.max(...values, 1e-9);
  const step = WIDTH / (places - 1);
  const from = places - values.length;
  const points = values.map((value, index) => {
    return `${((from + index) * step).toFixed(1)},${(HEIGHT - 1 - (value / most) * (HEIGHT - 4)).toFixed(1)}`;
  });
  const line = points.length < 2 ? '' : `M${points.join('L')}`;
  const begin = (from * step).toFixed(1);
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="ground" d={`M0,${HEIGHT - 1}H${WIDTH}`} />
      {line !== '' && <path class="area" d={`${line}V${HEIGHT}H${begin}Z`} />}
      {line !== '' && <path class="line" d={line} />}
    </svg>
  );
}
