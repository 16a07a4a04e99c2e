import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AiRoute } from './assemble-ai.ts';
import { dialectRoutes } from './assemble-ai-dialect.ts';

test('each path has a way for those who name the version of Anthropic, and one through the translation', () => {
  const policies = ['ai-user', 'ai-relay', 'ai-key', 'usage'].map((name) => ({ name }));
  const match = { hosts: [], path: '/claude/v1/*', methods: [], fields: [], query: [] };
  const relayed: AiRoute = { name: 'ai/claude', provider: 'claude', leadsTo: 'provider', policies, match };
  const told = dialectRoutes(relayed, '/claude', 'key').map(({ match: { methods, path, fields }, policies: each }) => {
    return `${methods.join()} ${path} ${fields.join()}: ${each.map(({ name }) => name).join(' ')}`;
  });
  const asItIs = 'anthropic-version,*: ai-user ai-relay ai-key usage';
  const translated = ': ai-user ai-relay ai-dialect ai-translation ai-key usage';
  assert.deepEqual(told, [
    `POST /claude/v1/chat/completions ${asItIs}`,
    `POST /claude/v1/chat/completions ${translated}`,
    `GET /claude/v1/models ${asItIs}`,
    `GET /claude/v1/models ${translated}`,
    `GET /claude/v1/models/{id} ${asItIs}`,
    `GET /claude/v1/models/{id} ${translated}`,
  ]);
});
