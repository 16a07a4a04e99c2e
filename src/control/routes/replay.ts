// What was kept of the bodies of a request, and sending it again. Rule: what others have sent is never anything but a file to whoever looks at
// it in a browser; a repetition passes all that the first one has passed.

import { createRoute, z } from '@hono/zod-openapi';
import { SluiceError } from '../../core/errors.ts';
import { shownBody } from '../../runtime/shown-message.ts';
import { decodeBytes, encodingOf } from '../../services/encodings/decoded-bytes.ts';
import type { CapturedBody, CapturedExchange, CapturedFields } from '../../telemetry/capture-shelf.ts';
import type { AdminApp, AdminContext, AdminParts } from '../admin-env.ts';
import { errorResponse } from '../admin-errors.ts';
import { isTruncated, type ReplayAnswer, shownFields } from '../captured-answer.ts';
import { answerOf, requestSchema } from './requests.ts';

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/;
/** Nothing that would end a line, and what the wire can carry. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/;
const TARGET = /^[\x21-\x7e]{1,8192}$/;

const idParameter = z.object({ id: z.string().openapi({ param: { name: 'id', in: 'path' } }) });

const wishSchema = z
  .strictObject({
    headers: z
      .record(
        z.string().regex(NAME, 'is no name of a field'),
        z.string().regex(VALUE, 'is no value of a field').nullable(),
      )
      .default({})
      .openapi({
        description: 'In place of those that it had; null leaves one out.',
        example: { authorization: 'Bearer TOKEN', 'x-trace': null },
      }),
    target: z.string().regex(TARGET, 'is no target').optional().openapi({ example: '/cart?item=7' }),
  })
  .openapi('ReplayWish');

const replaySchema: z.ZodType<ReplayAnswer> = z
  .object({
    request: requestSchema.nullable().openapi({ description: 'The new one, as it stands in the list.' }),
    response: z.object({
      status: z.int(),
      headers: z.array(z.tuple([z.string(), z.string()])),
      bytes: z.int(),
      text: z.string().nullable().openapi({ description: 'The body, decoded, where it is text.' }),
      base64: z.string().nullable(),
      cut: z.boolean(),
    }),
  })
  .openapi('Replay');

const refusals = { 401: errorResponse('No valid token.'), 404: errorResponse('It is not among the last requests.') };

const bodyRoute = <Side extends 'request' | 'response'>(side: Side) =>
  createRoute({
    method: 'get',
    path: `/api/v1/requests/{id}/${side}-body` as const,
    summary: `What was kept of the body of a ${side}, decoded`,
    request: { params: idParameter },
    responses: {
      200: {
        description: 'As a file. X-Sluice-Truncated says whether there was more.',
        headers: { 'X-Sluice-Truncated': { schema: { type: 'string', enum: ['true', 'false'] } } },
        content: { 'text/plain': { schema: z.string() }, 'application/octet-stream': { schema: z.string() } },
      },
      ...refusals,
    },
  });

const replayRoute = createRoute({
  method: 'post',
  path: '/api/v1/requests/{id}/replay',
  summary: 'Send a request once more, at the same door and through all its policies',
  request: {
    params: idParameter,
    body: { required: false, content: { 'application/json': { schema: wishSchema } } },
  },
  responses: {
    200: { description: 'What came of it.', content: { 'application/json': { schema: replaySchema } } },
    ...refusals,
    403: errorResponse('The request comes from another site.'),
    409: errorResponse('Not all of it was kept; the message says what is to be given.'),
    422: errorResponse('It does not fit what is expected here.'),
  },
});

export function addReplayRoutes(app: AdminApp, { sluice }: AdminParts): void {
  app.openapi(bodyRoute('request'), async (context) => {
    const { id } = context.req.valid('param');
    const captured = await requireCapture(sluice, id);
    return answerBody(context, `${id}-request`, { body: captured.body, fields: captured.fields });
  });
  app.openapi(bodyRoute('response'), async (context) => {
    const { id } = context.req.valid('param');
    const captured = await requireCapture(sluice, id);
    return answerBody(context, `${id}-response`, { body: captured.answerBody, fields: captured.answerFields });
  });
  app.openapi(replayRoute, async (context) => {
    // Without a body nothing has been read into it.
    const { headers = {}, target = null } = context.req.valid('json') as Partial<z.infer<typeof wishSchema>>;
    const wanted = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const outcome = await sluice.replays.replay(context.req.valid('param').id, { headers: wanted, target });
    const repeated = await sluice.requests.find(outcome.id);
    const { status, fields, body, length, isComplete } = outcome;
    const plain = await decoded({ bytes: body, length, isComplete }, fields);
    const response = { status, headers: shownFields(fields), ...shownBody(plain ?? body, plain?.length ?? length) };
    const cut = isTruncated({ bytes: body, length, isComplete });
    return context.json(
      { request: repeated === undefined ? null : answerOf(repeated), response: { ...response, bytes: length, cut } },
      200,
    );
  });
}

async function requireCapture({ replays }: AdminParts['sluice'], id: string): Promise<CapturedExchange> {
  const captured = await replays.capture(id);
  if (captured === null) {
    throw new SluiceError('not_found', { message: 'Nothing is kept of it. admin.capture says what is kept.' });
  }
  return captured;
}

interface Message {
  readonly body: CapturedBody | null;
  readonly fields: CapturedFields;
}

async function answerBody(context: AdminContext, name: string, { body, fields }: Message): Promise<Response> {
  if (body === null) throw new SluiceError('not_found', { message: 'There was no body, or it is not kept.' });
  const plain = await decoded(body, fields);
  const bytes = plain ?? body.bytes;
  const isText = shownBody(bytes, bytes.length).text !== null;
  return context.newResponse(new Uint8Array(bytes), 200, {
    'Content-Type': isText ? 'text/plain; charset=utf-8' : 'application/octet-stream',
    'Content-Disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}.${isText ? 'txt' : 'bin'}"`,
    'X-Sluice-Truncated': String(isTruncated(body)),
  });
}

/** Without its encoding; null: it cannot be decoded. */
function decoded(body: CapturedBody, fields: CapturedFields): Promise<Uint8Array | null> {
  const encoding = encodingOf(fields.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1]);
  const { buffer, byteOffset, length } = body.bytes;
  const bytes = Buffer.from(buffer, byteOffset, length);
  return new Promise((resolve) => decodeBytes({ bytes, encoding, isCut: isTruncated(body) }, resolve));
}
