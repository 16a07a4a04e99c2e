// Caddy, in Go.
// Rule: no admin endpoint, no automatic HTTPS, and room for as many idle connections to the backend as the load needs.
import { startPeer, versionFrom, writeConfig, type Peer, type PeerOptions } from './peer.ts';

function configText(options: PeerOptions, port: number): string {
  const { compression } = options;
  const secure = options.door === 'tls' || options.door === 'h2';
  return `{
  admin off
  auto_https off
  servers {
    protocols ${options.door === 'h2' ? 'h1 h2' : 'h1'}
  }
}
${secure ? 'https' : 'http'}://:${port} {
  bind 127.0.0.1
  ${
    compression === undefined
      ? ''
      : `encode {
    gzip ${compression.level}
  }`
  }
  ${secure ? `tls ${options.certificate.cert} ${options.certificate.key}` : ''}
  reverse_proxy 127.0.0.1:${options.backendPort} {
    transport http {
      keepalive_idle_conns_per_host 512
    }
  }
}
`;
}

export const caddy: Peer = {
  name: 'caddy',
  doors: ['http', 'tls', 'h2', 'websocket'],
  findVersion: () => versionFrom('caddy', 'version'),
  start: (options) =>
    startPeer(options, (port) => ({
      name: 'caddy',
      command: [
        'caddy',
        'run',
        '--adapter',
        'caddyfile',
        '--config',
        writeConfig(options, 'Caddyfile', configText(options, port)),
      ],
      // Go counts the cores that it may run on by itself, so pinning is enough; its files stay in our directory.
      env: { HOME: options.dir, XDG_DATA_HOME: options.dir, XDG_CONFIG_HOME: options.dir },
    })),
};
