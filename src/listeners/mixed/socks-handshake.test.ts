import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { PlaybookSocket } from '../../../test/support/playbook-socket.ts';
import { PlaybookTime } from '../../../test/support/playbook-time.ts';
import { Connection, NOBODY } from '../../transport/connection.ts';
import { wheel } from '../../transport/timers.ts';
import { type SocksAsked, SocksHandshake, type SocksHandshakeOptions } from './socks-handshake.ts';

const NO_LOGIN = '050100';
const LOGIN = '050102';
const ALICE = `0105${hex('alice')}06${hex('secret')}`;
const A_TEST = `0501000306${hex('a.test')}01bb`;
const SOCKS4A = `040101bb00000001${hex('jo')}00${hex('a.test')}00`;

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

/** A client in the middle of its handshake, and what came of it. */
class Stage {
  readonly socket = new PlaybookSocket();
  readonly time = new PlaybookTime();
  readonly connection: Connection;
  /** A request, or null because there will be none; undefined as long as nobody knows. */
  asked: SocksAsked | null | undefined;
  first = '';
  calls = 0;

  constructor(t: TestContext, options: Partial<SocksHandshakeOptions> = {}) {
    this.time.take();
    t.after(() => this.end());
    this.connection = new Connection(this.socket.socket, NOBODY);
    void new SocksHandshake(
      this.connection,
      { requiresLogin: false, timeoutMs: 10_000, ...options },
      (asked, first) => {
        this.calls += 1;
        this.asked = asked;
        this.first = first.toString();
      },
    );
    this.connection.resume();
  }

  sends(...portions: readonly string[]): this {
    for (const portion of portions) this.socket.sends(Buffer.from(portion, 'hex'));
    return this.settle();
  }

  settle(): this {
    while (this.socket.step(false));
    return this;
  }

  /** What the client has got since the last look, in hexadecimal. */
  answer(): string {
    return this.socket.take().toString('hex');
  }

  private end(): void {
    this.connection.destroy('done');
    this.settle();
    assert.equal(wheel.held, 0, 'no deadline is left');
    this.time.giveBack();
  }
}

describe('the handshake with a SOCKS client', () => {
  test('ends with what the client asks for, and nobody listens any more', (t) => {
    const stage = new Stage(t).sends(NO_LOGIN);
    assert.equal(stage.answer(), '0500');
    stage.sends(A_TEST);
    const { asked } = stage;
    assert.deepEqual([asked?.host, asked?.port, asked?.authorization], ['a.test', 443, null]);
    assert.equal(stage.answer(), '', 'the request is answered when its tunnel stands');
    assert.deepEqual([stage.connection.handler, stage.calls], [NOBODY, 1]);
  });

  test('takes the same in single bytes', (t) => {
    const stage = new Stage(t).sends(...(LOGIN + ALICE + A_TEST).match(/../g)!);
    assert.equal(stage.answer(), '05020100');
    assert.equal(stage.asked?.authorization, `Basic ${Buffer.from('alice:secret').toString('base64')}`);
  });

  test('takes the same at once, and answers each step', (t) => {
    const stage = new Stage(t).sends(LOGIN + ALICE + A_TEST);
    assert.equal(stage.answer(), '05020100');
    assert.equal(stage.asked?.host, 'a.test');
  });

  test('hands on what has come behind the request', (t) => {
    const stage = new Stage(t).sends(NO_LOGIN, A_TEST + hex('early'));
    assert.equal(stage.first, 'early');
  });

  test('takes the user of SOCKS4a for a name without a password', (t) => {
    const { asked } = new Stage(t).sends(SOCKS4A);
    assert.deepEqual([asked?.host, asked?.port], ['a.test', 443]);
    assert.equal(asked?.authorization, `Basic ${Buffer.from('jo:').toString('base64')}`);
  });

  test('answers in the version of the client', (t) => {
    const five = new Stage(t).sends(NO_LOGIN, A_TEST).asked;
    assert.equal(five?.reply(200, null).toString('hex'), '05000001000000000000');
    assert.equal(five?.reply(403, 'destination_denied').toString('hex'), '05020001000000000000');
    const four = new Stage(t).sends(SOCKS4A).asked;
    assert.equal(four?.reply(200, null).toString('hex'), '005a000000000000');
    assert.equal(four?.reply(502, 'upstream_unreachable').toString('hex'), '005b000000000000');
  });
});

describe('a SOCKS client that gets nowhere', () => {
  test('is told so when it will not log in where it must, and its connection ends', (t) => {
    const stage = new Stage(t, { requiresLogin: true }).sends(NO_LOGIN);
    assert.equal(stage.answer(), '05ff');
    assert.equal(stage.socket.ended, true);
    stage.socket.ends();
    stage.settle();
    assert.deepEqual([stage.asked, stage.calls], [null, 1]);
  });

  test('is told that only CONNECT is served', (t) => {
    const stage = new Stage(t).sends(NO_LOGIN, `0503000306${hex('a.test')}01bb`);
    assert.equal(stage.answer(), '050005070001000000000000');
  });

  test('is not kept when it goes on sending after a refusal', (t) => {
    const stage = new Stage(t, { requiresLogin: true }).sends(NO_LOGIN, A_TEST, A_TEST);
    assert.equal(stage.answer(), '05ff');
    stage.time.pass(11_000, () => stage.settle());
    assert.deepEqual([stage.socket.closedBy, stage.asked], ['destroy', null]);
  });

  test('has only so much time for all of it', (t) => {
    const stage = new Stage(t).sends(NO_LOGIN);
    stage.time.pass(9_000, () => stage.settle());
    stage.sends('05');
    stage.time.pass(2_000, () => stage.settle());
    assert.deepEqual([stage.socket.closedBy, stage.asked, stage.answer()], ['destroy', null, '0500']);
  });

  test('may end or break off in the middle', (t) => {
    const ended = new Stage(t).sends(NO_LOGIN, '0501');
    ended.socket.ends();
    ended.settle();
    assert.deepEqual([ended.asked, ended.calls, ended.answer()], [null, 1, '0500']);
    const reset = new Stage(t).sends('05');
    reset.socket.resets();
    reset.settle();
    assert.deepEqual([reset.asked, reset.calls], [null, 1]);
  });
});
