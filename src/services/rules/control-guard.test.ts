import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ControlGuard } from './control-guard.ts';

const machine = { addresses: () => ['127.0.0.1', '192.0.2.9', '2001:db8::9'], name: () => 'Box' };

const LOOPBACK = [
  '127.0.0.1',
  'localhost',
  'LOCALHOST.',
  'any.localhost',
  '127.1',
  '2130706433',
  '0x7f.1',
  '017700000001',
  '0.0.0.0',
  '[::]',
  '::ffff:127.0.0.1',
  '[::ffff:7f00:1]',
  '::ffff:127.0.0.1%lo',
];

describe('a door of the control plane', () => {
  test('is not reached by any spelling of loopback', () => {
    const guard = new ControlGuard(machine);
    guard.replace([{ host: '127.0.0.1', port: 8889 }]);
    for (const host of LOOPBACK) {
      assert.equal(guard.refusalOf(host, 8889)?.code, 'destination_denied', host);
      assert.equal(guard.refusalOf(host, 8888), null, host);
    }
    for (const host of ['192.0.2.9', 'example.com', 'not a host'])
      assert.equal(guard.refusalOf(host, 8889), null, host);
  });

  test('that is open to the network is not reached by any address or name of the machine', () => {
    const guard = new ControlGuard(machine);
    guard.replace([{ host: '', port: 8889 }], ['/run/admin.sock']);
    for (const host of [...LOOPBACK, '::1', '[::1]', '::1%lo', '192.0.2.9', '[2001:db8::9]', 'box', 'BOX.']) {
      assert.equal(guard.refusalOf(host, 8889)?.code, 'destination_denied', host);
    }
    assert.equal(guard.refusalOfPath('/run/admin.sock')?.code, 'destination_denied');
    assert.equal(guard.refusalOfPath('/run/app.sock'), null);
    guard.replace([]);
    assert.equal(guard.refusalOf('127.0.0.1', 8889), null);
  });
});
