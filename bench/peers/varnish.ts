// Varnish, a cache with one thread per request in flight.
// Rule: every request is passed where proxying is compared, and looked for where caches are.
import { startPeer, versionFrom, writeConfig, type Peer, type PeerOptions } from './peer.ts';

function configText(options: PeerOptions): string {
  return `vcl 4.1;
backend origin { .host = "127.0.0.1"; .port = "${options.backendPort}"; }
sub vcl_recv { return (${options.caches === true ? 'hash' : 'pass'}); }
`;
}

export const varnish: Peer = {
  name: 'varnish',
  doors: ['http'],
  findVersion: () => versionFrom('varnishd', '-V'),
  start: (options) =>
    startPeer(options, (port) => ({
      name: 'varnish',
      command: [
        'varnishd',
        '-F',
        '-j',
        'none',
        '-n',
        options.dir,
        '-a',
        `127.0.0.1:${port}`,
        '-f',
        writeConfig(options, 'pass.vcl', configText(options)),
        '-s',
        'malloc,64m',
        '-t',
        '3600',
      ],
    })),
};
