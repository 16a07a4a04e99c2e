import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToldExchange } from '../../../test/support/told-exchange.ts';
import { tunnelControl } from './tunnel-control.ts';

test('whoever comes without a proper handshake is told what is spoken here', () => {
  const told = new ToldExchange({ upgradeProtocol: 'h2c' });
  tunnelControl(null as never).take(told.exchange);
  assert.deepEqual([told.answered?.status, told.answered?.fields?.[0]], [426, ['Upgrade', 'websocket']]);
});
