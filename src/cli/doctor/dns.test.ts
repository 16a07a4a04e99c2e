import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { checkDns } from './dns.ts';

test('a DNS server is there when it answers, whatever it knows', async (t) => {
  const socket = dgram.createSocket('udp4', (question, { port, address }) => {
    const refusal = Buffer.from(question);
    refusal[2] = 0x81;
    refusal[3] = 0x85;
    socket.send(refusal, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => void socket.close());
  const mute = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(mute, 'listening');
  t.after(() => void mute.close());
  const servers = [socket, mute].map((each) => `127.0.0.1:${each.address().port}`);
  const found = await checkDns(configOf({ dns: { servers } }), 200);
  assert.deepEqual(
    found.map(({ mark }) => mark),
    ['ok', 'failure'],
  );
  assert.deepEqual(await checkDns(configOf({}), 200), []);
});
