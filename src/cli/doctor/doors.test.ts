import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { checkDoor, wantedDoors } from './doors.ts';

test('a door is free, held by the running Sluice, or taken', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const { port } = server.address() as net.AddressInfo;
  const door = { key: 'gateway.listen', address: `127.0.0.1:${port}` };
  assert.equal((await checkDoor(door, [])).mark, 'failure');
  assert.equal((await checkDoor(door, [`http://127.0.0.1:${port}`])).mark, 'ok');
  assert.equal((await checkDoor({ ...door, address: '127.0.0.1:0' }, [])).mark, 'ok');
  assert.match((await checkDoor({ ...door, address: '192.0.2.1:0' }, [])).message, /not an address of this machine/);
  assert.equal((await checkDoor({ ...door, address: 'unix:/run/x.sock' }, [])).mark, 'skipped');
});

test('the doors are those that the config opens', () => {
  const config = configOf({ egress: {}, tunnels: { server: { enabled: true, domain: 't.test' } } });
  assert.deepEqual(
    wantedDoors(config).map(({ key }) => key),
    ['gateway.listen', 'egress.listen', 'admin.listen', 'metrics.listen', 'tunnels.server.listen'],
  );
});
