// What one proxied request costs in memory, on kept connections, through the whole engine and both its parsers: sockets alone
// are made up, and cost nothing. It is measured in a process of its own, for a measured coverage costs memory too. Rule: the
// budget stands a little above what is measured; who makes a request cheaper lowers it, and who makes it dearer says why.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import v8 from 'node:v8';
import type { Policy } from '../../src/contract/policy.ts';
import { acl } from '../../src/policies/acl/acl.ts';
import { HeaderChanges } from '../../src/policies/headers/header-changes.ts';
import { requestHeaders } from '../../src/policies/headers/request-headers.ts';
import { responseHeaders } from '../../src/policies/headers/response-headers.ts';
import { rateLimit } from '../../src/policies/rate-limit/rate-limit.ts';
import { ClientAddress } from '../../src/services/identity/client-address.ts';
import { LimitTable } from '../../src/services/limiter/limit-table.ts';
import { TableLimiter } from '../../src/services/limiter/table-limiter.ts';
import type { Connection } from '../../src/transport/connection.ts';
import { proveRawIo } from '../../src/transport/raw-io.ts';
import { wheel } from '../../src/transport/timers.ts';
import { BROWSER_LINES, CostlessProxy, CostlessSocket, serve } from '../support/costless-proxy.ts';

const WARM_UP = 50_000;
const REQUESTS = 50_000;

interface Subject {
  readonly lines: readonly string[];
  readonly policies?: readonly Policy[];
  readonly budgetBytes: number;
}

/** Two views of what is written, one for each side, are most of it. */
const PLAIN_BYTES = 260;
/** What each exchange says for itself: the fields that it gets, and how many requests are left. */
const POLICY_BYTES = 600;

const SUBJECTS: Readonly<Record<string, Subject>> = {
  'bare fields': { lines: [], budgetBytes: PLAIN_BYTES },
  'the fields of a browser': { lines: BROWSER_LINES, budgetBytes: PLAIN_BYTES },
  policies: { lines: BROWSER_LINES, policies: everyRequestPays(), budgetBytes: PLAIN_BYTES + POLICY_BYTES },
};

function everyRequestPays(): Policy[] {
  const client = new ClientAddress(['10.0.0.0/8', 'fd00::/8']);
  const limit = { intervalMs: 0.001, burst: 1_000_000 };
  const changes = (): HeaderChanges =>
    new HeaderChanges({ set: { 'X-One': '1' }, add: { 'X-Two': '2' }, remove: ['X-Three', 'Server'] });
  return [
    acl({ client, allow: ['192.0.2.0/24', '2001:db8::/32'], deny: ['198.51.100.0/24'] }),
    rateLimit({ limiter: new TableLimiter(new LimitTable()), scope: 'test', per: 'client_ip', client, limit }),
    responseHeaders({ changes: changes(), security: true, hsts: null, csp: null }),
    requestHeaders(changes()),
  ];
}

interface Measured {
  readonly bytes: number;
  /** A connection that has carried everything has the shape of one that has carried nothing. */
  readonly keepsShape: boolean;
}

async function measure({ lines, policies }: Subject): Promise<Measured> {
  const proxy = new CostlessProxy(lines, policies);
  proxy.run(WARM_UP);
  const before = v8.getHeapStatistics().total_allocated_bytes;
  proxy.run(REQUESTS);
  const bytes = v8.getHeapStatistics().total_allocated_bytes - before;
  const { client, upstream, engine, connection } = proxy;
  assert.deepEqual([client.writes, upstream.writes], [WARM_UP + REQUESTS, WARM_UP + REQUESTS]);
  const keepsShape = haveSameShape(partsOf(connection), partsOf(serve(engine, new CostlessSocket())));
  engine.close();
  await new Promise(setImmediate);
  assert.equal(wheel.held, 0);
  return { bytes: Math.round(bytes / REQUESTS), keepsShape };
}

/** A connection, who handles it, and what that one is made of. */
function partsOf(connection: Connection): object[] {
  const ownObjects = (each: object): object[] =>
    Object.values(each).filter((value) => typeof value === 'object' && value !== null && value !== engineOf(each));
  const engineOf = (each: object): unknown => ('engine' in each ? each.engine : null);
  const { handler } = connection;
  return [connection, handler, ...ownObjects(handler)];
}

/** V8's own answer; needs --allow-natives-syntax. */
function haveSameShape(ones: readonly object[], others: readonly object[]): boolean {
  // oxlint-disable-next-line typescript/no-implied-eval -- there is no other way to spell what only V8 understands.
  const sameMap = new Function('one', 'other', 'return %HaveSameMap(one, other)') as (
    one: object,
    other: object,
  ) => boolean;
  return ones.length === others.length && ones.every((one, index) => sameMap(one, others[index]!));
}

function measureElsewhere(what: string): Measured {
  const env = { ...process.env, NODE_V8_COVERAGE: '' };
  const args = ['--allow-natives-syntax', import.meta.filename, what];
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' })) as Measured;
}

const asked = process.argv[2];
if (asked !== undefined) {
  assert.equal(await proveRawIo(), true);
  process.stdout.write(JSON.stringify(await measure(SUBJECTS[asked] ?? assert.fail())));
} else {
  for (const [what, { budgetBytes }] of Object.entries(SUBJECTS)) {
    test(`a proxied request with ${what} stays within its budget of memory, and changes no shape`, (t) => {
      const { bytes, keepsShape } = measureElsewhere(what);
      t.diagnostic(`${bytes} bytes per request, ${budgetBytes} are allowed`);
      assert.ok(bytes <= budgetBytes, `${bytes} bytes per request, ${budgetBytes} are allowed`);
      assert.equal(keepsShape, true);
    });
  }
}
