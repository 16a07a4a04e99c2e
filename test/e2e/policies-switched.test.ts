// Every policy switched on for a door and off again for a route, as clients see it, and what is said of its settings when they are
// wrong. Rule: a policy that is not in the table fails a test here.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { knownKeys } from '../../src/config/schema-reference.ts';
import { ask } from '../support/ask.ts';
import { deserted, Moody } from '../support/backends.ts';
import { Gateway } from '../support/gateway.ts';
import { http1Origin } from '../support/origins.ts';
import { policyFile, policyOf } from '../support/policy-file.ts';

const ORIGIN = 'https://app.example';
const GOLDEN_FILES = join(import.meta.dirname, '../golden/config/broken-*.txt');

interface Switched {
  /** The key of the policy, and with `: ` behind it which part of it. */
  readonly name: string;
  readonly on: (t: TestContext) => unknown;
  /** How it is switched off. */
  readonly off?: unknown;
  readonly backend?: (t: TestContext) => Promise<string>;
  /** Whether somebody has met it. Without it: the status, which is 200 where it is off. */
  readonly isMet?: (url: string) => Promise<boolean>;
}

const status = async (url: string): Promise<number> => (await ask(url)).status;
const header =
  (name: string) =>
  async (url: string): Promise<boolean> => {
    const { headers } = await ask(url, { headers: { origin: ORIGIN, 'accept-encoding': 'gzip' } });
    return headers[name] !== undefined;
  };

function refusing(t: TestContext): Promise<string> {
  return http1Origin(t, (_request, response) => response.writeHead(403).end());
}

const TABLE: readonly Switched[] = [
  { name: 'acl', on: () => ({ deny: ['127.0.0.0/8'] }) },
  { name: 'limits', on: () => ({ methods: ['PUT'] }) },
  {
    name: 'rate_limit',
    on: () => ({ rate: '1/h', burst: 1 }),
    isMet: async (url) => (await status(url), await status(url)) === 429,
  },
  { name: 'filter', on: () => ({ mode: 'allowlist', domains: ['listed.example'] }) },
  { name: 'auth', on: () => 'users', off: 'none' },
  { name: 'auth: forward', on: async (t) => ({ forward: await refusing(t) }), off: 'none' },
  { name: 'timeout', on: () => ({ response: '20ms' }), backend: lateOrigin },
  { name: 'cache', on: () => ({}), isMet: header('cache-status') },
  { name: 'compress', on: () => ({ min_size: 1, types: ['*/*'] }), isMet: header('content-encoding') },
  { name: 'scan', on: async (t) => ({ clamd: new URL(await deserted(t)).host }) },
  { name: 'headers', on: () => ({ security: true }), isMet: header('x-content-type-options') },
  {
    name: 'headers: cors',
    on: () => ({ cors: { origins: [ORIGIN] } }),
    off: { security: true },
    isMet: header('access-control-allow-origin'),
  },
];

/** Seen by who is asked rather than by the client. */
const BEHIND = ['mirror', 'retry'];

function promptOrigin(t: TestContext): Promise<string> {
  return http1Origin(t, (_request, response) => response.setHeader('Content-Type', 'text/plain').end('answer'));
}

/** Never answers where somebody waits for a short time only, and late where nobody does. */
function lateOrigin(t: TestContext): Promise<string> {
  return http1Origin(t, ({ url }, response) => {
    if (url === '/off') void pause(500).then(() => response.end());
  });
}

async function isMetAt(url: string, { isMet }: Switched): Promise<boolean> {
  return isMet === undefined ? (await status(url)) !== 200 : isMet(url);
}

describe('a policy of a door', () => {
  for (const row of TABLE) {
    test(`is met there, and nowhere where it is switched off: ${row.name}`, async (t) => {
      const backend = await (row.backend ?? promptOrigin)(t);
      const key = row.name.replace(/: .*/, '');
      const routes = [
        { match: { path: '/off' }, to: backend, policies: { [key]: row.off ?? false } },
        { match: { path: '/on' }, to: backend },
      ];
      const gateway = await Gateway.open(t, { gateway: { routes, policies: { [key]: await row.on(t) } } });
      assert.equal(await isMetAt(`${gateway.url}/on`, row), true);
      assert.equal(await isMetAt(`${gateway.url}/off`, row), false);
    });
  }
});

describe('a policy of backends and one that nobody sees', () => {
  for (const [path, asked] of [
    ['/on', 2],
    ['/off', 1],
  ] as const) {
    test(`asks as often as it should, with retry at ${path}`, async (t) => {
      const backend = await Moody.open(t, 503);
      const to = { backends: [backend.url] };
      const routes = [
        { match: { path: '/off' }, to, policies: { retry: false } },
        { match: { path: '/on' }, to },
      ];
      const gateway = await Gateway.open(t, { gateway: { routes, policies: { retry: { attempts: 2 } } } });
      assert.equal(await status(gateway.url + path), 503);
      assert.equal(backend.asked, asked);
    });
  }

  test('copies where it is on and not where it is off: mirror', async (t) => {
    const [backend, second] = [await Moody.open(t), await Moody.open(t)];
    const routes = [
      { match: { path: '/off' }, to: backend.url, policies: { mirror: false } },
      { match: { path: '/on' }, to: backend.url },
    ];
    const gateway = await Gateway.open(t, { gateway: { routes, policies: { mirror: { to: second.url } } } });
    for (const path of ['/off', '/on', '/off']) assert.equal(await status(gateway.url + path), 200);
    await gateway.until(() => gateway.metric('sluice_mirrored_requests_total') === 1, 'the copy');
    assert.deepEqual([backend.asked, second.asked], [3, 1]);
  });

  test('of the user is asked where it is on and not where it is off', async (t) => {
    const file = policyFile(t, policyOf('request: (exchange) => exchange.answer({ status: 418 })'));
    const to = { respond: { body: 'pong' } };
    const routes = [
      { match: { path: '/off' }, to, policies: { [file]: false } },
      { match: { path: '/on' }, to },
    ];
    const gateway = await Gateway.open(t, { gateway: { routes, policies: { [file]: {} } } });
    assert.deepEqual([await status(`${gateway.url}/on`), await status(`${gateway.url}/off`)], [418, 200]);
  });
});

describe('policies', () => {
  const all = knownKeys(['policies']);

  test('are all switched on and off by the tests above', () => {
    const met = new Set([...TABLE.map(({ name }) => name.replace(/: .*/, '')), ...BEHIND]);
    assert.deepEqual(new Set(all), met);
  });

  test('with wrong settings are told of, at a place and of a key, by the golden files', () => {
    const said = globSync(GOLDEN_FILES).map(
      (file) => readFileSync(file, 'utf8').split(`\n${'-'.repeat(80)}\n`)[1] ?? '',
    );
    const isTold = (what: RegExp): boolean => said.some((text) => what.test(text));
    for (const key of all) {
      assert.ok(isTold(new RegExp(`error .* (?:\\w\\S*\\.)?policies\\.${key}\\b`)), key);
      assert.ok(isTold(new RegExp(`config_unknown_key .*policies\\.${key}$`, 'm')), `a key of ${key}`);
    }
    assert.ok(isTold(/cannot read \S*nowhere\.ts/), 'a module');
  });
});
