import assert from 'node:assert/strict';
import { test } from 'node:test';
import { head, Playbook } from '../../test/support/playbook.ts';
import type { SwitchedPeer } from '../contract/exchange.ts';

const PEER: SwitchedPeer = { take: () => {}, ended: () => {}, resume: () => {}, closed: () => {} };
const ASKS = head('GET / HTTP/1.1', 'Host: a.test', 'Connection: upgrade', 'Upgrade: own');

test('a connection is given over once, and not after an answer', async (t) => {
  const given: boolean[] = [];
  const play = new Playbook(t, {
    target: {
      kind: 'answer',
      take: (exchange) => {
        for (let i = 0; i < 2; i += 1) given.push(exchange.switchTo('own', [], PEER) !== null);
      },
    },
  });
  (await play.downstreamSends(ASKS).promises())
    .expectDownstream(/^HTTP\/1\.1 101 /)
    .clientCloses()
    .end();
  const late = new Playbook(t, {
    target: {
      kind: 'answer',
      take: (exchange) => {
        exchange.answer({ status: 204 });
        given.push(exchange.switchTo('own', [], PEER) !== null);
      },
    },
  });
  late.downstreamSends(ASKS).expectDownstream(/ 204 /).end();
  assert.deepEqual(given, [true, false, false]);
});

test('what is said within the same turn comes after the head', async (t) => {
  const play = new Playbook(t, {
    target: {
      kind: 'answer',
      take: (exchange) => {
        exchange.switchTo('own', [], PEER)?.write(Buffer.from('hello'), 0, 5);
      },
    },
  });
  (await play.downstreamSends(ASKS).promises())
    .expectDownstream(/^HTTP\/1\.1 101 [^]*\r\n\r\nhello$/)
    .clientCloses()
    .end();
});
