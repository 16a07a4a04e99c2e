import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { AnswerShelf } from '../../services/answers/answer-shelf.ts';
import { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { aiCaches } from './assemble-ai-cache.ts';
import type { Policy } from '../../contract/policy.ts';
import { configuredUsers } from './configured-users.ts';
import { partsOfAi } from '../../../test/support/ai-parts.ts';
import { type AiRoute, aiRoutes } from './assemble-ai.ts';
import { aiAccounts } from './assemble-ai-accounts.ts';

const GUARDS = { before: [{ name: 'acl' }], after: [{ name: 'rate_limit' }] };

/** What those have is told elsewhere. */
function isDialect({ path }: AiRoute['match']): boolean {
  return /^\/claude\/v1\/(?:chat|models)/.test(path);
}

function routes(ai: object, rest: object = {}): string[] {
  const config = documentSchema.parse({ ...rest, ai });
  const recorder = new MetricsRecorder();
  const common = { tellUsage: () => {}, recorder, threads: 1, answers: new AnswerShelf() };
  const caches = aiCaches(config, common);
  const accounts = aiAccounts(config, partsOfAi(config));
  const limitsOf = (): Policy[] => [{ name: 'ai-limits' }];
  const parts = {
    users: configuredUsers([]),
    guards: GUARDS,
    accounts,
    caches,
    limitsOf,
    writeBodies: () => {},
    ...common,
  };
  const relayed = aiRoutes(config, parts).filter(({ match }) => !isDialect(match));
  const made = relayed.map(({ name, leadsTo, match, policies }) => {
    return `${name} ${match.methods.join('')}${match.path} ${leadsTo}: ${policies.map((policy) => policy.name).join(' ')}`;
  });
  for (const each of accounts.values()) each.dispose();
  return made;
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

test('a provider with a store is asked with its login, and one with several credentials with one of them', () => {
  const store = { store: '/a/.credentials.json' };
  const [alone] = routes({ enabled: true, providers: { claude: { credentials: store } } });
  assert.equal(alone, 'ai/claude /claude/v1/* provider: acl ai-user rate_limit ai-limits ai-relay ai-store usage');
  const [several] = routes({ enabled: true, providers: { claude: { credentials: [store, { api_key: 'k' }] } } });
  assert.equal(several, 'ai/claude /claude/v1/* provider: acl ai-user rate_limit ai-limits ai-relay ai-accounts usage');
});
