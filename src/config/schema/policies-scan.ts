// The settings of the policy `scan`. Rule: an address that cannot be one of a clamd is found before anybody waits for it.
import { z } from 'zod';
import { parseAddress } from '../../core/address.ts';
import { count, duration, size } from './fields.ts';

export interface ScanPolicy {
  /** `unix:/path` or `host:port`. */
  readonly clamd: string;
  readonly requests: boolean;
  readonly responses: boolean;
  /** Bytes. */
  readonly max_size: number;
  /** Bytes. */
  readonly hold: number;
  readonly on_error: 'deny' | 'allow';
  /** Milliseconds. */
  readonly timeout: number;
  readonly connections: number;
}

const EXPECTED = 'expected unix:/path/to/clamd.ctl or host:port';
/** Less would be no tail to speak of. */
const LEAST_HOLD_BYTES = 1024;

export const scan: z.ZodType<ScanPolicy> = z
  .strictObject({
    clamd: z
      .string({ error: 'expected the address of clamd, unix:/path/to/clamd.ctl or host:port' })
      .superRefine((text, context) => {
        const fault = faultOfAddress(text);
        if (fault !== null) context.addIssue({ code: 'custom', message: `${EXPECTED}: ${fault}` });
      })
      .describe('Where clamd listens.')
      .meta({ samples: ['unix:/run/clamav/clamd.ctl'] }),
    requests: z.boolean().prefault(true).describe('Scan what clients send.'),
    responses: z.boolean().prefault(true).describe('Scan what servers answer.'),
    max_size: size()
      .prefault('10MiB')
      .describe(
        'Bodies beyond this size are not scanned and count as an error. No more than `StreamMaxLength` of clamd.',
      ),
    hold: size()
      .prefault('256KiB')
      .refine((bytes) => bytes >= LEAST_HOLD_BYTES, 'expected a size of at least 1KiB')
      .describe(
        'So much of the end of a body waits for the verdict, in memory. A body that is no longer is answered for with an error, a longer one is cut.',
      ),
    on_error: z.enum(['deny', 'allow']).prefault('deny').describe('What happens to a body that could not be scanned.'),
    timeout: duration()
      .prefault('30s')
      .describe(
        'How long clamd may take: to accept a connection, to take what it is sent, and from there to its verdict.',
      ),
    connections: count(10_000)
      .prefault(32)
      .describe('The most bodies that are scanned at once; others wait. Less than half of `MaxQueue` of clamd.'),
  })
  .refine(({ requests, responses }) => requests || responses, {
    error: 'nothing would be scanned: switch the policy off with `scan: false`',
    path: ['responses'],
  });

function faultOfAddress(text: string): string | null {
  if (text.startsWith('/')) return 'a socket begins with "unix:"';
  const address = parseAddress(text);
  if (address.kind === 'invalid') return address.reason;
  if (address.kind === 'unix') return address.path.startsWith('/') ? null : 'the path of the socket must be whole';
  if (address.host === '') return 'the host is missing';
  return address.port === 0 ? 'the port is not a number from 1 to 65535' : null;
}
