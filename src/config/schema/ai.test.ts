import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aiSchema } from './ai.ts';

function credentialsOf(credentials: unknown): unknown {
  const { data } = aiSchema.safeParse({ providers: { claude: { credentials } } });
  return data?.providers.claude.credentials ?? 'refused';
}

describe('credentials', () => {
  test('are those of the client, or a group', () => {
    assert.equal(credentialsOf(undefined), 'passthrough');
    assert.equal(credentialsOf('passthrough'), 'passthrough');
    assert.deepEqual(credentialsOf({ api_key: 'k' }), [{ id: null, api_key: 'k', weight: 1 }]);
    assert.deepEqual(credentialsOf([{ api_key: 'k', id: 'a' }, { store: '~/s' }]), [
      { id: 'a', api_key: 'k', weight: 1 },
      { id: null, store: '~/s', weight: 1 },
    ]);
  });

  test('are refused when they are nothing, or two things at once', () => {
    for (const wrong of [[], {}, { api_key: '' }, { api_key: 'k', store: 's' }, 'none', ['passthrough']]) {
      assert.equal(credentialsOf(wrong), 'refused', JSON.stringify(wrong));
    }
  });
});

describe('providers', () => {
  test('have defaults, each its own', () => {
    const { claude, chatgpt } = aiSchema.parse({}).providers;
    assert.deepEqual(
      [claude.prefix, claude.base, claude.beta],
      ['/claude', 'https://api.anthropic.com', 'oauth-2025-04-20'],
    );
    assert.deepEqual([chatgpt.prefix, chatgpt.token_url], ['/chatgpt', null]);
  });

  test('are two, and their prefixes are paths', () => {
    assert.ok(!aiSchema.safeParse({ providers: { other: {} } }).success);
    for (const prefix of ['claude', '/', '/claude/', '/a b']) {
      assert.ok(!aiSchema.safeParse({ providers: { claude: { prefix } } }).success, prefix);
    }
    assert.ok(aiSchema.safeParse({ providers: { claude: { prefix: '/ai/claude' } } }).success);
  });
});
