// Reads the vector files of test/vectors/http1. Their format is explained in requests.md there.
// Rule: what does not fit the format is an error, so that no vector is skipped by a slip of the pen.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Replay } from './http1-replay.ts';

export interface Vector extends Replay {
  readonly title: string;
  readonly events: readonly string[];
}

const FOLDER = join(import.meta.dirname, '../vectors/http1');
const SECTION = /^## (.+)\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm;
const BLOCKS = /^```(request|response)((?: \S+)*)\n([\s\S]*?)^```\n\s*^```events\n([\s\S]*?)^```$/m;

export function listVectorFiles(): string[] {
  return readdirSync(FOLDER).filter((name) => name.endsWith('.md'));
}

export function readVectorFile(name: string): Vector[] {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  return Array.from(text.matchAll(SECTION), (section) => readVector(section[1]!, section[2]!));
}

function readVector(title: string, section: string): Vector {
  const match = BLOCKS.exec(section);
  if (match === null) throw new Error(`"${title}" has no message block followed by an events block`);
  const [, kind, options, message, events] = match;
  const limits: Record<string, number> = {};
  let answered: string[] | undefined;
  let isEnded = false;
  for (const option of options!.trim().split(' ').filter(Boolean)) {
    const [key, value] = option.split('=') as [string, string | undefined];
    if (option === 'eof') isEnded = true;
    else if (key === 'to' && value !== undefined) answered = value.split(',');
    else if (/^max[A-Z]/.test(key) && value !== undefined) limits[key] = Number(value);
    else throw new Error(`"${title}" has an unknown option: ${option}`);
  }
  return {
    title,
    kind: kind as Vector['kind'],
    bytes: readOctets(message!, title),
    events: events!.split('\n').slice(0, -1),
    isEnded,
    limits,
    ...(answered === undefined ? {} : { answered }),
  };
}

/** Line ends become CRLF, but not behind a backslash; escapes become octets. */
function readOctets(message: string, title: string): Buffer {
  const text = message.replaceAll(/\\(x[0-9a-f]{2}|[\s\S])|\n/g, (found, escape: string | undefined) => {
    if (escape === undefined) return '\r\n';
    switch (escape.charAt(0)) {
      case '\n':
        return '';
      case 'r':
        return '\r';
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case '\\':
        return '\\';
      case 'x':
        return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
      default:
        throw new Error(`"${title}" has an unknown escape: ${found}`);
    }
  });
  if (/[^\0-\xff]/.test(text)) throw new Error(`"${title}" holds a character that is not one octet`);
  return Buffer.from(text, 'latin1');
}
