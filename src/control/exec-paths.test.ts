import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminDesk, AUTHORIZED } from '../../test/support/admin-desk.ts';

test('the path of commands at the gateway is described with what a request may hold', async () => {
  const desk = await AdminDesk.open();
  const answer = await desk.ask('/api/v1/openapi.json', { headers: AUTHORIZED });
  const { paths } = (await answer.json()) as { paths: Record<string, object> };
  assert.partialDeepStrictEqual(paths['/cli/execute'], {
    post: {
      requestBody: {
        content: {
          'application/json': {
            schema: { required: ['command'], properties: { env: { additionalProperties: { type: 'string' } } } },
          },
        },
      },
      responses: { 200: { content: { 'application/x-ndjson': {} } } },
    },
  });
});
