// The certificates that a config names: whether each fits its key, and how long it still holds. Rule: a key is looked at, and nothing of it
// is told.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import type { Certificate, ClientTls } from '../../config/schema/tls.ts';
import { failure, type Finding, ok, warning } from './finding.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** Those of our doors, those that we show, and the authorities that servers are believed by. */
export function checkCertificates({ gateway, egress, hops, tunnels, traces }: Config, nowMs: number): Finding[] {
  const serving = [gateway.tls, ...gateway.listen.map(({ tls }) => tls), egress.tls, tunnels.server.tls];
  const pairs = new Map<string, Certificate>();
  for (const tls of serving) for (const pair of tls?.certificates ?? []) pairs.set(`${pair.cert}\n${pair.key}`, pair);
  const showing = gateway.routes.flatMap(({ to }) => ('backends' in to && to.tls !== null ? [to.tls] : []));
  for (const { tls, proxies } of Object.values(hops)) {
    showing.push(...[tls, ...proxies.map((proxy) => proxy.tls)].filter((each): each is ClientTls => each !== null));
  }
  for (const { cert, key } of showing) if (cert !== null && key !== null) pairs.set(`${cert}\n${key}`, { cert, key });
  const authorities = new Set([
    ...showing.map(({ ca }) => ca),
    ...serving.map((tls) => tls?.client_ca ?? null),
    traces.ca,
  ]);
  return [
    ...[...pairs.values()].map((pair) => checkPair(pair, nowMs)),
    ...[...authorities].filter((file) => file !== null).map((file) => checkHolds(file, nowMs)),
  ];
}

function checkPair({ cert, key }: Certificate, nowMs: number): Finding {
  try {
    const certificate = new X509Certificate(readFileSync(cert));
    const isFitting = certificate.checkPrivateKey(createPrivateKey(readFileSync(key)));
    if (!isFitting) return failure('certificate', cert, `does not belong to the key ${key}`);
    const finding = holds(cert, certificate, nowMs);
    const isOpen = finding.mark === 'ok' && (statSync(key).mode & 0o007) !== 0;
    return isOpen ? warning('certificate', cert, `everybody can read its key ${key}`, `chmod 600 ${key}`) : finding;
  } catch (error) {
    return unreadable(cert, error);
  }
}

function checkHolds(file: string, nowMs: number): Finding {
  try {
    return holds(file, new X509Certificate(readFileSync(file)), nowMs);
  } catch (error) {
    return unreadable(file, error);
  }
}

function holds(file: string, { validFrom, validTo, subjectAltName, subject }: X509Certificate, nowMs: number): Finding {
  const days = Math.floor((Date.parse(validTo) - nowMs) / DAY_MS);
  const name = subjectAltName ?? subject?.replaceAll('\n', ', ') ?? '';
  if (nowMs < Date.parse(validFrom))
    return failure('certificate', file, `holds only from ${validFrom} on`, 'is the clock right?');
  if (days < 0)
    return failure('certificate', file, `has expired on ${validTo} (${name})`, 'renew it, then: sluice reload');
  const left = `holds for ${days} more ${days === 1 ? 'day' : 'days'} (${name})`;
  return days < SOON_DAYS
    ? warning('certificate', file, left, 'renew it, then: sluice reload')
    : ok('certificate', file, left);
}

function unreadable(file: string, error: unknown): Finding {
  const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
  return failure('certificate', file, `cannot be used: ${reason}`);
}
