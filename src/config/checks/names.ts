// Names that point to something: users, hops, proxies, routes, agents, tunnels. Rule: a name stands for one thing, and a
// name that is used exists.

import { hash } from 'node:crypto';
import { nearestName } from '../../core/nearest-name.ts';
import { formatPath, type KeyPath } from '../key-path.ts';
import type { BackendsTarget } from '../schema/targets.ts';
import type { UserConfig } from '../schema/users.ts';
import type { Check, Finding } from './finding.ts';

const BUILT_IN_AGENTS: readonly string[] = ['claude', 'codex'];

/** Shorter ones can be guessed by trying. */
export const MIN_TOKEN_LENGTH = 16;

export const checkUsers: Check = ({ config: { users } }) => {
  const findings: Finding[] = [...duplicates(users, 'name', ['users'])];
  findings.push(...duplicates(users, 'token', ['users']), ...duplicates(users, 'token_sha256', ['users']));
  findings.push(...sharedByHash(users));
  for (const [index, { name, token, token_sha256: digest }] of users.entries()) {
    const path = ['users', index];
    if (token === null && digest === null) {
      findings.push({
        code: 'config_missing',
        message: `the user "${name}" has no token`,
        path,
        hint: 'give "token" or "token_sha256"',
      });
    }
    if (token !== null && digest !== null) {
      const message = `the user "${name}" has two tokens; only one of "token" and "token_sha256" is possible`;
      findings.push({ code: 'config_conflict', message, path: [...path, 'token_sha256'], atKey: true });
    }
    if (token !== null && token.length < MIN_TOKEN_LENGTH) {
      const message = `the token of "${name}" is shorter than ${MIN_TOKEN_LENGTH} characters and can be guessed`;
      findings.push({ severity: 'warning', code: 'config_unsafe', message, path: [...path, 'token'], atKey: true });
    }
  }
  return findings;
};

/** One user has the token of another, whose hash alone is given. */
function sharedByHash(users: readonly UserConfig[]): Finding[] {
  const plain = new Map(
    users.flatMap(({ token }, index) => (token === null ? [] : [[hash('sha256', token, 'hex'), index] as const])),
  );
  return users.flatMap(({ token_sha256: digest }, index): Finding[] => {
    const other = digest === null ? undefined : plain.get(digest);
    if (other === undefined || other === index) return [];
    const message = `this is the hash of the token in ${formatPath(['users', other])}`;
    return [{ code: 'config_conflict', message, path: ['users', index, 'token_sha256'] }];
  });
}

export const checkHops: Check = ({ config: { hops, egress, gateway, ai, tunnels } }) => {
  const findings: Finding[] = [];
  const names = Object.keys(hops);
  if (names.includes('direct')) {
    const message = '"direct" is no name for a hop: it means "without hops"';
    findings.push({ code: 'config_conflict', message, path: ['hops', 'direct'], atKey: true });
  }
  for (const [name, { proxies }] of Object.entries(hops)) {
    findings.push(...duplicates(proxies, 'id', ['hops', name, 'proxies'], 'give each proxy an "id" of its own'));
  }
  findings.push(...checkChain(egress.chain, ['egress', 'chain'], names));
  for (const [index, { via }] of egress.rules.entries()) {
    findings.push(...checkChain(via ?? [], ['egress', 'rules', index, 'via'], names));
  }
  for (const [index, { to }] of gateway.routes.entries()) {
    if (!('backends' in to)) continue;
    findings.push(...checkChain(to.via, ['gateway', 'routes', index, 'to', 'via'], names));
    findings.push(...checkReach(to, ['gateway', 'routes', index, 'to']));
  }
  findings.push(...checkChain(ai.via, ['ai', 'via'], names));
  findings.push(...checkChain(tunnels.client.via ?? [], ['tunnels', 'client', 'via'], names));
  return findings;
};

