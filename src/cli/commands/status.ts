// `sluice status`: what a running Sluice is, where it listens and how each of its jobs does. Rule: it only asks, and changes nothing.

import { Command } from 'commander';
import type { JobAnswer, OverviewAnswer, StatusAnswer } from '../../control/admin-answers.ts';
import type { AdminClient } from '../../control/admin-client.ts';
import { SluiceError } from '../../core/errors.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { formatElapsed } from '../elapsed.ts';
import { addExamples } from '../examples.ts';
import { formatTable } from '../table.ts';
import { painter, printable } from '../terminal.ts';

interface StatusOptions {
  readonly config?: readonly string[];
  readonly json?: true;
}

export function statusCommand(context: CliContext): Command {
  const command = new Command('status')
    .description('Show what a running Sluice is doing.')
    .option('--json', 'as JSON')
    .action(async ({ config, json }: StatusOptions) => {
      const { findDaemon } = await import('../find-daemon.ts');
      const client = await findDaemon(context, config);
      const status = await client.get<StatusAnswer>('/api/v1/status');
      const jobs = await jobsOf(client);
      const text = json
        ? JSON.stringify({ schema: 'sluice.status/v1', ...status, jobs })
        : formatStatus(status, jobs, context);
      context.stdout.write(`${text}\n`);
    });
  addConfigOption(command, 'the config of that Sluice, to find it by its data directory');
  addExamples(command, [
    ['sluice status', 'the Sluice of this user and this config'],
    ['sluice status --json', 'for a script'],
    ['SLUICE_ADMIN_URL=http://10.0.0.5:8889 SLUICE_TOKEN_FILE=token sluice status', 'another one'],
  ]);
  return command;
}

/** One of an older version does not tell. */
async function jobsOf(client: AdminClient): Promise<readonly JobAnswer[]> {
  try {
    return (await client.get<OverviewAnswer>('/api/v1/overview')).jobs;
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'not_found') return [];
    throw error;
  }
}

const PARTS: Readonly<Record<JobAnswer['job'], string>> = {
  egress: 'proxies healthy',
  gateway: 'backends healthy',
  tunnels: 'tunnels online',
  agents: 'agents running',
  ai: 'accounts usable',
};

/** Those that are switched on. */
function jobLines(jobs: readonly JobAnswer[]): string[] {
  const rows = jobs.filter(({ on }) => on).map(jobRow);
  return rows.length === 0
    ? []
    : [
        ...formatTable(rows, [1, 2, 3])
          .split('\n')
          .map((line) => `  ${line}`),
        '',
      ];
}

function jobRow(job: JobAnswer): string[] {
  const { total_requests: total, requests_per_second: rate, total_errors: errors, p99_ms: slow, parts } = job;
  return [
    `${job.job}  `,
    `${total} ${total === 1 ? 'request' : 'requests'}`,
    `${rate}/s`,
    errors === 0 ? '' : `${errors} failed`,
    slow === null ? '' : `99% within ${Math.round(slow)} ms`,
    parts === null || parts.total === 0 ? '' : `${parts.ready} of ${parts.total} ${PARTS[job.job]}`,
  ];
}

/** Of Redis only: that this machine has its own files needs no word. */
function storeLines(store: StatusAnswer['state_store']): string[] {
  const { server, up, nodes, degraded, waiting_records: waiting, lost_records: lost } = store;
  const shared = nodes > 1 ? `, shared by ${nodes} nodes` : '';
  const lines = server === null ? [] : [`${printable(server)}, ${up ? 'reached' : 'not reached'}${shared}`];
  if (server !== null && degraded.length > 0) lines.push(`${printable(degraded.join(', '))}: without it for now`);
  if (waiting > 0) lines.push(`usage of ${waiting} ${waiting === 1 ? 'request' : 'requests'} waits for it`);
  if (lost > 0) lines.push(`usage of ${lost} ${lost === 1 ? 'request' : 'requests'} found no room and is lost`);
  return lines;
}

function formatStatus(status: StatusAnswer, jobs: readonly JobAnswer[], { stdout, env }: CliContext): string {
  const paint = painter(stdout, env);
  const { state, version, pid, uptime_seconds: uptime, doors, config, state_store: store } = status;
  const nameWidth = Math.max(0, ...doors.map((door) => door.name.length));
  const addressWidth = Math.max(0, ...doors.map((door) => door.address.length));
  const lines = [
    `${paint('bold', `Sluice ${printable(version)}`)}  ${paint(state === 'ready' ? 'green' : 'yellow', state)}, up ${formatElapsed(uptime)}, pid ${pid}`,
    '',
    ...doors.map(({ name, address, open_connections: open }) => {
      const columns = `${printable(name).padEnd(nameWidth)}   ${printable(address).padEnd(addressWidth)}`;
      return `  ${columns}   ${open} ${open === 1 ? 'connection' : 'connections'}`;
    }),
    '',
    ...jobLines(jobs),
    `  config     ${config.files.length === 0 ? 'the defaults' : printable(config.files.join(', '))}, loaded ${new Date(config.loaded_at).toLocaleString()}`,
    ...(config.needs_restart.length === 0
      ? []
      : [`  restart    needed for ${printable(config.needs_restart.join(', '))}`]),
    ...storeLines(store).map((line) => `  state      ${line}`),
  ];
  return lines.join('\n');
}
