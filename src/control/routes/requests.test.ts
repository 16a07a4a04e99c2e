import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AdminDesk, AUTHORIZED, refused } from '../../../test/support/admin-desk.ts';
import { seenRequest } from '../../../test/support/seen-request.ts';
import type { RequestAnswer, RequestsAnswer } from '../admin-answers.ts';

async function deskWith(...ids: readonly string[]): Promise<AdminDesk> {
  const desk = await AdminDesk.open();
  for (const id of ids) desk.tape.add(seenRequest({ id, status: id === 'bad' ? 500 : 200 }));
  return desk;
}

const eventStream = { ...AUTHORIZED, Accept: 'text/event-stream' };

describe('GET /api/v1/requests', () => {
  test('tells what went through, the newest first, as far as it fits', async () => {
    const desk = await deskWith('a', 'bad', 'b');
    const ask = async (query: string): Promise<string[]> => {
      const answer = await desk.ask(`/api/v1/requests${query}`, { headers: AUTHORIZED });
      return ((await answer.json()) as RequestsAnswer).requests.map(({ request_id: id }) => id);
    };
    assert.deepEqual(await ask(''), ['b', 'bad', 'a']);
    assert.deepEqual(await ask('?limit=1'), ['b']);
    assert.deepEqual(await ask('?status=2xx&text=app.test'), ['b', 'a']);
    for (const wrong of ['?limit=0', '?limit=1001', '?status=9', '?min_ms=-1']) {
      const answer = await desk.ask(`/api/v1/requests${wrong}`, { headers: AUTHORIZED });
      assert.equal(await refused(answer), '422 invalid_input');
    }
  });

  test('leaves nothing out that is not there', async () => {
    const desk = await deskWith('a');
    const answer = await desk.ask('/api/v1/requests/a', { headers: AUTHORIZED });
    const { user, error, exit, answered_by: by, phases, at } = (await answer.json()) as RequestAnswer;
    assert.deepEqual([user, error, exit, by], [null, null, null, null]);
    assert.deepEqual([phases.connect, at], [2, '1970-01-01T00:16:40.000Z']);
    const none = await desk.ask('/api/v1/requests/x', { headers: AUTHORIZED });
    assert.equal(await refused(none), '404 not_found');
  });

  test('goes on behind the event that was seen last', async () => {
    const desk = await deskWith('a', 'b', 'c');
    const answer = await desk.ask('/api/v1/requests', { headers: { ...eventStream, 'Last-Event-ID': '1' } });
    assert.equal(answer.headers.get('content-type'), 'text/event-stream');
    const reader = answer.body!.getReader();
    let said = '';
    while (!said.includes('data: ')) said += new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    assert.match(
      said,
      /^: follows\n\nid: \w+-3\ndata: \{"requests":\[\{"number":2,"request_id":"b",.*\}\],"missed":0\}\n\n$/s,
    );
  });
});
