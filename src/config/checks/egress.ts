// Rules and sessions of the forward proxy, and the proxies of hops. Rule: what can never come into force is told, and what
// a protocol cannot do is refused here, before the first request finds out.

import { parseAddress } from '../../core/address.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { parseProxyUrl } from '../../core/proxy-url.ts';
import type { KeyPath } from '../key-path.ts';
import type { EgressMatch } from '../schema/egress.ts';
import type { Hop } from '../schema/hops.ts';
import { asksForUsers } from './doors.ts';
import type { Check, Finding } from './finding.ts';

export const checkEgressRules: Check = ({ config }) => {
  const { rules } = config.egress;
  const findings: Finding[] = [];
  const all = rules.findIndex(({ match }) => matchesEverything(match));
  if (all !== -1 && all < rules.length - 1) {
    const message = `this rule is never taken: egress.rules[${all}] matches everything`;
    findings.push({ severity: 'warning', code: 'config_conflict', message, path: ['egress', 'rules', all + 1] });
  }
  const names = config.users.map(({ name }) => name);
  for (const [index, { match }] of rules.entries()) {
    const path: KeyPath = ['egress', 'rules', index, 'match', 'user'];
    if (match.user.length === 0) continue;
    if (!asksForUsers(config)) {
      const message = 'this rule never matches: nobody is asked who they are';
      findings.push({ severity: 'warning', code: 'config_conflict', message, path, hint: 'set egress.auth: users' });
      continue;
    }
    for (const [at, user] of match.user.entries()) {
      if (names.includes(user)) continue;
      const near = nearestName(user, names);
      const hint = near === undefined ? 'users stand in the section "users"' : `did you mean "${near}"?`;
      findings.push({ code: 'config_unknown_name', message: `there is no user "${user}"`, path: [...path, at], hint });
    }
  }
  return findings;
};

function matchesEverything({ host, port, user }: EgressMatch): boolean {
  return host.length === 0 && port.length === 0 && user.length === 0;
}

export const checkStickyPorts: Check = ({ config: { egress } }) => {
  const ports = egress.listen.flatMap((text) => {
    const address = parseAddress(text, { host: '' });
    return address.kind === 'tcp' ? [String(address.port)] : [];
  });
  return Object.keys(egress.sticky.listeners).flatMap((port): Finding[] => {
    if (ports.includes(port)) return [];
    const message = `no address of egress.listen has the port ${port}`;
    const path = ['egress', 'sticky', 'listeners', port];
    return [{ code: 'config_unknown_name', message, path, atKey: true, hint: 'add it to egress.listen' }];
  });
};

export const checkProxies: Check = ({ config: { hops } }) =>
  Object.entries(hops).flatMap(([name, hop]) => [
    ...hop.proxies.flatMap((_, index) => faultsOfProxy(hop, name, index)),
    ...faultsOfGroup(hop, name),
  ]);

function faultsOfProxy({ proxies, auth, session, tls: shared }: Hop, name: string, index: number): Finding[] {
  const proxy = proxies[index];
  if (proxy === undefined) return [];
  const path: KeyPath = ['hops', name, 'proxies', index];
  const scheme = proxy.url.slice(0, proxy.url.indexOf(':')).toLowerCase();
  const findings: Finding[] = [];
  if (proxy.tls !== null && proxy.tls !== shared && scheme !== 'https') {
    const message = `"tls" means nothing for a proxy with ${scheme}`;
    findings.push({ code: 'config_conflict', message, path: [...path, 'tls'], atKey: true });
  }
  if (auth !== null && auth !== 'basic' && scheme.startsWith('socks')) {
    const message = `${auth} is a way of HTTP, and this proxy speaks SOCKS`;
    findings.push({ code: 'config_conflict', message, path: [...path, 'url'], hint: 'leave "auth" out' });
  }
  if (auth !== null && (session?.username ?? null) === null && !namesUser(proxy.url)) {
    const message = `"auth: ${auth}" needs a user name, and this URL has none`;
    findings.push({ code: 'config_missing', message, path: [...path, 'url'] });
  }
  return findings;
}

function namesUser(url: string): boolean {
  const parsed = parseProxyUrl(url);
  return !('fault' in parsed) && parsed.username !== null;
}

function faultsOfGroup({ proxies, tls }: Hop, name: string): Finding[] {
  const findings: Finding[] = [];
  if (proxies.every(({ enabled }) => !enabled)) {
    const message = `no proxy of the hop "${name}" is enabled: whatever goes through it fails`;
    findings.push({ severity: 'warning', code: 'config_missing', message, path: ['hops', name], atKey: true });
  }
  if (tls !== null && !proxies.some(({ url }) => /^https:/i.test(url))) {
    const message = `"tls" means nothing here: no proxy of the hop "${name}" has a URL with https`;
    findings.push({ code: 'config_conflict', message, path: ['hops', name, 'tls'], atKey: true });
  }
  return findings;
}