/** A socket of this machine is not to be reached from anywhere else. */
function checkReach({ backends, via }: BackendsTarget, path: KeyPath): Finding[] {
  if (via.length === 0) return [];
  return backends.flatMap(({ url }, index): Finding[] => {
    if (!url.startsWith('unix:')) return [];
    const message = `${url} is a socket of this machine, which cannot be reached through a hop`;
    return [{ code: 'config_conflict', message, path: [...path, 'backends', index] }];
  });
}

function checkChain(chain: readonly string[], path: KeyPath, names: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  for (const [index, name] of chain.entries()) {
    if (!names.includes(name)) {
      const near = nearestName(name, names);
      const hint = near === undefined ? 'hops are defined in the section "hops"' : `did you mean "${near}"?`;
      findings.push({
        code: 'config_unknown_name',
        message: `there is no hop "${name}"`,
        path: [...path, index],
        hint,
      });
    } else if (chain.indexOf(name) !== index) {
      const message = `the hop "${name}" stands twice in this chain`;
      findings.push({ code: 'config_conflict', message, path: [...path, index] });
    }
  }
  return findings;
}

export const checkAgents: Check = ({ config: { agents } }) => {
  const findings: Finding[] = [];
  const known = [...new Set([...BUILT_IN_AGENTS, ...Object.keys(agents.kinds)])];
  if (!known.includes(agents.default)) {
    const near = nearestName(agents.default, known);
    const hint = near === undefined ? `there are ${known.join(', ')}` : `did you mean "${near}"?`;
    const message = `there is no kind of agent "${agents.default}"`;
    findings.push({ code: 'config_unknown_name', message, path: ['agents', 'default'], hint });
  }
  for (const [name, { command, like }] of Object.entries(agents.kinds)) {
    if (command !== null || like !== null || BUILT_IN_AGENTS.includes(name)) continue;
    const message = `the agent "${name}" is not built in, so it needs a "command", or "like"`;
    findings.push({ code: 'config_missing', message, path: ['agents', 'kinds', name], atKey: true });
  }
  return findings;
};

export const checkTunnelNames: Check = ({ config: { tunnels } }) => {
  const base: KeyPath = ['tunnels', 'client', 'tunnels'];
  const findings = duplicates(tunnels.client.tunnels, 'name', base);
  for (const [
    index,
    { protocol, subdomain, hostname, remote_port: remotePort, health },
  ] of tunnels.client.tunnels.entries()) {
    const port = remotePort === null ? null : String(remotePort);
    const path = health?.path ?? null;
    const misplaced = {
      http: { remote_port: port },
      tcp: { subdomain, hostname, 'health.path': path },
      tls: { remote_port: port, hostname, 'health.path': path },
    }[protocol];
    for (const [key, value] of Object.entries(misplaced)) {
      if (value === null) continue;
      const message = `"${key}" means nothing for a tunnel with protocol ${protocol}`;
      findings.push({ code: 'config_conflict', message, path: [...base, index, ...key.split('.')], atKey: true });
    }
  }
  return findings;
};

/** Items of a list that have the same value under a key; null is no value. Values that are secret are not repeated. */
export function duplicates<K extends string>(
  items: readonly Readonly<Partial<Record<K, unknown>>>[],
  key: K,
  base: KeyPath,
  hint?: string,
): Finding[] {
  const first = new Map<unknown, number>();
  const findings: Finding[] = [];
  for (const [index, item] of items.entries()) {
    const value = item[key];
    if (value === null || value === undefined) continue;
    const before = first.get(value);
    if (before === undefined) {
      first.set(value, index);
      continue;
    }
    const quoted = key.startsWith('token') ? '' : ` "${String(value)}"`;
    const message = `the ${key}${quoted} stands in ${formatPath([...base, before])} too`;
    findings.push({
      code: 'config_conflict',
      message,
      path: [...base, index, key],
      ...(hint !== undefined && { hint }),
    });
  }
  return findings;
}
