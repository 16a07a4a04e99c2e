// The policy `headers`: fields for security, CORS, and changes. Rule: what frames a message and what Sluice itself writes about a client
// is nobody's to set.
import { z } from 'zod';
import { duration, headerMap, headerName, headerValue } from './fields.ts';
import { corsPolicy, type CorsPolicy } from './policies-cors.ts';

export interface HstsPolicy {
  /** Milliseconds. */
  readonly max_age: number;
  readonly include_subdomains: boolean;
  readonly preload: boolean;
}

export interface HeaderChanges {
  readonly set: Readonly<Record<string, string>>;
  readonly add: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export interface HeadersPolicy {
  readonly security: boolean;
  /** null: as `security` says. */
  readonly hsts: HstsPolicy | false | null;
  readonly csp: string | null;
  readonly cors: CorsPolicy | null;
  readonly request: HeaderChanges;
  readonly response: HeaderChanges;
}

/** Sluice writes these itself, from what it has understood of a message. */
const FRAMING = ['connection', 'content-length', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
/** What a client says in these may be taken out, also where we say nothing instead. */
const REMOVABLE = [
  'forwarded',
  'traceparent',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id',
];
const OWN = { request: [...FRAMING, 'expect', 'host', ...REMOVABLE], response: FRAMING };

function headerChanges(of: 'request' | 'response'): z.ZodType<HeaderChanges> {
  const isPut = (name: string): boolean => !OWN[of].includes(name.toLowerCase());
  const isTakenOut = (name: string): boolean => isPut(name) || REMOVABLE.includes(name.toLowerCase());
  const message = `Sluice itself decides on this field of a ${of}`;
  const map = headerMap(headerName().refine(isPut, message));
  return z
    .strictObject({
      set: map.prefault({}).describe(`Fields that every ${of} gets, in place of those it has.`),
      add: map.prefault({}).describe(`Fields that every ${of} gets beside those it has.`),
      remove: z
        .array(headerName().refine(isTakenOut, message))
        .prefault([])
        .describe(`Fields that are taken out of every ${of}.`),
    })
    .prefault({})
    .describe(`Changes to the header of every ${of}.`);
}

const YEAR_MS = 31_536_000_000;

const hsts: z.ZodType<HstsPolicy> = z
  .strictObject({
    max_age: duration({ min: '0s', max: '36500d' })
      .prefault('365d')
      .describe('How long browsers are to come by TLS only. `0s` takes it back.'),
    include_subdomains: z.boolean().prefault(false).describe('Of every name below this one too.'),
    preload: z
      .boolean()
      .prefault(false)
      .describe('Allow browsers to know it before the first visit. Needs a year and `include_subdomains`.'),
  })
  .superRefine(({ max_age, include_subdomains, preload }, context) => {
    if (!preload || (include_subdomains && max_age >= YEAR_MS)) return;
    const message = 'the list of browsers takes only names with `include_subdomains` and a `max_age` of at least 365d';
    context.addIssue({ code: 'custom', path: ['preload'], message });
  });

export const headersPolicy: z.ZodType<HeadersPolicy> = z.strictObject({
  security: z
    .boolean()
    .prefault(false)
    .describe(
      'Add HSTS (over TLS), `X-Content-Type-Options: nosniff`, `X-Frame-Options: DENY` and `Referrer-Policy` to answers that do not say it themselves.',
    ),
  hsts: z
    .union([z.literal(false), hsts])
    .nullable()
    .prefault(null)
    .describe(
      'What `Strict-Transport-Security` says of answers over TLS; `false`: nothing. `null`: a year, where `security` is on.',
    )
    .meta({ samples: [{ max_age: '730d', include_subdomains: true }] }),
  csp: headerValue()
    .nullable()
    .prefault(null)
    .describe('The `Content-Security-Policy` of answers that have none. `null`: none is added.')
    .meta({ samples: ["default-src 'self'"] }),
  cors: corsPolicy
    .nullable()
    .prefault(null)
    .describe('Which pages of other origins browsers may let use what is here. `null`: the servers behind say it.')
    .meta({ samples: [{ origins: ['https://app.example.com'], credentials: true }] }),
  request: headerChanges('request'),
  response: headerChanges('response'),
});
