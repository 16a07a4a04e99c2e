// What was kept of a request as the admin API answers it. Rule: names are those of the JSON; fields are added, never renamed; credentials are
// masked also where they are kept.

import { z } from '@hono/zod-openapi';
import { shownField } from '../runtime/shown-message.ts';
import type { CapturedBody, CapturedExchange, CapturedFields } from '../telemetry/capture-shelf.ts';
import type { RequestAnswer } from './admin-answers.ts';

export interface CapturedBodyAnswer {
  readonly bytes: number;
  readonly kept: number;
  readonly truncated: boolean;
}

export interface CapturedMessageAnswer {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: CapturedBodyAnswer | null;
}

export interface CapturedDetailAnswer {
  readonly request: CapturedMessageAnswer;
  readonly response: CapturedMessageAnswer;
  readonly not_kept: readonly string[];
}

export type RequestDetailAnswer = RequestAnswer & { readonly captured: CapturedDetailAnswer | null };

export interface ReplayAnswer {
  readonly request: RequestAnswer | null;
  readonly response: {
    readonly status: number;
    readonly headers: readonly (readonly [string, string])[];
    readonly bytes: number;
    readonly text: string | null;
    readonly base64: string | null;
    readonly cut: boolean;
  };
}

const bodySchema: z.ZodType<CapturedBodyAnswer> = z
  .object({
    bytes: z.int().openapi({ description: 'Of all of it.' }),
    kept: z.int(),
    truncated: z.boolean().openapi({ description: 'There was more than is kept, or it was cut.' }),
  })
  .openapi('CapturedBody');

const messageSchema = z.object({
  headers: z.array(z.tuple([z.string(), z.string()])).openapi({ description: 'Credentials are masked.' }),
  body: bodySchema.nullable().openapi({ description: 'null: there was none, or it is not kept.' }),
});

export const capturedSchema: z.ZodType<CapturedDetailAnswer> = z
  .object({
    request: messageSchema,
    response: messageSchema,
    not_kept: z
      .array(z.string())
      .openapi({ description: 'Fields whose values a repetition needs to be given.', example: ['authorization'] }),
  })
  .openapi('Captured', { description: 'What `admin.capture` keeps of it; null: nothing.' });

export function capturedAnswer(captured: CapturedExchange): CapturedDetailAnswer {
  const { fields, body, answerFields, answerBody, hidden } = captured;
  return { request: messageOf(fields, body), response: messageOf(answerFields, answerBody), not_kept: hidden };
}

function messageOf(fields: CapturedFields, body: CapturedBody | null): CapturedMessageAnswer {
  return {
    headers: shownFields(fields),
    body: body && { bytes: body.length, kept: body.bytes.length, truncated: isTruncated(body) },
  };
}

export function shownFields(fields: CapturedFields): [string, string][] {
  return fields.map(([name, value]) => [name, shownField(name, value)]);
}

export function isTruncated({ bytes, length, isComplete }: CapturedBody): boolean {
  return !isComplete || bytes.length < length;
}
