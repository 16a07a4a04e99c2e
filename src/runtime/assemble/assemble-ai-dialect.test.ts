import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AiRoute } from './assemble-ai.ts';
import { dialectRoutes } from './assemble-ai-dialect.ts';

test('each path has a way for those who name the version of Anthropic, and one through the translation', () => {
  const policies = ['ai-user', 'ai-relay', 'ai-key', 'usage'].map((name) => ({ name }));
  const match = { hosts: [], path: '/claude/v1/*', methods: [], fields: [], query: [] };
  const native: AiRoute = { name: 'ai/claude', provider: 'claude', leadsTo: 'provider', policies, match };
  const keyed = { ...native, name: 'keyed' };
  const routes = dialectRoutes({ native, keyed, prefix: '/claude', credential: 'key' });
  const told = routes.map(({ name, match: { methods, path, fields }, policies: each }) => {
    return `${name} ${methods.join()} ${path} ${fields.join()}: ${each.map((policy) => policy.name).join(' ')}`;
  });
  const asItIs = 'anthropic-version,*: ai-user ai-relay ai-key usage';
  const translated = ': ai-user ai-relay ai-dialect ai-translation ai-key usage';
  assert.deepEqual(told, [
    `ai/claude POST /claude/v1/chat/completions ${asItIs}`,
    `keyed POST /claude/v1/chat/completions ${translated}`,
    `ai/claude GET /claude/v1/models ${asItIs}`,
    `keyed GET /claude/v1/models ${translated}`,
    `ai/claude GET /claude/v1/models/{id} ${asItIs}`,
    `keyed GET /claude/v1/models/{id} ${translated}`,
  ]);
});
