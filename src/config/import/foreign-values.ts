// Values that several foreign files write alike, in the spelling of Sluice. Rule: a variable stays a variable; what is
// written out is encoded where it now stands inside a URL.

import { formatHostPort } from '../../core/address.ts';
import { isVariable, type ForeignSection } from './foreign-section.ts';

const LEVELS: Readonly<Record<string, string>> = {
  warning: 'warn',
  critical: 'fatal',
  notset: 'trace',
  off: 'silent',
  none: 'silent',
};

const KNOWN_LEVELS = /^(?:trace|debug|info|warn|error|fatal|silent)$/;

/** Section `log` from level, format and file. */
export function logSection(logging: ForeignSection): Record<string, string> {
  const level = logLevel(logging, 'level');
  const format = logging.text('format')?.toLowerCase();
  const file = logging.text('file');
  if (file !== undefined && !isVariable(file) && !/^[/~]/.test(file)) {
    logging.change('file', 'a path that is not absolute starts from the folder of the new file');
  }
  const known = format === 'text' || format === 'console' ? 'pretty' : format;
  return defined({ level, format: known === 'json' || known === 'pretty' ? known : undefined, file });
}

export function logLevel(section: ForeignSection, key: string): string | undefined {
  const written = section.text(key)?.toLowerCase();
  if (written === undefined || isVariable(written)) return written === undefined ? undefined : section.text(key);
  const level = LEVELS[written] ?? written;
  if (KNOWN_LEVELS.test(level)) return level;
  section.lose(key, 'there is no such level');
  return undefined;
}

/** Section `metrics`. The door stays on this machine, wherever it was before. */
export function metricsSection(metrics: ForeignSection): Record<string, string | null> {
  const path = metrics.text('path');
  const port = metrics.number('port');
  if (metrics.flag('enabled') === false) return { listen: null };
  return defined({ listen: port === undefined ? undefined : `127.0.0.1:${port}`, path });
}

/** Host and port as an address to listen on. */
export function listenText(host: string, port: number | string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  return typeof port === 'number'
    ? formatHostPort(bare, port)
    : `${bare.includes(':') && !isVariable(bare) ? `[${bare}]` : bare}:${port}`;
}

/** Is it sure that only this machine gets there? */
export function isLoopbackHost(host: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/i.test(host);
}

export interface ProxyParts {
  readonly protocol: string;
  readonly host: string;
  readonly port: number | string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** The URL of a proxy that was written in parts. */
export function proxyUrlText({ protocol, host, port, username, password }: ProxyParts): string {
  const user = username === undefined ? '' : encodePart(username);
  const secret = password === undefined ? '' : `:${encodePart(password)}`;
  const at = username === undefined && password === undefined ? '' : `${user}${secret}@`;
  const place = port === undefined ? host : listenText(host, port);
  return `${protocol}://${at}${place}`;
}

/** Percent-encoding of everything but variables, whose values are encoded when they are put in. */
function encodePart(text: string): string {
  return text
    .split(/(\$\{[^}]*\})/)
    .map((part) => (part.startsWith('${') ? part : encodeURIComponent(part)))
    .join('');
}

/** A name as Sluice takes it; other characters become "-". */
export function nameText(section: ForeignSection, key: string, fallback: string): string {
  const written = section.text(key);
  if (written === undefined) return fallback;
  if (isVariable(written)) {
    section.change(key, 'a name cannot come from a variable');
    return fallback;
  }
  const name = written.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  if (name === written) return name;
  section.change(key, `the name is "${name === '' ? fallback : name}" now: letters, digits, ".", "_" and "-"`);
  return name === '' ? fallback : name;
}

/** Without the keys that have nothing behind them. */
export function defined<T>(map: Readonly<Record<string, T | undefined>>): Record<string, T> {
  const kept = Object.entries(map).filter((entry): entry is [string, T] => entry[1] !== undefined);
  return Object.fromEntries(kept);
}

/** Sections without anything in them say nothing. */
export function filled<T extends object>(map: T): T | undefined {
  return Object.keys(map).length === 0 ? undefined : map;
}
