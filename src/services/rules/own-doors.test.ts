import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { destinationOf } from './destination.ts';
import { OwnDoors, type DoorAddress } from './own-doors.ts';

const MACHINE = {
  addresses: () => ['127.0.0.1', '::1', '10.1.2.3', 'fe80::5', '2001:db8::5'],
  name: () => 'Box',
};

function includes(doors: OwnDoors, host: string, port: number): boolean {
  const destination = destinationOf(host);
  assert.ok(destination, host);
  return doors.includes(destination, port);
}

function doors(...addresses: DoorAddress[]): OwnDoors {
  return new OwnDoors(addresses, MACHINE);
}

const LOOPBACK_SPELLINGS = (
  '127.0.0.1 127.1 2130706433 0x7f.0.0.1 0177.1 127.0.0.1. [::ffff:127.0.0.1] ::127.0.0.1 64:ff9b::7f00:1 ' +
  'localhost LOCALHOST. a.localhost 0.0.0.0 0 [::] box BOX.'
).split(' ');

describe('our own doors', () => {
  test('on a loopback address are known by every spelling of it', () => {
    for (const host of LOOPBACK_SPELLINGS)
      assert.ok(includes(doors({ host: '127.0.0.1', port: 8889 }), host, 8889), host);
    for (const host of ['::1', '[0:0::1]', 'localhost', '::', '0.0.0.0']) {
      assert.ok(includes(doors({ host: '::1', port: 1 }), host, 1), host);
    }
    for (const host of LOOPBACK_SPELLINGS.filter((spelling) => /^localhost$/i.test(spelling))) {
      assert.ok(includes(doors({ host: 'localhost', port: 1 }), host, 1), host);
    }
  });

  test('on every address are known by loopback, every interface and the name of the machine', () => {
    for (const every of ['', '0.0.0.0', '::', '[::]']) {
      const open = doors({ host: every, port: 80 });
      for (const host of [
        ...LOOPBACK_SPELLINGS,
        '127.9.9.9',
        '::1',
        '10.1.2.3',
        '0x0a010203',
        '[::ffff:10.1.2.3]',
        'fe80::5%eth0',
        '2001:db8::5',
      ]) {
        assert.ok(includes(open, host, 80), `${every} ${host}`);
      }
      for (const host of ['10.1.2.4', 'a.example', '2001:db8::6']) assert.ok(!includes(open, host, 80), host);
    }
  });

  test('on one address are not mistaken for others', () => {
    const one = doors({ host: '127.0.0.1', port: 80 }, { host: '10.1.2.3', port: 81 });
    for (const [host, port] of [
      ['127.0.0.2', 80],
      ['10.1.2.3', 80],
      ['::1', 80],
      ['127.0.0.1', 81],
      ['localhost', 81],
      ['localhost', 82],
      ['a.example', 80],
    ] as const) {
      assert.ok(!includes(one, host, port), `${host}:${port}`);
    }
    assert.ok(includes(one, '10.1.2.3', 81));
  });

  test('may change, and those of this machine are asked of the system', () => {
    const own = new OwnDoors([]);
    assert.ok(!includes(own, '127.0.0.1', 7));
    own.replace([{ host: '', port: 7 }]);
    assert.ok(includes(own, 'localhost', 7));
    assert.ok(includes(own, '127.0.0.1', 7));
    assert.ok(!includes(own, '192.0.2.77', 7));
    own.replace([{ host: 'proxy.example', port: 7 }]);
    assert.ok(includes(own, 'Proxy.Example.', 7));
  });
});
