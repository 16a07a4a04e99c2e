import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../core/errors.ts';
import type { ChainDialler } from '../../services/chain/chain-link.ts';
import { originOfUrl } from './origin-of-url.ts';
import { ThroughChain } from './through-chain.ts';

test('a chain is given the name of the backend and asked for credentials, and its failure is told as it is', (t) => {
  const error = new SluiceError('hops_exhausted');
  const dialled: unknown[] = [];
  const chain: ChainDialler = {
    name: 'way',
    dial: (destination, ask, handler) => {
      dialled.push(destination, ask?.key, ask?.credentialsFor !== undefined);
      handler.onFailed({ error, attempts: [], retryAfterMs: null });
      return { cancel: () => {} };
    },
  };
  const through = new ThroughChain({ chain, credentialsFor: () => null, tlsTimeoutMs: 1000 });
  const failed = t.mock.fn();
  through.diallerOf(originOfUrl('http://a.test:81'), null).dial({ connected: () => assert.fail(), failed }, null);
  assert.deepEqual(dialled, [{ host: 'a.test', port: 81 }, null, true]);
  assert.deepEqual(failed.mock.calls[0]?.arguments, [error]);
});
