// retunnel.yml and ~/.retunnel.conf: the client of tunnels. Rule: `sluice start` reads either as it is; this is for those
// who want one file for everything.

import type { JsonValue } from '../source-tree.ts';
import { isVariable, type ForeignSection } from './foreign-section.ts';
import { defined, filled, logLevel, nameText } from './foreign-values.ts';

type Map = Record<string, JsonValue>;

export function fromRetunnel(root: ForeignSection): Map {
  root.loseIfThere('region', 'a server is named by its address alone');
  root.loseIfThere('api_url', 'registration is at the tunnel server itself');
  root.loseIfThere('max_message_size', 'messages have no size of their own');
  if (root.flag('ssl_verify') === false) root.lose('ssl_verify', 'certificates are always verified');
  const server = serverOf(root);
  return defined<JsonValue>({
    log: filled(defined({ level: logLevel(root, 'log_level') })),
    tunnels: {
      client: defined<JsonValue>({
        server,
        auth_token: root.text('auth_token'),
        tunnels: filled(root.sections('tunnels').flatMap((tunnel, index) => tunnelOf(tunnel, index) ?? [])),
      }),
    },
  });
}

function serverOf(root: ForeignSection): string | undefined {
  const key = root.has('server_addr') ? 'server_addr' : 'server_url';
  const written = root.text('server_addr', 'server_url');
  const match = /^((?:(?:wss?|https?):\/\/)?[^/]+)(\/.*)?$/i.exec(written ?? '');
  if (match?.[2] !== undefined && match[2] !== '/') root.change(key, 'the path of a server is known, and was left out');
  return match?.[1] ?? written;
}

function tunnelOf(tunnel: ForeignSection, index: number): Map | undefined {
  const name = nameText(tunnel, 'name', `tunnel-${index + 1}`);
  tunnel.loseIfThere('inspect', 'tunnels.client.inspect is for all tunnels; it is on');
  const port = tunnel.number('local_port', 'port');
  const protocol = protocolOf(tunnel);
  const auth = tunnel.text('auth');
  if (auth !== undefined && !isVariable(auth) && !/^[^:]+:./.test(auth)) tunnel.lose('auth', 'expected user:password');
  if (port === undefined) {
    tunnel.lose('local_port', 'a tunnel without a port leads nowhere');
    return undefined;
  }
  const isHttp = protocol === 'http';
  if (!isHttp) for (const key of ['subdomain', 'hostname']) tunnel.loseIfThere(key, 'a tunnel for TCP has no name');
  return defined<JsonValue>({
    name,
    protocol,
    local_host: tunnel.text('local_host'),
    local_port: port,
    subdomain: isHttp ? tunnel.text('subdomain') : undefined,
    hostname: isHttp ? tunnel.text('hostname') : undefined,
    auth: auth !== undefined && (isVariable(auth) || /^[^:]+:./.test(auth)) ? auth : undefined,
    remote_port: isHttp ? undefined : tunnel.number('remote_port'),
  });
}

function protocolOf(tunnel: ForeignSection): 'http' | 'tcp' {
  const written = tunnel.text('protocol', 'proto')?.toLowerCase() ?? 'http';
  if (written === 'tcp' || written === 'http') return written;
  tunnel.change('protocol', 'it is http now; the public side does TLS');
  return 'http';
}
