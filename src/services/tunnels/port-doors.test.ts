import assert from 'node:assert/strict';
import type net from 'node:net';
import { test } from 'node:test';
import { freePorts } from '../../../test/support/free-ports.ts';
import { refusedPort, TcpVisit } from '../../../test/support/tcp-visits.ts';
import { PortDoors } from './port-doors.ts';

test('a port stays open from one use to the other, and visitors are its own client’s as long as there is one', async (t) => {
  const [port = 0] = await freePorts(1);
  const doors = new PortDoors();
  const came: string[] = [];
  const take = (use: string) => (socket: net.Socket) => {
    came.push(use);
    socket.end();
    socket.resume();
  };
  const [own, passing] = [take('own'), take('passing')];
  const place = { port, host: '127.0.0.1' };
  const visit = async (): Promise<void> => {
    const visited = TcpVisit.begin(t, port);
    visited.socket.end();
    await visited.closed();
  };
  await doors.open(place, 'passing', passing);
  await visit();
  await doors.open(place, 'own', own);
  await visit();
  const newer = take('newer');
  await doors.open(place, 'own', newer);
  doors.leave(port, 'own', own);
  await visit();
  doors.leave(port, 'own', newer);
  await visit();
  assert.deepEqual(came, ['passing', 'own', 'newer', 'passing']);
  doors.leave(port, 'passing', passing);
  assert.equal(await refusedPort(port), true);
});

test('a port that another program has is told, and asked for again the next time', async (t) => {
  const [port = 0] = await freePorts(1);
  const [doors, others] = [new PortDoors(), new PortDoors()];
  const nobody = (socket: net.Socket): void => void socket.destroy();
  await others.open({ port, host: '127.0.0.1' }, 'own', nobody);
  await assert.rejects(doors.open({ port, host: '127.0.0.1' }, 'passing', nobody), { code: 'EADDRINUSE' });
  others.leave(port, 'own', nobody);
  await doors.open({ port, host: '127.0.0.1' }, 'passing', nobody);
  t.after(() => doors.leave(port, 'passing', nobody));
  assert.equal(await refusedPort(port), false);
});
