import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PlaybookSocket } from '../../test/support/playbook-socket.ts';
import { Connection, NOBODY } from '../transport/connection.ts';
import { ConnectionClient } from './connection-client.ts';

class Anybody extends ConnectionClient {}

describe('a client with a connection of its own', () => {
  test('is known by the ends of the connection', () => {
    const client = new Anybody(new Connection(new PlaybookSocket().socket, NOBODY));
    assert.deepEqual([client.address, client.port, client.localPort], ['192.0.2.7', 40_000, 80]);
    assert.deepEqual([client.secure, client.serverName, client.congested], [false, '', false]);
    assert.equal(client.ends?.destinationAddress, '192.0.2.1');
  });

  test('is still known when the connection has closed', () => {
    const socket = new PlaybookSocket();
    const client = new Anybody(new Connection(socket.socket, NOBODY));
    socket.remoteAddress = '';
    assert.equal(client.address, '192.0.2.7');
  });
});
