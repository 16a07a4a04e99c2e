// What servers are told of traces, also where nothing is traced.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { forwardTo, head, origin, Playbook } from '../../test/support/playbook.ts';
import { Tracer } from './tracer.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const VALID = `traceparent: 00-${TRACE}-00f067aa0ba902b7-01`;

function sent(t: TestContext, fields: readonly string[], how: { traced?: true; transparent?: true } = {}): string[] {
  const play = new Playbook(t, { target: forwardTo(origin(how.transparent ? { isTransparent: true } : {})) });
  if (how.traced) play.traffic.tracer = new Tracer({ sampling: { share: 1, followsParent: true }, take: () => {} });
  play.downstreamSends(head('GET / HTTP/1.1', 'Host: a.test', ...fields)).expectDial();
  const lines = play.takeUpstream().split('\r\n');
  play.end();
  return lines.filter((line) => /^trace/i.test(line)).map((line) => line.replace(/-[0-9a-f]{16}-/, '-SPAN-'));
}

const GOES_ON = `traceparent: 00-${TRACE}-SPAN-01`;

describe('a server', () => {
  test('gets what is valid as it came where nothing is traced, and with our name where it is', (t) => {
    assert.deepEqual(sent(t, [VALID, 'tracestate: a=1']), [GOES_ON, 'tracestate: a=1']);
    assert.deepEqual(sent(t, [VALID, 'tracestate: a=1'], { traced: true }), ['tracestate: a=1', GOES_ON]);
  });

  test('never gets what is not valid, nor its state', (t) => {
    for (const how of [{}, { traced: true }] as const) {
      const lines = sent(t, ['traceparent: nonsense', 'tracestate: a=1'], how);
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? '', /^traceparent: (?:<trace>|00-)/);
      assert.equal(sent(t, ['tracestate: a=1'], how).length, 1);
    }
  });

  test('that is told nothing of us gets a trace only where the client has begun one', (t) => {
    assert.deepEqual(sent(t, [], { traced: true, transparent: true }), []);
    assert.deepEqual(sent(t, [VALID], { traced: true, transparent: true }), [GOES_ON]);
    assert.deepEqual(sent(t, ['traceparent: nonsense'], { traced: true, transparent: true }), []);
    assert.deepEqual(sent(t, ['traceparent: nonsense'], { transparent: true }), ['traceparent: nonsense']);
  });
});
