import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  clientHello,
  ENCRYPTED_HELLO,
  extension,
  helloMessage,
  inRecords,
  nodeClientHello,
  serverName,
  sized,
} from '../../../test/support/client-hellos.ts';
import { type ClientHelloState, ClientHelloReader } from './client-hello.ts';

function stateAfter(bytes: Buffer, size = bytes.length): ClientHelloState {
  const reader = new ClientHelloReader();
  for (let at = 0; at < bytes.length && reader.state.kind === 'reading'; at += size) {
    reader.feed(bytes, at, Math.min(bytes.length, at + size));
  }
  return reader.state;
}

/** What it asks for, or why there is no telling. */
function read(bytes: Buffer, size?: number): string {
  const state = stateAfter(bytes, size);
  if (state.kind === 'faulty') return `faulty: ${state.detail}`;
  if (state.kind !== 'hello') return state.kind;
  return `${state.hello.serverName ?? 'no name'}${state.hello.hasEncryptedHello ? ', hidden' : ''}`;
}

const OTHER = extension(43, [2, 3, 4]);

describe('the hello of a TLS client', () => {
  test('tells the server that it asks for', () => {
    assert.equal(read(clientHello(serverName('a.test'))), 'a.test');
    assert.equal(read(clientHello(OTHER, serverName('A.Test.'), OTHER)), 'A.Test.');
  });

  test('may ask for none', () => {
    for (const hello of [clientHello(), clientHello(OTHER), inRecords(Buffer.concat([helloMessage(), Buffer.of(1)]))]) {
      assert.equal(read(hello), 'no name');
    }
  });

  test('may hide another one', () => {
    assert.equal(read(clientHello(serverName('outer.test'), ENCRYPTED_HELLO)), 'outer.test, hidden');
    assert.equal(read(clientHello(ENCRYPTED_HELLO)), 'no name, hidden');
  });

  test('may come in any portions, and in any number of records', () => {
    const message = helloMessage(OTHER, serverName('a.test'), ENCRYPTED_HELLO);
    for (const recordSize of [1, 2, 7, 100, 16_384]) {
      for (const size of [1, 3, 5, 6, 1000]) {
        assert.equal(read(inRecords(message, recordSize), size), 'a.test, hidden', `${recordSize} ${size}`);
      }
    }
  });

  test('may come after alerts, which some servers put up with', () => {
    const alert = inRecords(Buffer.of(1, 90), 2, 21);
    const spec = inRecords(Buffer.of(1), 1, 20);
    assert.equal(read(Buffer.concat([alert, spec, clientHello(serverName('a.test'))])), 'a.test');
  });

  test('is what the client of Node says, in every version', async () => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const hello = await nodeClientHello({ servername: 'a.test', maxVersion, ALPNProtocols: ['h2', 'http/1.1'] });
      assert.equal(read(hello), 'a.test');
      assert.equal(read(hello.subarray(0, -1)), 'reading');
    }
    assert.equal(read(await nodeClientHello({})), 'no name');
  });

  test('is told from what is no TLS by the first bytes', () => {
    for (const text of ['GET / HTTP/1.1', 'SSH-2.0-x', '\x16\x02', '\x17\x03\x03', '\x80\x2e\x01', '\0', '\x15\x04']) {
      assert.equal(read(Buffer.from(text, 'latin1')), 'not_tls', JSON.stringify(text));
    }
    for (const text of ['\x16', '\x16\x03', '\x15\x03\x01', '']) {
      assert.equal(read(Buffer.from(text, 'latin1'), 1), 'reading', JSON.stringify(text));
    }
  });
});

describe('a hello that could be read in two ways', () => {
  const faulty = (...extensions: Buffer[]): string => read(clientHello(...extensions));
  const twoNames = sized(2, [0], sized(2, Buffer.from('a.test')), [0], sized(2, Buffer.from('b.test')));

  test('has more than one name, an empty one, or one of another kind', () => {
    for (const extensions of [
      [serverName('a.test'), serverName('a.test')],
      [serverName('')],
      [extension(0, twoNames)],
      [extension(0, sized(2, [1], sized(2, Buffer.from('a.test'))))],
      [extension(0)],
      [extension(0, sized(2))],
    ]) {
      assert.equal(faulty(...extensions), 'faulty: its fields do not fit together');
    }
  });

  test('has lengths that do not fit', () => {
    const name = Buffer.from('a.test');
    for (const data of [
      [sized(2, [0], sized(2, name)), [0]],
      [[0, 3, 0, 0, 6], name],
      [sized(2, [0, 0, 9], name)],
    ] as const) {
      assert.equal(faulty(extension(0, ...data)), 'faulty: its fields do not fit together');
    }
    const message = helloMessage(serverName('a.test'));
    const longer = Buffer.concat([message, Buffer.of(0)]);
    longer.writeUIntBE(longer.length - 4, 1, 3);
    assert.equal(read(inRecords(longer)), 'faulty: its fields do not fit together');
    const shorter = message.subarray(0, -1);
    shorter.writeUIntBE(shorter.length - 4, 1, 3);
    assert.equal(read(inRecords(shorter)), 'faulty: its fields do not fit together');
  });

  test('does not come as one, or is another message', () => {
    const half = inRecords(helloMessage(serverName('a.test')).subarray(0, 20));
    assert.equal(
      read(Buffer.concat([half, inRecords(Buffer.of(1, 90), 2, 21)])),
      'faulty: other records come in between',
    );
    assert.equal(read(Buffer.concat([half, Buffer.from('GET /')])), 'faulty: its records are broken');
    assert.equal(read(inRecords(Buffer.of(2, 0, 0, 0))), 'faulty: the handshake begins with something else');
  });

  test('is longer than anybody needs', () => {
    const endless = inRecords(helloMessage(extension(21, Buffer.alloc(40_000)), serverName('a.test')));
    assert.equal(read(endless), 'faulty: it is too long');
    assert.equal(read(endless, 1), 'faulty: it is too long');
    assert.equal(read(Buffer.of(22, 3, 1, 0xff, 0xff)), 'faulty: a record is too long');
    const alerts = Buffer.concat(Array.from({ length: 5000 }, () => inRecords(Buffer.of(1, 90), 2, 21)));
    assert.equal(read(alerts), 'faulty: it is too long');
    const empty = Buffer.concat(Array.from({ length: 7000 }, () => Buffer.of(22, 3, 1, 0, 0)));
    assert.equal(read(empty, 100), 'faulty: it is too long');
  });
});

describe('whatever bytes come', () => {
  test('they are read the same in any portions, and never fail', () => {
    const whole = clientHello(OTHER, serverName('a.test'), ENCRYPTED_HELLO);
    const mutated = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 })
      .map((changes) =>
        changes.reduce((bytes, [at, value]) => (bytes.writeUInt8(value, at), bytes), Buffer.from(whole)),
      );
    const any = fc.oneof(
      mutated,
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 50 }), (bytes, size) => {
        assert.deepEqual(stateAfter(bytes, size), stateAfter(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});
