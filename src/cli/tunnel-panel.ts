// The live panel of a tunnel on a terminal: text for a moment, and the terminal that it is shown on. Rule: it fits into the columns and
// rows that there are, and leaves the terminal as it found it.

import { stripVTControlCharacters } from 'node:util';
import type { OpenedTunnel } from '../runtime/tunnel-client/expose-tunnels.ts';
import { type Paint, printable } from './terminal.ts';
import type { TallyView } from './tunnel-tally.ts';

export interface PanelView {
  readonly status: 'connecting' | 'online' | 'reconnecting';
  /** Beside the status. */
  readonly remark: string;
  readonly server: string;
  readonly tunnels: readonly OpenedTunnel[];
  /** Why the local server is not fit for visitors, by the name of its tunnel; missing: it is, or nobody asks. */
  readonly unhealthy: ReadonlyMap<string, string>;
  /** Where requests are looked into; null: nowhere. */
  readonly inspector: { readonly url: string; readonly token: string } | null;
  /** To the server and back, as the server measures it; null: it has not told. */
  readonly roundTripMs: number | null;
  readonly connections: number;
  readonly tally: TallyView;
}

export interface PanelSize {
  readonly columns: number;
  readonly rows: number;
}

const STATUS_COLOUR = { connecting: 'yellow', online: 'green', reconnecting: 'red' } as const;

export function panelLines(view: PanelView, { columns, rows }: PanelSize, paint: Paint): string[] {
  const { status, remark, server, tunnels, unhealthy, inspector } = view;
  const head = [
    `${paint(['bold', 'cyan'], 'sluice')}  ${paint(STATUS_COLOUR[status], status)}${remark === '' ? '' : paint('dim', `  ${printable(remark)}`)}`,
    '',
    ...tunnels.map(({ url, tunnel }) => {
      const local = `${tunnel.localHost}:${tunnel.localPort}`;
      const why = unhealthy.get(tunnel.name);
      const health = why === undefined ? '' : `  ${paint('red', `unhealthy: ${printable(why)}`)}`;
      return `${paint('bold', printable(url))} ${paint('dim', '->')} ${local}${health}`;
    }),
    ...(tunnels.length === 0 ? [paint('dim', printable(server))] : []),
    ...(inspector === null ? [] : [paint('dim', `inspect ${inspector.url}  token ${inspector.token}`)]),
    '',
    numbers(view),
    '',
  ];
  const room = Math.max(0, rows - head.length - 1);
  const lines = [...head, ...view.tally.last.slice(0, room).map((record) => requestLine(record, columns, paint))];
  return lines.map((line) => cut(line, columns));
}

function numbers({ tally, connections, roundTripMs }: PanelView): string {
  const { requests, perSecond, p50, p90, bytesIn, bytesOut } = tally;
  const parts = [
    `${connections} open`,
    `${requests} ${requests === 1 ? 'request' : 'requests'}`,
    `${perSecond.toFixed(1)}/s`,
    `p50 ${p50 === null ? '-' : duration(p50)}`,
    `p90 ${p90 === null ? '-' : duration(p90)}`,
    `in ${bytes(bytesIn)}`,
    `out ${bytes(bytesOut)}`,
    ...(roundTripMs === null ? [] : [`rtt ${duration(roundTripMs)}`]),
  ];
  return parts.join('  ');
}

function requestLine(
  { method, path, status, durationMs, bytesOut }: TallyView['last'][number],
  columns: number,
  paint: Paint,
): string {
  const colour = status === 0 || status >= 500 ? 'red' : status >= 400 ? 'yellow' : 'green';
  const outcome = method === 'TCP' ? 'ok ' : String(status);
  const left = `${paint(colour, status === 0 ? '---' : outcome)} ${method.padEnd(7).slice(0, 7)} `;
  const right = ` ${duration(durationMs).padStart(8)} ${bytes(bytesOut).padStart(9)}`;
  const room = Math.max(8, columns - 12 - right.length);
  const shown = printable(path);
  const text = shown.length > room ? `${shown.slice(0, room - 3)}...` : shown.padEnd(room);
  return `${left}${text}${paint('dim', right)}`;
}

function duration(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = count / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** Colours take no columns; a line that is too long loses them. */
function cut(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= columns ? line : plain.slice(0, columns);
}

export interface PanelScreen {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
  on(event: 'resize', listener: () => void): unknown;
  removeListener(event: 'resize', listener: () => void): unknown;
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_LINE = '\x1b[K';
const REPAINT_MS = 250;

/** Paints over what it painted before. */
export class TunnelPanel {
  readonly #screen: PanelScreen;
  readonly #view: () => PanelView;
  readonly #paint: Paint;
  readonly #timer: NodeJS.Timeout;
  readonly #onResize = (): void => {
    // What lines have become of the old ones nobody knows.
    this.#screen.write('\x1b[2J\x1b[H');
    this.#height = 0;
    this.repaint();
  };
  #height = 0;

  constructor(screen: PanelScreen, view: () => PanelView, paint: Paint) {
    this.#screen = screen;
    this.#view = view;
    this.#paint = paint;
    screen.write(HIDE_CURSOR);
    screen.on('resize', this.#onResize);
    this.#timer = setInterval(() => this.repaint(), REPAINT_MS);
    this.repaint();
  }

  repaint(): void {
    const size = { columns: Math.max(20, (this.#screen.columns ?? 80) - 1), rows: this.#screen.rows ?? 24 };
    const lines = panelLines(this.#view(), size, this.#paint);
    const up = this.#height > 0 ? `\x1b[${this.#height}A\r` : '';
    this.#screen.write(`${up}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`);
    this.#height = lines.length;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#screen.removeListener('resize', this.#onResize);
    this.repaint();
    this.#screen.write(SHOW_CURSOR);
  }
}
