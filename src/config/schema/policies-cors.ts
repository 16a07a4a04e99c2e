// Cross-origin resource sharing, a part of `headers`. Rule: what would let every page act in the name of a user is no setting but a
// mistake; origins are written as browsers write them.
import { z } from 'zod';
import { duration, headerName } from './fields.ts';

export interface CorsPolicy {
  /** In lower case, without a default port; `*`, `null`, or with `*.` for names below and `:*` for every port. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** `*`: whatever is asked for. */
  readonly headers: readonly string[];
  readonly expose: readonly string[];
  readonly credentials: boolean;
  /** Milliseconds. */
  readonly max_age: number;
  readonly private_network: boolean;
}

const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/(\*\.)?([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}|\*))?$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

function originOf(text: string, context: z.core.$RefinementCtx<string>): string {
  if (text === '*' || text === 'null') return text;
  const [, scheme = '', wild = '', host = '', port] = ORIGIN.exec(text.toLowerCase()) ?? [];
  if (scheme !== '')
    return `${scheme}://${wild}${host}${port === undefined || port === DEFAULT_PORTS[scheme] ? '' : `:${port}`}`;
  const hint = /^[a-z][a-z0-9+.-]*:\/\/[^/]+\/+$/i.test(text) ? ': without the slash at its end' : '';
  const message = `expected an origin such as https://app.example.com, "https://*.example.com" or "*"${hint}`;
  context.issues.push({ code: 'custom', message, input: text });
  return z.NEVER;
}

const origin: z.ZodType<string> = z
  .string({ error: 'expected an origin such as https://app.example.com' })
  .transform(originOf);

const anyName: z.ZodType<string> = z.union([z.literal('*'), headerName()], {
  error: 'expected the name of a header field, such as X-Env, or "*"',
});

const method: z.ZodType<string> = z
  .string({ error: 'expected a method such as PUT' })
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'expected a method such as PUT')
  .refine((text) => text !== '*', 'expected the methods by name')
  .transform((text) => text.toUpperCase());

export const corsPolicy: z.ZodType<CorsPolicy> = z
  .strictObject({
    origins: z
      .array(origin)
      .min(1)
      .describe('The origins of such pages; `*.` stands for every name below, `:*` for every port, `*` for all.')
      .meta({ samples: [['https://app.example.com', 'https://*.example.org', 'http://localhost:*']] }),
    methods: z
      .array(method)
      .prefault(['GET', 'HEAD', 'POST'])
      .describe('What they may do.')
      .meta({ samples: [['GET', 'PUT', 'DELETE']] }),
    headers: z
      .array(anyName)
      .prefault([])
      .describe('Request fields that they may set, beside those that every page may; `*`: any.')
      .meta({ samples: [['Authorization', 'Content-Type']] }),
    expose: z
      .array(anyName)
      .prefault([])
      .describe('Fields of answers that they may read, beside those that every page may.')
      .meta({ samples: [['X-Request-Id']] }),
    credentials: z
      .boolean()
      .prefault(false)
      .describe('Whether they may send cookies and logins of the user along. Not with the origin `*`.'),
    max_age: duration({ min: '0s', max: '36500d' })
      .prefault('10m')
      .describe('For how long a browser need not ask again.'),
    private_network: z
      .boolean()
      .prefault(false)
      .describe('Whether pages from the internet may use what is here in a private network.'),
  })
  .superRefine(({ origins, expose, credentials }, context) => {
    if (!credentials) return;
    const refuse = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    if (origins.includes('*')) refuse('credentials', 'every page could act in the name of the user: name the origins');
    if (origins.includes('null')) refuse('credentials', 'every sandboxed page has the origin null');
    if (expose.includes('*')) refuse('expose', 'browsers take "*" for a name here: name the fields');
  });
