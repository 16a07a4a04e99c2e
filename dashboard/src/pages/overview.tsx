// The first page: how each of the five jobs does. Rule: what is switched off says how it is switched on, and takes no more room than that.
import type { JSX } from 'preact';
import type { JobAnswer, OverviewAnswer, StatusAnswer } from '../../../src/control/admin-answers.ts';
import { Chip } from '../components/chip.tsx';
import { Code } from '../components/code.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { Sparkline } from '../components/sparkline.tsx';
import { Tile, type Figure } from '../components/tile.tsx';
import { formatCount, formatMs, formatRate, formatSeconds } from '../format.ts';
import { addressOf } from '../state/route.ts';
import { usePolled } from '../state/polled.ts';
import './overview.css';

const LOOK_EVERY_MS = 2000;
const STATUS_EVERY_MS = 5000;
/** Of the five minutes that the API tells of. */
const PLACES = 60;

interface JobWords {
  readonly title: string;
  readonly page: string;
  readonly query: Readonly<Record<string, string>>;
  readonly connections: string;
  readonly parts: string;
  /** What it is, and what switches it on. */
  readonly about: string;
  readonly command: string;
}

const JOBS: Readonly<Record<JobAnswer['job'], JobWords>> = {
  egress: {
    title: 'Egress',
    page: 'traffic',
    query: { door: 'egress' },
    connections: 'connections',
    parts: 'proxies healthy',
    about: 'The way out through proxies. Nothing listens for it now.',
    command: 'sluice proxy',
  },
  gateway: {
    title: 'Gateway',
    page: 'traffic',
    query: { door: 'gateway' },
    connections: 'connections',
    parts: 'backends healthy',
    about: 'The way across to backends. Nothing listens for it now.',
    command: 'sluice gateway --to http://127.0.0.1:3000',
  },
  tunnels: {
    title: 'Tunnels',
    page: 'tunnels',
    query: {},
    connections: 'clients',
    parts: 'tunnels online',
    about: 'Public names for local servers: be the server, or use one.',
    command: 'sluice relay --domain tunnels.example.com',
  },
  agents: {
    title: 'Agents',
    page: 'agents',
    query: {},
    connections: 'running',
    parts: 'agents running',
    about: 'Coding agents and commands over HTTP.',
    command: 'sluice config explain agents.enabled',
  },
  ai: {
    title: 'AI',
    page: 'ai',
    query: {},
    connections: 'running',
    parts: 'accounts usable',
    about: 'One door to Claude and ChatGPT.',
    command: 'sluice config explain ai.enabled',
  },
};

export function Page(): JSX.Element {
  const overview = usePolled<OverviewAnswer>('/api/v1/overview', LOOK_EVERY_MS);
  const status = usePolled<StatusAnswer>('/api/v1/status', STATUS_EVERY_MS);
  const jobs = overview.data.value?.jobs ?? [];
  return (
    <>
      <header class="page-head">
        <h1>Overview</h1>
        {status.data.value !== null && <Standing status={status.data.value} />}
      </header>
      <ErrorNotice error={overview.error.value ?? status.error.value} />
      <div class="tiles">
        {jobs
          .filter(({ on }) => on)
          .map((job) => (
            <JobTile key={job.job} job={job} />
          ))}
      </div>
      {status.data.value !== null && <Doors status={status.data.value} />}
      <OffJobs jobs={jobs.filter(({ on }) => !on)} />
    </>
  );
}

function Standing({ status }: { readonly status: StatusAnswer }): JSX.Element {
  const { state, uptime_seconds: uptime, config } = status;
  return (
    <p class="quiet">
      <Chip tone={state === 'ready' ? 'good' : 'warn'}>{state}</Chip>
      <span>up {formatSeconds(uptime)}</span>
      <span>{config.files.length === 0 ? 'on the defaults' : config.files.join(', ')}</span>
      {config.needs_restart.length > 0 && <Chip tone="warn">restart for {config.needs_restart.join(', ')}</Chip>}
    </p>
  );
}

function JobTile({ job }: { readonly job: JobAnswer }): JSX.Element {
  const { title, page, query, parts } = JOBS[job.job];
  const share = job.parts !== null && job.parts.total > 0 ? job.parts : null;
  const isWhole = share === null || share.ready === share.total;
  const remark =
    share === null ? null : (
      <Chip tone={isWhole ? 'good' : 'warn'}>
        {share.ready} of {share.total} {parts}
      </Chip>
    );
  return (
    <Tile title={title} href={addressOf(page, query)} remark={remark} figures={figuresOf(job)}>
      <Sparkline values={job.rates} places={PLACES} label={`${title}: requests per second in the last five minutes`} />
    </Tile>
  );
}

function figuresOf(job: JobAnswer): Figure[] {
  const { connections } = JOBS[job.job];
  const open = job.open_connections ?? job.requests_in_flight;
  return [
    {
      name: 'requests/s',
      value: formatRate(job.requests_per_second),
      title: `${formatCount(job.total_requests)} in all`,
    },
    {
      name: 'errors/s',
      value: formatRate(job.errors_per_second),
      tone: job.errors_per_second > 0 ? 'bad' : 'plain',
      title: `${formatCount(job.total_errors)} in all`,
    },
    { name: 'p50', value: formatMs(job.p50_ms), title: 'Half of the last minute took no longer' },
    { name: 'p99', value: formatMs(job.p99_ms), title: '99 of 100 of the last minute took no longer' },
    { name: connections, value: formatCount(open) },
  ];
}

function Doors({ status }: { readonly status: StatusAnswer }): JSX.Element {
  return (
    <section class="card">
      <h2>Doors</h2>
      <table class="plain-table">
        <thead>
          <tr>
            <th scope="col">Door</th>
            <th scope="col">Address</th>
            <th scope="col" class="right">
              Open connections
            </th>
          </tr>
        </thead>
        <tbody>
          {status.doors.map(({ name, address, open_connections: open }) => (
            <tr key={`${name} ${address}`}>
              <th scope="row">{name}</th>
              <td>
                <code>{address}</code>
              </td>
              <td class="right">{formatCount(open)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function OffJobs({ jobs }: { readonly jobs: readonly JobAnswer[] }): JSX.Element | null {
  if (jobs.length === 0) return null;
  return (
    <section class="card">
      <h2>Switched off</h2>
      <ul class="off-jobs">
        {jobs.map(({ job }) => (
          <li key={job}>
            <div>
              <h3>{JOBS[job].title}</h3>
              <p class="quiet">{JOBS[job].about}</p>
            </div>
            <Code text={JOBS[job].command} />
          </li>
        ))}
      </ul>
    </section>
  );
}
