// What the running Sluice says of itself, and of what only it can ask without disturbing anybody: proxies and logins. Rule: it is asked, and
// changes nothing; where none runs, the config alone is gone by.
import type { Config } from '../../config/config.ts';
import type { AiAccountsAnswer, ProxiesAnswer, StatusAnswer } from '../../control/admin-answers.ts';
import type { AdminClient } from '../../control/admin-client.ts';
import type { MemberTestAnswer } from '../../control/member-answers.ts';
import { ERROR_CATALOGUE, type ErrorCode, SluiceError } from '../../core/errors.ts';
import { lookAtLogins } from '../../runtime/accounts/look-at-logins.ts';
import { probeHops } from '../../runtime/hops/probe-hops.ts';
import { VERSION } from '../../runtime/version.ts';
import { formatElapsed } from '../elapsed.ts';
import { failure, type Finding, ok, skipped, warning } from './finding.ts';

export interface Running {
  readonly client: AdminClient;
  readonly status: StatusAnswer;
}

const AT_ONCE = 8;

/** What it is, and whether it is as the config says. */
export function checkRunning({ status }: Running): Finding[] {
  const { version, state, uptime_seconds: uptime, config, state_store: store } = status;
  const said = `${version}, ${state}, up ${formatElapsed(uptime)}`;
  const findings = [state === 'ready' ? ok('running', '', said) : warning('running', '', said)];
  if (version !== VERSION) findings.push(warning('running', '', `it is not this version (${VERSION})`, 'restart it'));
  if (config.needs_restart.length > 0) {
    findings.push(warning('running', '', `${config.needs_restart.join(', ')} changed since the start`, 'restart it'));
  }
  if (store.server !== null && !store.up) findings.push(failure('redis', store.server, 'is not reached'));
  return findings;
}

export async function checkHops(config: Config, running: Running | null): Promise<Finding[]> {
  if (Object.keys(config.hops).length === 0) return [];
  if (running !== null) return askedHops(running.client);
  const probed = await probeHops(config);
  return probed.map(({ name, result }) => {
    if (result === null) return skipped('hop', name, 'the hops before it cannot be got through');
    return result.passed
      ? ok('hop', name, `answers, ${Math.round(result.latencyMs)} ms`)
      : hopFault(name, result.reason);
  });
}

async function askedHops(client: AdminClient): Promise<Finding[]> {
  const { proxies } = await client.get<ProxiesAnswer>('/api/v1/proxies');
  const waiting = [...proxies];
  const findings: Finding[] = [];
  const next = async (): Promise<void> => {
    for (let proxy = waiting.shift(); proxy !== undefined; proxy = waiting.shift()) {
      if (!proxy.enabled) findings.push(skipped('hop', proxy.id, 'is disabled'));
      else findings.push(await tested(client, proxy.id));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return findings;
}

async function tested(client: AdminClient, id: string): Promise<Finding> {
  const path = `/api/v1/proxies/${encodeURIComponent(id)}/test`;
  try {
    const { passed, latency_ms: latency, error } = await client.post<MemberTestAnswer>(path);
    if (passed === null) return skipped('hop', id, 'the hops before it cannot be got through');
    return passed ? ok('hop', id, `answers, ${Math.round(latency ?? 0)} ms`) : hopFault(id, error ?? 'internal');
  } catch (cause) {
    return failure('hop', id, cause instanceof SluiceError ? cause.message : String(cause));
  }
}

/** What is fetched through it may be away while the proxy itself is well. */
function hopFault(name: string, code: string): Finding {
  const known = Object.hasOwn(ERROR_CATALOGUE, code) ? ERROR_CATALOGUE[code as ErrorCode] : undefined;
  const message = known === undefined ? code : `${known.summary} (${code})`;
  return known?.side === 'upstream'
    ? warning('hop', name, message)
    : failure('hop', name, message, `sluice help ${code}`);
}

export async function checkAccounts(config: Config, running: Running | null, nowMs: number): Promise<Finding[]> {
  if (!config.ai.enabled) return [];
  return running === null ? readAccounts(config, nowMs) : askedAccounts(running.client);
}

async function askedAccounts(client: AdminClient): Promise<Finding[]> {
  const { accounts } = await client.get<AiAccountsAnswer>('/api/v1/ai/accounts');
  return accounts.map(({ provider, id, state, reason, file, readable_by_others: isOpen }) => {
    const name = `${provider}/${id}`;
    const detail = reason === null ? '' : `: ${reason}`;
    if (state === 'dead' || state === 'auth_failed')
      return failure('account', name, `${state}${detail}`, 'sign in again');
    if (isOpen) return warning('account', name, 'others than its owner can read it', `chmod 600 ${file ?? ''}`);
    return state === 'ok' ? ok('account', name, 'ok') : warning('account', name, `${state}${detail}`);
  });
}

async function readAccounts(config: Config, nowMs: number): Promise<Finding[]> {
  const looks = await lookAtLogins(config);
  return looks.map(({ provider, file, fault, expiresAtMs, canRenew, isOpen }) => {
    const name = `${provider} ${file}`;
    if (fault !== null) return failure('account', name, fault, 'sign in with the program of the provider');
    if (isOpen) return warning('account', name, 'others than its owner can read it', `chmod 600 ${file}`);
    const isOver = expiresAtMs !== null && expiresAtMs <= nowMs;
    if (isOver && !canRenew) return failure('account', name, 'has expired and cannot be renewed', 'sign in again');
    return ok('account', name, isOver ? 'is renewed at its next use' : 'signed in');
  });
}
