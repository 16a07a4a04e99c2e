// What happens to a running Sluice, told over its admin door as it happens.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { eventsOf } from '../../src/client/text-lines.ts';
import type { EventAnswer, EventBatchAnswer, EventsAnswer } from '../../src/control/event-answers.ts';
import { http1Origin } from '../support/origins.ts';
import { type SluiceProcess, startSluice } from '../support/sluice-process.ts';

const TOKEN = 'a-token-for-the-admin-door';
const HEADERS = { Authorization: `Bearer ${TOKEN}` };

interface Stage {
  readonly sluice: SluiceProcess;
  ask(
    path: string,
    init?: { method?: string; headers?: Record<string, string>; signal?: AbortSignal },
  ): Promise<Response>;
  /** Reads on until there is one that fits. */
  follow(query: string, lastEventId?: string): Promise<Following>;
}

interface Following {
  until(fits: (event: EventAnswer) => boolean): Promise<EventAnswer>;
  readonly lastId: () => string;
  readonly leave: () => void;
}

async function stage(t: TestContext, workers: number): Promise<Stage> {
  const origin = await http1Origin(t, (_request, response) => response.end('hello'));
  const config = `
    process: { workers: ${workers} }
    log: { level: error }
    admin: { token: ${TOKEN} }
    gateway:
      routes:
        - name: pair
          match: { path: /pair }
          to: { backends: ["http://127.0.0.1:1", "http://127.0.0.1:2"], breaker: { failures: 1 } }
        - name: few
          to: "${origin}"
          policies: { rate_limit: { rate: 1/h, burst: 1 } }`;
  const sluice = await startSluice(t, { files: { 'sluice.yaml': config } });
  const ask: Stage['ask'] = (path, { headers = {}, ...init } = {}) =>
    fetch(`${sluice.address('admin')}/api/v1${path}`, { ...init, headers: { ...HEADERS, ...headers } });
  const follow = async (query: string, lastEventId?: string): Promise<Following> => {
    const leaving = new AbortController();
    const more: Record<string, string> = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
    const headers = { Accept: 'text/event-stream', ...more };
    const answer = await ask(`/events?${query}`, { headers, signal: leaving.signal });
    return following(answer, leaving);
  };
  return { sluice, ask, follow };
}

function following(answer: Response, leaving: AbortController): Following {
  async function* texts(): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    for await (const bytes of answer.body as unknown as AsyncIterable<Uint8Array>) {
      yield decoder.decode(bytes, { stream: true });
    }
  }
  let lastId = '';
  const batches = eventsOf(texts());
  const come: EventAnswer[] = [];
  return {
    lastId: () => lastId,
    leave: () => leaving.abort(),
    until: async (fits) => {
      for (;;) {
        const found = come.find(fits);
        if (found !== undefined) return found;
        const { value, done } = await batches.next();
        if (done === true) throw new Error('the stream has ended');
        lastId = value.id;
        come.push(...(JSON.parse(value.data) as EventBatchAnswer).events);
      }
    },
  };
}

for (const workers of [1, 2]) {
  describe(`what happens with ${workers} worker${workers === 1 ? '' : 's'}`, () => {
    test(
      'is told as it happens: breakers, limits, reloads; whatever the level of the log',
      { timeout: 30_000 },
      async (t) => {
        const { sluice, ask, follow } = await stage(t, workers);
        const all = await follow('');
        await (await fetch(`${sluice.address('gateway')}/pair`)).text();
        const breaker = await all.until(({ kind }) => kind === 'breaker');
        assert.equal(breaker.message, 'a breaker has opened');
        assert.equal(breaker.fields['route'], 'pair');
        for (let i = 0; i < 4; i += 1) await (await fetch(sluice.address('gateway'))).text();
        const limit = await all.until(({ kind }) => kind === 'limit');
        assert.deepEqual([limit.fields['route'], limit.fields['limit']], ['few', 'too_many_requests']);
        const seen = all.lastId();
        all.leave();
        await (await ask('/reload', { method: 'POST' })).text();
        const later = await follow('kind=reload', seen);
        const reload = await later.until(() => true);
        assert.deepEqual([reload.kind, reload.message, reload.fields['trigger']], ['reload', 'config reloaded', 'api']);
        later.leave();
        const lines = (await (await ask('/events?kind=log&level=info')).json()) as EventsAnswer;
        const messages = lines.events.map(({ message }) => message);
        assert.ok(messages.includes('ready') && messages.includes('config reloaded'), messages.join('; '));
      },
    );
  });
}
