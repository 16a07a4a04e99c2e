import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waysOf } from '../../../test/support/backend-desk.ts';
import { configOf } from '../../../test/support/gateway.ts';
import { documentSchema } from '../../config/schema/document.ts';
import { AnswerShelf } from '../../services/answers/answer-shelf.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { aiCaches } from './assemble-ai-cache.ts';
import type { Policy } from '../../contract/policy.ts';
import { configuredUsers } from './configured-users.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import type { LoginSource } from '../../policies/ai-store/ai-store.ts';
import { aiLogins, type AiLogins, type AiRoute, aiRoutes } from './assemble-ai.ts';

const GUARDS = { before: [{ name: 'acl' }], after: [{ name: 'rate_limit' }] };
const LOGIN: LoginSource = {
  login: null,
  require: () => Promise.reject(new Error()),
  refused: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** What those have is told elsewhere. */
function isDialect({ path }: AiRoute['match']): boolean {
  return /^\/claude\/v1\/(?:chat|models)/.test(path);
}

function routes(ai: object, rest: object = {}, logins: AiLogins = new Map()): string[] {
  const config = documentSchema.parse({ ...rest, ai });
  const recorder = new MetricsRecorder();
  const common = { tellUsage: () => {}, recorder, threads: 1, answers: new AnswerShelf() };
  const caches = aiCaches(config, common);
  const limitsOf = (): Policy[] => [{ name: 'ai-limits' }];
  const parts = {
    users: configuredUsers([]),
    guards: GUARDS,
    logins,
    caches,
    limitsOf,
    writeBodies: () => {},
    ...common,
  };
  const relayed = aiRoutes(config, parts).filter(({ match }) => !isDialect(match));
  return relayed.map(({ name, leadsTo, match, policies }) => {
    return `${name} ${match.methods.join('')}${match.path} ${leadsTo}: ${policies.map((policy) => policy.name).join(' ')}`;
  });
}

test('there are no routes unless they are switched on', () => {
  assert.deepEqual(routes({}), []);
  assert.deepEqual(routes({ enabled: true }, { gateway: { own_paths: false } }), []);
});

test('bodies are written after users and guards, and before the cache, where that is asked for', () => {
  const [claude] = routes({ enabled: true, cache: {} }, { log: { ai_bodies: true } });
  assert.equal(
    claude,
    'ai/claude /claude/v1/* provider: acl ai-user rate_limit ai-limits ai-bodies ai-cache ai-relay usage',
  );
});

test('the cache stands after users and guards, and before everything that is for the provider alone', () => {
  const providers = { claude: { credentials: { api_key: 'k' } }, chatgpt: { cache: false } };
  const [claude] = routes({ enabled: true, cache: {}, providers });
  assert.equal(
    claude,
    'ai/claude /claude/v1/* provider: acl ai-user rate_limit ai-limits ai-cache ai-relay ai-key usage',
  );
  assert.ok(!routes({ enabled: true, cache: {}, providers }).some((route) => /chatgpt.*ai-cache/.test(route)));
});

test('each provider has its prefix, asks for users after the guards, and leaves nothing under it to others', () => {
  const providers = { claude: { credentials: { api_key: 'k' } }, chatgpt: { prefix: '/gpt' } };
  assert.deepEqual(routes({ enabled: true, providers }), [
    'ai/claude /claude/v1/* provider: acl ai-user rate_limit ai-limits ai-relay ai-key usage',
    'ai/claude HEAD/claude here: acl ai-errors',
    'ai/claude HEAD/claude/ here: acl ai-errors',
    'ai/claude HEAD/claude/v1 here: acl ai-errors',
    'ai/claude HEAD/claude/v1/ here: acl ai-errors',
    'ai/claude /claude nowhere: acl ai-errors',
    'ai/claude /claude/* nowhere: acl ai-errors',
    'ai/chatgpt /gpt/v1/* provider: acl ai-user rate_limit ai-limits ai-relay usage',
    'ai/chatgpt HEAD/gpt here: acl ai-errors',
    'ai/chatgpt HEAD/gpt/ here: acl ai-errors',
    'ai/chatgpt HEAD/gpt/v1 here: acl ai-errors',
    'ai/chatgpt HEAD/gpt/v1/ here: acl ai-errors',
    'ai/chatgpt /gpt nowhere: acl ai-errors',
    'ai/chatgpt /gpt/* nowhere: acl ai-errors',
  ]);
});

test('a provider with a store is asked with its login', () => {
  const providers = { claude: { credentials: { store: '/a/.credentials.json' } } };
  const [first] = routes({ enabled: true, providers }, {}, new Map([['claude', LOGIN]]));
  assert.equal(first, 'ai/claude /claude/v1/* provider: acl ai-user rate_limit ai-limits ai-relay ai-store usage');
});

test('there are logins of stores only, and none where nothing is switched on', () => {
  const providers = {
    claude: { credentials: { store: '/a/.credentials.json' } },
    chatgpt: { credentials: { api_key: 'k' } },
  };
  const loginsOf = (enabled: boolean): string[] => {
    const config = configOf({ ai: { enabled, providers } });
    const cache = new DnsCache();
    const dns = { cache, resolve: () => assert.fail() };
    return [...aiLogins(config, { ways: waysOf(config), dns }).keys()];
  };
  assert.deepEqual(loginsOf(true), ['claude']);
  assert.deepEqual(loginsOf(false), []);
});
