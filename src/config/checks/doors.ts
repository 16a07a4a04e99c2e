// Doors: what listens where, and what may stand open there. Rule: two doors never share an address, and what is open to
// a network is said aloud.

import { isLocalAddress, parseAddress, type TcpAddress } from '../../core/address.ts';
import { parseProxyUrl } from '../../core/proxy-url.ts';
import type { Config } from '../config.ts';
import { formatPath, type KeyPath } from '../key-path.ts';
import { asksUsers } from '../schema/policies-auth.ts';
import type { Check, CheckContext, Finding } from './finding.ts';
import { policyPlaces } from '../policy-places.ts';
import { duplicates, MIN_TOKEN_LENGTH } from './names.ts';

interface DoorAddress {
  readonly address: string;
  readonly path: KeyPath;
}

export const checkAddresses: Check = (context) => {
  const doors = openDoors(context);
  const findings: Finding[] = [];
  for (const [index, { address, path }] of doors.entries()) {
    const other = doors.slice(0, index).find((earlier) => overlap(earlier.address, address));
    if (other === undefined) continue;
    // The finding belongs to the line that somebody wrote; the other one may be a default.
    const [here, there] = context.isWritten(path.slice(0, 2)) ? [path, other.path] : [other.path, path];
    const message = `${address} is also the address of ${formatPath(there)}`;
    findings.push({ code: 'config_conflict', message, path: here, hint: 'give one of them another port' });
  }
  return findings;
};

function openDoors({ config }: CheckContext): DoorAddress[] {
  const { admin, metrics, gateway, egress, tunnels } = config;
  const { node } = config.process;
  const doors: DoorAddress[] = gateway.listen.map(({ address }, index) => ({
    address,
    path: ['gateway', 'listen', index, 'address'],
  }));
  doors.push(...egress.listen.map((address, index) => ({ address, path: ['egress', 'listen', index] })));
  if (admin.listen !== null) doors.push({ address: admin.listen, path: ['admin', 'listen'] });
  if (metrics.listen !== null) doors.push({ address: metrics.listen, path: ['metrics', 'listen'] });
  if (tunnels.server.enabled) doors.push({ address: tunnels.server.listen, path: ['tunnels', 'server', 'listen'] });
  if (node !== null) doors.push({ address: node.listen, path: ['process', 'node', 'listen'] });
  return doors;
}

function overlap(left: string, right: string): boolean {
  const [a, b] = [tcpAddress(left), tcpAddress(right)];
  if (a === undefined || b === undefined) return left === right;
  return a.port !== 0 && a.port === b.port && (a.host === b.host || isAny(a.host) || isAny(b.host));
}

function tcpAddress(text: string): TcpAddress | undefined {
  const address = parseAddress(text, { host: '' });
  return address.kind === 'tcp' ? address : undefined;
}

