import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { messageEventsWith, messageWith, textDelta } from '../../../test/support/ai-provider.ts';
import { head, Playbook } from '../../../test/support/playbook.ts';
import { chatTranslation } from './chat-translation.ts';

const ASKED = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] };
const SENT = '{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}';
const EVENTS = messageEventsWith('m', [[{ type: 'text', text: '' }, textDelta('Hello')]], 'end_turn');
const STREAM = 'Content-Type: text/event-stream';

function post(body: string, ...fields: readonly string[]): string {
  return head('POST / HTTP/1.1', 'Host: a.test', `Content-Length: ${Buffer.byteLength(body)}`, ...fields) + body;
}

function opened(t: TestContext): Playbook {
  return new Playbook(t, { policies: [chatTranslation()], forwarding: 'none' });
}

async function asked(t: TestContext): Promise<Playbook> {
  const play = await opened(t)
    .downstreamSends(post(JSON.stringify(ASKED)))
    .promises();
  play.expectDial();
  assert.match(play.takeUpstream(), /\r\nTransfer-Encoding: chunked\r\n/);
  return play;
}

describe('the translation of a chat', () => {
  test('sends nothing before it has the whole request, and then what it has become', async (t) => {
    const play = opened(t);
    const request = post(JSON.stringify(ASKED));
    await play.downstreamSends(request.slice(0, -5)).promises();
    play.expectNoDial();
    await play.downstreamSends(request.slice(-5)).promises();
    const upstream = play.expectDial().takeUpstream();
    assert.equal(
      upstream.slice(upstream.indexOf('\r\n\r\n') + 4),
      `${SENT.length.toString(16)}\r\n${SENT}\r\n0\r\n\r\n`,
    );
    play.upstreamSends(head('HTTP/1.1 204 No Content')).expectDownstream(/ 204 /);
  });

  test('refuses what it cannot say', async (t) => {
    const deep = `${'{"items":'.repeat(100_000)}{}${'}'.repeat(100_000)}`;
    const tool = `{"type":"function","function":{"name":"a","strict":true,"parameters":${deep}}}`;
    const nested = JSON.stringify({ ...ASKED, tools: ['T'] }).replace('"T"', tool);
    for (const body of ['', '{', JSON.stringify({ ...ASKED, n: 3 }), nested]) {
      const play = await opened(t).downstreamSends(post(body)).promises();
      play.expectNoDial().expectError(400, 'request_untranslatable').end();
    }
    const play = await opened(t).downstreamSends(post('{}', 'Content-Encoding: gzip')).promises();
    play.expectNoDial().expectError(400, 'request_untranslatable');
  });

  test('gives each event of a stream as soon as it is whole', async (t) => {
    const play = await asked(t);
    play.upstreamSends(head('HTTP/1.1 200 OK', STREAM, 'Transfer-Encoding: chunked'));
    assert.match(play.takeDownstream(), /^HTTP\/1\.1 200 /);
    const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
    for (const event of EVENTS) {
      play.upstreamSends(chunk(event.slice(0, 30))).expectNothingDownstream();
      play.upstreamSends(chunk(event.slice(30)));
      const isSilent = event.startsWith('event: content_block_st');
      assert.equal(play.takeDownstream() === '', isSilent, event);
    }
    play.upstreamSends('0\r\n\r\n').expectDownstream('0\r\n\r\n');
  });

  test('cuts the client where the provider breaks off, or ends too early', async (t) => {
    for (const [framing, cut] of [
      ['Content-Length: 999', (play: Playbook) => play.upstreamCloses('reset')],
      ['Transfer-Encoding: chunked', (play: Playbook) => play.upstreamSends('0\r\n\r\n')],
    ] as const) {
      const play = await asked(t);
      const [start = ''] = EVENTS;
      const body = framing.startsWith('Tr') ? `${start.length.toString(16)}\r\n${start}\r\n` : start;
      play.upstreamSends(head('HTTP/1.1 200 OK', STREAM, framing) + body);
      assert.match(play.takeDownstream(), /"role":"assistant"/);
      cut(play).expectNothingDownstream().expectClientConnection('reset').end();
    }
  });

  test('gives a whole answer, or an error, as OpenAI does', async (t) => {
    for (const [line, body, expected] of [
      [
        '200 OK',
        messageWith('m', [{ type: 'text', text: 'Hello' }], 'end_turn'),
        /"object":"chat.completion"[^]*"Hello"/,
      ],
      [
        '429 Too Many Requests',
        { error: { type: 'rate_limit_error', message: 'slow' } },
        /^HTTP\/1.1 429 [^]*"rate_limit_exceeded"/,
      ],
    ] as const) {
      const play = await asked(t);
      const text = JSON.stringify(body);
      const fields = ['Content-Type: application/json', `Content-Length: ${text.length}`];
      play
        .upstreamSends(head(`HTTP/1.1 ${line}`, ...fields) + text)
        .expectDownstream(expected)
        .end();
    }
  });

  test('says that an answer is no answer', async (t) => {
    for (const fields of [[], ['Content-Encoding: gzip'], [STREAM, 'Content-Encoding: gzip']]) {
      const play = await asked(t);
      play.upstreamSends(`${head('HTTP/1.1 200 OK', 'Content-Length: 5', ...fields)}abcde`);
      play.expectError(502, 'upstream_invalid').end();
    }
  });

  test('leaves redirects as they are', async (t) => {
    const play = await asked(t);
    play.upstreamSends(`${head('HTTP/1.1 302 Found', 'Location: /x', 'Content-Length: 1')}x`);
    play.expectDownstream(/^HTTP\/1\.1 302 [^]*\r\n\r\nx$/);
  });
});
