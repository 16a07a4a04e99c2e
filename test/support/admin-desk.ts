// The admin API without a Sluice and without sockets, for the tests of its resources.
import assert from 'node:assert/strict';
import { hopsSchema } from '../../src/config/schema/hops.ts';
import { loadConfig, type LoadedConfig } from '../../src/config/load.ts';
import { CacheDesk } from '../../src/services/cache/cache-desk.ts';
import type { AgentService } from '../../src/services/agents/agent-service.ts';
import { createAdminApp } from '../../src/control/admin-app.ts';
import type { ErrorAnswer } from '../../src/control/admin-answers.ts';
import type { AdminApp, AdminParts } from '../../src/control/admin-env.ts';
import type { Dashboard } from '../../src/control/dashboard-files.ts';
import type { LogLevel } from '../../src/telemetry/application-log.ts';
import { AttemptLimiter } from '../../src/control/attempt-limiter.ts';
import { SessionBook } from '../../src/control/session-book.ts';
import { TokenBook, tokenDigest } from '../../src/control/token-book.ts';
import type { AccountReport } from '../../src/runtime/accounts/account-desk.ts';
import { explain } from '../../src/runtime/explain/explain.ts';
import type { RequestReport } from '../../src/runtime/tunnel-client/request-report.ts';
import { SluiceError } from '../../src/core/errors.ts';
import type { ExposedReport } from '../../src/runtime/tunnel-client/exposed-board.ts';
import type { TunnelReport } from '../../src/runtime/tunnels/tunnel-desk.ts';
import { TunnelOffice } from '../../src/runtime/tunnels/tunnel-office.ts';
import type { BackendDesk } from '../../src/runtime/backends/backend-desk.ts';
import type { LimitHit } from '../../src/runtime/events/limit-events.ts';
import { backendDesk } from './backend-desk.ts';
import { EventBook } from '../../src/runtime/events/event-book.ts';
import type { JobTraffic } from '../../src/runtime/job-traffic.ts';
import type { ReplayOutcome, ReplayRequest } from '../../src/engine/replay-client.ts';
import { ReplayDesk } from '../../src/runtime/replay-desk.ts';
import { RequestWatch } from '../../src/runtime/request-watch.ts';
import { CaptureShelf } from '../../src/telemetry/capture-shelf.ts';
import { seenRequest } from './seen-request.ts';
import { RequestTape, TAPE_LENGTH } from '../../src/telemetry/request-tape.ts';
import type { ReloadOutcome, ReloadRequest } from '../../src/runtime/reload.ts';
import { SessionList } from '../../src/services/tunnels/session-list.ts';
import { TunnelRegistry } from '../../src/services/tunnels/tunnel-registry.ts';
import { changer, hopControl } from './hop-control.ts';
import { DomainShelf } from '../../src/services/domains/domain-shelf.ts';
import { tokenDesk } from './token-desk.ts';
import { MemberTable } from '../../src/services/balance/member-table.ts';

/** The token that Alice has. */
export const TOKEN = 'slc_test-token';
export const AUTHORIZED: Readonly<Record<string, string>> = { Authorization: `Bearer ${TOKEN}` };
interface Logged {
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** An admin API in front of a Sluice that only pretends: what is asked of it is written down. */
export class AdminDesk {
  readonly logged: Logged[] = [];
  readonly delays: number[] = [];
  readonly reloads: ReloadRequest[] = [];
  reloadOutcome: ReloadOutcome = { tag: 'tag-2', changed: ['log.level'], needsRestart: [], warnings: [] };
  reloadFault: Error | undefined;
  accounts: AccountReport[] = [];
  jobs: JobTraffic[] = [];
  dashboard: Dashboard | null = null;
  readonly cache: CacheDesk = new CacheDesk();
  readonly agents: { service: AgentService | null; others: null; nodeName: string } = {
    service: null,
    others: null,
    nodeName: 'here',
  };
  tunnels: TunnelReport[] = [];
  missingNodes: string[] = [];
  exposed: ExposedReport[] = [];
  readonly office: TunnelOffice = new TunnelOffice({
    sessions: new SessionList(),
    registry: new TunnelRegistry({ now: Date.now, limitsOf: () => ({ tunnels: 9, clients: 9 }) }),
    ports: { keepIn: () => {}, heard: () => {} },
  });
  /** What has gone through. */
  readonly tape: RequestTape = new RequestTape();
  /** What has happened. */
  readonly events: EventBook = new EventBook();
  requests: RequestReport[] | null = [];
  readonly backends: BackendDesk = backendDesk();
  limitHits: LimitHit[] = [];
  readonly captures: CaptureShelf = new CaptureShelf();
  /** What was sent again, at which door. */
  readonly replayed: [door: string, request: ReplayRequest][] = [];
  readonly app: AdminApp;
  readonly parts: AdminParts;

  /** `hops`: as in a file. */
  static async open(configEnv: Readonly<Record<string, string>> = {}, hops: object = {}): Promise<AdminDesk> {
    const env = { SLUICE_ADMIN__TOKEN: 'config-secret', LOG_LEVEL: 'warn', ...configEnv };
    const loaded = await loadConfig({ files: [], env, cwd: process.cwd(), ignoreAvailability: true });
    return new AdminDesk({ ...loaded, config: { ...loaded.config, hops: hopsSchema.parse(hops) } });
  }

