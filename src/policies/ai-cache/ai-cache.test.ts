import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { head, Playbook } from '../../../test/support/playbook.ts';
import type { Exchange } from '../../contract/exchange.ts';
import { AnswerStore } from '../../services/answers/answer-store.ts';
import { aiCache, type AiCacheOptions } from './ai-cache.ts';

const BODY = '{"model":"m"}';
const ANSWER = '{"type":"message"}';

class Stage {
  readonly counted: string[] = [];
  readonly play: Playbook;

  constructor(t: TestContext) {
    const options: AiCacheOptions = {
      provider: 'claude',
      scope: '',
      store: new AnswerStore(1024 * 1024),
      ttlMs: 60_000,
      maxRequestBytes: 100,
      isShared: false,
      goesByCredential: false,
      read: () => ({ model: 'm', used: null }),
      count: (result) => this.counted.push(result),
      tell: ({ isCached }) => this.counted.push(`told ${String(isCached)}`),
    };
    this.play = new Playbook(t, { policies: [aiCache(options)], forwarding: 'none' });
  }

  async asks(line = 'POST /v1/messages HTTP/1.1', body = BODY): Promise<void> {
    this.play.downstreamSends(head(line, 'Host: a.test', `Content-Length: ${body.length}`) + body);
    await nextTurn();
  }

  answers(): void {
    const fields = ['Content-Type: application/json', 'Set-Cookie: a=1', 'X-Codex-Used: 1', 'Request-Id: r'];
    this.play.upstreamSends(head('HTTP/1.1 200 OK', ...fields, `Content-Length: ${ANSWER.length}`) + ANSWER);
  }
}

describe('the policy ai-cache', () => {
  test('passes the first request on as it is, and answers the second without anybody else', async (t) => {
    const stage = new Stage(t);
    const { play, counted } = stage;
    await stage.asks();
    play.expectDial().expectUpstream(/\r\n\r\n\{"model":"m"\}$/);
    stage.answers();
    play.expectDownstream(/Set-Cookie: a=1[^]*X-Sluice-Cache: miss\r\n[^]*\r\n\r\n\{"type":"message"\}$/);
    await stage.asks();
    const again = play.takeDownstream();
    assert.match(again, /Request-Id: r\r\nAge: 0\r\n[^]*X-Sluice-Cache: hit\r\n[^]*\r\n\r\n\{"type":"message"\}$/);
    assert.doesNotMatch(again, /Set-Cookie|Codex/);
    assert.deepEqual(counted, ['miss', 'hit', 'told true']);
  });

  test('has nothing to do with other requests', async (t) => {
    const stage = new Stage(t);
    await stage.asks('POST /v1/files HTTP/1.1');
    stage.play.expectDial().expectUpstream(/m"\}$/);
    stage.answers();
    assert.doesNotMatch(stage.play.takeDownstream(), /X-Sluice-Cache/);
    assert.deepEqual(stage.counted, []);
  });

  test('lets go of a request whose client has gone', async (t) => {
    const stage = new Stage(t);
    stage.play.downstreamSends(`${head('POST /v1/messages HTTP/1.1', 'Host: a.test', 'Content-Length: 9')}{`);
    stage.play.clientCloses();
    await nextTurn();
    stage.play.expectNoDial();
    assert.deepEqual(stage.counted, []);
  });

  test('foresees what it will do', () => {
    const policy = aiCache({} as AiCacheOptions);
    const said = (method: string, path: string): string | undefined => {
      return policy.foresee?.({ request: { method, path, wantsUpgrade: false } } as Exchange);
    };
    assert.match(said('POST', '/claude/v1/messages') ?? '', /if it is kept/);
    assert.match(said('GET', '/claude/v1/models') ?? '', /keeps nothing/);
  });
});
