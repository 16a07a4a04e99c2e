import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { documentSchema } from '../schema/document.ts';
import { checkAiStores } from './ai-stores.ts';

function found(providers: object, enabled = true): string[] {
  const config = documentSchema.parse({ ai: { enabled, providers } });
  return checkAiStores({ config, isWritten: () => true }).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const store = { store: '/a/.credentials.json' };

describe('the login of a store', () => {
  test('goes to its own provider, or stays on this machine', () => {
    assert.deepEqual(found({ claude: { credentials: store }, chatgpt: { credentials: store } }), []);
    for (const host of ['localhost', '127.0.0.7', '[::1]']) {
      const here = { base: `http://${host}:4010`, token_url: `http://${host}:4010/token`, credentials: store };
      assert.deepEqual(found({ claude: here, chatgpt: here }), [], host);
    }
  });

  test('goes to nobody else, by whatever address', () => {
    const rule = 'and is for api.anthropic.com over https only';
    for (const [base, host] of [
      ['https://llm.example/anthropic', 'llm.example'],
      ['https://api.anthropic.com.example', 'api.anthropic.com.example'],
      ['http://api.anthropic.com', 'api.anthropic.com'],
      ['https://api.anthropic.com:8443', 'api.anthropic.com'],
      ['https://chatgpt.com', 'chatgpt.com'],
      ['http://127.0.0.1.example', '127.0.0.1.example'],
    ] as const) {
      const expected = [`ai.providers.claude.base: the login of a store would go to ${host}, ${rule}`];
      assert.deepEqual(found({ claude: { base, credentials: [{ api_key: 'k' }, store] } }), expected, base);
    }
    const [token] = found({ claude: { token_url: 'https://auth.openai.com/oauth/token', credentials: store } });
    assert.match(
      token ?? '',
      /^ai\.providers\.claude\.token_url: the login of a store would go to auth\.openai\.com, /,
    );
  });

  test('is what the check is about: keys and the logins of clients go where the configuration says', () => {
    const base = 'https://llm.example';
    assert.deepEqual(found({ claude: { base, credentials: { api_key: 'k' } }, chatgpt: { base } }), []);
    assert.deepEqual(found({ claude: { base, credentials: store } }, false), []);
  });
});
