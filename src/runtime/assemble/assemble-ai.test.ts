import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../../config/schema/document.ts';
import { configuredUsers } from './configured-users.ts';
import { aiRoutes } from './assemble-ai.ts';

const GUARDS = { before: [{ name: 'acl' }], after: [{ name: 'rate_limit' }] };

function routes(ai: object, rest: object = {}): string[] {
  const config = documentSchema.parse({ ...rest, ai });
  return aiRoutes(config, configuredUsers([]), GUARDS).map(({ name, leadsTo, match, policies }) => {
    return `${name} ${match.methods.join('')}${match.path} ${leadsTo}: ${policies.map((policy) => policy.name).join(' ')}`;
  });
}

test('there are no routes unless they are switched on', () => {
  assert.deepEqual(routes({}), []);
  assert.deepEqual(routes({ enabled: true }, { gateway: { own_paths: false } }), []);
});

test('each provider has its prefix, asks for users after the guards, and leaves nothing under it to others', () => {
  const providers = { claude: { credentials: { api_key: 'k' } }, chatgpt: { prefix: '/gpt' } };
  assert.deepEqual(routes({ enabled: true, providers }), [
    'ai/claude /claude/v1/* provider: acl ai-user rate_limit ai-relay ai-key',
    'ai/claude HEAD/claude here: acl ai-errors',
    'ai/claude HEAD/claude/ here: acl ai-errors',
    'ai/claude HEAD/claude/v1 here: acl ai-errors',
    'ai/claude HEAD/claude/v1/ here: acl ai-errors',
    'ai/claude /claude nowhere: acl ai-errors',
    'ai/claude /claude/* nowhere: acl ai-errors',
    'ai/chatgpt /gpt/v1/* provider: acl ai-user rate_limit ai-relay',
    'ai/chatgpt HEAD/gpt here: acl ai-errors',
    'ai/chatgpt HEAD/gpt/ here: acl ai-errors',
    'ai/chatgpt HEAD/gpt/v1 here: acl ai-errors',
    'ai/chatgpt HEAD/gpt/v1/ here: acl ai-errors',
    'ai/chatgpt /gpt nowhere: acl ai-errors',
    'ai/chatgpt /gpt/* nowhere: acl ai-errors',
  ]);
});
