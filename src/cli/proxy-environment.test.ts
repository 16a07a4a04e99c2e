import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PROXY_VARIABLES, proxyEnvironment } from './proxy-environment.ts';

const EGRESS = { name: 'egress', address: 'http://0.0.0.0:8888' };
const GATEWAY = { name: 'gateway', address: 'https://[::]:8080' };

describe('the environment of a proxied program', () => {
  test('names the proxy in both cases, and leaves this machine out', () => {
    assert.deepEqual(proxyEnvironment({ doors: [GATEWAY, EGRESS], ai: null }), {
      HTTP_PROXY: 'http://127.0.0.1:8888',
      http_proxy: 'http://127.0.0.1:8888',
      HTTPS_PROXY: 'http://127.0.0.1:8888',
      https_proxy: 'http://127.0.0.1:8888',
      NO_PROXY: 'localhost,127.0.0.1,::1',
      no_proxy: 'localhost,127.0.0.1,::1',
      NODE_USE_ENV_PROXY: '1',
    });
  });

  test('keeps what was left out before, and has the user in the address', () => {
    const user = { name: 'al ice', token: 'p@ss:$&' };
    const { HTTP_PROXY, NO_PROXY } = proxyEnvironment({ doors: [EGRESS], ai: null }, { user, noProxy: '.corp, ::1' });
    assert.equal(HTTP_PROXY, 'http://al%20ice:p%40ss%3A%24%26@127.0.0.1:8888');
    assert.equal(NO_PROXY, 'localhost,127.0.0.1,::1,.corp');
  });

  test('names the providers when AI is on, also without a forward proxy', () => {
    const ai = { claude: '/claude', chatgpt: '/gpt' };
    const expected = {
      ANTHROPIC_BASE_URL: 'https://127.0.0.1:8080/claude',
      OPENAI_BASE_URL: 'https://127.0.0.1:8080/gpt/v1',
    };
    assert.deepEqual(proxyEnvironment({ doors: [GATEWAY], ai }), expected);
    assert.deepEqual(Object.keys(proxyEnvironment({ doors: [GATEWAY, EGRESS], ai })), PROXY_VARIABLES);
  });

  test('is none without a door that a program can be pointed at', () => {
    for (const doors of [[], [GATEWAY], [{ name: 'egress', address: 'unix:/a' }]]) {
      assert.throws(() => proxyEnvironment({ doors, ai: null }), { code: 'usage', message: /no forward proxy/ });
    }
  });
});
