// How the admin API says no: the one JSON shape, whatever went wrong. Rule: the message is a sentence for a person and holds
// neither a stack nor a secret; what nobody expected is logged and answered as `internal`.

import { z } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ConfigError, type ConfigProblem, type ConfigProblemCode } from '../config/problem.ts';
import { errorBody, type ErrorCode, ERROR_CATALOGUE, SluiceError } from '../core/errors.ts';
import type { ErrorAnswer } from './admin-answers.ts';
import type { AdminContext, AdminParts } from './admin-env.ts';

export const problemSchema: z.ZodType<ConfigProblem> = z
  .object({
    severity: z.enum(['error', 'warning']),
    code: z.custom<ConfigProblemCode>().openapi({ type: 'string', example: 'config_unknown_key' }),
    message: z.string(),
    path: z.string().openapi({ example: 'gateway.routes[0].to' }),
    file: z.string().nullable(),
    source: z.string().nullable().openapi({ description: 'Where the value comes from when that is not a file.' }),
    line: z.int().nullable(),
    column: z.int().nullable(),
    excerpt: z
      .object({ before: z.string().nullable(), text: z.string(), caretFrom: z.int(), caretLength: z.int() })
      .nullable()
      .openapi({ description: 'The line and the one before it, secrets masked.' }),
    hint: z.string().nullable(),
    explain: z.string().nullable().openapi({ description: 'What to give to `sluice config explain`.' }),
  })
  .openapi('ConfigProblem');

const errorSchema: z.ZodType<ErrorAnswer> = z
  .object({
    error: z.object({
      code: z.string().openapi({ example: 'unauthorized' }),
      message: z.string(),
      request_id: z.string(),
      problems: z.array(problemSchema).optional().openapi({ description: 'With `config_invalid`: all that is wrong.' }),
    }),
  })
  .openapi('Error');

interface ErrorResponse {
  readonly description: string;
  readonly content: { readonly 'application/json': { readonly schema: z.ZodType<ErrorAnswer> } };
}

/** The entry of an error in a route's list of answers. */
export function errorResponse(description: string): ErrorResponse {
  return { description, content: { 'application/json': { schema: errorSchema } } };
}

export function answerError(context: AdminContext, code: ErrorCode, message?: string): Response {
  return answer(context, code, errorBody(code, message ?? ERROR_CATALOGUE[code].summary, context.get('requestId')));
}

export function answerThrown(context: AdminContext, error: unknown, logger: AdminParts['logger']): Response {
  if (error instanceof ConfigError) {
    const { code, message, problems } = error;
    const body = errorBody(code, message, context.get('requestId'));
    return answer(context, code, { error: { ...body.error, problems } });
  }
  if (error instanceof SluiceError) return answerError(context, error.code, error.message);
  if (error instanceof HTTPException && error.status === 400)
    return answerError(context, 'request_invalid', error.message);
  logger.error({ err: error, request_id: context.get('requestId') }, 'admin request failed');
  return answerError(context, 'internal');
}

function answer(context: AdminContext, code: ErrorCode, body: ErrorAnswer): Response {
  // Every status of the catalogue is one of an answer with a body.
  const status = ERROR_CATALOGUE[code].status as ContentfulStatusCode;
  return context.newResponse(JSON.stringify(body), status, { 'Content-Type': 'application/json' });
}