  private constructor(loaded: LoadedConfig) {
    const log = (level: LogLevel) => {
      return (given: unknown, message = ''): void => {
        const fields = given as Record<string, unknown>;
        this.logged.push({ fields, message });
        this.events.noteLine({ level, message, fields });
      };
    };
    const hops = hopControl();
    const tokens = tokenDesk();
    hops.follow(loaded.config);
    const requests = new RequestWatch(([since = 0]) => Promise.resolve([this.tape.read(since, TAPE_LENGTH)]));
    this.captures.configure(1024 * 1024);
    this.parts = {
      sluice: {
        loaded,
        hops,
        tokens,
        issueToken: (wanted) => tokens.issue(loaded.config, wanted, () => Promise.resolve()),
        revokeToken: (id) => tokens.revoke(id, () => Promise.resolve()),
        changeHops: changer(hops, loaded.config),
        accounts: { reports: () => this.accounts },
        backends: this.backends,
        requests,
        replays: new ReplayDesk(requests, {
          capture: (id) => Promise.resolve(this.captures.find(id)),
          replay: (door, request) => this.#replay(door, request),
        }),
        connections: () => Promise.resolve([]),
        usage: { sums: () => Promise.resolve([]) },
        tunnels: {
          reports: () => this.tunnels,
          reportsOfNodes: () => Promise.resolve({ reports: this.tunnels, missing: this.missingNodes }),
          removeOnNodes: (name) => Promise.resolve(this.tunnels.some((each) => each.name === name)),
          office: this.office,
        },
        exposed: {
          reports: () => this.exposed,
          requests: () => this.requests,
          findRequest: (id) => this.requests?.find((each) => each.id === id) ?? null,
          forgetRequests: () => (this.requests = []),
          replay: (id) => {
            const [found] = this.requests?.filter((each) => each.id === id) ?? [];
            if (found === undefined) return Promise.reject(new SluiceError('not_found'));
            return Promise.resolve({ ...found, id: id + 1, replayOf: id });
          },
        },
        allowances: () => [],
        cache: this.cache,
        agents: this.agents,
        configTag: 'tag-1',
        startedAtMs: Date.now() - 5_000,
        status: () => ({
          state: 'ready',
          version: '1.2.3',
          pid: 7,
          startedAtMs: 0,
          doors: [{ name: 'gateway', address: 'http://127.0.0.1:1', openConnections: 2 }],
          configFiles: ['/etc/sluice.yaml'],
          configTag: 'tag-1',
          configLoadedAtMs: 1_000,
          needsRestart: ['process.workers'],
          shared: { server: null, isUp: true, waitingRows: 0, lostRows: 0, nodes: 1, degraded: [] },
        }),
        explain: (question) =>
          explain(this.parts.sluice.loaded, question, {
            doors: [],
            members: new MemberTable(),
            lists: new DomainShelf(),
          }),
        reload: (request) => {
          this.reloads.push(request);
          if (this.reloadFault !== undefined) return Promise.reject(this.reloadFault);
          return Promise.resolve(this.reloadOutcome);
        },
      },
      events: this.events,
      limits: { hits: () => this.limitHits },
      traffic: () => ({ totalRequests: 9, requestsPerSecond: 1.5, requestsInFlight: 1, openConnections: 2 }),
      jobs: () => this.jobs,
      dashboard: () => this.dashboard,
      logger: { info: log('info'), warn: log('warn'), error: log('error') },
      listenHost: '127.0.0.1',
      tokens: () => new TokenBook([{ name: 'alice', digest: tokenDigest(TOKEN) }]),
      sessions: new SessionBook(),
      limiter: new AttemptLimiter({
        wait: (delayMs) => {
          this.delays.push(delayMs);
          return Promise.resolve();
        },
      }),
    };
    this.app = createAdminApp(this.parts);
  }

  #replay(door: string, request: ReplayRequest): Promise<ReplayOutcome> {
    this.replayed.push([door, request]);
    this.tape.add(seenRequest({ id: 'again', replayOf: request.replayOf }));
    const body = Buffer.from('hello');
    const fields = [['Set-Cookie', 'a=b']] as const;
    return Promise.resolve({ id: 'again', status: 200, fields, body, length: body.length, isComplete: true });
  }

  ask(
    path: string,
    init: Omit<RequestInit, 'headers'> & { headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Response> {
    const headers = { Host: '127.0.0.1:8889', ...init.headers };
    const incoming = { socket: { remoteAddress: '192.0.2.9' } };
    return Promise.resolve(this.app.request(path, { ...init, headers }, { incoming }));
  }
}

/** Status and code of an error, after having checked its shape. */
export async function refused(answer: Response): Promise<string> {
  const { error } = (await answer.json()) as ErrorAnswer;
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.equal(answer.headers.get('x-request-id'), error.request_id);
  return `${answer.status} ${error.code}`;
}
