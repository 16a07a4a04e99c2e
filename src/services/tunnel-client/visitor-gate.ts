// Who may use a tunnel. Rule: the client itself enforces what its owner has asked for, whatever the server does; passwords are compared in
// a time that tells nothing.
import { Buffer } from 'node:buffer';
import { hash, timingSafeEqual } from 'node:crypto';
import type { StreamOpenMessage } from '../../codec/tunnel/server-messages.ts';
import { parseIp, rangesContain } from '../../core/ip.ts';
import type { ExposedTunnel, FieldPair } from './exposed-tunnel.ts';
import { type LocalAnswer, serverIsUnhealthy, textAnswer } from './local-answer.ts';

type Guarded = Pick<ExposedTunnel, 'auth' | 'allow' | 'name'>;

export interface Visit {
  readonly open: Pick<StreamOpenMessage, 'headers'>;
  readonly tunnel: Guarded & Pick<ExposedTunnel, 'health'>;
  /** The local server fails its checks. */
  readonly isUnhealthy?: boolean;
}

/** null: the local server may be asked. Who may not come in is told nothing of how it does. */
export function refuseVisit({ open: { headers }, tunnel, isUnhealthy = false }: Visit): LocalAnswer | null {
  const refusal = refuseVisitor(headers, tunnel);
  if (refusal !== null || !isUnhealthy) return refusal;
  return serverIsUnhealthy(headers, tunnel.health?.intervalMs ?? 0);
}

/** null: come in. */
export function refuseVisitor(headers: readonly FieldPair[], tunnel: Guarded): LocalAnswer | null {
  if (tunnel.allow.length > 0 && !isAllowed(headers, tunnel)) {
    return textAnswer(headers, { status: 403, code: 'forbidden', message: 'Your address may not use this tunnel.' });
  }
  if (tunnel.auth === null || isKnown(headers, tunnel.auth)) return null;
  const asked = textAnswer(headers, {
    status: 401,
    code: 'unauthorized',
    message: 'This tunnel asks for a user name and a password.',
  });
  const challenge: FieldPair = [
    'WWW-Authenticate',
    `Basic realm="${tunnel.name.replace(/[^\w.-]/g, '_')}", charset="UTF-8"`,
  ];
  return { ...asked, headers: [challenge, ...asked.headers] };
}

/** The server has put the address that it knows last. Without one nobody is let in. */
function isAllowed(headers: readonly FieldPair[], { allow }: Guarded): boolean {
  const address = parseIp(valuesOf(headers, 'x-forwarded-for').join(',').split(',').at(-1)?.trim() ?? '');
  return address !== undefined && rangesContain(allow, address);
}

function isKnown(headers: readonly FieldPair[], auth: string): boolean {
  const [value = ''] = valuesOf(headers, 'authorization');
  const match = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(value);
  const said = Buffer.from(match?.[1] ?? '', 'base64').toString('utf8');
  return timingSafeEqual(digest(said), digest(auth)) && match !== null;
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

export function valuesOf(headers: readonly FieldPair[], name: string): string[] {
  return headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}
