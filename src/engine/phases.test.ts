import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GET, head, Playbook } from '../../test/support/playbook.ts';
import type { Policy } from '../contract/policy.ts';

const OK = head('HTTP/1.1 200 OK', 'Content-Length: 0');

function noting(name: string, notes: string[], wait?: Promise<void>): Policy {
  return {
    name,
    request: () => {
      notes.push(`${name} request`);
      return wait;
    },
    upstream: () => {
      notes.push(`${name} upstream`);
      return wait;
    },
  };
}

describe('the phases of a request', () => {
  test('run policy by policy, first all for the request, then all for the upstream', (t) => {
    const notes: string[] = [];
    const play = new Playbook(t, { policies: [noting('one', notes), noting('two', notes)] }).downstreamSends(GET);
    play.expectDial().expectUpstream(/^GET/);
    assert.deepEqual(notes, ['one request', 'two request', 'one upstream', 'two upstream']);
    play.upstreamSends(OK).expectDownstream(/^HTTP\/1\.1 200 /);
  });

  test('wait for a policy that has to', async (t) => {
    const notes: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const play = new Playbook(t, { policies: [noting('one', notes, promise), noting('two', notes)] });
    await play.downstreamSends(GET).promises();
    assert.deepEqual(notes, ['one request']);
    resolve();
    await play.promises();
    play.expectDial().expectUpstream(/^GET/);
    assert.deepEqual(notes, ['one request', 'two request', 'one upstream', 'two upstream']);
    play.upstreamSends(OK).expectDownstream(/^HTTP\/1\.1 200 /);
  });

  test('end with a client that goes away while a policy waits', async (t) => {
    const notes: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const play = new Playbook(t, { policies: [noting('one', notes, promise), noting('two', notes)] });
    play.downstreamSends(GET).clientCloses();
    resolve();
    await play.promises();
    play.expectNoDial();
    assert.deepEqual(notes, ['one request']);
  });
});