function isAny(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

export const checkExposure: Check = ({ config }) => {
  const { admin, egress } = config;
  const findings: Finding[] = [];
  if (admin.token !== null && admin.token.length < MIN_TOKEN_LENGTH) {
    const message = `the admin token is shorter than ${MIN_TOKEN_LENGTH} characters and can be guessed`;
    findings.push({ severity: 'warning', code: 'config_unsafe', message, path: ['admin', 'token'], atKey: true });
  }
  if (admin.listen !== null && !isLocalAddress(admin.listen)) {
    const message = 'the admin door is open to the network, and its token crosses it in clear';
    findings.push({ severity: 'warning', code: 'config_unsafe', message, path: ['admin', 'listen'] });
  }
  const open = egress.listen.findIndex((address) => !isLocalAddress(address));
  if (open !== -1 && !egress.allow_open && !asksForUsers(config)) {
    const message = 'anybody on the network could use this forward proxy';
    const hint = 'set egress.auth: users, or egress.allow_open: true if that is what you want';
    findings.push({ code: 'config_unsafe', message, path: ['egress', 'listen', open], hint });
  }
  return findings;
};

export const checkOpenServices: Check = ({ config }) => {
  const { gateway, ai, exec } = config;
  const findings: Finding[] = runningForAll(config);
  const open = gateway.listen.find(({ address }) => !isLocalAddress(address));
  if (ai.enabled && ai.auth === 'none' && open !== undefined) {
    const message = `ai.auth may be "none" on loopback only, and gateway.listen has ${open.address}`;
    findings.push({ code: 'config_unsafe', message, path: ['ai', 'auth'], hint: 'set ai.auth: users' });
  }
  if (exec.enabled && exec.allowed_commands.length === 0) {
    const message = 'no command may be run: exec.allowed_commands is empty';
    findings.push({ severity: 'warning', code: 'config_missing', message, path: ['exec', 'enabled'] });
  }
  return findings;
};

const SERVICES = [
  { key: 'exec', what: 'commands' },
  { key: 'agents', what: 'agents' },
] as const;

/** Without users whatever runs something is for this machine alone. */
function runningForAll(config: Config): Finding[] {
  const { gateway, users } = config;
  const open = gateway.listen.find(({ address }) => !isLocalAddress(address));
  return SERVICES.flatMap(({ key, what }): Finding[] => {
    if (!config[key].enabled || !gateway.own_paths) return [];
    const path = [key, 'enabled'];
    if (users.length === 0 && open !== undefined) {
      const message = `without users ${what} may be run on loopback only, and gateway.listen has ${open.address}`;
      const hint = `add users with \`may: [${key}]\`, or listen on 127.0.0.1`;
      return [{ code: 'config_unsafe', message, path, hint }];
    }
    if (users.length === 0 || users.some(({ may }) => may.includes(key))) return [];
    const message = `nobody can run ${what}: no user has \`may: [${key}]\``;
    return [{ severity: 'warning', code: 'config_missing', message, path }];
  });
}

export const checkUsersExist: Check = ({ config }) => {
  if (config.users.length > 0) return [];
  return placesThatAskForUsers(config).map((path) => ({
    severity: 'warning',
    code: 'config_missing',
    message: 'nobody can get in: there are no users',
    path,
    hint: 'add them to the section "users"',
  }));
};

/** Does the forward proxy ask its clients who they are? */
export function asksForUsers({ policies, egress }: Pick<Config, 'policies' | 'egress'>): boolean {
  return egress.auth === 'users' || asksUsers(egress.policies.auth ?? policies.auth);
}

function placesThatAskForUsers(config: Config): KeyPath[] {
  const { egress, ai } = config;
  const places: KeyPath[] = egress.auth === 'users' ? [['egress', 'auth']] : [];
  for (const { path, policies } of policyPlaces(config)) if (asksUsers(policies.auth)) places.push([...path, 'auth']);
  if (ai.enabled && ai.auth === 'users') places.push(['ai', 'auth']);
  return places;
}

/** What an address of the gateway says of itself. */
export const checkGatewayListen: Check = ({ config: { gateway } }) => {
  const base: KeyPath = ['gateway', 'listen'];
  const findings: Finding[] = duplicates(gateway.listen, 'name', base);
  for (const [index, { tls, redirect_https: to, policies }] of gateway.listen.entries()) {
    if (tls !== null && to !== null) {
      const message = 'this address has TLS already: there is nothing to send its clients to';
      findings.push({ code: 'config_conflict', message, path: [...base, index, 'redirect_https'] });
    }
    if (policies.retry !== undefined) {
      const message = 'a backend is asked again for all addresses alike';
      const hint = 'set it under gateway.policies or at a route';
      findings.push({
        code: 'config_conflict',
        message,
        path: [...base, index, 'policies', 'retry'],
        atKey: true,
        hint,
      });
    }
  }
  return findings;
};

/** A backend that is a door of this gateway sends every request round and round. */
export const checkLoops: Check = ({ config }) => [...loopsOfGateway(config), ...loopsOfEgress(config)];

/** Whoever reaches the gateway or a tunnel must not reach the doors of the control plane by it. */
export const checkControlDoors: Check = ({ config: { admin, metrics, gateway, tunnels } }) => {
  const findings: Finding[] = [];
  const own = [admin.listen, metrics.listen].filter((listen) => listen !== null);
  const check = (url: string, path: KeyPath): void => {
    const door = doorBehind(url, own);
    if (door === undefined) return;
    const which = door === admin.listen ? 'admin' : 'metrics';
    const message = `this is the ${which} door, which listens on ${door}: nobody may get there through another door`;
    findings.push({ code: 'config_unsafe', message, path, hint: `open it by itself: ${which}.listen` });
  };
  if (gateway.default_backend !== null) check(gateway.default_backend, ['gateway', 'default_backend']);
  for (const [index, { to }] of gateway.routes.entries()) {
    if (!('backends' in to) || to.via.length > 0) continue;
    for (const [at, { url }] of to.backends.entries()) {
      check(url, ['gateway', 'routes', index, 'to', 'backends', at, 'url']);
    }
  }
  for (const [index, { local_host: host, local_port: port }] of tunnels.client.tunnels.entries()) {
    const name = host.includes(':') ? `[${host}]` : host;
    check(`http://${name}:${port}`, ['tunnels', 'client', 'tunnels', index, 'local_port']);
  }
  return findings;
};

function loopsOfGateway({ gateway }: Config): Finding[] {
  const findings: Finding[] = [];
  const own = gateway.listen.map(({ address }) => address);
  const check = (url: string, path: KeyPath): void => {
    const door = doorBehind(url, own);
    if (door === undefined) return;
    const message = `this is the gateway itself, which listens on ${door}: requests would go round for ever`;
    findings.push({ code: 'config_conflict', message, path });
  };
  if (gateway.default_backend !== null) check(gateway.default_backend, ['gateway', 'default_backend']);
  for (const [index, { to }] of gateway.routes.entries()) {
    if (!('backends' in to) || to.via.length > 0) continue;
    for (const [at, backend] of to.backends.entries()) {
      check(backend.url, ['gateway', 'routes', index, 'to', 'backends', at, 'url']);
    }
  }
  return findings;
}

/** The first hop of a chain is reached from here; what stands behind it may be at home elsewhere under the same address. */
function loopsOfEgress({ egress, hops }: Config): Finding[] {
  const chains = [egress.chain, ...egress.rules.map(({ via }) => via ?? [])];
  const first = new Set(chains.flatMap(([name]) => name ?? []));
  return Object.entries(hops).flatMap(([name, { proxies }]) => {
    if (!first.has(name)) return [];
    return proxies.flatMap(({ url }, index): Finding[] => {
      const parsed = parseProxyUrl(url);
      const door = 'fault' in parsed ? undefined : doorAt(parsed.host, parsed.port, egress.listen);
      if (door === undefined) return [];
      const message = `this is the forward proxy itself, which listens on ${door}: requests would go round for ever`;
      return [{ code: 'config_conflict', message, path: ['hops', name, 'proxies', index, 'url'] }];
    });
  });
}

/** Which of our doors a URL leads to. */
export function doorBehind(url: string, own: readonly string[]): string | undefined {
  if (url.startsWith('unix:')) return own.find((address) => address === url);
  const parsed = URL.parse(url.replace(/^h2c:/, 'http:'));
  const port = Number(parsed?.port) || (parsed?.protocol === 'https:' ? 443 : 80);
  return doorAt((parsed?.hostname ?? '').replace(/^\[(.*)\]$/, '$1'), port, own);
}

function doorAt(name: string, port: number, own: readonly string[]): string | undefined {
  const host = name === 'localhost' ? '127.0.0.1' : name;
  const target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return isLocalAddress(target)
    ? own.find((address) => overlap(address, target))
    : own.find((address) => address === target);
}
