// The settings of the policy `compress`. Rule: the defaults are those that cost little for what they save; every level that can be
// chosen is one that browsers can read.
import { z } from 'zod';
import { size } from './fields.ts';

const ENCODINGS = ['zstd', 'br', 'gzip'] as const;

export interface CompressPolicy {
  readonly encodings: readonly (typeof ENCODINGS)[number][];
  readonly types: readonly string[];
  /** Bytes. */
  readonly min_size: number;
  readonly levels: Readonly<Record<(typeof ENCODINGS)[number], number>>;
}

/** Texts and what is written as texts; of pictures and fonts those that are not compressed by themselves. */
const TYPES = [
  'text/*',
  'application/json',
  'application/*+json',
  'application/xml',
  'application/*+xml',
  'application/javascript',
  'application/x-javascript',
  'application/x-ndjson',
  'application/yaml',
  'application/wasm',
  'application/x-protobuf',
  'application/vnd.ms-fontobject',
  'font/ttf',
  'font/otf',
  'image/svg+xml',
  'image/bmp',
  'image/x-icon',
  'image/vnd.microsoft.icon',
];

const TOKEN = "[\\w!#$&'.+^`|~-]+";
const TYPE = new RegExp(`^(?:\\*/\\*|${TOKEN}/(?:${TOKEN}|\\*(?:\\+${TOKEN})?))$`);

const EXPECTED = 'expected a media type such as text/html, text/* or application/*+json';

function level(of: string, least: number, most: number): z.ZodType<number> {
  const message = `expected a level of ${of}, from ${least} to ${most}`;
  return z.int({ error: message }).min(least, message).max(most, message);
}

export const compress: z.ZodType<CompressPolicy> = z.strictObject({
  encodings: z
    .array(z.enum(ENCODINGS))
    .min(1)
    .prefault([...ENCODINGS])
    .describe('Encodings in order of preference; the client has the last word.'),
  types: z
    .array(z.string({ error: EXPECTED }).regex(TYPE, EXPECTED))
    .prefault(TYPES)
    .describe(
      'Answers of these types are compressed. `text/*` stands for all texts, `application/*+json` for all that end so.',
    )
    .meta({ samples: [['text/*', 'application/json']] }),
  min_size: size()
    .prefault('1KiB')
    .describe('Smaller answers are left as they are. Those of unknown length are compressed.'),
  levels: z
    .strictObject({
      gzip: level('gzip', 1, 9).prefault(5).describe('From 1, which is fast, to 9, which is thorough.'),
      br: level('br', 0, 11)
        .prefault(4)
        .describe('From 0 to 11; those from 6 on are for files that are compressed once.'),
      zstd: level('zstd', 1, 19)
        .prefault(3)
        .describe('From 1 to 19; those from 7 on are for files that are compressed once.'),
    })
    .prefault({})
    .describe('How much work goes into it.'),
});
