import assert from 'node:assert/strict';
import { test } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { WholeBody } from './whole-body.ts';

test('a body is read whole, in whatever pieces it comes', (t) => {
  const bodies: string[] = [];
  const play = new Playbook(t, {
    target: {
      kind: 'answer',
      take: (exchange) => {
        WholeBody.read(exchange, (body) => {
          bodies.push(body);
          exchange.answer({ status: 204 });
        });
      },
    },
  });
  play.downstreamSends(head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 6'), Buffer.from('wö'), 'rd!');
  play.expectDownstream(/^HTTP\/1\.1 204 /);
  assert.deepEqual(bodies, ['wörd!']);
  play.end();
});

test('a body whose client has gone is nobody’s', (t) => {
  let body: WholeBody | undefined;
  const play = new Playbook(t, {
    target: {
      kind: 'answer',
      take: (exchange) => void (body = WholeBody.read(exchange, () => assert.fail('it is read'))),
    },
  });
  play.downstreamSends(head('POST / HTTP/1.1', 'Host: a.test', 'Content-Length: 5'), 'he').clientCloses();
  assert.equal(body?.isOver, true);
  play.end();
});
