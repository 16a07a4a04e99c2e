import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PlaybookSocket } from '../../test/support/playbook-socket.ts';
import { Connection, NOBODY } from '../transport/connection.ts';
import { Outbound } from './outbound.ts';

function connect(): { socket: PlaybookSocket; connection: Connection } {
  const socket = new PlaybookSocket();
  return { socket, connection: new Connection(socket.socket, NOBODY) };
}

/** Each write that has reached the socket, as text. */
function writes(socket: PlaybookSocket): string[] {
  const sizes: string[] = [];
  const { write } = socket;
  socket.write = (bytes) => {
    sizes.push(Buffer.from(bytes).toString('latin1'));
    return write.call(socket, bytes);
  };
  return sizes;
}

describe('Outbound', () => {
  test('gathers what is meant for one connection into one write', () => {
    const { socket, connection } = connect();
    const seen = writes(socket);
    const outbound = new Outbound();
    outbound.for(connection).latin1('one ');
    outbound.for(connection).latin1('two');
    assert.deepEqual(seen, []);
    outbound.flush();
    outbound.flush();
    assert.deepEqual(seen, ['one two']);
  });

  test('sends the bytes of one connection before it begins for another', () => {
    const [one, other] = [connect(), connect()];
    const outbound = new Outbound();
    outbound.for(one.connection).latin1('one');
    outbound.for(other.connection).latin1('other');
    assert.deepEqual([one.socket.take().toString(), other.socket.take().toString()], ['one', '']);
    outbound.for(one.connection).latin1(' more');
    outbound.flush();
    assert.deepEqual([one.socket.take().toString(), other.socket.take().toString()], [' more', 'other']);
  });

  test('sends what has come together before it grows without end', () => {
    const { socket, connection } = connect();
    const seen = writes(socket);
    const outbound = new Outbound();
    const part = Buffer.alloc(40_000, 'x');
    for (let count = 0; count < 10; count++) outbound.for(connection).copy(part, 0, part.length);
    outbound.flush();
    assert.equal(seen.join('').length, 400_000);
    assert.ok(seen.every((each) => each.length <= 80_000));
  });

  test('sends small chunks that come together as one', () => {
    const { socket, connection } = connect();
    const outbound = new Outbound();
    const octet = Buffer.from('x');
    for (const count of [1, 15, 16, 255, 256, 4095]) {
      for (let i = 0; i < count; i++) outbound.chunk(connection, octet, 0, 1);
      outbound.flush();
      assert.equal(socket.take().toString(), `${count.toString(16)}\r\n${'x'.repeat(count)}\r\n`);
    }
  });

  test('begins another chunk when one is large, when something came between, and for another connection', () => {
    const [one, other] = [connect(), connect()];
    const outbound = new Outbound();
    const bytes = Buffer.alloc(5000, 'x');
    const large = `1388\r\n${'x'.repeat(5000)}\r\n`;
    outbound.chunk(one.connection, bytes, 0, 2);
    outbound.chunk(one.connection, bytes, 0, 5000);
    outbound.chunk(one.connection, bytes, 0, 3);
    outbound.chunk(one.connection, bytes, 0, 0);
    outbound.for(one.connection).latin1('between');
    outbound.chunk(one.connection, bytes, 0, 4);
    outbound.flush();
    assert.equal(one.socket.take().toString(), `2\r\nxx\r\n${large}3\r\nxxx\r\nbetween4\r\nxxxx\r\n`);
    outbound.chunk(one.connection, bytes, 0, 1);
    outbound.chunk(other.connection, bytes, 0, 1);
    outbound.flush();
    assert.deepEqual([one.socket.take().toString(), other.socket.take().toString()], ['1\r\nx\r\n', '1\r\nx\r\n']);
  });

  test('takes nothing for the chunk before that only ends where that one did', () => {
    const { socket, connection } = connect();
    const outbound = new Outbound();
    outbound.chunk(connection, Buffer.from('x'), 0, 1);
    outbound.flush();
    outbound.for(connection).latin1('6 octs');
    outbound.chunk(connection, Buffer.from('y'), 0, 1);
    outbound.flush();
    assert.equal(socket.take().toString(), '1\r\nx\r\n6 octs1\r\ny\r\n');
  });

  test('sends a body of any size in pieces, and needs no more room for it', () => {
    const { socket, connection } = connect();
    const seen = writes(socket);
    const outbound = new Outbound();
    const body = Buffer.from('0123456789'.repeat(100_000));
    outbound.for(connection).latin1('head ');
    outbound.copy(connection, body, 0, body.length);
    outbound.flush();
    assert.equal(seen.join(''), `head ${body.toString()}`);
    assert.ok(seen.every((each) => each.length <= 96 * 1024));
    assert.ok(outbound.for(connection).bytes.length <= 96 * 1024);
  });

  test('forgets what was meant for a connection that has closed', () => {
    const { socket, connection } = connect();
    const outbound = new Outbound();
    outbound.for(connection).latin1('too late');
    connection.destroy('done');
    outbound.flush();
    assert.equal(socket.take().toString(), '');
    const other = connect();
    outbound.for(other.connection).latin1('in time');
    outbound.flush();
    assert.equal(other.socket.take().toString(), 'in time');
  });

  test('sends at the end of the turn what was written outside of an entry point', async () => {
    const { socket, connection } = connect();
    const outbound = new Outbound();
    outbound.for(connection).latin1('one ');
    outbound.flushSoon();
    outbound.for(connection).latin1('two');
    assert.equal(socket.take().toString(), '');
    await new Promise(process.nextTick);
    assert.equal(socket.take().toString(), 'one two');
  });
});
