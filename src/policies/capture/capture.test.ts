import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { CaptureShelf } from '../../telemetry/capture-shelf.ts';
import { capture, type CaptureOptions } from './capture.ts';

class KeptIds extends CaptureShelf {
  ids: string[] = [];

  override put(...given: Parameters<CaptureShelf['put']>): void {
    this.ids.push(given[0].id);
    super.put(...given);
  }

  get last(): ReturnType<CaptureShelf['find']> {
    return this.find(this.ids.at(-1) ?? '');
  }
}

function shelf(): KeptIds {
  const kept = new KeptIds();
  kept.configure(10_000);
  return kept;
}

const POST = head('POST /a HTTP/1.1', 'Host: a.test', 'Authorization: Bearer very-secret', 'Content-Length: 5');
const ANSWER = head('HTTP/1.1 200 OK', 'Set-Cookie: a=secret', 'Content-Length: 2');

describe('the policy capture', () => {
  for (const [keepsCredentials, value] of [
    [false, 'Bearer ***'],
    [true, 'Bearer very-secret'],
  ] as const) {
    test(`keeps what has passed ${keepsCredentials ? 'with' : 'without'} credentials`, (t) => {
      const kept = shelf();
      const options: CaptureOptions = { shelf: kept, bodyBytes: 3, keepsCredentials };
      const play = new Playbook(t, { policies: [capture(options)], forwarding: 'none' });
      play
        .downstreamSends(`${POST}hello`)
        .expectDial()
        .expectUpstream(/hello$/);
      play.upstreamSends(`${ANSWER}ok`).expectDownstream(/ok$/);
      const { fields, hidden, body, answerFields, answerBody } = kept.last!;
      assert.deepEqual(fields.find(([name]) => name === 'Authorization')?.[1], value);
      assert.deepEqual(hidden, keepsCredentials ? [] : ['authorization']);
      assert.deepEqual([Buffer.from(body!.bytes).toString(), body?.length, body?.isComplete], ['hel', 5, true]);
      assert.deepEqual([Buffer.from(answerBody!.bytes).toString(), answerBody?.length], ['ok', 2]);
      assert.equal(answerFields.find(([name]) => name === 'Set-Cookie')?.[1], '***');
    });
  }

  test('keeps heads alone where bodies are nobody’s business', (t) => {
    const kept = shelf();
    const policies = [capture({ shelf: kept, bodyBytes: null, keepsCredentials: false })];
    const play = new Playbook(t, { policies, forwarding: 'none' });
    play
      .downstreamSends(`${POST}hello`)
      .expectDial()
      .expectUpstream(/hello$/);
    play.upstreamSends(`${ANSWER}ok`).expectDownstream(/ok$/);
    assert.deepEqual([kept.last?.body, kept.last?.answerBody, kept.last?.keepsBodies], [null, null, false]);
  });
});
