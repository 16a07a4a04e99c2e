// Section tunnels.server.interstitial: the page that browsers see before a tunnel of somebody they may not know. Rule: off without a word.

import { z } from 'zod';
import { duration, headerName } from './fields.ts';

export interface InterstitialConfig {
  /** In lower case; null: nothing exempts. */
  readonly skip_header: string | null;
  readonly cookie_ttl: number;
  /** Also before tunnels of users of the configuration. */
  readonly users: boolean;
}

/** It is taken out of what apps get. */
const NEEDED =
  /^(?:accept.*|authorization|connection|content-.*|cookie|expect|host|origin|range|referer|sec-.*|te|transfer-encoding|upgrade|user-agent)$/;

const settings = z.strictObject({
  skip_header: headerName()
    .transform((name) => name.toLowerCase())
    .refine((name) => !NEEDED.test(name), 'expected a field of its own: apps do not get it, and this one they need')
    .nullable()
    .prefault('sluice-skip-interstitial')
    .describe('Requests with this header field, whatever it says, go straight to the app. `null`: none do.'),
  users: z
    .boolean()
    .prefault(false)
    .describe(
      'Also before tunnels of `users`, whom the operator knows; `false`: only before those of accounts that have registered.',
    ),
  cookie_ttl: duration({ min: '1s', max: '365d' })
    .prefault('7d')
    .describe('How long the browser that has been told is not told again, for each host.'),
});

export const interstitialSchema: z.ZodType<InterstitialConfig | null> = z
  .union([
    z.literal(false).transform(() => null),
    z.null(),
    z.literal(true).transform(() => settings.parse({})),
    settings,
  ])
  .prefault(false)
  .describe(
    'A page before the first visit of a browser to a name below `domain`, which says that what follows is the local server of somebody. ' +
      '`true`: as below; `false` or `null`: none.',
  )
  .meta({ samples: [true, { cookie_ttl: '30d' }] });
