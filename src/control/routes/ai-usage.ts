// GET /api/v1/ai/usage: what was used of providers of AI, by day, user, model and whatever else is asked for. Rule: days are those of
// UTC, and both ends are included.

import { createRoute, z } from '@hono/zod-openapi';
import { configuredPrices } from '../../runtime/assemble/configured-prices.ts';
import { USAGE_KEYS, type UsageKey, type UsageLine, usageLines } from '../../services/usage/usage-report.ts';
import type { AiUsageAnswer, AiUsageLine } from '../admin-answers.ts';
import type { AdminApp, AdminParts } from '../admin-env.ts';
import { answerError, errorResponse } from '../admin-errors.ts';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;

const lineSchema: z.ZodType<AiUsageLine> = z
  .object({
    day: z
      .string()
      .optional()
      .openapi({ example: '2026-11-26', description: 'Here, as all keys, when it was asked for.' }),
    provider: z.string().optional(),
    user: z.string().optional().openapi({ description: 'Empty where nobody was asked who they are.' }),
    account: z.string().optional().openapi({ description: "Empty for the client's own credentials." }),
    model: z.string().optional(),
    session: z.string().optional(),
    requests: z.int(),
    unknown_requests: z.int().openapi({ description: 'Of these requests: nobody knows what they have used.' }),
    cached_requests: z.int().openapi({ description: 'Of these requests: answered from the cache, at no cost.' }),
    input_tokens: z.int().openapi({ description: 'Without those of the cache.' }),
    output_tokens: z.int(),
    cache_read_tokens: z.int(),
    cache_write_tokens: z.int(),
    cost: z.number().nullable().openapi({ description: 'By `ai.prices`; null: none of these models has a price.' }),
    unpriced_requests: z.int().openapi({ description: 'Of these requests: not in the cost, for want of a price.' }),
  })
  .openapi('AiUsageLine');

const answerSchema: z.ZodType<AiUsageAnswer> = z
  .object({ from: z.string(), to: z.string(), usage: z.array(lineSchema) })
  .openapi('AiUsage');

const day = z.iso.date().optional().openapi({ example: '2026-11-26' });

const usageRoute = createRoute({
  method: 'get',
  path: '/api/v1/ai/usage',
  summary: 'What was used of AI providers',
  request: {
    query: z.object({
      from: day.openapi({ description: 'The first day, in UTC. Without it: 30 days up to the last.' }),
      to: day.openapi({ description: 'The last day, in UTC. Without it: today.' }),
      by: z
        .string()
        .default('day,user,model')
        .openapi({ description: `Of ${USAGE_KEYS.join(', ')}, with commas between; empty: one sum.` }),
      format: z.enum(['json', 'csv']).optional().openapi({ description: 'Or by Accept: text/csv.' }),
    }),
  },
  responses: {
    200: {
      description: 'The sums.',
      content: { 'application/json': { schema: answerSchema }, 'text/csv': { schema: z.string() } },
    },
    401: errorResponse('No valid token.'),
    422: errorResponse('A day is none, or nothing can be summed by that.'),
    503: errorResponse('The Redis server of process.state does not answer.'),
  },
});

export function addAiUsageRoute(app: AdminApp, { sluice }: AdminParts): void {
  app.openapi(usageRoute, async (context) => {
    const { from, to, by: wanted, format } = context.req.valid('query');
    const lastMs = to === undefined ? Math.floor(Date.now() / DAY_MS) * DAY_MS : Date.parse(to);
    const fromMs = from === undefined ? lastMs - (DEFAULT_DAYS - 1) * DAY_MS : Date.parse(from);
    const by = keysOf(wanted);
    if (by === undefined) {
      return answerError(context, 'invalid_input', `by: expected ${USAGE_KEYS.join(', ')}, with commas between.`);
    }
    const lines = usageLines(
      await sluice.usage.sums({ fromMs, toMs: lastMs + DAY_MS, by }),
      configuredPrices(sluice.loaded.config.ai.prices),
    );
    const usage = lines.map(lineAnswer);
    const isCsv = format === undefined ? wantsCsv(context.req.header('Accept') ?? '') : format === 'csv';
    if (isCsv) return context.body(csvOf(by, usage), 200, { 'Content-Type': 'text/csv; charset=utf-8' });
    return context.json({ from: dayOf(fromMs), to: dayOf(lastMs), usage }, 200);
  });
}

/** undefined: one of them is none. */
function keysOf(text: string): UsageKey[] | undefined {
  const names = text.split(',').filter((name) => name !== '');
  const keys = USAGE_KEYS.filter((key) => names.includes(key));
  return keys.length === new Set(names).size ? keys : undefined;
}

function lineAnswer(line: UsageLine): AiUsageLine {
  const { keys, requests, unknown, cached, input, output, cacheRead, cacheWrite, cost, unpriced } = line;
  return {
    ...keys,
    requests,
    unknown_requests: unknown,
    cached_requests: cached,
    input_tokens: input,
    output_tokens: output,
    cache_read_tokens: cacheRead,
    cache_write_tokens: cacheWrite,
    cost: requests > 0 && unpriced === requests - cached ? null : cost,
    unpriced_requests: unpriced,
  };
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function wantsCsv(accept: string): boolean {
  return /\btext\/csv\b/i.test(accept) && !/\bapplication\/json\b/i.test(accept);
}

/** RFC 4180. */
function csvOf(by: readonly UsageKey[], lines: readonly AiUsageLine[]): string {
  const numbers = [
    ...(['requests', 'unknown_requests', 'input_tokens', 'output_tokens'] as const),
    ...(['cache_read_tokens', 'cache_write_tokens', 'cost', 'unpriced_requests', 'cached_requests'] as const),
  ];
  const columns = [...by, ...numbers];
  const rows = lines.map((line) => columns.map((column) => csvCell(line[column] ?? '')).join(','));
  return [columns.join(','), ...rows, ''].join('\r\n');
}

/** A session is called what its client calls it: a table must not take that for a formula. */
function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
