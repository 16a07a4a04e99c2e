// Changes the header of answers, and gives them the fields that browsers protect people by. Rule: a server that says one of these
// itself knows better; what the configuration says by name counts more than both.
import { NameSet } from '../../codec/http1/name-set.ts';
import { ReadyLines } from '../../codec/http1/ready-lines.ts';
import type { Exchange, Fields } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import type { HeaderChanges } from './header-changes.ts';

export interface ResponseHeadersOptions {
  readonly changes: HeaderChanges;
  /** Without it only the changes are made. */
  readonly security: boolean;
  /** null: nothing is said of it. */
  readonly hsts: HstsOptions | null;
  /** Goes along with the fields for security; null: servers say it, or nobody. */
  readonly csp: string | null;
  /** What servers answer is theirs: only errors and other answers of ours get the fields for security. */
  readonly protectsOursOnly?: boolean;
}

/** How long browsers are to come by TLS only (RFC 6797). */
export interface HstsOptions {
  readonly maxAgeMs: number;
  readonly includesSubdomains: boolean;
  /** Not of the RFC: browsers may know it before the first visit. */
  readonly preload: boolean;
}

interface Given {
  readonly name: string;
  readonly value: string;
  /** Means something over TLS only (RFC 6797, 7.2). */
  readonly overTls: boolean;
}

const SECURITY: readonly (readonly [name: string, value: string])[] = [
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'strict-origin-when-cross-origin'],
];

export function responseHeaders(options: ResponseHeadersOptions): Policy {
  const { changes, security, hsts, csp, protectsOursOnly = false } = options;
  const given = [
    ...(hsts === null ? [] : [fieldOf('Strict-Transport-Security', hstsText(hsts), true)]),
    ...(security ? SECURITY.map(([name, value]) => fieldOf(name, value)) : []),
    ...(csp === null ? [] : [fieldOf('Content-Security-Policy', csp)]),
  ].filter(({ name }) => !changes.decidesOn(name));
  const names = new NameSet(given.map(({ name }) => name));
  const always = bitsOf(given, (each) => !each.overTls);
  const overTls = bitsOf(given, (each) => each.overTls);
  const additions = new Additions(given, changes.fields);
  return {
    name: 'headers',
    response({ client, response: { fields, isOurs } }: Exchange): void {
      changes.take(fields);
      const wanted = isOurs || !protectsOursOnly ? (client.secure ? always | overTls : always) : 0;
      const missing = wanted === 0 ? 0 : wanted & ~fields.whichOf(names);
      if (missing !== 0 || changes.fields.length > 0) additions.to(fields, missing);
    },
  };
}

function bitsOf(given: readonly Given[], is: (each: Given) => boolean): number {
  return given.reduce((bits, each, index) => (is(each) ? bits | (1 << index) : bits), 0);
}

/** What answers get: made ready once for each choice of what is missing, of which few occur. */
class Additions {
  readonly #given: readonly Given[];
  readonly #always: readonly (readonly [name: string, value: string])[];
  readonly #ready: ReadyLines[] = [];

  constructor(given: readonly Given[], always: readonly (readonly [name: string, value: string])[]) {
    this.#given = given;
    this.#always = always;
  }

  to(fields: Fields, missing: number): void {
    fields.appendReady((this.#ready[missing] ??= this.#make(missing)));
  }

  #make(missing: number): ReadyLines {
    const given = this.#given.filter((_, index) => (missing & (1 << index)) !== 0);
    return new ReadyLines([...given.map(({ name, value }) => [name, value] as const), ...this.#always]);
  }
}

function hstsText({ maxAgeMs, includesSubdomains, preload }: HstsOptions): string {
  const age = `max-age=${Math.floor(maxAgeMs / 1000)}`;
  return `${age}${includesSubdomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`;
}

function fieldOf(name: string, value: string, overTls = false): Given {
  return { name, value, overTls };
}
