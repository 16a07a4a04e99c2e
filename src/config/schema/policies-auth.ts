// The policy `auth`: who may enter, by the users of this configuration or by the word of another server. Rule: one of the two decides,
// and where that cannot be asked nobody enters.
import { z } from 'zod';
import { duration, headerName, headerValue, url } from './fields.ts';

/** Users of the section `users`, with more to say than that. */
export interface UsersAuth {
  readonly realm: string;
  /** null: the server behind is not told. */
  readonly user_header: string | null;
}

export interface ForwardAuth {
  readonly forward: string;
  /** Of the client's; null: all. */
  readonly request_headers: readonly string[] | null;
  readonly response_headers: readonly string[];
  readonly answer_headers: readonly string[];
  readonly user_from: string | null;
  /** Milliseconds. */
  readonly timeout: number;
}

export type AuthPolicy = 'users' | 'none' | UsersAuth | ForwardAuth;

/** What frames a message, and what Sluice itself says of it: not for others to say. */
const OURS =
  /^(?:connection|content-length|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|via|forwarded|x-forwarded-.*)$/i;

function fieldName(): z.ZodType<string, string> {
  return headerName().refine((name) => !OURS.test(name), 'Sluice itself decides on this field of a request');
}

/** Every key of this shape may be left out, so that whatever is wrong with another shape would be told of as keys that this one has not. */
function refuseStrangers(_: unknown, { issues }: z.core.$RefinementCtx): void {
  for (const [index, issue] of issues.entries()) {
    if (issue.code === 'unrecognized_keys') issues[index] = { ...issue, continue: false };
  }
}

const users: z.ZodType<UsersAuth> = z
  .strictObject({
    realm: headerValue()
      .refine((text) => /^[ -~]+$/.test(text) && !/["\\]/.test(text), 'expected a text of ASCII without quotes')
      .prefault('Sluice')
      .describe('What browsers name when they ask for a password.'),
    user_header: fieldName()
      .nullable()
      .prefault(null)
      .describe(
        'The field in which the server behind is told the name of the user. What clients say in it is taken out.',
      )
      .meta({ samples: ['X-Sluice-User'] }),
  })
  .superRefine(refuseStrangers, { when: () => true });

const forward: z.ZodType<ForwardAuth> = z.strictObject({
  forward: url({
    schemes: ['http', 'https', 'h2c'],
    example: 'http://auth:9000/verify',
    path: true,
    query: true,
  }).describe('Who is asked about every request; 2xx lets it in, 3xx and 4xx are answered to the client.'),
  request_headers: z
    .array(headerName())
    .nullable()
    .prefault(null)
    .describe('Fields of the client that are shown to it. `null`: all.')
    .meta({ samples: [['Authorization', 'Cookie']] }),
  response_headers: z
    .array(fieldName())
    .prefault([])
    .describe('Fields of its answer that the server behind gets. What clients say in them is taken out.')
    .meta({ samples: [['Remote-User', 'Remote-Groups']] }),
  answer_headers: z
    .array(headerName())
    .prefault([])
    .describe('Fields of its answer that the client gets with that of the server behind.')
    .meta({ samples: [['Set-Cookie']] }),
  user_from: headerName()
    .nullable()
    .prefault(null)
    .describe('The field of its answer that names the user, for the access log and for limits per user.')
    .meta({ samples: ['Remote-User'] }),
  timeout: duration().prefault('5s').describe('How long it may take. Who is not answered in time does not enter.'),
});

export const authPolicy: z.ZodType<AuthPolicy> = z.union([z.enum(['users', 'none']), forward, users], {
  error: 'expected users, none, or a map with `forward` or `user_header`',
});

/** Whether the section `users` decides. */
export function asksUsers(auth: AuthPolicy | undefined): auth is 'users' | UsersAuth {
  return auth === 'users' || (typeof auth === 'object' && !('forward' in auth));
}
