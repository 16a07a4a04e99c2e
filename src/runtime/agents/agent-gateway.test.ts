import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import type { OpenGateway } from '../../services/agents/agent-settings.ts';
import { claudeKind } from '../../services/agents/kinds/claude.ts';
import { codexKind } from '../../services/agents/kinds/codex.ts';
import { RunTokens } from '../../services/identity/run-tokens.ts';
import { gatewayUrl, openAgentGateway } from './agent-gateway.ts';

const KEY = { credentials: { api_key: 'sk-ours' } };
const OWN = { args: [], subscription: false, program: 'x' };
const tokens = new RunTokens();

function opened(
  ai: object,
  kind = claudeKind({ ...OWN, name: 'c' }),
  listen: unknown = '127.0.0.1:0',
): OpenGateway | null {
  const config = configOf({ ai, gateway: { listen } });
  const doors = config.gateway.listen.map(() => ({
    name: 'gateway' as const,
    address: 'http://127.0.0.1:4711',
    openConnections: 0,
  }));
  return openAgentGateway(kind, 'ann', { config, doors, tokens });
}

describe('the way of an agent to its provider', () => {
  test('leads through our gateway with a token for the run', () => {
    const way = opened({ enabled: true, providers: { claude: KEY } });
    assert.partialDeepStrictEqual(way?.access, { url: 'http://127.0.0.1:4711/claude', keepsLogin: false });
    assert.equal(tokens.find(way?.access.token ?? ''), 'ann');
    way?.close();
    assert.equal(tokens.find(way?.access.token ?? ''), null);
    const codex = opened(
      { enabled: true, providers: { chatgpt: { ...KEY, prefix: '/gpt' } } },
      codexKind({ ...OWN, name: 'x' }),
    );
    assert.equal(codex?.access.url, 'http://127.0.0.1:4711/gpt/v1');
  });

  test('keeps its own login where that is passed on, and leads past us where ours would take its place', () => {
    assert.equal(opened({ enabled: true })?.access.keepsLogin, true);
    const subscribed = claudeKind({ ...OWN, name: 'c', subscription: true });
    assert.equal(opened({ enabled: true }, subscribed)?.access.keepsLogin, true);
    assert.equal(opened({ enabled: true, providers: { claude: KEY } }, subscribed), null);
  });

  test('is its own without an AI gateway', () => {
    assert.equal(opened({ enabled: false }), null);
    assert.equal(opened({ enabled: true }, { ...claudeKind({ ...OWN, name: 'c' }), provider: null }), null);
  });

  test('is found among the addresses of the gateway, as this machine reaches it', () => {
    const url = (listen: unknown, ...addresses: readonly string[]): string | null => {
      const doors = addresses.map((address) => ({ name: 'gateway' as const, address, openConnections: 0 }));
      return gatewayUrl({ config: configOf({ gateway: { listen } }), doors });
    };
    assert.equal(url(':8080', 'http://[::]:8080'), 'http://[::1]:8080');
    assert.equal(url('0.0.0.0:8080', 'http://0.0.0.0:8080'), 'http://127.0.0.1:8080');
    assert.equal(url('10.0.0.1:80', 'http://10.0.0.1:80'), 'http://10.0.0.1:80');
    const both = [{ address: ':80', redirect_https: 443 }, '127.0.0.1:81'];
    assert.equal(url(both, 'http://[::]:80', 'http://127.0.0.1:81'), 'http://127.0.0.1:81');
    assert.equal(url('unix:/run/x.sock', 'unix:/run/x.sock'), null);
    assert.equal(url([], 'http://127.0.0.1:81'), null);
  });
});
