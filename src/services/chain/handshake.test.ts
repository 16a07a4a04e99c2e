import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { before, describe, test, type TestContext } from 'node:test';
import { connect, endpointAt, until } from '../../../test/support/chain-rig.ts';
import { type FakeProxy, fakeProxy, type Script } from '../../../test/support/fake-proxy.ts';
import { type Connection, NOBODY } from '../../transport/connection.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import { Handshake, memberFault } from './handshake.ts';

before(() => proveRawIo());

/** Asks "?" and is through with the first "!". */
class Question extends Handshake {
  readonly waitsForNext = false;

  protected override begin(): void {
    this.send(Buffer.from('?'));
  }

  protected override receive(bytes: Buffer, from: number, to: number): void {
    const at = bytes.subarray(0, to).indexOf('!', from);
    if (at === -1) this.refuse(memberFault('does not shout'));
    else this.through(bytes, at + 1, to);
  }
}

interface Asked {
  readonly said: string[];
  readonly connection: Connection;
  readonly handshake: Handshake;
  readonly proxy: FakeProxy;
}

async function ask(t: TestContext, script: Script): Promise<Asked> {
  const proxy = await fakeProxy(t, script);
  const { connection } = await connect([endpointAt(proxy.port)], null);
  t.after(() => connection.destroy('done'));
  const said: string[] = [];
  const handshake = new Question(connection, {
    onThrough: (leftover) => said.push(`through ${leftover.toString()}`),
    onRefused: ({ detail }) => said.push(detail),
    onRedial: () => said.push('redial'),
  });
  return { said, connection, handshake, proxy };
}

describe('a handshake', () => {
  test("leaves a paused connection that is nobody's, and what it did not read", async (t) => {
    const { said, connection, handshake } = await ask(t, () => ({ say: '!rest' }));
    handshake.start();
    await until(() => said.length > 0);
    assert.deepEqual(said, ['through rest']);
    assert.equal(connection.isPaused, true);
    assert.equal(connection.handler, NOBODY);
  });

  for (const [what, script, detail] of [
    ['an end', () => ({ say: '', next: 'end' }), 'closed the connection before it had answered'],
    ['a reset', () => ({ say: '', next: 'reset' }), 'reset the connection before it had answered'],
    ['the wrong answer', () => ({ say: 'no' }), 'does not shout'],
  ] satisfies (readonly [string, Script, string])[]) {
    test(`is refused once by ${what}`, async (t) => {
      const { said, connection, handshake, proxy } = await ask(t, script);
      handshake.start();
      await until(() => said.length > 0);
      connection.destroy('done');
      await until(() => proxy.sockets[0]?.destroyed === true);
      assert.deepEqual(said, [detail]);
    });
  }

  test('does not begin on a connection that has ended', async (t) => {
    const { said, connection, handshake } = await ask(t, () => null);
    connection.destroy('done');
    handshake.start();
    assert.deepEqual(said, ['closed the connection before it had answered']);
  });

  test('says nothing after it was cancelled', async (t) => {
    const { said, connection, handshake, proxy } = await ask(t, () => ({ say: '!' }));
    handshake.start();
    handshake.cancel();
    handshake.onData(Buffer.from('!'), 0, 1);
    handshake.onHalfClose();
    connection.destroy('done');
    await until(() => proxy.sockets[0]?.destroyed === true);
    assert.deepEqual(said, []);
  });
});
