import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED } from '../../test/support/admin-desk.ts';

test('the paths of agents at the gateway are described with what requests may hold', async () => {
  const desk = await AdminDesk.open();
  const answer = await desk.ask('/api/v1/openapi.json', { headers: AUTHORIZED });
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, object>> };
  assert.partialDeepStrictEqual(paths['/agent/stream'], {
    post: {
      requestBody: { content: { 'application/json': { schema: { required: ['prompt'] } } } },
      responses: { 200: { content: { 'text/event-stream': {} } } },
    },
  });
  assert.partialDeepStrictEqual(paths['/agent/{id}/message'], {
    post: { parameters: [{ name: 'id', in: 'path' }], responses: { 202: {} } },
  });
  assert.deepEqual(Object.keys(paths).filter((path) => path.startsWith('/agent')).length, 9);
});
