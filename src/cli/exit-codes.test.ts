import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, exitCodeFor } from './exit-codes.ts';

test('each kind of failure has the exit code that scripts rely on', () => {
  assert.equal(exitCodeFor('usage'), 2);
  assert.equal(exitCodeFor('config_invalid'), 3);
  assert.equal(exitCodeFor('listen_failed'), 3);
  assert.equal(exitCodeFor('unauthorized'), 4);
  assert.equal(exitCodeFor('daemon_unreachable'), 5);
  assert.equal(exitCodeFor('tunnel_refused'), 69);
  assert.equal(exitCodeFor('tunnel_unreachable'), 75);
  assert.equal(exitCodeFor('internal'), 1);
  assert.deepEqual(EXIT, {
    success: 0,
    failure: 1,
    usage: 2,
    config: 3,
    refused: 4,
    unreachable: 5,
    warnings: 6,
    timeout: 7,
    forced: 8,
    tunnelRefused: 69,
    tunnelUnreachable: 75,
    tunnelConfig: 78,
    interrupted: 130,
  });
});
