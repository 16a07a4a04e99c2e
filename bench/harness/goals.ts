// How fast Sluice has to be, as ratios within one run, and whether a run shows it.
// Rule: a goal is only ever judged against a peer that was measured in the same run.
import type { Sample } from '../cases/case.ts';
import { costRatio, type CaseResult } from './results.ts';
import { formatNumber, formatRatio, type Table } from './table.ts';

interface RatioGoal {
  readonly case: string;
  readonly of: string;
  readonly to: string;
  readonly atMost: number;
}

const sluiceTo = (to: string, atMost: number, ...cases: readonly string[]): RatioGoal[] =>
  cases.map((name) => ({ case: name, of: 'sluice', to, atMost }));

const ratioGoals: readonly RatioGoal[] = [
  ...sluiceTo('nginx', 1.25, 'small', 'browser'),
  ...sluiceTo('caddy', 0.45, 'small', 'browser'),
  ...sluiceTo('http-proxy', 0.35, 'small', 'browser'),
  ...sluiceTo('fast-proxy', 0.65, 'small', 'browser'),
  ...sluiceTo('nginx', 1.35, 'tls'),
  ...sluiceTo('nginx', 2, 'h2'),
  ...sluiceTo('nginx', 1.2, '1m', '100m'),
  ...sluiceTo('proxy-chain', 0.6, 'tunnel-setup'),
  ...sluiceTo('tinyproxy', 1.5, 'tunnel-setup'),
  ...sluiceTo('squid', 0.5, 'forward'),
  ...sluiceTo('tinyproxy', 0.5, 'forward'),
  ...sluiceTo('haproxy', 1.15, 'tunnel-bulk'),
  { case: 'compress', of: 'sluice', to: 'nginx', atMost: 1.1 },
  { case: 'compress', of: 'sluice, br 4', to: 'nginx', atMost: 1.1 },
  { case: 'compress', of: 'sluice, zstd 3', to: 'nginx', atMost: 1.1 },
  ...sluiceTo('node-pipe', 0.7, 'ai-small'),
  ...sluiceTo('portkey', 0.25, 'ai-small'),
  ...sluiceTo('portkey', 0.3, 'ai-body'),
  ...sluiceTo('node-direct', 1.3, 'exec-first-line'),
  ...sluiceTo('node-direct', 1.25, 'exec-bulk'),
  { case: 'access-log', of: 'sluice, log on', to: 'sluice', atMost: 1.1 },
  { case: 'policies', of: 'sluice, policies on', to: 'sluice', atMost: 1.25 },
  { case: 'limits-shared', of: 'sluice, shared limits', to: 'sluice, local limits', atMost: 1.15 },
  ...sluiceTo('nginx', 0.8, 'cache-small'),
  ...sluiceTo('varnish', 0.65, 'cache-small'),
  ...sluiceTo('nginx', 1.3, 'cache-100k'),
  { case: 'cache-miss', of: 'sluice, cache on', to: 'sluice', atMost: 1.15 },
  { case: 'workers', of: 'sluice × 2', to: 'sluice × 1', atMost: 1.1 },
];

const IDLE_KIB_AT_MOST = 12;
const TUNNEL_KIB_AT_MOST = 16;
const LEAST_SHARE_AT_LEAST = 0.4;
const P95_MS_AT_MOST = 50;
const FIRST_EVENT_MS_AT_MOST = 1;
const EVENT_P99_MS_AT_MOST = 20;
const STREAMS_MIB_AT_MOST = 200;
const HELD_PER_SECOND_AT_LEAST = 990;

/** Judged as it is shown: a table that says 1.25 and "no" to a limit of 1.25 would claim a precision that nobody has. */
function isWithin(ratio: number, atMost: number): boolean {
  return Math.round(ratio * 100) <= Math.round(atMost * 100);
}

function verdict(met: boolean): string {
  return met ? 'yes' : 'no';
}

/** The rate is held when the answers come, all of them and soon. */
function judgeHeld({ cost, perSecond = 0, errors }: Sample): string[][] {
  const holds = perSecond >= HELD_PER_SECOND_AT_LEAST && errors === 0;
  return [
    [
      'gateway-load: 95 of 100 answers',
      `${formatNumber(cost)} ms`,
      `at most ${P95_MS_AT_MOST} ms`,
      verdict(cost <= P95_MS_AT_MOST),
    ],
    [
      'gateway-load: answers per second, none missing',
      formatNumber(perSecond),
      `at least ${HELD_PER_SECOND_AT_LEAST}`,
      verdict(holds),
    ],
  ];
}

/** How soon events of a provider of AI are with the client, one stream at a time and very many. */
function judgeStreams(first: Sample | undefined, many: Sample | undefined): string[][] {
  const atMost = (what: string, measured: number, most: number, unit: string): string[] => [
    what,
    `${formatNumber(measured)} ${unit}`,
    `at most ${most} ${unit}`,
    verdict(measured <= most),
  ];
  const rows: string[][] = [];
  if (first !== undefined) rows.push(atMost('ai-first-byte: median', first.cost, FIRST_EVENT_MS_AT_MOST, 'ms'));
  if (many !== undefined) {
    rows.push(atMost('ai-streams: 99 of 100 events', many.p99Ms ?? Number.NaN, EVENT_P99_MS_AT_MOST, 'ms'));
    rows.push(atMost('ai-streams: memory', many.rssMiB, STREAMS_MIB_AT_MOST, 'MiB'));
  }
  return rows;
}

/** One line per goal that the run has figures for. */
export function judge(results: readonly CaseResult[]): Table {
  const rowOf = (name: string, label: string): CaseResult['rows'][number] | undefined =>
    results.find((result) => result.name === name)?.rows.find((row) => row.label === label);
  const rows: string[][] = [];
  for (const goal of ratioGoals) {
    const ratio = costRatio(rowOf(goal.case, goal.of), rowOf(goal.case, goal.to));
    if (ratio === undefined) continue;
    const what = `${goal.case}: ${goal.of} to ${goal.to}`;
    rows.push([what, formatRatio(ratio), `at most ${formatRatio(goal.atMost)}`, verdict(isWithin(ratio, goal.atMost))]);
  }
  for (const [name, what, most] of [
    ['idle', 'idle: memory of a connection', IDLE_KIB_AT_MOST],
    ['tunnel-idle', 'tunnel-idle: memory of a tunnel', TUNNEL_KIB_AT_MOST],
  ] as const) {
    const kib = rowOf(name, 'sluice')?.result?.cost;
    if (kib !== undefined) rows.push([what, `${formatNumber(kib)} KiB`, `at most ${most} KiB`, verdict(kib <= most)]);
  }
  const held = rowOf('gateway-load', 'sluice, every policy on')?.result;
  if (held !== undefined) rows.push(...judgeHeld(held));
  rows.push(...judgeStreams(rowOf('ai-first-byte', 'sluice')?.result, rowOf('ai-streams', 'sluice')?.result));
  const share = rowOf('workers', 'sluice × 2')?.result?.leastShare;
  if (share !== undefined) {
    const percent = (part: number): string => `${Math.round(part * 100)} %`;
    const limit = `at least ${percent(LEAST_SHARE_AT_LEAST)}`;
    rows.push([
      'workers: share of the less busy of two',
      percent(share),
      limit,
      verdict(share >= LEAST_SHARE_AT_LEAST),
    ]);
  }
  return { head: ['goal', 'measured', 'limit', 'met'], rows };
}
