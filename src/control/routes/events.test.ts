import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import type { EventsAnswer } from '../event-answers.ts';

async function deskWith(): Promise<AdminDesk> {
  const desk = await AdminDesk.open();
  desk.events.noteLine({ level: 'warn', message: 'down', fields: { event: 'health', proxy: 'a' } });
  desk.events.noteLine({ level: 'info', message: 'a line', fields: { n: 1 } });
  desk.events.noteLine({ level: 'info', message: 'reloaded', fields: { event: 'reload' } });
  return desk;
}

describe('GET /api/v1/events', () => {
  test('tells what has happened, the newest first, as far as it fits', async () => {
    const desk = await deskWith();
    const ask = async (query: string): Promise<string[]> => {
      const answer = await desk.ask(`/api/v1/events${query}`, { headers: AUTHORIZED });
      return ((await answer.json()) as EventsAnswer).events.map(({ message }) => message);
    };
    assert.deepEqual(await ask(''), ['reloaded', 'down']);
    assert.deepEqual(await ask('?kind=health,breaker'), ['down']);
    assert.deepEqual(await ask('?kind=log&level=info'), ['reloaded', 'a line', 'down']);
    assert.deepEqual(await ask('?kind=log'), ['down']);
    assert.deepEqual(await ask('?limit=1&text=DOWN'), ['down']);
    for (const wrong of ['?kind=weather', '?level=loud', '?limit=0']) {
      const answer = await desk.ask(`/api/v1/events${wrong}`, { headers: AUTHORIZED });
      assert.equal(await refused(answer), '422 invalid_input');
    }
  });

  test('goes on behind the event that was seen last', async () => {
    const desk = await deskWith();
    const headers = { ...AUTHORIZED, Accept: 'text/event-stream', 'Last-Event-ID': '1' };
    const answer = await desk.ask('/api/v1/events', { headers });
    const reader = answer.body!.getReader();
    let said = '';
    while (!said.includes('data: ')) said += new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    assert.match(
      said,
      /^: follows\n\nid: \w+-3\ndata: \{"events":\[\{"number":3,"at":"[^"]+","kind":"reload",.*\}\],"missed":0\}\n\n$/s,
    );
  });
});
