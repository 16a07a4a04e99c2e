import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GET, head, Playbook } from '../../../test/support/playbook.ts';
import { modelTranslation } from './model-translation.ts';

test('models and errors are said as OpenAI says them, redirects and our own errors are left alone', (t) => {
  for (const [line, body, expected] of [
    ['200 OK', '{"data":[{"id":"claude-x"}]}', /\{"object":"list","data":\[\{"id":"claude-x","object":"model"/],
    ['404 Not Found', '{"error":{"type":"not_found_error","message":"model: x"}}', /"code":"model_not_found"/],
    ['302 Found', 'x', /\r\n\r\nx$/],
  ] as const) {
    const play = new Playbook(t, { policies: [modelTranslation()], forwarding: 'none' });
    play.downstreamSends(GET).expectDial().takeUpstream();
    play
      .upstreamSends(head(`HTTP/1.1 ${line}`, `Content-Length: ${body.length}`) + body)
      .expectDownstream(expected)
      .end();
  }
  const play = new Playbook(t, { policies: [modelTranslation()] });
  play.downstreamSends(GET).upstreamRefuses().expectError(502, 'upstream_unreachable');
  assert.equal(modelTranslation().foresee?.(null as never), 'lists models as OpenAI does');
});
