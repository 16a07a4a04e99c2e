// What the admin API's resources share: what they are given, and what the checks before them have found out. Types only.

import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Sluice } from '../runtime/sluice.ts';
import type { JobTraffic } from '../runtime/job-traffic.ts';
import type { Traffic } from '../runtime/traffic.ts';
import type { Logger } from '../telemetry/application-log.ts';
import type { LimitEvents } from '../runtime/events/limit-events.ts';
import type { EventBook } from '../runtime/events/event-book.ts';
import type { AttemptLimiter } from './attempt-limiter.ts';
import type { Dashboard } from './dashboard-files.ts';
import type { SessionBook } from './session-book.ts';
import type { TokenBook } from './token-book.ts';

export interface AdminParts {
  readonly sluice: Pick<
    Sluice,
    | 'status'
    | 'explain'
    | 'startedAtMs'
    | 'loaded'
    | 'configTag'
    | 'reload'
    | 'hops'
    | 'changeHops'
    | 'issueToken'
    | 'revokeToken'
    | 'connections'
    | 'allowances'
  > & {
    readonly tokens: Pick<Sluice['tokens'], 'reports'>;
    readonly accounts: Pick<Sluice['accounts'], 'reports'>;
    readonly backends: Pick<Sluice['backends'], 'members' | 'reports' | 'find' | 'change' | 'check'>;
    readonly cache: Pick<Sluice['cache'], 'purge' | 'stats'>;
    readonly usage: Pick<Sluice['usage'], 'sums'>;
    readonly agents: Pick<Sluice['agents'], 'service' | 'others' | 'nodeName'>;
    readonly tunnels: Pick<Sluice['tunnels'], 'reports' | 'reportsOfNodes' | 'removeOnNodes'> & {
      readonly office: Pick<
        Sluice['tunnels']['office'],
        'page' | 'report' | 'add' | 'change' | 'renew' | 'revoke' | 'remove' | 'invitations'
      >;
    };
    readonly requests: Pick<Sluice['requests'], 'recent' | 'find' | 'follow'>;
    readonly replays: Pick<Sluice['replays'], 'capture' | 'replay'>;
    readonly exposed: Pick<Sluice['exposed'], 'reports' | 'requests' | 'findRequest' | 'forgetRequests' | 'replay'>;
  };
  /** What happens to this Sluice. */
  readonly events: Pick<EventBook, 'recent' | 'follow' | 'note'>;
  readonly traffic: () => Traffic;
  /** Who has run into limits lately. */
  readonly limits: Pick<LimitEvents, 'hits'>;
  /** The same, told apart by what Sluice does. */
  readonly jobs: () => readonly JobTraffic[];
  /** null: it is not built. */
  readonly dashboard: () => Dashboard | null;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** The host that the door listens on, by which its own names are told from foreign ones. */
  readonly listenHost: string;
  /** Who may come in, by the config in force. */
  readonly tokens: () => TokenBook;
  readonly sessions: SessionBook;
  readonly limiter: AttemptLimiter;
}

export interface AdminEnv {
  readonly Bindings: {
    /** node:http's request, as far as it is needed. */
    readonly incoming: { readonly socket: { readonly remoteAddress?: string | undefined } };
  };
  readonly Variables: {
    readonly requestId: string;
    /** Whose token it is. */
    readonly actor: string;
    /** The token itself; null: a session stands in for it. */
    readonly token: string | null;
  };
}

export type AdminApp = OpenAPIHono<AdminEnv>;
export type AdminContext = Context<AdminEnv>;
